// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace cfisac::evaluation {

double root_mean_square(const std::vector<double>& values)
{
    if (values.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    double sum = 0.0;
    for (const auto value : values) {
        sum += value * value;
    }
    return std::sqrt(sum / static_cast<double>(values.size()));
}

double quantile_in_place(std::vector<double>& values, double share)
{
    if (values.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
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

double quantile(std::vector<double> values, double share)
{
    return quantile_in_place(values, share);
}

} // namespace cfisac::evaluation
