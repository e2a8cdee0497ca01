// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/encoder.h>
#include <cfisac/nn/model_io.h>

#include "check.h"

#include <ATen/ATen.h>

#include <string>

namespace cfisac::nn {

using detail::require;
using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;

namespace {

// a latent dimension of 2^62 / 2^62 is no sensible network, and 1 << 63 no number
constexpr int64_t MAX_DOWNSAMPLING_LAYERS = 16;

void check(const EncoderOptions& options)
{
    const auto* owner = "EncoderOptions";
    detail::require_positive(options.in_channels(), owner, "in_channels");
    detail::require_positive(options.stem_channels(), owner, "stem_channels");
    detail::require_positive(options.hidden_channels(), owner, "hidden_channels");
    detail::require_positive(options.downsampling_layers(), owner, "downsampling_layers");
    detail::require_positive(options.residual_channels(), owner, "residual_channels");
    detail::require_not_negative(options.residual_layers(), owner, "residual_layers");
    require(options.downsampling_layers() <= MAX_DOWNSAMPLING_LAYERS,
            "EncoderOptions: downsampling_layers is ",
            options.downsampling_layers(),
            ", at most ",
            MAX_DOWNSAMPLING_LAYERS,
            " are possible");
}

//! channels before the first and after each downsampling layer
std::vector<int64_t> channels_of(const EncoderOptions& options)
{
    std::vector<int64_t> channels(options.downsampling_layers() + 1,
                                  options.stem_channels());
    channels.front() = options.in_channels();
    channels.back() = options.hidden_channels();
    return channels;
}

} // namespace

EncoderImpl::EncoderImpl(const EncoderOptions& options) : d_options(options)
{
    check(options);
    const auto channels = channels_of(options);
    for (size_t i = 1; i < channels.size(); i++) {
        d_downsampling.push_back(register_module(
            "conv" + std::to_string(i),
            Conv3d(Conv3dOptions(channels[i - 1], channels[i], 4).stride(2).padding(1))));
    }
    const auto hidden = options.hidden_channels();
    d_last = register_module("conv" + std::to_string(channels.size()),
                             Conv3d(Conv3dOptions(hidden, hidden, 3).padding(1)));
    d_residual = register_module(
        "residual",
        ResidualStack(hidden, options.residual_channels(), options.residual_layers()));
    initialise_weights(*this, options.seed());
}

std::vector<int64_t> latent_shape(const EncoderOptions& options,
                                  torch::IntArrayRef input_shape)
{
    check(options);
    static const char* const names[] = {"antennas", "subcarriers", "symbols"};
    require(input_shape.size() == 3,
            "Encoder: shape ",
            input_shape,
            " must be [antennas, subcarriers, symbols]");
    const int64_t factor = int64_t{1} << options.downsampling_layers();
    std::vector<int64_t> shape;
    for (size_t i = 0; i < 3; i++) {
        require(input_shape[i] > 0 && input_shape[i] % factor == 0,
                "Encoder: ",
                input_shape[i],
                " ",
                names[i],
                " in shape ",
                input_shape,
                " are not a positive multiple of ",
                factor,
                " (",
                options.downsampling_layers(),
                " layers that halve)");
        shape.push_back(input_shape[i] / factor);
    }
    return shape;
}

std::vector<int64_t> EncoderImpl::latent_shape(torch::IntArrayRef input_shape) const
{
    return nn::latent_shape(d_options, input_shape);
}

torch::Tensor EncoderImpl::forward(const torch::Tensor& echo)
{
    require(echo.dim() == 5 && echo.size(1) == d_options.in_channels(),
            "Encoder: input ",
            echo.sizes(),
            " must be [batch, ",
            d_options.in_channels(),
            ", antennas, subcarriers, symbols]");
    latent_shape(echo.sizes().slice(2));
    if (d_options.check_finite()) {
        detail::require_finite(echo, "Encoder", "input");
    }
    auto x = echo;
    for (auto& conv : d_downsampling) {
        x = at::relu(conv(x));
    }
    return d_residual(d_last(x));
}

int64_t parameter_count(const EncoderOptions& options)
{
    check(options);
    const auto channels = channels_of(options);
    const auto hidden = options.hidden_channels();
    int64_t count = 27 * hidden * hidden + hidden;
    for (size_t i = 1; i < channels.size(); i++) {
        count += 64 * channels[i - 1] * channels[i] + channels[i];
    }
    return count + options.residual_layers() * 28 * hidden * options.residual_channels();
}

} // namespace cfisac::nn
