// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/matching.h>
#include <cfisac/evaluation/scores.h>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace cfisac::evaluation {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr double calibration_distance_m = 5.0; // of Calibration

double sum(const std::vector<double>& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0);
}

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

void check_finite(const char* what, const float* values, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
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

double root_mean_square(const std::vector<double>& values)
{
    if (values.empty()) {
        return nan;
    }
    double sum = 0.0;
    for (const auto value : values) {
        sum += value * value;
    }
    return std::sqrt(sum / static_cast<double>(values.size()));
}

//! Quantile with linear interpolation between order statistics, as numpy.percentile; the
//! median is that of 0.5. NaN without values.
double quantile(std::vector<double> values, double share)
{
    if (values.empty()) {
        return nan;
    }
    const double position = share * static_cast<double>(values.size() - 1);
    const auto index = static_cast<std::size_t>(position);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(values.begin(), middle, values.end());
    const double low = *middle;
    const double weight = position - static_cast<double>(index);
    if (weight <= 0.0) {
        return low;
    }
    const double high = *std::min_element(middle + 1, values.end());
    return low == high ? low : low + weight * (high - low); // equal also when infinite
}

std::string row(const char* name, const std::vector<std::string>& cells)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%-15s", name);
    std::string line = text;
    for (const auto& cell : cells) {
        std::snprintf(text, sizeof(text), "%12s", cell.c_str());
        line += text;
    }
    return line + "\n";
}

std::string number(double value, const char* format = "%.3f")
{
    if (std::isnan(value)) {
        return "-";
    }
    char text[64];
    std::snprintf(text, sizeof(text), format, value);
    return text;
}

} // namespace

ScoreKeeper::ScoreKeeper(const Scenario& scenario)
    : d_targets(static_cast<std::size_t>(std::max(scenario.targets.count, 0))),
      d_dimensions(static_cast<std::size_t>(std::max(scenario.dimensions, 0))),
      d_location_scale(widths(scenario.targets.area_m, d_dimensions)),
      d_velocity_scale(widths(scenario.targets.velocity_mps, d_dimensions))
{
    if (d_targets == 0 || d_dimensions == 0) {
        throw std::invalid_argument(
            "ScoreKeeper: " + std::to_string(scenario.targets.count) + " targets in " +
            std::to_string(scenario.dimensions) + " dimensions");
    }
}

void ScoreKeeper::add(const float* truth,
                      const float* estimate,
                      const float* root_bound,
                      const float* confidence)
{
    const auto coordinates = d_targets * d_dimensions;
    check_finite("truth", truth, 2 * coordinates);
    check_finite("estimate", estimate, 2 * coordinates);

    std::vector<double> cost(d_targets * d_targets);
    for (std::size_t i = 0; i < d_targets; ++i) {
        for (std::size_t j = 0; j < d_targets; ++j) {
            const auto a = i * d_dimensions;
            const auto b = j * d_dimensions;
            cost[i * d_targets + j] = scaled(truth + a, estimate + b, d_location_scale) +
                                      scaled(truth + coordinates + a,
                                             estimate + coordinates + b,
                                             d_velocity_scale);
        }
    }
    const auto match = assign(cost, d_targets);

    for (std::size_t i = 0; i < d_targets; ++i) {
        const auto a = i * d_dimensions;
        const auto b = match[i] * d_dimensions;
        d_location_error.push_back(distance(truth + a, estimate + b, d_dimensions));
        d_velocity_error.push_back(
            distance(truth + coordinates + a, estimate + coordinates + b, d_dimensions));
        if (root_bound) {
            const double location = root_bound[i];
            const double velocity = root_bound[d_targets + i];
            d_location_bound.push_back(location >= 0.0 ? location : infinity);
            d_velocity_bound.push_back(velocity >= 0.0 ? velocity : infinity);
        }
        if (confidence) {
            auto& group = d_location_error.back() <= calibration_distance_m
                              ? d_confidence_within
                              : d_confidence_beyond;
            group.push_back(confidence[match[i]]);
        }
    }
    d_frames++;
}

void ScoreKeeper::clear()
{
    d_frames = 0;
    d_lost = 0;
    d_location_error.clear();
    d_velocity_error.clear();
    d_location_bound.clear();
    d_velocity_bound.clear();
    d_confidence_within.clear();
    d_confidence_beyond.clear();
}

Calibration ScoreKeeper::calibration() const
{
    const double within = sum(d_confidence_within);
    const double beyond = sum(d_confidence_beyond);
    const auto hits = static_cast<double>(d_confidence_within.size());
    const auto misses = static_cast<double>(d_confidence_beyond.size());
    // Zero divided by zero is NaN: nothing was counted.
    Calibration result{};
    result.confidence_mean = (within + beyond) / (hits + misses);
    result.location_within_5m = hits / (hits + misses);
    result.confidence_mean_within_5m = within / hits;
    result.confidence_mean_beyond_5m = beyond / misses;
    return result;
}

Scores ScoreKeeper::scores() const
{
    Scores result{};
    result.frames = d_frames;
    result.frames_lost = d_lost;
    result.location_rmse_m = root_mean_square(d_location_error);
    result.location_median_m = quantile(d_location_error, 0.5);
    result.location_p90_m = quantile(d_location_error, 0.9);
    const auto within = std::count_if(d_location_error.begin(),
                                      d_location_error.end(),
                                      [](double error) { return error <= 1.0; });
    result.location_within_1m =
        d_location_error.empty()
            ? nan
            : static_cast<double>(within) / static_cast<double>(d_location_error.size());
    result.velocity_rmse_mps = root_mean_square(d_velocity_error);
    result.velocity_median_mps = quantile(d_velocity_error, 0.5);
    result.velocity_p90_mps = quantile(d_velocity_error, 0.9);

    const bool bounds = d_location_bound.size() == d_location_error.size();
    result.root_crlb_location_rms_m = bounds ? root_mean_square(d_location_bound) : nan;
    result.root_crlb_location_median_m = bounds ? quantile(d_location_bound, 0.5) : nan;
    result.root_crlb_velocity_rms_mps = bounds ? root_mean_square(d_velocity_bound) : nan;
    result.root_crlb_velocity_median_mps = bounds ? quantile(d_velocity_bound, 0.5) : nan;
    return result;
}

std::string to_table(const Scores& s)
{
    std::string table =
        row("", {"RMSE", "median", "90th pct.", "within 1 m", "CRLB rms", "CRLB median"});
    const auto share = std::isnan(s.location_within_1m)
                           ? "-"
                           : number(100.0 * s.location_within_1m, "%.1f %%");
    table += row("location [m]",
                 {number(s.location_rmse_m),
                  number(s.location_median_m),
                  number(s.location_p90_m),
                  share,
                  number(s.root_crlb_location_rms_m),
                  number(s.root_crlb_location_median_m)});
    table += row("velocity [m/s]",
                 {number(s.velocity_rmse_mps),
                  number(s.velocity_median_mps),
                  number(s.velocity_p90_mps),
                  "",
                  number(s.root_crlb_velocity_rms_mps),
                  number(s.root_crlb_velocity_median_mps)});
    return table;
}

} // namespace cfisac::evaluation
