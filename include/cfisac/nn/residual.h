// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

namespace cfisac::nn {

/*!
 * One residual layer of the 3D networks in (12) and (16):
 * x + conv1(relu(conv3(relu(x)))), both convolutions without bias.
 */
class ResidualLayerImpl : public torch::nn::Module
{
public:
    //! \param residual_channels between its two convolutions
    ResidualLayerImpl(int64_t channels, int64_t residual_channels);

    //! [B, channels, r, s, t] → same shape
    torch::Tensor forward(const torch::Tensor& x);

private:
    torch::nn::Conv3d d_conv1{nullptr}; //!< channels → residual_channels, k3 p1
    torch::nn::Conv3d d_conv2{nullptr}; //!< residual_channels → channels, k1
};
TORCH_MODULE(ResidualLayer);

/*!
 * Residual layers one after the other, then a ReLU. With no layer, only the ReLU.
 */
class ResidualStackImpl : public torch::nn::Module
{
public:
    //! So many layers one after another.
    ResidualStackImpl(int64_t channels, int64_t residual_channels, int64_t layers);

    //! [B, channels, r, s, t] → same shape, no entry below zero
    torch::Tensor forward(torch::Tensor x);

private:
    std::vector<ResidualLayer> d_layers;
};
TORCH_MODULE(ResidualStack);

} // namespace cfisac::nn
