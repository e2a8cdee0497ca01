// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

/*!
 * Sizes of the centralized network. The publication gives the kernel, the size of the fully
 * connected layers and that there are two convolutions and three such layers; channels,
 * stride and pooling are free.
 */
struct CentralizedCnnOptions {
    //! M, receive access points
    TORCH_ARG(int64_t, access_points) = 2;
    //! planes of one access point: 2 of the raw echo, 2·N·N_t correlated with X
    TORCH_ARG(int64_t, in_channels) = 2;
    //! (R, S, T): receive antennas of an access point, subcarriers, symbols
    TORCH_ARG(std::vector<int64_t>, echo_shape) = {16, 256, 256};
    //! Q
    TORCH_ARG(int64_t, targets) = 2;
    //! D_m, coordinates of a location and of a velocity
    TORCH_ARG(int64_t, dimensions) = 2;
    //! after the first convolution
    TORCH_ARG(int64_t, first_channels) = 16;
    //! after the second convolution
    TORCH_ARG(int64_t, second_channels) = 32;
    //! of both convolutions, in all three dimensions; odd
    TORCH_ARG(int64_t, kernel) = 5;
    //! of both convolutions, in all three dimensions
    TORCH_ARG(int64_t, stride) = 2;
    //! side and stride of the max pooling window; what is left at an end is pooled as well
    TORCH_ARG(int64_t, pooling) = 2;
    //! neurons of each of the three fully connected layers
    TORCH_ARG(int64_t, fully_connected) = 256;
    //! of the initial weights; the global generator has no influence on them
    TORCH_ARG(uint64_t, seed) = 0;
};

/*!
 * The CNN-based centralized sensing scheme that the publication compares with [1]: two 3D
 * convolutions over antennas, subcarriers and symbols (padding (kernel - 1)/2), each with a
 * ReLU, max pooling, flattened, three fully connected layers, each with a ReLU, and a
 * linear output layer. The planes of all access points are input channels side by side, so
 * that every access point has weights of its own.
 *
 * Parameters: conv1, conv2, fully_connected1 … fully_connected3, output.
 *
 * \throws std::invalid_argument if a size is not positive or the kernel is even
 */
class CentralizedCnnImpl : public torch::nn::Module
{
public:
    //! Fresh weights of these sizes.
    explicit CentralizedCnnImpl(const CentralizedCnnOptions& options = {});

    /*!
     * M inputs [B, in_channels, R, S, T] → [B, 2·D_m·Q], as DecoderImpl::forward gives them:
     * locations, then velocities, in the label space of LabelRange.
     *
     * \throws std::invalid_argument on another number of inputs or a wrong shape
     */
    torch::Tensor forward(const std::vector<torch::Tensor>& inputs);

    //! Its sizes.
    const CentralizedCnnOptions& options() const { return d_options; }

private:
    CentralizedCnnOptions d_options;
    torch::nn::Conv3d d_first{nullptr};
    torch::nn::Conv3d d_second{nullptr};
    std::vector<torch::nn::Linear> d_fully_connected;
    torch::nn::Linear d_output{nullptr};
};
TORCH_MODULE(CentralizedCnn);

//! [second_channels, r, s, t], what is flattened; no network is made
std::vector<int64_t> feature_shape(const CentralizedCnnOptions& options);
//! Parameters of a network of these sizes, in closed form (no network is made)
int64_t parameter_count(const CentralizedCnnOptions& options);

} // namespace cfisac::nn
