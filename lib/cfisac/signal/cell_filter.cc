// SPDX-License-Identifier: GPL-3.0-or-later
#include "host_cell_filter.h"
#include "tensor_cell_filter.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

void require_at_least_one(std::int64_t value, const char* name)
{
    if (value < 1) {
        throw std::invalid_argument(std::string(name) + " must be at least 1, got " +
                                    std::to_string(value));
    }
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
    : d_cells(cells), d_lines(lines)
{
    if (receiver < 0 || receiver >= layout.receivers()) {
        throw std::invalid_argument("receive access point must be 0 to " +
                                    std::to_string(layout.receivers() - 1) + ", got " +
                                    std::to_string(receiver));
    }
    require_at_least_one(cells, "cells per side");
    doppler_lines(lines, spacing_hz); // refuses what is wrong with them
    const Layout host(layout.scenario);
    if (layout.device.is_cpu()) {
        d_host =
            std::make_shared<HostCellFilter>(host, receiver, cells, lines, spacing_hz);
    } else {
        d_tensor = std::make_shared<TensorCellFilter>(
            host, layout.device, receiver, cells, lines, spacing_hz);
    }
}

CellCorrelation CellFilter::operator()(const at::Tensor& echo,
                                       const at::Tensor& transmit) const
{
    if (d_tensor) {
        return (*d_tensor)(echo, transmit);
    }
    const auto batch = echo.size(0), transmitters = transmit.size(1);
    const auto options = at::TensorOptions(at::kFloat);
    const auto power =
        at::empty({batch, transmitters, d_cells, d_cells, d_lines}, options);
    const auto illumination = at::empty({batch, transmitters, d_cells, d_cells}, options);
    (*d_host)(echo.contiguous(), transmit.contiguous(), power, illumination);
    return {power.permute({0, 1, 4, 2, 3}), illumination};
}

} // namespace cfisac::signal
