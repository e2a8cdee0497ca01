// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "check.h"
#include "scenario/detail.h"

#include <cfisac/nn/architecture.h>

#include <cstdint>
#include <initializer_list>
#include <string>

namespace cfisac::nn::detail {

/*!
 * Adds up what the networks of an architecture would keep, before they are made. Products
 * are taken in floating point, which they cannot overflow.
 */
class NetworkSize
{
public:
    /*!
     * A tensor of this shape is made, divided by `parts`.
     *
     * \throws std::invalid_argument naming it and its size, beyond
     * ArchitectureLimits::numbers
     */
    void check(const std::string& name,
               std::initializer_list<int64_t> shape,
               int64_t parts = 1) const
    {
        require_room(name, product(shape) / static_cast<double>(parts));
    }

    //! The same of what is kept, also with all that has been named before.
    void keep(const std::string& part, std::initializer_list<int64_t> factors)
    {
        const auto numbers = product(factors);
        require_room(part, numbers);
        d_kept += numbers;
        require_room("all parts up to the " + part, d_kept);
    }

private:
    static double product(std::initializer_list<int64_t> factors)
    {
        double result = 1.0;
        for (const auto factor : factors) {
            result *= static_cast<double>(factor);
        }
        return result;
    }
    static void require_room(const std::string& name, double numbers)
    {
        require(numbers <= static_cast<double>(ArchitectureLimits::numbers),
                "architecture: ",
                name,
                ": ",
                cfisac::detail::number_text(numbers),
                " numbers, at most ",
                ArchitectureLimits::numbers,
                " are possible");
    }

    double d_kept = 0.0;
};

} // namespace cfisac::nn::detail
