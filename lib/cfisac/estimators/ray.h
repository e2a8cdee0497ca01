// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/estimators/geometry.h>
#include <cfisac/signal/layout.h>
#include <vector>

namespace cfisac::estimators {

/*! Places that give one angle of arrival: a ray from a receive access point to one side of
 * its array, seen from a transmit access point. On it the place decides bistatic range and
 * angle of departure. Where both access points look at each other along it, all places have
 * nearly one range and only the departure tells them apart.
 */
class Ray
{
public:
    //! \param side 1 or -1
    Ray(const signal::Layout& layout,
        std::int64_t receiver,
        int transmitter,
        double cosine,
        double side);

    int transmitter() const { return d_transmitter; }
    double range_m(double distance_m) const;
    double departure_cosine(double distance_m) const;
    //! Distance at which the bistatic range is `range_m`; zero within the baseline.
    double distance_m(double range_m) const;
    //! Whether location_of_path() gives this place, within one range resolution of the
    //! targets' area.
    bool plausible(double distance_m) const;
    /*! Distances of plausible places, dense enough for neither the range to change by more
     * than `range_step_m` nor the cosine of departure by more than `cosine_step` from one to
     * the next.
     */
    std::vector<double> distances(double range_step_m, double cosine_step) const;

private:
    std::array<double, 2> place(double distance_m) const;
    double to_transmitter(const std::array<double, 2>& place) const;

    const Scenario& d_scenario; // of the layout, which lives longer
    std::size_t d_receiver;
    int d_transmitter;
    double d_cosine;
    std::array<double, 2> d_origin, d_direction, d_transmit, d_transmit_axis;
    double d_baseline;
    double d_along; // component of the baseline
    double d_margin_m;
};

} // namespace cfisac::estimators
