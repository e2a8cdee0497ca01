// SPDX-License-Identifier: GPL-3.0-or-later
#include "cell_search.h"
#include <algorithm>
#include <cfisac/estimators/geometry.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr double margin_m = 5.0; // around the area of the targets
// Of which one is lost where static echoes are removed.
constexpr std::int64_t symbols_for_each_user = 4;

// Cells in three dimensions at most: as many as a plane of 181 by 181 has.
constexpr std::int64_t most_cells = std::int64_t{1} << 15;

// In the plane as many cells along each side: the finest step of the range resolution, and of
// the angle's in the middle of the area.
std::vector<std::int64_t> cells_of_plane(const Scenario& scenario, double per_resolution)
{
    const auto& box = scenario.targets.area_m;
    const double side =
        std::max(box.max.at(0) - box.min.at(0), box.max.at(1) - box.min.at(1));
    const auto& waveform = scenario.waveform;
    // Two legs lengthen at once.
    const double range =
        0.5 * speed_of_light / (waveform.subcarriers * waveform.subcarrier_spacing_hz);
    const auto& array = scenario.receive.front();
    const double across = 0.5 * side / (array.antennas * array.spacing_wavelengths);
    const double step = std::min(2.0 * range, across) / per_resolution;
    const auto cells =
        std::clamp<std::int64_t>(std::llround(std::ceil(side / step)), 8, 256);
    return {cells, cells};
}

// In space cells are cubes: their side the finest step of the range resolution and of the
// angles', or what most_cells allow, if that is more.
std::vector<std::int64_t> cells_of_space(const Scenario& scenario, double per_resolution)
{
    const auto& box = scenario.targets.area_m;
    const auto& waveform = scenario.waveform;
    std::vector<double> sides;
    for (std::size_t d = 0; d < box.min.size(); d++) {
        sides.push_back(box.max[d] - box.min[d]);
    }
    const double side = *std::max_element(sides.begin(), sides.end());
    double step =
        speed_of_light / (waveform.subcarriers * waveform.subcarrier_spacing_hz);
    const auto across = [&](int antennas, double spacing) {
        step = std::min(step, 0.5 * side / (antennas * spacing));
    };
    const auto& array = scenario.receive.front();
    across(array.antennas, array.spacing_wavelengths);
    if (array.planar) {
        across(array.planar->antennas, array.planar->spacing_wavelengths);
    }
    step /= per_resolution;
    for (;; step *= 1.1) {
        std::vector<std::int64_t> cells;
        double all = 1.0;
        for (const double each : sides) {
            const double count = std::max(1.0, std::ceil(each / step));
            all *= count;
            cells.push_back(count < 1e9 ? std::llround(count) : 0);
        }
        if (all <= static_cast<double>(most_cells)) {
            return cells;
        }
    }
}

bool has_static_clutter(const Clutter& clutter)
{
    const auto& box = clutter.velocity_mps;
    const auto stands = [](double speed) { return speed == 0.0; };
    return clutter.scatterers > 0 && clutter.reflection_variance > 0.0 &&
           std::all_of(box.min.begin(), box.min.end(), stands) &&
           std::all_of(box.max.begin(), box.max.end(), stands);
}

bool removes_static_of(const signal::Layout& layout, StaticClutter what)
{
    const bool possible =
        layout.symbols() >= symbols_for_each_user * layout.scenario.users.count;
    if (what == StaticClutter::remove && !possible) {
        throw std::invalid_argument(
            "static clutter cannot be removed from " + std::to_string(layout.symbols()) +
            " symbols that carry " + std::to_string(layout.scenario.users.count) +
            " users: four times as many symbols are needed");
    }
    return what == StaticClutter::remove ||
           (what == StaticClutter::as_scenario && possible &&
            has_static_clutter(layout.scenario.clutter));
}

double scattered_share_of(const signal::Layout& layout)
{
    const auto& clocks = layout.scenario.clocks;
    const auto mean_square = [](const at::Tensor& axis) {
        return axis.square().mean().item<double>();
    };
    const double timing = 2.0 * M_PI * clocks.timing_offset_std_s;
    const double frequency = 2.0 * M_PI * clocks.frequency_offset_std_hz;
    return std::min(1.0,
                    timing * timing * mean_square(layout.frequency_hz) +
                        frequency * frequency * mean_square(layout.time_s));
}

// Doppler lines that hold the largest range rate to both sides of zero.
std::int64_t lines_of(const Scenario& scenario, double rate_of_line)
{
    return 2 * static_cast<std::int64_t>(
                   std::ceil(largest_range_rate(scenario) / rate_of_line)) +
           1;
}

} // namespace

