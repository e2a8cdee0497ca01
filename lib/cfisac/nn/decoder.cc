// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/decoder.h>
#include <cfisac/nn/model_io.h>

#include "check.h"

#include <ATen/ATen.h>

#include <functional>
#include <numeric>

namespace cfisac::nn {

using detail::require;
using torch::Tensor;
using torch::nn::Conv3d;
using torch::nn::Conv3dOptions;
using torch::nn::Linear;

namespace {

void check(const DecoderOptions& options)
{
    const auto* owner = "DecoderOptions";
    detail::require_positive(options.access_points(), owner, "access_points");
    detail::require_positive(options.codeword_dim(), owner, "codeword_dim");
    detail::require_positive(options.targets(), owner, "targets");
    detail::require_positive(options.dimensions(), owner, "dimensions");
    detail::require_positive(options.hidden_channels(), owner, "hidden_channels");
    detail::require_positive(options.residual_channels(), owner, "residual_channels");
    detail::require_not_negative(
        options.latent_residual_layers(), owner, "latent_residual_layers");
    detail::require_positive(options.flat_features(), owner, "flat_features");
    detail::require_positive(options.fully_connected(), owner, "fully_connected");
    for (const auto& shape : {options.latent_shape(), options.transmit_shape()}) {
        require(shape.size() == 3 && shape[0] > 0 && shape[1] > 0 && shape[2] > 0,
                "DecoderOptions: shape ",
                torch::IntArrayRef(shape),
                " must have three positive dimensions");
    }
}

EncoderOptions transmit_options(const DecoderOptions& options)
{
    return EncoderOptions()
        .in_channels(2)
        .stem_channels(options.stem_channels())
        .hidden_channels(options.hidden_channels())
        .downsampling_layers(options.transmit_downsampling_layers())
        .residual_layers(options.transmit_residual_layers())
        .residual_channels(options.residual_channels())
        .check_finite(options.check_finite())
        .seed(options.seed());
}

int64_t product(const std::vector<int64_t>& shape)
{
    return std::accumulate(
        shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
}

} // namespace

DecoderImpl::DecoderImpl(const DecoderOptions& options) : d_options(options)
{
    check(options);
    const auto hidden = options.hidden_channels();
    const auto flat = options.flat_features();
    d_transmit = register_module("transmit", Encoder(transmit_options(options)));
    const auto transmit_latent = d_transmit->latent_shape(options.transmit_shape());
    d_latent_conv = register_module(
        "latent_conv",
        Conv3d(Conv3dOptions(options.access_points() * options.codeword_dim(), hidden, 3)
                   .padding(1)));
    d_latent_residual = register_module("latent_residual",
                                        ResidualStack(hidden,
                                                      options.residual_channels(),
                                                      options.latent_residual_layers()));
    d_latent_projection = register_module(
        "latent_projection", Linear(hidden * product(options.latent_shape()), flat));
    d_transmit_projection = register_module(
        "transmit_projection", Linear(hidden * product(transmit_latent), flat));
    d_fully_connected =
        register_module("fully_connected", Linear(2 * flat, options.fully_connected()));
    d_output = register_module(
        "output",
        Linear(options.fully_connected(), 2 * options.dimensions() * options.targets()));
    initialise_weights(*this, options.seed());
}

Tensor DecoderImpl::latent_features(const std::vector<Tensor>& latents)
{
    require(static_cast<int64_t>(latents.size()) == d_options.access_points(),
            "Decoder: ",
            latents.size(),
            " latents for ",
            d_options.access_points(),
            " access points");
    for (size_t m = 0; m < latents.size(); m++) {
        const auto& z = latents[m];
        require(z.dim() == 5 && z.size(0) == latents[0].size(0) &&
                    z.size(1) == d_options.codeword_dim() &&
                    z.sizes().slice(2) == torch::IntArrayRef(d_options.latent_shape()),
                "Decoder: latent ",
                z.sizes(),
                " of access point ",
                m,
                " must be [batch, ",
                d_options.codeword_dim(),
                "] and then ",
                torch::IntArrayRef(d_options.latent_shape()),
                ", with one batch for all");
        if (d_options.check_finite()) {
            detail::require_finite(z, "Decoder", "latent");
        }
    }
    const auto x = d_latent_residual(d_latent_conv(at::cat(latents, 1)));
    return d_latent_projection(x.flatten(1));
}

Tensor DecoderImpl::transmit_features(const Tensor& transmit)
{
    require(transmit.dim() == 5 && transmit.size(1) == 2 &&
                transmit.sizes().slice(2) ==
                    torch::IntArrayRef(d_options.transmit_shape()),
            "Decoder: transmit tensor ",
            transmit.sizes(),
            " must be [batch, 2] and then ",
            torch::IntArrayRef(d_options.transmit_shape()));
    return d_transmit_projection(d_transmit(transmit).flatten(1));
}

Tensor DecoderImpl::estimate(const Tensor& latent_features,
                             const Tensor& transmit_features)
{
    for (const auto& features : {latent_features, transmit_features}) {
        require(features.dim() == 2 && features.size(0) == latent_features.size(0) &&
                    features.size(1) == d_options.flat_features(),
                "Decoder: features ",
                features.sizes(),
                " must be [batch, ",
                d_options.flat_features(),
                "], with one batch for both branches");
    }
    const auto both = at::cat({latent_features, transmit_features}, 1);
    return d_output(at::relu(d_fully_connected(both)));
}

Tensor DecoderImpl::forward(const std::vector<Tensor>& latents, const Tensor& transmit)
{
    return estimate(latent_features(latents), transmit_features(transmit));
}

int64_t parameter_count(const DecoderOptions& options)
{
    check(options);
    const auto hidden = options.hidden_channels();
    const auto flat = options.flat_features();
    const auto transmit = transmit_options(options);
    const auto reduction = int64_t{1} << (3 * options.transmit_downsampling_layers());
    const auto latent_conv =
        27 * options.access_points() * options.codeword_dim() * hidden + hidden;
    const auto latent_residual =
        options.latent_residual_layers() * 28 * hidden * options.residual_channels();
    const auto latent_projection = hidden * product(options.latent_shape()) * flat + flat;
    const auto transmit_projection =
        hidden * (product(options.transmit_shape()) / reduction) * flat + flat;
    const auto fully_connected = (2 * flat + 1) * options.fully_connected();
    const auto output =
        (options.fully_connected() + 1) * 2 * options.dimensions() * options.targets();
    return latent_conv + latent_residual + latent_projection + parameter_count(transmit) +
           transmit_projection + fully_connected + output;
}

} // namespace cfisac::nn
