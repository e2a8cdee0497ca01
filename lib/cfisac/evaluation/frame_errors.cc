// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/frame_errors.h>
#include <cfisac/evaluation/matching.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::evaluation {
namespace {

//! Width of a box in each coordinate.
std::vector<double> widths(const Box& box, std::size_t dimensions)
{
    if (box.min.size() != dimensions || box.max.size() != dimensions) {
        throw std::invalid_argument(
            "ScoreKeeper: a box of the targets' prior does not have " +
            std::to_string(dimensions) + " coordinates");
    }
    std::vector<double> result(dimensions);
    for (std::size_t i = 0; i < dimensions; ++i) {
        result[i] = box.max[i] - box.min[i];
    }
    return result;
}

void check_finite(const char* what,
                  const float* values,
                  std::size_t first,
                  std::size_t count)
{
    for (std::size_t i = first; i < first + count; ++i) {
        if (!std::isfinite(values[i])) {
            throw std::invalid_argument(std::string("ScoreKeeper: ") + what + "[" +
                                        std::to_string(i) + "] is " +
                                        std::to_string(values[i]));
        }
    }
}

double distance(const float* a, const float* b, std::size_t dimensions)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < dimensions; ++i) {
        const double difference = static_cast<double>(a[i]) - b[i];
        sum += difference * difference;
    }
    return std::sqrt(sum);
}

//! Squared distance in units of the scale; a coordinate of zero scale tells nothing.
double scaled(const float* a, const float* b, const std::vector<double>& scale)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < scale.size(); ++i) {
        if (scale[i] > 0.0) {
            const double difference = (static_cast<double>(a[i]) - b[i]) / scale[i];
            sum += difference * difference;
        }
    }
    return sum;
}

} // namespace

Matcher::Matcher(const Scenario& scenario, Scored scored)
    : d_targets(static_cast<std::size_t>(std::max(scenario.targets.count, 0))),
      d_dimensions(static_cast<std::size_t>(std::max(scenario.dimensions, 0))),
      d_scored(scored),
      d_location_scale(widths(scenario.targets.area_m, d_dimensions)),
      d_velocity_scale(widths(scenario.targets.velocity_mps, d_dimensions))
{
    if (d_targets == 0 || d_dimensions == 0) {
        throw std::invalid_argument(
            "ScoreKeeper: " + std::to_string(scenario.targets.count) + " targets in " +
            std::to_string(scenario.dimensions) + " dimensions");
    }
}

std::vector<std::size_t> Matcher::present(const float* truth) const
{
    const std::size_t blocks = d_scored == Scored::location_and_velocity ? 2 : 1;
    std::vector<std::size_t> targets;
    for (std::size_t i = 0; i < d_targets; ++i) {
        bool any = false;
        for (std::size_t block = 0; block < blocks; ++block) {
            const auto* values = truth + (block * d_targets + i) * d_dimensions;
            any = any || !std::all_of(values, values + d_dimensions, [](float value) {
                      return std::isnan(value);
                  });
        }
        for (std::size_t block = 0; any && block < blocks; ++block) {
            const auto first = (block * d_targets + i) * d_dimensions;
            check_finite("truth", truth, first, d_dimensions);
        }
        if (any) {
            targets.push_back(i);
        }
    }
    return targets;
}

FrameErrors Matcher::operator()(const float* truth, const float* estimate) const
{
    const auto coordinates = d_targets * d_dimensions;
    const bool velocities = d_scored == Scored::location_and_velocity;
    const auto values = velocities ? 2 * coordinates : coordinates;
    check_finite("estimate", estimate, 0, values);

    FrameErrors errors;
    errors.target = present(truth);
    // What is not there costs nothing, whatever is left for it.
    std::vector<double> cost(d_targets * d_targets, 0.0);
    for (const auto i : errors.target) {
        for (std::size_t j = 0; j < d_targets; ++j) {
            const auto a = i * d_dimensions;
            const auto b = j * d_dimensions;
            auto& entry = cost[i * d_targets + j];
            entry = scaled(truth + a, estimate + b, d_location_scale);
            if (velocities) {
                entry += scaled(truth + coordinates + a,
                                estimate + coordinates + b,
                                d_velocity_scale);
            }
        }
    }

    const auto columns = assign(cost, d_targets);
    for (const auto i : errors.target) {
        errors.match.push_back(columns[i]);
        const auto a = i * d_dimensions;
        const auto b = columns[i] * d_dimensions;
        errors.location_m.push_back(distance(truth + a, estimate + b, d_dimensions));
        if (velocities) {
            errors.velocity_mps.push_back(distance(
                truth + coordinates + a, estimate + coordinates + b, d_dimensions));
        }
    }
    return errors;
}

} // namespace cfisac::evaluation
