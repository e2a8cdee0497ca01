// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_RANDOMISATION_H
#define INCLUDED_CFISAC_TRAINING_RANDOMISATION_H

#include <cfisac/scenario/scenario.h>

#include <optional>
#include <string>

namespace cfisac::training {

//! A value is drawn uniformly from min … max (both included for whole numbers).
template <typename T>
struct Interval {
    T min{};
    T max{};
};

/*! What varies from frame to frame of a training, so that one model serves more than one
 * setting. What is not set has the scenario's value in every frame.
 */
struct Randomisation {
    std::optional<Interval<double>> power_dbm; //!< transmit power of every access point
    std::optional<Interval<int>> scatterers;   //!< S, number of clutter scatterers
    std::optional<Interval<double>> clutter_variance; //!< of a scatterer's reflection
    std::optional<Interval<double>> timing_offset_std_s;     //!< of (30)
    std::optional<Interval<double>> frequency_offset_std_hz; //!< of (30)
    std::optional<Interval<int>> targets; //!< number of targets, at most the scenario's Q

    /*! Check against a scenario.
     * \throws std::invalid_argument naming the quantity and its interval
     */
    void check(const Scenario& scenario) const;

    //! For logs and checkpoints; `{}` where nothing varies.
    std::string to_json() const;
};

} // namespace cfisac::training

#endif
