// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/encoder.h>
#include <cfisac/nn/residual.h>

#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

/*!
 * Sizes of the decoder (16). The defaults are the paper's network for two targets,
 * 206,194,312 parameters.
 */
struct DecoderOptions {
    //! M, receive access points
    TORCH_ARG(int64_t, access_points) = 2;
    //! D, dimension of a codeword
    TORCH_ARG(int64_t, codeword_dim) = 512;
    //! (r, s, t) of one access point's latent
    TORCH_ARG(std::vector<int64_t>, latent_shape) = {4, 64, 64};
    //! (N·N_t, S, T): transmit antennas of all access points, subcarriers, symbols
    TORCH_ARG(std::vector<int64_t>, transmit_shape) = {32, 256, 256};
    //! Q
    TORCH_ARG(int64_t, targets) = 2;
    //! D_m, coordinates of a location and of a velocity
    TORCH_ARG(int64_t, dimensions) = 2;
    //! channels of both branches
    TORCH_ARG(int64_t, hidden_channels) = 128;
    //! channels of the transmit branch after every downsampling layer but the last
    TORCH_ARG(int64_t, stem_channels) = 64;
    //! channels between the two convolutions of a residual layer
    TORCH_ARG(int64_t, residual_channels) = 32;
    //! L_res of the latent branch
    TORCH_ARG(int64_t, latent_residual_layers) = 2;
    //! L_res of the transmit branch
    TORCH_ARG(int64_t, transmit_residual_layers) = 1;
    //! L_cnn of the transmit branch
    TORCH_ARG(int64_t, transmit_downsampling_layers) = 2;
    //! outputs of each of the two flat projections
    TORCH_ARG(int64_t, flat_features) = 32;
    //! size of the hidden fully connected layer
    TORCH_ARG(int64_t, fully_connected) = 128;
    //! refuse an input with NaN or infinity (costs a synchronisation on a GPU)
    TORCH_ARG(bool, check_finite) = true;
    //! of the initial weights; the global generator has no influence on them
    TORCH_ARG(uint64_t, seed) = 0;
};

/*!
 * Decoder of the central unit (16), as printed.
 *
 * Latent branch: the M quantized latents side by side, a convolution M·D → hidden (kernel
 * 3, padding 1), a residual stack, flattened and projected. Transmit branch: an encoder's
 * stack on the transmit tensor, flattened and projected. Both projections are linear;
 * side by side they pass a fully connected layer with a ReLU and a linear output layer.
 *
 * Parameters: latent_conv, latent_residual, latent_projection, transmit (an Encoder),
 * transmit_projection, fully_connected, output.
 *
 * \throws std::invalid_argument if a size is not positive or transmit_shape is not
 * divisible by 2^L_cnn
 */
class DecoderImpl : public torch::nn::Module
{
public:
    //! Fresh weights of these sizes.
    explicit DecoderImpl(const DecoderOptions& options = {});

    /*!
     * M latents [B, D, r, s, t] and the transmit tensor [B, 2, N·N_t, S, T] → [B,
     * 2·D_m·Q]: the locations of all targets, target by target, then the velocities
     * likewise, in the label space of LabelRange, where [0, 1] is the range seen in
     * training. The output is linear, not clamped.
     */
    torch::Tensor forward(const std::vector<torch::Tensor>& latents,
                          const torch::Tensor& transmit);

    //! M latents [B, D, r, s, t] → [B, flat_features]
    torch::Tensor latent_features(const std::vector<torch::Tensor>& latents);

    /*!
     * [B, 2, N·N_t, S, T] → [B, flat_features]. Depends on the transmit signal alone,
     * which the central unit knows before the echoes arrive.
     */
    torch::Tensor transmit_features(const torch::Tensor& transmit);

    //! features of both branches, [B, flat_features] each → [B, 2·D_m·Q]
    torch::Tensor estimate(const torch::Tensor& latent_features,
                           const torch::Tensor& transmit_features);

    //! Its sizes.
    const DecoderOptions& options() const { return d_options; }

private:
    DecoderOptions d_options;
    torch::nn::Conv3d d_latent_conv{nullptr};
    ResidualStack d_latent_residual{nullptr};
    torch::nn::Linear d_latent_projection{nullptr};
    Encoder d_transmit{nullptr};
    torch::nn::Linear d_transmit_projection{nullptr};
    torch::nn::Linear d_fully_connected{nullptr};
    torch::nn::Linear d_output{nullptr};
};
TORCH_MODULE(Decoder);

//! Parameters of a decoder of these sizes, in closed form (no network is made)
int64_t parameter_count(const DecoderOptions& options);

} // namespace cfisac::nn
