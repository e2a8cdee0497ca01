/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "error_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gr {
namespace isac {

namespace {

constexpr auto bins =
    static_cast<std::int64_t>(error_history::window_s / error_history::bin_s);
constexpr auto recent_bins =
    static_cast<std::int64_t>(error_history::recent_s / error_history::bin_s);

double seconds(error_history::time t)
{
    return std::chrono::duration<double>(t.time_since_epoch()).count();
}

std::int64_t bin_of(error_history::time t)
{
    return static_cast<std::int64_t>(std::floor(seconds(t) / error_history::bin_s));
}

} // namespace

double median_of(std::vector<float>& values)
{
    if (values.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    const double upper = *middle;
    if (values.size() % 2 == 1) {
        return upper;
    }
    const double lower = *std::max_element(values.begin(), middle);
    return lower == upper ? upper : (lower + upper) / 2.0; // both may be infinite
}

void error_history::add(time now, const std::vector<double>& errors)
{
    const auto index = bin_of(now);
    if (d_bins.empty() || d_bins.back().index != index) {
        if (!d_bins.empty()) {
            close();
        }
        d_bins.push_back({index, {}, 0.0});
        while (d_bins.front().index <= index - bins) {
            d_bins.pop_front();
        }
    }
    auto& values = d_bins.back().values;
    for (const double error : errors) {
        values.push_back(std::isnan(error) ? std::numeric_limits<float>::infinity()
                                           : static_cast<float>(error));
    }
    if (!d_recent && !values.empty()) {
        auto copy = values;
        d_recent = median_of(copy);
    }
}

void error_history::close()
{
    bin& last = d_bins.back();
    last.median = median_of(last.values);
    std::vector<float> recent;
    for (bin& each : d_bins) {
        if (each.index > last.index - recent_bins) {
            recent.insert(recent.end(), each.values.begin(), each.values.end());
        } else {
            std::vector<float>().swap(each.values);
        }
    }
    d_recent = recent.empty() ? std::nullopt : std::optional<double>(median_of(recent));
}

std::vector<error_history::point> error_history::points(time latest) const
{
    std::vector<point> all;
    for (const bin& each : d_bins) {
        const double ago =
            seconds(latest) - (static_cast<double>(each.index) + 0.5) * bin_s;
        if (ago > window_s) {
            continue;
        }
        double median = each.median;
        if (&each == &d_bins.back()) {
            auto copy = each.values;
            median = median_of(copy);
        }
        if (std::isfinite(median)) {
            all.push_back({std::max(ago, 0.0), median});
        }
    }
    return all;
}

void error_history::clear()
{
    d_bins.clear();
    d_recent.reset();
}

} // namespace isac
} // namespace gr
