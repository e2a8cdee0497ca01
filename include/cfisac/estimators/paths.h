// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_PATHS_H
#define INCLUDED_CFISAC_ESTIMATORS_PATHS_H

#include <cfisac/estimators/message.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <vector>

namespace cfisac::estimators {

//! A path that an access point has found, and how far it stands out.
struct FoundPath {
    PathParameters path; //!< transmit access point, angle, range, range rate
    double power = 0.0;  //!< of its peak, over the mean power of noise there
};

/*! The strongest paths of different targets, which are what an access point sends.
 *
 * A path is of a target already told when the place of the stronger path (see
 * location_of_path) would give it the same cosine within half of the array's resolution
 * 1 / (M_r d_r/λ) and the same bistatic range within the resolution c/B, whichever the
 * transmit access points are. Two paths of one transmit access point must also agree in
 * their range rate within its resolution: over others, a target's rate is another one. Paths
 * without a place are left out.
 *
 * \param found in any order
 * \param count Q, at most as many are returned
 * \return strongest first
 */
std::vector<PathParameters> strongest_of_targets(const Scenario& scenario,
                                                 std::size_t receiver,
                                                 std::vector<FoundPath> found,
                                                 std::size_t count);

} // namespace cfisac::estimators

#endif
