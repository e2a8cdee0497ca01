// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistics.h"

#include <algorithm>
#include <cfisac/evaluation/scores.h>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace cfisac::evaluation {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr double calibration_distance_m = 5.0; // of Calibration

double sum(const std::vector<double>& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0);
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

ScoreKeeper::ScoreKeeper(const Scenario& scenario, Scored scored)
    : d_match(scenario, scored)
{
}

void ScoreKeeper::add(const float* truth,
                      const float* estimate,
                      const float* root_bound,
                      const float* confidence)
{
    const auto errors = d_match(truth, estimate);
    add(errors, root_bound);
    for (std::size_t i = 0; confidence && i < errors.match.size(); ++i) {
        auto& group = errors.location_m[i] <= calibration_distance_m
                          ? d_confidence_within
                          : d_confidence_beyond;
        group.push_back(confidence[errors.match[i]]);
    }
}

void ScoreKeeper::add(const FrameErrors& errors, const float* root_bound)
{
    const auto append = [](std::vector<double>& all, const std::vector<double>& some) {
        all.insert(all.end(), some.begin(), some.end());
    };
    append(d_location_error, errors.location_m);
    append(d_velocity_error, errors.velocity_mps);
    for (std::size_t i = 0; root_bound && i < errors.target.size(); ++i) {
        const double location = root_bound[errors.target[i]];
        const double velocity = root_bound[d_match.targets() + errors.target[i]];
        d_location_bound.push_back(location >= 0.0 ? location : infinity);
        d_velocity_bound.push_back(velocity >= 0.0 ? velocity : infinity);
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
