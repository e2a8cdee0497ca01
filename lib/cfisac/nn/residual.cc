// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/residual.h>

#include "check.h"

#include <ATen/ATen.h>

#include <string>

namespace cfisac::nn {

using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;

ResidualLayerImpl::ResidualLayerImpl(int64_t channels, int64_t residual_channels)
{
    detail::require_positive(channels, "ResidualLayer", "channels");
    detail::require_positive(residual_channels, "ResidualLayer", "residual_channels");
    d_conv1 = register_module(
        "conv1",
        Conv3d(Conv3dOptions(channels, residual_channels, 3).padding(1).bias(false)));
    d_conv2 = register_module(
        "conv2", Conv3d(Conv3dOptions(residual_channels, channels, 1).bias(false)));
}

torch::Tensor ResidualLayerImpl::forward(const torch::Tensor& x)
{
    return x + d_conv2(at::relu(d_conv1(at::relu(x))));
}

ResidualStackImpl::ResidualStackImpl(int64_t channels,
                                     int64_t residual_channels,
                                     int64_t layers)
{
    detail::require_not_negative(layers, "ResidualStack", "layers");
    for (int64_t i = 0; i < layers; i++) {
        d_layers.push_back(register_module(std::to_string(i),
                                           ResidualLayer(channels, residual_channels)));
    }
}

torch::Tensor ResidualStackImpl::forward(torch::Tensor x)
{
    for (auto& layer : d_layers) {
        x = layer(x);
    }
    return at::relu(x);
}

} // namespace cfisac::nn
