// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine_layers.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace cfisac::nn::detail {

/*!
 * First convolution of the decoder's latent branch (16), M·D → H, kernel 3, padding 1,
 * from the messages of all access points.
 */
class LatentConvolution
{
public:
    virtual ~LatentConvolution() = default;

    /*!
     * M messages [B, L], undefined where an access point is missing → one tensor of a
     * size that depends on B alone
     */
    virtual at::Tensor pack(const std::vector<at::Tensor>& messages) const = 0;
    //! what `pack` gave → activations [B, H, r, s, t]
    virtual at::Tensor operator()(const at::Tensor& packed) const = 0;
};

/*!
 * Largest table of products of weights with codewords, in bytes. A sum of 27·M rows of it
 * reads far less than the convolution computes even where the table is beyond all caches,
 * so this bounds memory only: the paper's network stays below up to 19,000 codewords.
 */
constexpr std::int64_t largest_codeword_table = std::int64_t{1} << 29;

/*!
 * For quantized latents within `largest_table` a sum of table rows, since the convolution
 * reads nothing but codewords: 27·M additions of H elements for each position. Otherwise
 * a convolution of codewords, or of the elements that travelled with the projector folded
 * into its weights where it is applied on arrival.
 */
std::unique_ptr<LatentConvolution> make_latent_convolution(
    const Numerics& numerics,
    const Model& model,
    std::int64_t largest_table = largest_codeword_table);

} // namespace cfisac::nn::detail
