// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/cell_filter.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

constexpr double delay_oversampling = 4.0;

void require_at_least_one(std::int64_t value, const char* name)
{
    if (value < 1) {
        throw std::invalid_argument(std::string(name) + " must be at least 1, got " +
                                    std::to_string(value));
    }
}

at::Tensor squared_magnitude(const at::Tensor& value)
{
    return at::view_as_real(value).square().sum(-1);
}

constexpr std::int64_t cells_of_a_group = 16;

// How many elements before each one have the same value in [0, count).
std::vector<std::int64_t> ranks(const std::vector<std::int64_t>& values,
                                std::int64_t count)
{
    std::vector<std::int64_t> seen(count, 0), rank;
    for (const auto value : values) {
        rank.push_back(seen[value]++);
    }
    return rank;
}

} // namespace

at::Tensor cell_centres(const Scenario& scenario, std::int64_t cells)
{
    if (scenario.dimensions != 2) {
        throw std::invalid_argument(
            "a grid of cells needs a scenario with 2 dimensions, got " +
            std::to_string(scenario.dimensions));
    }
    require_at_least_one(cells, "cells per side");
    const auto& area = scenario.targets.area_m;
    const auto middles =
        (at::arange(cells, at::kDouble) + 0.5) / static_cast<double>(cells);
    const auto along = [&](int axis) {
        return middles * (area.max[axis] - area.min[axis]) + area.min[axis];
    };
    return at::stack({along(0).unsqueeze(1).expand({cells, cells}),
                      along(1).unsqueeze(0).expand({cells, cells})},
                     -1)
        .contiguous();
}

at::Tensor doppler_lines(std::int64_t bins, double spacing_hz)
{
    require_at_least_one(bins, "Doppler lines");
    if (!(spacing_hz > 0.0)) {
        throw std::invalid_argument("Doppler spacing in Hz must be positive, got " +
                                    std::to_string(spacing_hz));
    }
    return (at::arange(bins, at::kDouble) - 0.5 * static_cast<double>(bins - 1)) *
           spacing_hz;
}

CellFilter::CellFilter(const Layout& layout,
                       std::int64_t receiver,
                       std::int64_t cells,
                       std::int64_t lines,
                       double spacing_hz)
    : d_cells(cells)
{
    if (receiver < 0 || receiver >= layout.receivers()) {
        throw std::invalid_argument("receive access point must be 0 to " +
                                    std::to_string(layout.receivers() - 1) + ", got " +
                                    std::to_string(receiver));
    }
    const Layout host(layout.scenario);
    const auto& waveform = host.scenario.waveform;
    const auto place = cell_centres(host.scenario, cells).reshape({1, cells * cells, 2});
    const auto paths = bistatic_paths(host, place, at::zeros_like(place));
    const auto arriving =
        steering_vector(paths.receive.cosine.select(1, receiver).select(0, 0),
                        host.receive_spacing.select(0, receiver),
                        host.scenario.receive_antennas()); // [G², M_r]
    const double step_s = 1.0 / (delay_oversampling * waveform.subcarriers *
                                 waveform.subcarrier_spacing_hz);
    d_doppler = phasor(host.time_s.unsqueeze(-1) * doppler_lines(lines, spacing_hz) *
                       (-2.0 * M_PI))
                    .to(layout.device, at::kComplexFloat);
    for (std::int64_t n = 0; n < host.transmitters(); n++) {
        const auto departing =
            steering_vector(paths.transmit.cosine.select(1, n).select(0, 0),
                            host.transmit_spacing.select(0, n),
                            host.scenario.transmit_antennas());
        const auto delay = paths.delay_s.select(1, n).select(1, receiver).select(0, 0);
        const auto steps = delay.div(step_s);
        const auto nearest = steps.round().to(at::kLong);
        const auto first = nearest.min().item<std::int64_t>();
        const auto count = nearest.max().item<std::int64_t>() - first + 1;
        // conj(a_r) y conj(x) a_t, as one row over pairs of antennas
        const auto pairs =
            (arriving.conj().unsqueeze(2) * departing.unsqueeze(1)).flatten(1);
        const auto x = steps - nearest;
        const auto weights =
            at::stack({x * (x - 1.0) / 2.0, 1.0 - x * x, x * (x + 1.0) / 2.0});
        Pair pair;
        const auto table =
            (at::arange(count + 2, at::kDouble) + static_cast<double>(first - 1)) *
            step_s;
        pair.delays =
            phasor(table.unsqueeze(-1) * (host.frequency_hz - host.frequency_hz.mean()) *
                   (2.0 * M_PI))
                .to(layout.device, at::kComplexFloat);
        arrange(pair, (nearest - first).contiguous(), count, pairs, weights);
        pair.place = pair.place.to(layout.device);
        for (auto& layer : pair.layers) {
            layer.steering = layer.steering.to(layout.device, at::kComplexFloat);
        }
        pair.departing =
            departing.conj().resolve_conj().to(layout.device, at::kComplexFloat);
        d_pairs.push_back(std::move(pair));
    }
}

