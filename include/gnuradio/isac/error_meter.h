/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ERROR_METER_H
#define INCLUDED_ISAC_ERROR_METER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <map>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Scores estimates against the truth and the Cramér-Rao bound.
 * \ingroup isac
 *
 * \details
 * An error is the Euclidean distance between a target's estimate and its truth, after the
 * best assignment of estimates to targets over location and velocity together. A target's
 * root bound is the square root of the trace of its block of (24). All scores run over
 * the same targets.
 *
 * Truth and estimates are paired by the tag `frame` (an item without one is numbered by
 * its place in the stream). A truth that a later estimate passes, or that is left over
 * when the streams have ended, is a lost frame; so is an estimate that is not finite.
 *
 * Inputs:
 * - 0: truth, float [2·D·Q] per item: locations (m), then velocities (m/s);
 * - 1: estimates, same layout;
 * - 2 (optional): root bound, float [2·Q] per item: location (m), then velocity (m/s) of
 *   every target; item by item with the truth;
 * - 3 (optional, where 2 is connected): confidence, float [Q] per item, item by item with
 *   the estimates.
 *
 * Message port `scores`: the dictionary of scores(), at most once a second.
 */
class ISAC_API error_meter : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<error_meter>;

    /*!
     * \param scenario number of targets and coordinates; priors, for the assignment
     * \param location_only whether locations alone are matched and scored, for a receiver
     * that does not see whole velocities; the scores of the velocity are NaN then
     */
    static sptr make(const cfisac::Scenario& scenario, bool location_only = false);

    /*!
     * Scores so far: frames, frames_lost, location_rmse_m, location_median_m,
     * location_p90_m, location_within_1m (share), velocity_rmse_mps, velocity_median_mps,
     * velocity_p90_mps, root_crlb_location_rms_m, root_crlb_location_median_m,
     * root_crlb_velocity_rms_mps and root_crlb_velocity_median_mps. NaN where nothing was
     * counted.
     */
    virtual std::map<std::string, double> scores() const = 0;
    /*!
     * Whether the confidence can be believed: confidence_mean over all estimates,
     * location_within_5m (share of the estimates), confidence_mean_within_5m of these and
     * confidence_mean_beyond_5m of the others. NaN where nothing was counted.
     */
    virtual std::map<std::string, double> calibration() const = 0;
    //! scores() as a JSON object in one line; null for NaN.
    virtual std::string to_json() const = 0;
    //! scores() as a table for people.
    virtual std::string table() const = 0;
    //! Forget everything counted.
    virtual void clear() = 0;
    //! Estimates that no truth belonged to.
    virtual std::uint64_t estimates_unmatched() const = 0;
};

} // namespace isac
} // namespace gr

#endif
