// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_MONOSTATIC_H
#define INCLUDED_CFISAC_ESTIMATORS_MONOSTATIC_H

#include <ATen/ATen.h>
#include <cfisac/estimators/estimates.h>
#include <cfisac/signal/layout.h>
#include <memory>

namespace cfisac::estimators {

/*! The scenario of sensing by one full-duplex base station: one transmit and one receive
 * access point at `position`, with the names, antenna counts and spacings of the first of
 * each, and both arrays along the first transmit access point's axis (it is one array that
 * sends and receives). All else stays, so that a seed draws the same places and velocities.
 *
 * \param position of the base station, m
 * \throws std::invalid_argument on a position with another number of coordinates or a
 * scenario without access points
 * \throws ScenarioError when the result is no valid scenario, e.g. has more users than
 * antennas
 */
Scenario monostatic_scenario(const Scenario& scenario,
                             const Coordinates& position = {50.0, 0.0});

//! How MonostaticEstimator searches.
struct MonostaticOptions {
    int angle_oversampling = 2; //!< zero padding over the antennas
    int oversampling = 2;       //!< zero padding over subcarriers and symbols
    //! ε of the division, over the mean of |a_t^H x|² in the direction
    double regularisation = 0.1;
    //! Probability that noise alone passes for a target, for each search
    double false_alarm = 1e-3;
};

/*! Sensing by one full-duplex base station (Section V, "Monostatic sensing by a single BS"):
 * transforms over antennas, subcarriers and symbols, and division by what was transmitted.
 *
 * The transform over the antennas gives beams; what was sent towards each is
 * s = a_t^H x, and the beam's signal y is divided by it in every resource element. As s is a
 * sum of the users' symbols and comes close to zero, the quotient is y s* / (|s|² + ε). Its
 * transform over subcarriers and symbols has a peak at the target's range and rate. Noise is
 * not the same in every beam, so peaks are compared by their power over that of noise.
 *
 * The largest peak is refined in turn over range and rate and over the angle, three times,
 * on 33 lines each with a parabola at last (within a thousandth of the resolutions). Its echo
 * is subtracted from all antennas, and the search is repeated, up to Q times, while peaks
 * stand out of the noise. Only places within one range resolution of the targets' area
 * count, which also tells on which side of the array a target is. Where a comb of
 * subcarriers makes ranges ambiguous, the longest is taken: the ring of its places is larger,
 * so targets are there more often.
 *
 * One base station sees the radial velocity alone: the velocity returned is its vector along
 * the line of sight, (v·u) u.
 */
class MonostaticEstimator
{
public:
    /*!
     * \param layout of a scenario such as monostatic_scenario()
     * \throws std::invalid_argument unless there is one transmit and one receive access
     * point at one position with one axis, in two dimensions; on options that are out of
     * range
     */
    explicit MonostaticEstimator(const signal::Layout& layout,
                                 MonostaticOptions options = {});
    ~MonostaticEstimator();
    //! The other one is left unusable.
    MonostaticEstimator(MonostaticEstimator&&) noexcept;

    /*!
     * \param echo Y [M_r, S, T], \param transmit X [1, N_t, S, T]; complex64, on the layout's
     * device
     * \return Q targets, strongest first, then `prior_estimates` with zero confidence where
     * fewer were found. The confidence is the probability that noise alone nowhere reaches
     * a target's peak; there is no covariance.
     * \throws std::invalid_argument on a wrong shape or a sample that is not finite
     */
    TargetEstimates operator()(const at::Tensor& echo, const at::Tensor& transmit);

private:
    class Implementation;
    std::unique_ptr<Implementation> d_implementation;
};

} // namespace cfisac::estimators

#endif
