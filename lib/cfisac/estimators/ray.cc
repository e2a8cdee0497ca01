// SPDX-License-Identifier: GPL-3.0-or-later
#include "ray.h"
#include "path_grid.h"
#include <algorithm>
#include <cmath>

namespace cfisac::estimators {

Ray::Ray(const signal::Layout& layout,
         std::int64_t receiver,
         int transmitter,
         double cosine,
         double side)
    : d_scenario(layout.scenario),
      d_receiver(static_cast<std::size_t>(receiver)),
      d_transmitter(transmitter),
      d_cosine(cosine),
      d_margin_m(Resolution(layout).range_m)
{
    const auto& to = d_scenario.receive[d_receiver];
    const auto& from = d_scenario.transmit[static_cast<std::size_t>(transmitter)];
    const double sine = side * std::sqrt(std::max(0.0, 1.0 - cosine * cosine));
    d_direction = {cosine * to.axis[0] - sine * to.axis[1],
                   cosine * to.axis[1] + sine * to.axis[0]};
    d_origin = {to.position_m[0], to.position_m[1]};
    d_transmit = {from.position_m[0], from.position_m[1]};
    d_transmit_axis = {from.axis[0], from.axis[1]};
    const double x = d_origin[0] - d_transmit[0], y = d_origin[1] - d_transmit[1];
    d_baseline = std::hypot(x, y);
    d_along = x * d_direction[0] + y * d_direction[1];
}

std::array<double, 2> Ray::place(double distance_m) const
{
    return {d_origin[0] + distance_m * d_direction[0],
            d_origin[1] + distance_m * d_direction[1]};
}

double Ray::to_transmitter(const std::array<double, 2>& place) const
{
    return std::hypot(place[0] - d_transmit[0], place[1] - d_transmit[1]);
}

double Ray::range_m(double distance_m) const
{
    return distance_m + to_transmitter(place(distance_m));
}

double Ray::departure_cosine(double distance_m) const
{
    const auto there = place(distance_m);
    const double length = to_transmitter(there);
    if (!(length > 0.0)) {
        return 0.0;
    }
    return std::clamp(((there[0] - d_transmit[0]) * d_transmit_axis[0] +
                       (there[1] - d_transmit[1]) * d_transmit_axis[1]) /
                          length,
                      -1.0,
                      1.0);
}

double Ray::distance_m(double range_m) const
{
    if (range_m <= d_baseline) {
        return 0.0;
    }
    return (range_m - d_baseline) * (range_m + d_baseline) / (2.0 * (range_m + d_along));
}

bool Ray::plausible(double distance_m) const
{
    const auto there = place(distance_m);
    if (!(distance_m > 0.0) || distance_to_area(d_scenario, there) > d_margin_m) {
        return false;
    }
    // The mirror image has the same range where the arrays are in one line only.
    const auto told = location_of_path(
        d_scenario, d_receiver, {d_transmitter, d_cosine, range_m(distance_m), 0.0});
    return told && distance_to_area(d_scenario, *told) <= d_margin_m &&
           ((*told)[0] - d_origin[0]) * d_direction[0] +
                   ((*told)[1] - d_origin[1]) * d_direction[1] >
               (1.0 - 1e-6) *
                   std::hypot((*told)[0] - d_origin[0], (*told)[1] - d_origin[1]);
}

std::vector<double> Ray::distances(double range_step_m, double cosine_step) const
{
    constexpr double probe_m = 1e-3;
    const double least_m = 0.05 * range_step_m;
    const auto& area = d_scenario.targets.area_m;
    double last = 0.0; // nothing of the area is farther than its corners
    for (const double x : {area.min[0], area.max[0]}) {
        for (const double y : {area.min[1], area.max[1]}) {
            last = std::max(last, std::hypot(x - d_origin[0], y - d_origin[1]));
        }
    }
    std::vector<double> result;
    for (double distance = least_m; distance <= last + d_margin_m;) {
        if (plausible(distance)) {
            result.push_back(distance);
        }
        const double lengthens =
            std::abs(range_m(distance + probe_m) - range_m(distance)) / probe_m;
        const double turns =
            std::abs(departure_cosine(distance + probe_m) - departure_cosine(distance)) /
            probe_m;
        distance += std::clamp(std::min(range_step_m / std::max(lengthens, 1e-9),
                                        cosine_step / std::max(turns, 1e-9)),
                               least_m,
                               2.0 * range_step_m);
    }
    return result;
}

} // namespace cfisac::estimators
