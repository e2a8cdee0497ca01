// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_SWEEP_H
#define INCLUDED_CFISAC_EVALUATION_SWEEP_H

#include <cfisac/scenario/scenario.h>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::evaluation {

//! A place of a figure: one scenario in which all schemes are compared.
struct SweepPoint {
    std::optional<double> x; //!< none where the axis is a result (fronthaul bits)
    std::optional<double>
        series;        //!< of the curves this point is on, where there are some
    Scenario scenario; //!< that all schemes see there
};

//! What a figure of the publication's evaluation (Section V) runs over.
struct Sweep {
    int figure = 0;          //!< its number in the publication
    std::string title;       //!< for people
    std::string x_name;      //!< with its unit, e.g. "power_dbm"; empty without an axis
    std::string series_name; //!< likewise
    std::vector<SweepPoint> points; //!< in the order of the figure
};

/*! Figures whose points are Monte-Carlo runs:
 *
 * | figure | over                                                       |
 * |-------:|------------------------------------------------------------|
 * |      6 | transmit power P, dBm                                      |
 * |      7 | number of targets Q                                        |
 * |      8 | number of OFDM symbols T_s of the full grid                |
 * |      9 | receive antennas M_r                                       |
 * |     10 | nothing: truth and estimates of single frames, Q = 2       |
 * |     12 | fronthaul bits (the models' codebooks)                     |
 * |     13 | scatterers S of (29), for clutter variances 1, 0.1, 0.01   |
 * |     14 | timing offsets of (30), ns, for frequency offsets, Hz      |
 */
const std::vector<int>& sweep_figures();

/*! The points of a figure; all that the figure does not name is as in `base`.
 * \param quick fewer points, with the same ends
 * \throws std::invalid_argument naming a figure that is none of these
 * \throws ScenarioError naming figure, axis and value where the scenario cannot be so
 */
Sweep make_sweep(int figure, const Scenario& base, bool quick);

//! A setting of Table III.
struct RuntimeSetting {
    int antennas;      //!< of each access point
    int subcarriers;   //!< sensed, of the frame
    int symbols;       //!< sensed, of the frame
    Scenario scenario; //!< that all schemes see there
};

/*! The three settings of Table III relative to the scenario: as it is; half the antennas;
 * half the antennas, subcarriers and symbols. With paper.yml they are those printed.
 * \throws ScenarioError where half of it is no scenario
 */
std::vector<RuntimeSetting> runtime_settings(const Scenario& base);

} // namespace cfisac::evaluation

#endif