CellSearch::CellSearch(const signal::Layout& layout,
                       std::int64_t receiver,
                       const MaximumLikelihoodOptions& options)
    : d_layout(layout),
      d_receiver(receiver),
      d_options(options),
      d_removes_static(removes_static_of(layout, options.static_clutter)),
      d_scattered_share(scattered_share_of(layout)),
      d_cells(layout.scenario.dimensions == 2
                  ? cells_of_plane(layout.scenario, options.cells_per_resolution)
                  : cells_of_space(layout.scenario, options.cells_per_resolution)),
      d_spacing_hz(
          1.0 / (layout.scenario.waveform.interval_s() * options.lines_per_resolution)),
      d_lines(lines_of(layout.scenario, rate_of_line())),
      d_centres(signal::cell_centres(layout.scenario, d_cells)
                    .reshape({-1, layout.scenario.dimensions})),
      d_filter(layout, receiver, d_centres, d_lines, d_spacing_hz),
      d_allowed(allowed_lines())
{
}

double CellSearch::rate_of_line() const
{
    return d_spacing_hz * d_layout.scenario.waveform.wavelength_m();
}

// Each place sees, over each transmit access point, the range rates between those of the
// corners of the velocities' box.
std::pair<at::Tensor, at::Tensor> CellSearch::rates_at(const at::Tensor& places) const
{
    const auto [departing, arriving] = path_rays(d_layout, d_receiver, places);
    const auto slope = (departing.direction + arriving.direction)[0]; // [N, P, D]
    const auto& box = d_layout.scenario.targets.velocity_mps;
    const auto low = slope * at::tensor(box.min, at::kDouble);
    const auto high = slope * at::tensor(box.max, at::kDouble);
    return {at::minimum(low, high).sum(-1), at::maximum(low, high).sum(-1)};
}

at::Tensor CellSearch::allowed_lines() const
{
    const auto [least, most] = rates_at(d_centres);
    const auto rate = signal::doppler_lines(d_lines, d_spacing_hz)
                          .mul(-d_layout.scenario.waveform.wavelength_m())
                          .view({1, d_lines, 1});
    return at::logical_and(rate >= least.unsqueeze(1) - rate_of_line(),
                           rate <= most.unsqueeze(1) + rate_of_line())
        .to(at::kFloat)
        .to(d_layout.device);
}

std::vector<LocalTargets> CellSearch::starts(const at::Tensor& echo,
                                             const at::Tensor& transmit) const
{
    const auto power =
        d_filter(echo.unsqueeze(0), transmit.unsqueeze(0)).power[0] * d_allowed;
    const auto [largest, line] = power.max(1);
    const auto strongest = largest.cpu(); // [N, P]
    const auto lines = line.cpu();
    const auto over_one = strongest.amax(0).argmax().item<std::int64_t>();
    const auto over_all = strongest.sum(0).argmax().item<std::int64_t>();
    std::vector<LocalTargets> result;
    for (const auto cell : {over_one, over_all}) {
        if (!result.empty() && cell == over_one) {
            break;
        }
        const auto frequency = signal::doppler_lines(d_lines, d_spacing_hz)
                                   .index_select(0, lines.select(1, cell));
        auto active = at::zeros({1, strongest.size(0)}, at::kBool);
        active[0][strongest.select(1, cell).argmax().item<std::int64_t>()].fill_(true);
        result.push_back(
            {d_centres.slice(0, cell, cell + 1).contiguous(),
             frequency.mul(-d_layout.scenario.waveform.wavelength_m()).unsqueeze(0),
             active});
    }
    return result;
}

bool CellSearch::is_same_cell(const at::Tensor& one, const at::Tensor& other) const
{
    const auto [departing, arriving] =
        path_rays(d_layout, d_receiver, at::stack({one, other}));
    const auto range = (departing.distance_m + arriving.distance_m)[0]; // [N, 2]
    const auto difference = (range.select(1, 0) - range.select(1, 1)).abs().min();
    const auto& waveform = d_layout.scenario.waveform;
    const auto& array = d_layout.scenario.receive[d_receiver];
    const auto apart = [](const at::Tensor& cosine) {
        const auto* values = cosine.data_ptr<double>();
        return std::abs(values[0] - values[1]);
    };
    return difference.item<double>() <
               speed_of_light / (waveform.subcarriers * waveform.subcarrier_spacing_hz) &&
           apart(arriving.cosine) < 1.0 / (array.antennas * array.spacing_wavelengths) &&
           (!array.planar ||
            apart(arriving.second_cosine) <
                1.0 / (array.planar->antennas * array.planar->spacing_wavelengths));
}

bool CellSearch::is_inside(const LocalTargets& targets) const
{
    const auto& box = d_layout.scenario.targets.area_m;
    const auto low = at::tensor(box.min, at::kDouble) - margin_m;
    const auto high = at::tensor(box.max, at::kDouble) + margin_m;
    return at::logical_and(targets.location >= low, targets.location <= high)
        .all()
        .item<bool>();
}

} // namespace cfisac::estimators
