// SPDX-License-Identifier: GPL-3.0-or-later
#include "host_cell_filter.h"
#include "cell_geometry.h"
#include "cell_kernels.h"
#include "parallel.h"
#include "simd.h"


#include <algorithm>
#include <cfisac/signal/cell_filter.h>
#include <cfisac/signal/front_end.h>
#include <cmath>
#include <iterator>
#include <numeric>

namespace cfisac::signal {

namespace {

// Buffers that a thread keeps: a frame after the first allocates nothing.
float* buffer(std::size_t size)
{
    thread_local std::vector<float> memory;
    if (memory.size() < size) {
        memory.resize(size);
    }
    return memory.data();
}

std::vector<float> to_floats(const at::Tensor& values)
{
    const auto flat = values.to(at::kFloat).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// Distances from the middle of `count` places: -(count - 1) / 2 ...
at::Tensor from_middle(std::int64_t count)
{
    return at::arange(count, at::kDouble) - 0.5 * static_cast<double>(count - 1);
}

} // namespace

HostCellFilter::Transform HostCellFilter::make_transform(std::int64_t count,
                                                         double step,
                                                         std::int64_t terms,
                                                         double spacing)
{
    Transform result;
    result.count = count;
    result.rows = (count + 1) / 2;
    result.odd = terms / 2;
    result.even = terms - result.odd;
    const auto output = from_middle(count).slice(0, count / 2) * step;
    const auto phase = output.unsqueeze(1) * from_middle(terms) *
                       (2.0 * M_PI * spacing); // [rows, terms]
    result.cosines = to_floats(phase.slice(1, 0, result.even).cos());
    result.sines = to_floats(phase.slice(1, 0, result.odd).sin());
    return result;
}

HostCellFilter::HostCellFilter(const Layout& host,
                               std::int64_t receiver,
                               const at::Tensor& places,
                               std::int64_t lines,
                               double spacing_hz)
    : d_receive_antennas(host.scenario.receive_antennas()),
      d_transmit_antennas(host.scenario.transmit_antennas()),
      d_subcarriers(host.subcarriers()),
      d_symbols(host.symbols()),
      d_cells(places.size(0)),
      d_lines(lines)
{
    // exp(-j2πft): the sines with the other sign
    const auto spacing_s =
        d_symbols > 1 ? (host.time_s[1] - host.time_s[0]).item<double>() : 0.0;
    d_doppler = make_transform(lines, spacing_hz, d_symbols, -spacing_s);
    const auto across = [this](std::vector<float>& coefficients, std::int64_t terms) {
        const auto table =
            at::from_blob(coefficients.data(), {d_doppler.rows, terms}, at::kFloat);
        auto wide = at::zeros({terms, padded(d_doppler.rows)});
        wide.slice(1, 0, d_doppler.rows).copy_(table.t());
        coefficients = to_floats(wide);
    };
    across(d_doppler.cosines, d_doppler.even);
    across(d_doppler.sines, d_doppler.odd);
    for (const auto& geometry : cell_geometry(host, receiver, places)) {
        d_pairs.push_back(make_pair(geometry, host));
    }
}

HostCellFilter::Pair HostCellFilter::make_pair(const CellGeometry& geometry,
                                               const Layout& host) const
{
    Pair pair;
    const auto steps = geometry.count + 2;
    const auto offset_hz = host.frequency_hz - host.frequency_hz.mean();
    const double middle_s = geometry.delays_s().mean().item<double>();
    pair.rotation =
        to_floats(at::view_as_real(phasor(offset_hz * (-2.0 * M_PI * middle_s))));
    const auto spacing_hz =
        d_subcarriers > 1 ? (host.frequency_hz[1] - host.frequency_hz[0]).item<double>()
                          : 0.0;
    pair.delays = make_transform(steps, geometry.step_s, d_subcarriers, spacing_hz);

    const at::Tensor order = geometry.step.argsort(/*dim=*/-1, /*descending=*/false);
    const at::Tensor sorted = geometry.step.index_select(0, order);
    pair.cell.assign(order.data_ptr<std::int64_t>(),
                     order.data_ptr<std::int64_t>() + d_cells);
    const auto* step = sorted.data_ptr<std::int64_t>();
    for (std::int64_t k = 0; k <= geometry.count; k++) {
        pair.first.push_back(std::lower_bound(step, step + d_cells, k) - step);
    }
    for (std::size_t k = 0; k + 1 < pair.first.size(); k++) {
        pair.most = std::max(pair.most, pair.first[k + 1] - pair.first[k]);
    }

    // Phases of the pairs of antennas, counted from the middle of the arrays: [P, U]
    const auto phases = [](const at::Tensor& steering, const Arrays& arrays) {
        const auto along = [&](std::int64_t next, std::int64_t count) {
            const auto slope =
                at::angle(count > 1 ? steering.select(1, next) / steering.select(1, 0)
                                    : at::ones_like(steering.select(1, 0)));
            return slope.unsqueeze(1) * from_middle(count);
        };
        const auto first = along(1, arrays.antennas);
        return arrays.planar() ? (along(arrays.antennas, arrays.rows).unsqueeze(2) +
                                  first.unsqueeze(1))
                                     .flatten(1)
                               : first;
    };
    const auto departing = phases(geometry.departing, host.transmit);
    const auto phase =
        (departing.unsqueeze(1) - phases(geometry.arriving, host.receive).unsqueeze(2))
            .flatten(1);
    const auto antennas = phase.size(1);
    const auto half = (antennas + 1) / 2;
    const auto row = at::cat({phase.slice(1, 0, half).cos(),
                              phase.slice(1, 0, antennas / 2).sin().flip(1)},
                             1) /
                     std::sqrt(static_cast<double>(antennas));
    const auto weights =
        geometry.weights.t().unsqueeze(2) * row.unsqueeze(1); // [P, 3, U]
    pair.weights = to_floats(weights.index_select(0, order));

    if (host.transmit.planar()) {
        pair.departing = geometry.departing.conj().resolve_conj().to(at::kComplexFloat);
        return pair;
    }
    const auto slope =
        departing.select(1, 0) - departing.select(1, d_transmit_antennas > 1 ? 1 : 0);
    const auto lag = slope * at::arange(1, d_transmit_antennas, at::kDouble).unsqueeze(1);
    pair.lags = to_floats(at::stack({lag.cos(), lag.sin()}, 1));
    return pair;
}

void HostCellFilter::run(const float* echo,
                         double mean_power,
                         const float* transmit,
                         const Pair& pair,
                         float* power,
                         float* illumination) const
{
    const auto antennas = d_receive_antennas * d_transmit_antennas;
    const auto row = padded(4 * d_doppler.rows);
    const auto lanes = antennas * row;
    const auto steps = pair.delays.count;
    const auto terms = 3 * antennas;
    const std::int64_t sizes[] = {2 * d_receive_antennas * d_symbols,
                                  2 * d_transmit_antennas * d_symbols,
                                  2 * antennas * d_symbols,
                                  2 * antennas * d_doppler.even,
                                  2 * antennas * d_doppler.odd,
                                  2 * d_transmit_antennas * d_symbols,
                                  d_subcarriers * lanes,
                                  steps * lanes,
                                  pair.most * row};
    std::int64_t total = 0, offsets[std::size(sizes)];
    for (std::size_t k = 0; k < std::size(sizes); k++) {
        offsets[k] = total;
        total += padded(sizes[k]) + vector_size;
    }
    float* const memory = buffer(static_cast<std::size_t>(total));
    const CellCube frame{d_receive_antennas,
                         d_transmit_antennas,
                         d_subcarriers,
                         d_symbols,
                         d_doppler.rows,
                         row,
                         memory + offsets[0],
                         memory + offsets[1],
                         memory + offsets[2],
                         memory + offsets[3],
                         memory + offsets[4],
                         memory + offsets[5],
                         memory + offsets[6]};
    float* const delays = memory + offsets[7];
    float* const cells = memory + offsets[8];

    to_cube(frame,
            echo,
            transmit,
            pair.rotation.data(),
            d_doppler.cosines.data(),
            d_doppler.sines.data());
    if (!pair.departing.defined()) {
        std::vector<float> lags(2 * d_transmit_antennas);
        for (std::int64_t k = 0; k < 2 * d_transmit_antennas; k++) {
            const float* values = frame.lags + k * d_symbols;
            lags[k] = static_cast<float>(
                std::accumulate(values, values + d_symbols, 0.0) / d_transmit_antennas);
        }
        illuminate(
            lags.data(), pair.lags.data(), d_transmit_antennas, d_cells, illumination);
    }

    const auto weigh_step = [&](std::int64_t k) {
        const auto first = pair.first[k], count = pair.first[k + 1] - first;
        weigh_cells(delays + k * lanes,
                    terms,
                    row,
                    count,
                    pair.weights.data() + first * terms,
                    cells);
        for (std::int64_t c = 0; c < count; c++) {
            const auto cell = pair.cell[first + c];
            const double scale = std::max(illumination[cell] * mean_power, 1e-37);
            lines_of(cells + c * row,
                     d_lines,
                     d_doppler.rows,
                     static_cast<float>(1.0 / scale),
                     power + cell * d_lines);
        }
    };
    // From the middle delay outwards: the cells of a step are weighed as soon as the delays
    // around it are there, while these are in the cache. Done are steps from `low` to `high`.
    std::int64_t low = steps / 2 - 1, high = low;
    const MirroredRows cube{
        frame.cube, frame.cube + (d_subcarriers - 1) * lanes, lanes, -lanes};
    for (std::int64_t r = 0; r < pair.delays.rows;) {
        r += transform_delays(cube,
                              lanes,
                              steps,
                              pair.delays.rows,
                              r,
                              pair.delays.even,
                              pair.delays.odd,
                              pair.delays.cosines.data(),
                              pair.delays.sines.data(),
                              delays);
        const auto first = (steps - 1) / 2 - (r - 1), last = steps / 2 + (r - 1) - 2;
        while (high <= last) {
            weigh_step(high++);
        }
        while (low > first && low <= last + 1) {
            weigh_step(--low);
        }
    }
}

void HostCellFilter::illuminate_planar(const at::Tensor& transmit,
                                       const at::Tensor& illumination) const
{
    const auto signals = transmit.flatten(3); // [B, N, N_t, S T]
    const auto covariance = at::matmul(signals, signals.mH());
    const auto out = illumination.view({transmit.size(0), transmit.size(1), d_cells});
    for (std::size_t n = 0; n < d_pairs.size(); n++) {
        const auto& departing = d_pairs[n].departing;
        const auto plane = out.select(1, static_cast<std::int64_t>(n));
        plane.copy_(at::real(
            at::matmul(departing, covariance.select(1, static_cast<std::int64_t>(n)))
                .mul(departing.conj())
                .sum(-1)));
    }
}

void HostCellFilter::operator()(const at::Tensor& echo,
                                const at::Tensor& transmit,
                                const at::Tensor& power,
                                const at::Tensor& illumination) const
{
    const auto pairs = static_cast<std::int64_t>(d_pairs.size());
    const auto at =
        [](const at::Tensor& tensor, std::int64_t place, std::int64_t places) {
            return static_cast<float*>(tensor.data_ptr()) +
                   place * (tensor.nbytes() / sizeof(float) / places);
        };
    const auto items = echo.size(0) * pairs;
    if (pairs > 0 && d_pairs.front().departing.defined()) {
        illuminate_planar(transmit, illumination);
    }
    std::vector<double> powers;
    for (std::int64_t b = 0; b < echo.size(0); b++) {
        powers.push_back(mean_power(echo[b]));
    }
    parallel_for(0, items, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            run(at(echo, k / pairs, echo.size(0)),
                powers[k / pairs],
                at(transmit, k, items),
                d_pairs[k % pairs],
                at(power, k, items),
                at(illumination, k, items));
        }
    });
}

} // namespace cfisac::signal
