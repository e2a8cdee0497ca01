/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_CHECKS_H
#define INCLUDED_ISAC_CHECKS_H

#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

/*! A power in watts.
 * \param what it is called
 * \throws std::invalid_argument when `dbm` is not a power
 */
inline double require_power(double dbm, const std::string& what)
{
    const double watt = cfisac::dbm_to_watt(dbm);
    if (!std::isfinite(watt) || !(watt > 0.0)) {
        throw std::invalid_argument(what + ": " + std::to_string(dbm) +
                                    " dBm is not a power");
    }
    return watt;
}

//! Amplitude of a full-scale sample, sqrt(W).
//! \throws std::invalid_argument when `full_scale_dbm` is not a power
inline double full_scale_amplitude(double full_scale_dbm)
{
    return std::sqrt(require_power(full_scale_dbm, "full scale"));
}

/*! An access point of a list, counted from 0.
 * \throws std::invalid_argument when there is none of that number
 */
inline const cfisac::AccessPoint& checked_access_point(
    const std::vector<cfisac::AccessPoint>& list, int number)
{
    if (number < 0 || static_cast<std::size_t>(number) >= list.size()) {
        throw std::invalid_argument("access point: " + std::to_string(number) +
                                    " is not one of 0 … " +
                                    std::to_string(list.size() - 1));
    }
    return list[number];
}

} // namespace isac
} // namespace gr

#endif