void CellFilter::arrange(Pair& pair,
                         const at::Tensor& step,
                         std::int64_t steps,
                         const at::Tensor& pairs,
                         const at::Tensor& weights)
{
    const auto cells = step.numel();
    const std::vector<std::int64_t> values(step.data_ptr<std::int64_t>(),
                                           step.data_ptr<std::int64_t>() + cells);
    const auto rank = ranks(values, steps);
    const auto layers =
        *std::max_element(rank.begin(), rank.end()) / cells_of_a_group + 1;
    pair.place = at::empty({cells}, at::kLong);
    std::int64_t rows = 0;
    for (std::int64_t k = 0; k < layers; k++) {
        std::vector<std::int64_t> members;
        for (std::int64_t c = 0; c < cells; c++) {
            if (rank[c] / cells_of_a_group == k) {
                members.push_back(c);
            }
        }
        const auto member = at::tensor(members, at::kLong);
        const auto group = step.index_select(0, member);
        const auto first = group.min().item<std::int64_t>();
        const auto groups = group.max().item<std::int64_t>() - first + 1;
        const auto within =
            at::tensor(rank, at::kLong).index_select(0, member) - k * cells_of_a_group;
        Layer layer{
            first,
            at::zeros({3, groups, cells_of_a_group, pairs.size(1)}, pairs.options())};
        for (std::int64_t tap = 0; tap < 3; tap++) {
            layer.steering[tap].index_put_(
                {group - first, within},
                pairs.index_select(0, member) *
                    weights[tap].index_select(0, member).unsqueeze(-1));
        }
        pair.place.index_put_({member},
                              (group - first) * cells_of_a_group + within + rows);
        rows += groups * cells_of_a_group;
        pair.layers.push_back(std::move(layer));
    }
}

CellCorrelation CellFilter::operator()(const at::Tensor& echo,
                                       const at::Tensor& transmit) const
{
    const auto batch = echo.size(0);
    const auto subcarriers = echo.size(2);
    const auto lines = d_doppler.size(1);
    const auto mean_power = squared_magnitude(echo).flatten(1).mean(1); // [B]
    const auto received = echo.permute({2, 1, 0, 3}).unsqueeze(2); // [S, M_r, 1, B, T]
    std::vector<at::Tensor> powers, illuminations;
    for (std::size_t n = 0; n < d_pairs.size(); n++) {
        const auto& pair = d_pairs[n];
        const auto sent = transmit.select(1, n); // [B, N_t, S, T]
        const auto product =
            received * sent.permute({2, 1, 0, 3}).unsqueeze(1).conj(); // [S,M_r,N_t,B,T]
        const auto antennas = product.size(1) * product.size(2);
        auto cube = at::matmul(product, d_doppler).reshape({subcarriers, -1});
        cube = at::matmul(pair.delays, cube)
                   .reshape({pair.delays.size(0), antennas, batch * lines});
        std::vector<at::Tensor> in_groups;
        for (const auto& layer : pair.layers) {
            const auto groups = layer.steering.size(1);
            const auto steps = [&](std::int64_t tap) {
                return cube.narrow(0, layer.first + tap, groups);
            };
            in_groups.push_back(at::bmm(layer.steering[1], steps(1)));
            for (const std::int64_t tap : {0, 2}) {
                in_groups.back().baddbmm_(layer.steering[tap], steps(tap));
            }
            in_groups.back() = in_groups.back().flatten(0, 1);
        }
        const auto power =
            squared_magnitude(at::cat(in_groups).index_select(0, pair.place))
                .reshape({-1, batch, lines})
                .permute({1, 2, 0}); // [B, F, G²]
        const auto stacked = sent.flatten(2);
        const auto covariance = at::matmul(stacked, stacked.mH()); // [B, N_t, N_t]
        const auto illumination = at::real(
            at::matmul(pair.departing, covariance).mul(pair.departing.conj()).sum(-1));
        const auto scale = (illumination * mean_power.unsqueeze(-1)).clamp_min(1e-37);
        powers.push_back(
            (power / scale.unsqueeze(1)).reshape({batch, lines, d_cells, d_cells}));
        illuminations.push_back(illumination.reshape({batch, d_cells, d_cells}));
    }
    return {at::stack(powers, 1), at::stack(illuminations, 1)};
}

} // namespace cfisac::signal
