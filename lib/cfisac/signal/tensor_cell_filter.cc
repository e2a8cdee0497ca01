// SPDX-License-Identifier: GPL-3.0-or-later
#include "tensor_cell_filter.h"

#include <algorithm>
#include <cmath>

namespace cfisac::signal {

namespace {

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

TensorCellFilter::TensorCellFilter(const Layout& host,
                                   at::Device device,
                                   std::int64_t receiver,
                                   const at::Tensor& places,
                                   std::int64_t lines,
                                   double spacing_hz)
{
    d_doppler = phasor(host.time_s.unsqueeze(-1) * doppler_lines(lines, spacing_hz) *
                       (-2.0 * M_PI))
                    .to(device, at::kComplexFloat);
    for (const auto& geometry : cell_geometry(host, receiver, places)) {
        // conj(a_r) y conj(x) a_t, as one row over pairs of antennas
        const auto pairs =
            (geometry.arriving.conj().unsqueeze(2) * geometry.departing.unsqueeze(1))
                .flatten(1);
        Pair pair;
        pair.delays =
            phasor(geometry.delays_s().unsqueeze(-1) *
                   (host.frequency_hz - host.frequency_hz.mean()) * (2.0 * M_PI))
                .to(device, at::kComplexFloat);
        arrange(pair, geometry, pairs);
        pair.place = pair.place.to(device);
        for (auto& layer : pair.layers) {
            layer.steering = layer.steering.to(device, at::kComplexFloat);
        }
        pair.departing =
            geometry.departing.conj().resolve_conj().to(device, at::kComplexFloat);
        d_pairs.push_back(std::move(pair));
    }
}

void TensorCellFilter::arrange(Pair& pair,
                               const CellGeometry& geometry,
                               const at::Tensor& pairs)
{
    const auto& step = geometry.step;
    const auto& weights = geometry.weights;
    const auto cells = step.numel();
    const std::vector<std::int64_t> values(step.data_ptr<std::int64_t>(),
                                           step.data_ptr<std::int64_t>() + cells);
    const auto rank = ranks(values, geometry.count);
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

CellCorrelation TensorCellFilter::operator()(const at::Tensor& echo,
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
                .permute({1, 2, 0}); // [B, F, P]
        const auto stacked = sent.flatten(2);
        const auto covariance = at::matmul(stacked, stacked.mH()); // [B, N_t, N_t]
        const auto illumination = at::real(
            at::matmul(pair.departing, covariance).mul(pair.departing.conj()).sum(-1));
        const auto scale = (illumination * mean_power.unsqueeze(-1)).clamp_min(1e-37);
        powers.push_back(power / scale.unsqueeze(1));
        illuminations.push_back(illumination);
    }
    return {at::stack(powers, 1), at::stack(illuminations, 1)};
}

} // namespace cfisac::signal
