// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_RANDOMISATION_H
#define INCLUDED_CFISAC_TRAINING_RANDOMISATION_H

#include <cfisac/signal/scene.h>

#include <optional>
#include <string>
#include <vector>

namespace cfisac::training {

//! A value is drawn uniformly from min … max (both included for whole numbers).
template <typename T>
struct Interval {
    T min{}; //!< lower end
    T max{}; //!< upper end, which belongs to it
};

/*! What varies from frame to frame of a training, so that one model serves more than one
 * setting. What is not set has the scenario's value in every frame.
 */
struct Randomisation {
    std::optional<Interval<double>> power_dbm; //!< transmit power of every access point
    std::optional<Interval<int>> scatterers;   //!< S, number of clutter scatterers
    std::optional<Interval<double>> clutter_variance;    //!< of a scatterer's reflection
    std::optional<Interval<double>> timing_offset_std_s; //!< of (30)
    std::optional<Interval<double>> frequency_offset_std_hz; //!< of (30)
    std::optional<Interval<int>> targets; //!< number of targets, at most the scenario's Q

    /*! Check against a scenario.
     * \throws std::invalid_argument naming the quantity and its interval
     */
    void check(const Scenario& scenario) const;

    //! For logs and checkpoints, e.g. `{"power_dbm":[20.0,40.0],"targets":[0,2]}`; `{}`
    //! where nothing varies.
    std::string to_json() const;
};

/*! What each frame of a batch has, in the order of the batch. Empty where every frame has
 * the scenario's.
 */
struct FrameSettings {
    std::vector<double> power_dbm;           //!< of every access point
    std::vector<signal::Population> targets; //!< how many, with what prior
    std::vector<signal::Population> clutter; //!< how many scatterers, with what prior
    std::vector<Clocks> clocks;              //!< deviations of their offsets
};

/*! Draw what varies: values of Purpose::training, of which quantity k of `Randomisation`,
 * in the order of its members, takes the k-th. A frame's settings hence depend on the
 * seed, the frame and the interval of the quantity only.
 * \throws std::invalid_argument as Randomisation::check does
 */
FrameSettings draw_settings(const Scenario& scenario,
                            const signal::Random& random,
                            const Randomisation& randomisation);

} // namespace cfisac::training

#endif
