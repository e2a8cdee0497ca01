// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/estimators/geometry.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

using Place = std::array<double, 2>;

void require_two_dimensions(const Scenario& scenario)
{
    if (scenario.dimensions != 2) {
        throw std::invalid_argument(
            "paths give a place in scenarios with 2 dimensions only, got " +
            std::to_string(scenario.dimensions));
    }
}

const AccessPoint& access_point(const std::vector<AccessPoint>& points,
                                std::size_t index,
                                const char* side)
{
    if (index >= points.size()) {
        throw std::invalid_argument(
            std::string(side) + " access point must be 0 to " +
            std::to_string(static_cast<long long>(points.size()) - 1) + ", got " +
            std::to_string(static_cast<long long>(index)));
    }
    return points[index];
}

double distance(const Coordinates& from, const Place& to)
{
    return std::hypot(to[0] - from[0], to[1] - from[1]);
}

double distance_to_box(const Box& box, double x, double y)
{
    return std::hypot(std::max({box.min[0] - x, x - box.max[0], 0.0}),
                      std::max({box.min[1] - y, y - box.max[1], 0.0}));
}

double distance_to_middle(const Box& box, const Place& place)
{
    return std::hypot(place[0] - 0.5 * (box.min[0] + box.max[0]),
                      place[1] - 0.5 * (box.min[1] + box.max[1]));
}

} // namespace

double distance_to_area(const Scenario& scenario, const Place& place)
{
    return distance_to_box(scenario.targets.area_m, place[0], place[1]);
}

std::optional<Place> location_of_path(const Scenario& scenario,
                                      std::size_t receiver,
                                      const PathParameters& path)
{
    require_two_dimensions(scenario);
    const auto& to = access_point(scenario.receive, receiver, "receive");
    const auto& from = access_point(
        scenario.transmit, static_cast<std::size_t>(path.transmitter), "transmit");
    if (!(std::abs(path.cosine) <= 1.0)) {
        throw std::invalid_argument(
            "cosine of an angle of arrival must lie between -1 and 1, is " +
            std::to_string(path.cosine));
    }
    if (!std::isfinite(path.range_m)) {
        throw std::invalid_argument("bistatic range must be finite, is " +
                                    std::to_string(path.range_m));
    }
    const double base_x = to.position_m[0] - from.position_m[0];
    const double base_y = to.position_m[1] - from.position_m[1];
    const double baseline = std::hypot(base_x, base_y);
    if (path.range_m <= baseline) {
        return std::nullopt;
    }
    const double sine = std::sqrt(1.0 - path.cosine * path.cosine);
    const auto on_side = [&](double side) {
        const double x = path.cosine * to.axis[0] - side * sine * to.axis[1];
        const double y = path.cosine * to.axis[1] + side * sine * to.axis[0];
        const double length = (path.range_m - baseline) * (path.range_m + baseline) /
                              (2.0 * (path.range_m + x * base_x + y * base_y));
        return Place{to.position_m[0] + length * x, to.position_m[1] + length * y};
    };
    const auto left = on_side(1.0), right = on_side(-1.0);
    const double left_outside = distance_to_area(scenario, left);
    const double right_outside = distance_to_area(scenario, right);
    if (left_outside != right_outside) {
        return left_outside < right_outside ? left : right;
    }
    const auto& area = scenario.targets.area_m;
    return distance_to_middle(area, left) <= distance_to_middle(area, right) ? left
                                                                             : right;
}

PathParameters path_of_location(const Scenario& scenario,
                                std::size_t receiver,
                                int transmitter,
                                const Place& place)
{
    require_two_dimensions(scenario);
    const auto& to = access_point(scenario.receive, receiver, "receive");
    const auto& from = access_point(
        scenario.transmit, static_cast<std::size_t>(transmitter), "transmit");
    PathParameters path;
    path.transmitter = transmitter;
    const double arriving = distance(to.position_m, place);
    if (arriving > 0.0) {
        path.cosine = std::clamp(((place[0] - to.position_m[0]) * to.axis[0] +
                                  (place[1] - to.position_m[1]) * to.axis[1]) /
                                     arriving,
                                 -1.0,
                                 1.0);
    }
    path.range_m = distance(from.position_m, place) + arriving;
    return path;
}

Interval plausible_ranges(const Scenario& scenario,
                          std::size_t transmitter,
                          std::size_t receiver)
{
    require_two_dimensions(scenario);
    const auto& from =
        access_point(scenario.transmit, transmitter, "transmit").position_m;
    const auto& to = access_point(scenario.receive, receiver, "receive").position_m;
    const auto& area = scenario.targets.area_m;
    Interval ranges{std::max(std::hypot(to[0] - from[0], to[1] - from[1]),
                             distance_to_box(area, from[0], from[1]) +
                                 distance_to_box(area, to[0], to[1])),
                    0.0};
    for (const double x : {area.min[0], area.max[0]}) {
        for (const double y : {area.min[1], area.max[1]}) {
            ranges.high =
                std::max(ranges.high, distance(from, {x, y}) + distance(to, {x, y}));
        }
    }
    return ranges;
}

double largest_range_rate(const Scenario& scenario)
{
    const auto& box = scenario.targets.velocity_mps;
    double square = 0.0;
    for (std::size_t d = 0; d < box.min.size(); d++) {
        const double largest = std::max(std::abs(box.min[d]), std::abs(box.max[d]));
        square += largest * largest;
    }
    return 2.0 * std::sqrt(square);
}

} // namespace cfisac::estimators
