// SPDX-License-Identifier: GPL-3.0-or-later
#include "plane_network.h"
#include "grid_kernels.h"

#include <cfisac/nn/grid_encoder.h>

namespace cfisac::nn::detail {

namespace {

constexpr double epsilon = 1e-5; // of torch::nn::GroupNorm

}

PlaneConvolution::PlaneConvolution(const Weights& weights,
                                   const std::string& name,
                                   const Geometry& geometry,
                                   at::ScalarType type)
    : d_geometry(geometry),
      d_weight(
          weights(name + ".weight").to(type).contiguous(at::MemoryFormat::ChannelsLast)),
      d_bias(weights(name + ".bias").to(type).contiguous())
{
}

at::Tensor PlaneConvolution::operator()(const at::Tensor& planes, std::int64_t side) const
{
    const auto count = planes.size(0);
    const auto in = planes.view({count, side, side, -1}).permute({0, 3, 1, 2});
    const auto out = at::conv2d(in,
                                d_weight,
                                d_bias,
                                d_geometry.stride,
                                d_geometry.padding,
                                d_geometry.dilation)
                         .permute({0, 2, 3, 1})
                         .contiguous();
    return out.view({count, -1, out.size(3)});
}

PlaneLayer::PlaneLayer(const Weights& weights,
                       const std::string& name,
                       std::int64_t dilation,
                       at::ScalarType type)
    : d_type(type),
      d_first_norm{weights(name + ".norm1.weight"), weights(name + ".norm1.bias")},
      d_second_norm{weights(name + ".norm2.weight"), weights(name + ".norm2.bias")},
      d_first(weights, name + ".conv1", {1, 1, 1}, type),
      d_second(weights, name + ".conv2", {1, dilation, dilation}, type)
{
}

at::Tensor PlaneLayer::activate(const at::Tensor& planes, const Norm& norm) const
{
    auto active = at::empty(planes.sizes(), d_type);
    normalise(planes,
              normalization_groups(planes.size(2)),
              norm.weight,
              norm.bias,
              epsilon,
              active);
    return active;
}

void PlaneLayer::operator()(const at::Tensor& planes, std::int64_t side) const
{
    const auto inner = d_first(activate(planes, d_first_norm), side);
    accumulate(planes, d_second(activate(inner, d_second_norm), side));
}

} // namespace cfisac::nn::detail
