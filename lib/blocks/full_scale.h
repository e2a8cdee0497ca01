/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FULL_SCALE_H
#define INCLUDED_ISAC_FULL_SCALE_H

#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

/*! Amplitude of a full-scale sample, sqrt(W).
 * \throws std::invalid_argument when `full_scale_dbm` is not a power
 */
inline double full_scale_amplitude(double full_scale_dbm)
{
    const double amplitude = std::sqrt(cfisac::dbm_to_watt(full_scale_dbm));
    if (!std::isfinite(amplitude) || !(amplitude > 0.0)) {
        throw std::invalid_argument("full scale: " + std::to_string(full_scale_dbm) +
                                    " dBm is not a power");
    }
    return amplitude;
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
