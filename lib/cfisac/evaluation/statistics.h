// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_EVALUATION_STATISTICS_H
#define CFISAC_EVALUATION_STATISTICS_H

#include <vector>

namespace cfisac::evaluation {

//! NaN without values.
double root_mean_square(const std::vector<double>& values);

//! Quantile with linear interpolation between order statistics, as numpy.percentile; the
//! median is that of 0.5. Reorders the values. NaN without values.
double quantile_in_place(std::vector<double>& values, double share);
double quantile(std::vector<double> values, double share);

} // namespace cfisac::evaluation

#endif
