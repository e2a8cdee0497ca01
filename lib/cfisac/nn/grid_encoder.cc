// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"

#include <cfisac/nn/grid_encoder.h>
#include <cfisac/nn/model_io.h>

#include <numeric>

namespace cfisac::nn {

namespace {

constexpr double fresh_residual_gain = 0.3;
constexpr int64_t most_groups = 8;

torch::nn::GroupNorm group_norm(int64_t channels)
{
    return torch::nn::GroupNorm(
        torch::nn::GroupNormOptions(normalization_groups(channels), channels));
}

} // namespace

int64_t normalization_groups(int64_t channels) { return std::gcd(channels, most_groups); }

PlaneResidualImpl::PlaneResidualImpl(int64_t channels, int64_t dilation)
    : d_first_norm(register_module("norm1", group_norm(channels))),
      d_first(register_module(
          "conv1",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 3).padding(1)))),
      d_second_norm(register_module("norm2", group_norm(channels))),
      d_second(register_module(
          "conv2",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 3)
                                .padding(dilation)
                                .dilation(dilation))))
{
}

torch::Tensor PlaneResidualImpl::forward(const torch::Tensor& plane)
{
    const auto inner = d_first(d_first_norm(plane).relu());
    return plane + d_second(d_second_norm(inner).relu());
}

void PlaneResidualImpl::damp(double factor)
{
    torch::NoGradGuard no_grad;
    d_second->weight.mul_(factor);
}

GridEncoderImpl::GridEncoderImpl(const GridEncoderOptions& options) : d_options(options)
{
    detail::require_positive(options.in_channels(), "GridEncoderOptions", "in_channels");
    detail::require_positive(
        options.hidden_channels(), "GridEncoderOptions", "hidden_channels");
    detail::require_not_negative(
        options.residual_layers(), "GridEncoderOptions", "residual_layers");
    const auto hidden = options.hidden_channels();
    d_downsampling = register_module(
        "downsampling",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(options.in_channels(), hidden, 4)
                              .stride(2)
                              .padding(1)));
    for (int64_t k = 0; k < options.residual_layers(); k++) {
        d_residual.push_back(
            register_module("residual" + std::to_string(k), PlaneResidual(hidden, 1)));
    }
    initialise_weights(*this, options.seed());
    for (auto& layer : d_residual) {
        layer->damp(fresh_residual_gain);
    }
}

int64_t plane_residual_parameter_count(int64_t channels)
{
    return 2 * channels * (9 * channels + 1 + 2);
}

int64_t parameter_count(const GridEncoderOptions& options)
{
    const auto hidden = options.hidden_channels();
    return (16 * options.in_channels() + 1) * hidden +
           options.residual_layers() * plane_residual_parameter_count(hidden);
}

torch::Tensor GridEncoderImpl::forward(const torch::Tensor& features)
{
    detail::require(features.dim() == 5 && features.size(2) == d_options.in_channels() &&
                        features.size(3) % 2 == 0 && features.size(4) % 2 == 0,
                    "grid encoder: features must be [B, N, ",
                    d_options.in_channels(),
                    ", G, G] with an even G, got ",
                    features.sizes());
    auto plane = d_downsampling(features.flatten(0, 1));
    for (auto& layer : d_residual) {
        plane = layer(plane);
    }
    return plane.relu()
        .unflatten(0, {features.size(0), features.size(1)})
        .transpose(1, 2);
}

GridFeatures::GridFeatures(const signal::Layout& layout,
                           int64_t receiver,
                           int64_t cells,
                           int64_t doppler_lines,
                           double doppler_spacing_hz)
    : d_filter(layout, receiver, cells, doppler_lines, doppler_spacing_hz)
{
    const auto place =
        signal::cell_centres(layout.scenario, cells).reshape({1, cells * cells, 2});
    const signal::Layout host(layout.scenario);
    const auto departing = signal::rays(host.transmit, place);
    const auto arriving = signal::rays(host.receive, place);
    // [1, A, G², 2] → [A, 2, G, G]
    const auto planes = [cells](const at::Tensor& direction) {
        return direction[0].transpose(1, 2).reshape({-1, 2, cells, cells});
    };
    const auto from_transmitter = planes(departing.direction);
    const auto from_receiver = planes(arriving.direction)
                                   .select(0, receiver)
                                   .unsqueeze(0)
                                   .expand_as(from_transmitter);
    d_directions =
        at::cat({from_transmitter, from_receiver}, 1).to(layout.device, at::kFloat);
}

torch::Tensor GridFeatures::operator()(const torch::Tensor& echo,
                                       const torch::Tensor& transmit) const
{
    const auto found = d_filter(echo, transmit);
    const auto half_log = [](const at::Tensor& power) { return power.log1p().mul_(0.5); };
    const auto lines = half_log(found.power);
    const auto sum = half_log(found.power.sum(2, /*keepdim=*/true));
    const auto largest = lines.amax(2, /*keepdim=*/true);
    const auto weight = found.power.square();
    const auto count = static_cast<double>(found.power.size(2));
    const auto place =
        (at::arange(found.power.size(2), weight.options()) - 0.5 * (count - 1.0))
            .mul_(2.0 / count)
            .view({-1, 1, 1});
    const auto mean_line = (weight * place).sum(2, /*keepdim=*/true) /
                           weight.sum(2, /*keepdim=*/true).clamp_min(1e-12);
    const auto mean = found.illumination.mean({2, 3}, /*keepdim=*/true).clamp_min(1e-37);
    const auto illumination =
        (found.illumination / mean).clamp_min(1e-6).log().mul_(0.5).clamp_(-3.0, 3.0);
    const auto directions =
        d_directions.unsqueeze(0).expand({echo.size(0), -1, -1, -1, -1});
    return at::cat(
        {lines, sum, largest, mean_line, illumination.unsqueeze(2), directions}, 2);
}

} // namespace cfisac::nn
