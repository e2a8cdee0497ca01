// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/centralized_cnn.h>
#include <cfisac/nn/model_io.h>

#include "check.h"

#include <ATen/ATen.h>

#include <functional>
#include <numeric>
#include <string>

namespace cfisac::nn {

using detail::require;
using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;
using torch::nn::Linear;

namespace {

constexpr int64_t fully_connected_layers = 3;

void check(const CentralizedCnnOptions& options)
{
    const auto* owner = "CentralizedCnnOptions";
    detail::require_positive(options.access_points(), owner, "access_points");
    detail::require_positive(options.in_channels(), owner, "in_channels");
    detail::require_positive(options.targets(), owner, "targets");
    detail::require_positive(options.dimensions(), owner, "dimensions");
    detail::require_positive(options.first_channels(), owner, "first_channels");
    detail::require_positive(options.second_channels(), owner, "second_channels");
    detail::require_positive(options.kernel(), owner, "kernel");
    detail::require_positive(options.stride(), owner, "stride");
    detail::require_positive(options.pooling(), owner, "pooling");
    detail::require_positive(options.fully_connected(), owner, "fully_connected");
    require(options.kernel() % 2 == 1,
            owner,
            ": kernel is ",
            options.kernel(),
            ", must be odd");
    const auto& shape = options.echo_shape();
    require(shape.size() == 3 && shape[0] > 0 && shape[1] > 0 && shape[2] > 0,
            owner,
            ": echo_shape ",
            torch::IntArrayRef(shape),
            " must have three positive dimensions");
}

Conv3d convolution(const CentralizedCnnOptions& options, int64_t in, int64_t out)
{
    return Conv3d(Conv3dOptions(in, out, options.kernel())
                      .stride(options.stride())
                      .padding((options.kernel() - 1) / 2));
}

int64_t round_up(int64_t value, int64_t divisor)
{
    return (value + divisor - 1) / divisor;
}

int64_t features(const CentralizedCnnOptions& options)
{
    const auto shape = feature_shape(options);
    return std::accumulate(
        shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
}

} // namespace

std::vector<int64_t> feature_shape(const CentralizedCnnOptions& options)
{
    check(options);
    std::vector<int64_t> shape = {options.second_channels()};
    for (const auto size : options.echo_shape()) {
        const auto once = round_up(size, options.stride());
        shape.push_back(round_up(round_up(once, options.stride()), options.pooling()));
    }
    return shape;
}

CentralizedCnnImpl::CentralizedCnnImpl(const CentralizedCnnOptions& options)
    : d_options(options)
{
    check(options);
    d_first = register_module("conv1",
                              convolution(options,
                                          options.access_points() * options.in_channels(),
                                          options.first_channels()));
    d_second = register_module(
        "conv2",
        convolution(options, options.first_channels(), options.second_channels()));
    auto inputs = features(options);
    for (int64_t k = 1; k <= fully_connected_layers; k++) {
        d_fully_connected.push_back(register_module("fully_connected" + std::to_string(k),
                                                    Linear(inputs, options.fully_connected())));
        inputs = options.fully_connected();
    }
    d_output = register_module(
        "output", Linear(inputs, 2 * options.dimensions() * options.targets()));
    initialise_weights(*this, options.seed());
}

torch::Tensor CentralizedCnnImpl::forward(const std::vector<torch::Tensor>& inputs)
{
    require(static_cast<int64_t>(inputs.size()) == d_options.access_points(),
            "CentralizedCnn: ",
            inputs.size(),
            " echoes for ",
            d_options.access_points(),
            " access points");
    for (size_t m = 0; m < inputs.size(); m++) {
        const auto& input = inputs[m];
        require(input.dim() == 5 && input.size(0) == inputs[0].size(0) &&
                    input.size(1) == d_options.in_channels() &&
                    input.sizes().slice(2) == torch::IntArrayRef(d_options.echo_shape()),
                "CentralizedCnn: input ",
                input.sizes(),
                " of access point ",
                m,
                " must be [batch, ",
                d_options.in_channels(),
                "] and then ",
                torch::IntArrayRef(d_options.echo_shape()),
                ", with one batch for all");
    }
    auto x = at::relu(d_first(at::cat(inputs, 1)));
    x = at::relu(d_second(x));
    x = at::max_pool3d(x,
                       {d_options.pooling()},
                       {d_options.pooling()},
                       /*padding=*/0,
                       /*dilation=*/1,
                       /*ceil_mode=*/true)
            .flatten(1);
    for (auto& layer : d_fully_connected) {
        x = at::relu(layer(x));
    }
    return d_output(x);
}

int64_t parameter_count(const CentralizedCnnOptions& options)
{
    const auto hidden = options.fully_connected();
    const auto taps = options.kernel() * options.kernel() * options.kernel();
    const auto first =
        (taps * options.access_points() * options.in_channels() + 1) *
        options.first_channels();
    const auto second = (taps * options.first_channels() + 1) * options.second_channels();
    const auto layers = (features(options) + 1) * hidden +
                        (fully_connected_layers - 1) * (hidden + 1) * hidden;
    const auto output = (hidden + 1) * 2 * options.dimensions() * options.targets();
    return first + second + layers + output;
}

} // namespace cfisac::nn
