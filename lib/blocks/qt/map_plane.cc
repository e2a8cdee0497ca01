/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_plane.h"

#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

map_plane::map_plane(const map_rect& rect,
                     const map_range& across,
                     const map_range& up,
                     double scale_across,
                     double scale_up)
    : d_rect(rect),
      d_across(across),
      d_up(up),
      d_scale_across(scale_across),
      d_scale_up(scale_up)
{
}

map_plane::map_plane(const map_rect& rect, const map_range& across, const map_range& up)
    : d_rect(rect)
{
    const double scale = std::min(rect.width / across.size(), rect.height / up.size());
    d_scale_across = d_scale_up = scale;
    const double width = rect.width / scale / 2.0;
    const double height = rect.height / scale / 2.0;
    d_across = {across.middle() - width, across.middle() + width};
    d_up = {up.middle() - height, up.middle() + height};
}

map_plane map_plane::strip(const map_rect& rect,
                           const map_plane& above,
                           const map_range& up)
{
    return {rect, above.d_across, up, above.d_scale_across, rect.height / up.size()};
}

map_point map_plane::pixel(double across, double up) const
{
    return {d_rect.x + (across - d_across.low) * d_scale_across,
            d_rect.bottom() - (up - d_up.low) * d_scale_up};
}

map_point map_plane::scene(double px, double py) const
{
    return {d_across.low + (px - d_rect.x) / d_scale_across,
            d_up.low + (d_rect.bottom() - py) / d_scale_up};
}

map_range extent(const cfisac::Scenario& scenario, std::size_t coordinate)
{
    map_range range{scenario.targets.area_m.min[coordinate],
                    scenario.targets.area_m.max[coordinate]};
    for (const auto* list : {&scenario.transmit, &scenario.receive}) {
        for (const auto& point : *list) {
            range.low = std::min(range.low, point.position_m[coordinate]);
            range.high = std::max(range.high, point.position_m[coordinate]);
        }
    }
    const double margin = range.size() > 0.0 ? 0.07 * range.size() : 1.0;
    return {range.low - margin, range.high + margin};
}

double round_down(double value)
{
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double digit : {5.0, 2.0}) {
        if (digit * power <= value * (1.0 + 1e-9)) {
            return digit * power;
        }
    }
    return power;
}

std::vector<double> round_ticks(const map_range& range, std::size_t most)
{
    std::vector<double> ticks;
    if (most == 0 || !(range.size() > 0.0)) {
        return ticks;
    }
    // The smallest round step with at most as many ticks; there is one within a decade.
    const double least = range.size() / static_cast<double>(most);
    double step = round_down(least);
    while (step < least * (1.0 - 1e-9)) {
        step = round_down(2.5001 * step);
    }
    const double first = std::ceil(range.low / step - 1e-9);
    for (double i = first; i * step <= range.high + 1e-9 * step; i += 1.0) {
        ticks.push_back(i * step == 0.0 ? 0.0 : i * step);
    }
    return ticks;
}

double arrow_seconds(const cfisac::Scenario& scenario)
{
    double fastest = 0.0, longest = 0.0;
    for (std::size_t i = 0; i < scenario.targets.velocity_mps.min.size(); i++) {
        fastest = std::max({fastest,
                            std::abs(scenario.targets.velocity_mps.min[i]),
                            std::abs(scenario.targets.velocity_mps.max[i])});
        longest = std::max(
            longest, scenario.targets.area_m.max[i] - scenario.targets.area_m.min[i]);
    }
    return fastest > 0.0 && longest > 0.0 ? round_down(0.12 * longest / fastest) : 1.0;
}

std::optional<map_ellipse> ellipse_95(double xx, double xy, double yy)
{
    // Chi-squared with two degrees of freedom: 95 percent are below -2 ln 0.05.
    const double quantile = -2.0 * std::log(0.05);
    const double middle = (xx + yy) / 2.0;
    const double half = std::hypot((xx - yy) / 2.0, xy);
    const double smaller = middle - half;
    if (!std::isfinite(half) || !std::isfinite(middle) || !(middle > 0.0) ||
        smaller < -1e-5 * middle) {
        return std::nullopt;
    }
    return map_ellipse{std::sqrt(quantile * (middle + half)),
                       std::sqrt(quantile * std::max(smaller, 0.0)),
                       0.5 * std::atan2(2.0 * xy, xx - yy)};
}

} // namespace isac
} // namespace gr
