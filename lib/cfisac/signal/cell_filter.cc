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
    return cell_centres(scenario, std::vector<std::int64_t>{cells, cells});
}

at::Tensor cell_centres(const Scenario& scenario, const std::vector<std::int64_t>& cells)
{
    if (cells.size() != static_cast<std::size_t>(scenario.dimensions)) {
        throw std::invalid_argument("cells along " + std::to_string(cells.size()) +
                                    " coordinates given for a scenario with " +
                                    std::to_string(scenario.dimensions) + " dimensions");
    }
    const auto& area = scenario.targets.area_m;
    std::vector<at::Tensor> coordinates;
    for (std::size_t d = 0; d < cells.size(); d++) {
        require_at_least_one(cells[d], "cells per side");
        const auto middles =
            (at::arange(cells[d], at::kDouble) + 0.5) / static_cast<double>(cells[d]);
        std::vector<std::int64_t> shape(cells.size(), 1);
        shape[d] = cells[d];
        coordinates.push_back((middles * (area.max[d] - area.min[d]) + area.min[d])
                                  .view(shape)
                                  .expand(cells));
    }
    return at::stack(coordinates, -1).contiguous();
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
    : CellFilter(
          layout, receiver, cell_centres(layout.scenario, cells), lines, spacing_hz)
{
}

CellFilter::CellFilter(const Layout& layout,
                       std::int64_t receiver,
                       const at::Tensor& places,
                       std::int64_t lines,
                       double spacing_hz)
    : d_shape(places.sizes().begin(), places.sizes().end() - 1), d_lines(lines)
{
    if (receiver < 0 || receiver >= layout.receivers()) {
        throw std::invalid_argument("receive access point must be 0 to " +
                                    std::to_string(layout.receivers() - 1) + ", got " +
                                    std::to_string(receiver));
    }
    doppler_lines(lines, spacing_hz); // refuses what is wrong with them
    const Layout host(layout.scenario);
    const auto rows = places.reshape({-1, places.size(-1)}).contiguous();
    if (layout.device.is_cpu()) {
        d_host =
            std::make_shared<HostCellFilter>(host, receiver, rows, lines, spacing_hz);
    } else {
        d_tensor = std::make_shared<TensorCellFilter>(
            host, layout.device, receiver, rows, lines, spacing_hz);
    }
}

CellCorrelation CellFilter::operator()(const at::Tensor& echo,
                                       const at::Tensor& transmit) const
{
    if (d_tensor) {
        const auto found = (*d_tensor)(echo, transmit);
        return {found.power.unflatten(3, d_shape),
                found.illumination.unflatten(2, d_shape)};
    }
    const auto batch = echo.size(0), transmitters = transmit.size(1);
    const auto options = at::TensorOptions(at::kFloat);
    std::vector<std::int64_t> sizes = {batch, transmitters};
    sizes.insert(sizes.end(), d_shape.begin(), d_shape.end());
    const auto illumination = at::empty(sizes, options);
    sizes.push_back(d_lines);
    const auto power = at::empty(sizes, options);
    (*d_host)(echo.contiguous(), transmit.contiguous(), power, illumination);
    return {power.movedim(-1, 2), illumination};
}

} // namespace cfisac::signal
