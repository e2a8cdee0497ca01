/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_COORDINATES_H
#define INCLUDED_ISAC_COORDINATES_H

#include <ATen/ATen.h>
#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! What a setter or a message gives for the targets, as a tensor [1, Q, D], float64.
 * \param name of the values, for errors
 * \param values D·Q, target by target
 * \throws std::invalid_argument on another number of values, or one that is not finite
 */
inline at::Tensor coordinates(const char* name,
                              const std::vector<double>& values,
                              const cfisac::Scenario& scenario)
{
    const std::int64_t count = scenario.targets.count;
    const std::int64_t dimensions = scenario.dimensions;
    if (values.size() != static_cast<std::size_t>(count * dimensions)) {
        throw std::invalid_argument(
            std::string(name) + ": " + std::to_string(values.size()) + " values; " +
            std::to_string(count) + " targets of " + std::to_string(dimensions) +
            " coordinates are needed");
    }
    for (const double value : values) {
        if (!std::isfinite(value)) {
            throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) +
                                        " is not finite");
        }
    }
    return at::tensor(values, at::TensorOptions(at::kDouble))
        .reshape({1, count, dimensions});
}

} // namespace isac
} // namespace gr

#endif
