// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_GEOMETRY_H
#define INCLUDED_CFISAC_ESTIMATORS_GEOMETRY_H

#include <array>
#include <cfisac/estimators/message.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <optional>

namespace cfisac::estimators {

/*! Where the target of a path stands: the ray of the angle of arrival meets the ellipse of
 * the bistatic range, whose foci are the two access points. With b from the transmit to the
 * receive access point and the ray's unit vector u, the distance to the receiver is
 * (d² - |b|²) / (2 (d + u·b)).
 *
 * A linear array does not tell its sides apart, so there are two rays. The solution inside
 * the targets' area is taken; when both are inside, the one nearer to its middle; when none
 * is, the one nearer to the area.
 *
 * \param receiver m, from 0
 * \param path transmit access point, cosine of the angle of arrival, bistatic range (m); the
 * range rate does not enter
 * \return place, m; nothing when the range does not exceed the distance of the access points
 * \throws std::invalid_argument when the scenario does not have two dimensions, on an access
 * point that does not exist and on a cosine beyond ±1 or a range that is not finite
 */
std::optional<std::array<double, 2>> location_of_path(const Scenario& scenario,
                                                      std::size_t receiver,
                                                      const PathParameters& path);

//! Distance of a place to the targets' area, m; zero inside. Two dimensions.
double distance_to_area(const Scenario& scenario, const std::array<double, 2>& place);

//! What a point target at `place` (m, two dimensions) without velocity gives a receive
//! access point over transmit access point n.
PathParameters path_of_location(const Scenario& scenario,
                                std::size_t receiver,
                                int transmitter,
                                const std::array<double, 2>& place);

//! A closed interval.
struct Interval {
    double low;  //!< its lower end
    double high; //!< its upper end
};

/*! Bistatic ranges that targets inside their area can have, m. The upper end is reached in a
 * corner; the lower one is a bound: the larger of the distance between the access points and
 * the sum of their distances to the area.
 */
Interval plausible_ranges(const Scenario& scenario,
                          std::size_t transmitter,
                          std::size_t receiver);

//! Bound of the range rate, m/s: twice the largest speed of the targets' prior.
double largest_range_rate(const Scenario& scenario);

} // namespace cfisac::estimators

#endif
