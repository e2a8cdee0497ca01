// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_LEG_H
#define CFISAC_SIGNAL_LEG_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>

namespace cfisac::signal {

/*! One leg of a bistatic path, between an array and a moving place, with the gradients of
 * its length, its rate and its angle with respect to the place.
 */
class Leg
{
public:
    /*!
     * \param point array; must live as long as the leg, as must `direction` and `velocity`
     * \param distance_m from array to place
     * \param direction unit vector from array to place, [D]
     * \param cosine_ of the angle between direction and (first) axis of the array
     * \param velocity of the place, [D], m/s
     */
    Leg(const AccessPoint& point,
        double distance_m,
        const double* direction,
        double cosine_,
        const double* velocity)
        : cosine(cosine_),
          d_point(point),
          d_distance(distance_m),
          d_direction(direction),
          d_velocity(velocity)
    {
        for (std::size_t d = 0; d < point.axis.size(); d++) {
            d_speed += direction[d] * velocity[d];
            if (point.planar) {
                d_second_cosine += direction[d] * point.planar->axis[d];
            }
        }
    }

    //! Rate at which the leg lengthens, (10) or (11), m/s.
    double range_rate() const { return d_speed; }
    double distance_gradient(std::int64_t d) const { return d_direction[d]; }
    double cosine_gradient(std::int64_t d) const
    {
        return (d_point.axis[d] - cosine * d_direction[d]) / d_distance;
    }
    //! \param axis of the array, 0, or 1 of a planar one
    double cosine_gradient(std::int64_t axis, std::int64_t d) const
    {
        return axis == 0 ? cosine_gradient(d)
                         : (d_point.planar->axis[d] - d_second_cosine * d_direction[d]) /
                               d_distance;
    }
    //! The part of the velocity across the ray turns the direction.
    double range_rate_gradient(std::int64_t d) const
    {
        return (d_velocity[d] - d_speed * d_direction[d]) / d_distance;
    }

    double cosine;

private:
    const AccessPoint& d_point;
    double d_distance;
    const double* d_direction;
    const double* d_velocity;
    double d_speed = 0.0;
    double d_second_cosine = 0.0; // of a planar array
};

} // namespace cfisac::signal

#endif
