// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/residual.h>

#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

/*!
 * Sizes of the encoder (12). The defaults are the paper's network, 1,204,544 parameters.
 */
struct EncoderOptions {
    //! real and imaginary part: 2; more where the front end gives more planes
    TORCH_ARG(int64_t, in_channels) = 2;
    //! channels after every downsampling layer but the last
    TORCH_ARG(int64_t, stem_channels) = 64;
    //! H, channels of the latent
    TORCH_ARG(int64_t, hidden_channels) = 128;
    //! L_cnn, layers of stride 2: each halves all three dimensions
    TORCH_ARG(int64_t, downsampling_layers) = 2;
    //! L_res
    TORCH_ARG(int64_t, residual_layers) = 2;
    //! channels between the two convolutions of a residual layer
    TORCH_ARG(int64_t, residual_channels) = 32;
    //! refuse an input with NaN or infinity (costs a synchronisation on a GPU)
    TORCH_ARG(bool, check_finite) = true;
    //! of the initial weights; the global generator has no influence on them
    TORCH_ARG(uint64_t, seed) = 0;
};

/*!
 * Encoder of one receive access point (12): L_cnn 3D convolutions (kernel 4, stride 2,
 * padding 1) each with a ReLU, a convolution H → H (kernel 3, padding 1), and a residual
 * stack that ends in a ReLU.
 *
 * Parameters: conv1 … conv{L_cnn} (downsampling), conv{L_cnn+1}, residual.{i}.conv1/2.
 *
 * \throws std::invalid_argument if a size is not positive
 */
class EncoderImpl : public torch::nn::Module
{
public:
    //! Fresh weights of these sizes.
    explicit EncoderImpl(const EncoderOptions& options = {});

    /*!
     * [B, in_channels, R, S, T] → [B, H, R/2^L_cnn, S/2^L_cnn, T/2^L_cnn], where R, S and
     * T count antennas, subcarriers and symbols.
     *
     * \throws std::invalid_argument if a dimension is not divisible by 2^L_cnn, on a
     * wrong number of channels, and on NaN or infinity
     */
    torch::Tensor forward(const torch::Tensor& echo);

    //! see cfisac::nn::latent_shape
    std::vector<int64_t> latent_shape(torch::IntArrayRef input_shape) const;

    //! Its sizes.
    const EncoderOptions& options() const { return d_options; }

private:
    EncoderOptions d_options;
    std::vector<torch::nn::Conv3d> d_downsampling;
    torch::nn::Conv3d d_last{nullptr};
    ResidualStack d_residual{nullptr};
};
TORCH_MODULE(Encoder);

//! (R, S, T) → the latent's (r, s, t), without a network; throws as EncoderImpl::forward does
std::vector<int64_t> latent_shape(const EncoderOptions& options,
                                  torch::IntArrayRef input_shape);
//! Parameters of an encoder of these sizes, in closed form
int64_t parameter_count(const EncoderOptions& options);

} // namespace cfisac::nn
