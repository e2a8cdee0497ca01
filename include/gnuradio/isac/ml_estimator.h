/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ML_ESTIMATOR_H
#define INCLUDED_ISAC_ML_ESTIMATOR_H

#include <gnuradio/isac/access_point_estimator.h>

namespace gr {
namespace isac {

/*!
 * \brief Targets of one receive access point by maximum likelihood.
 * \ingroup isac
 *
 * \details
 * Locations, Doppler frequencies and complex gains of all targets, jointly: every cell of
 * the targets' area, in the plane or in space, has its place for every transmit access point in the echo correlated with the
 * reference, so that one access point already locates; successive cancellation and then a
 * joint refinement. Estimates are sent with their Fisher information, quantized, so that
 * the central unit can weight them.
 *
 * Where the scenario has scatterers that stand still, their echoes are taken out of every
 * frame, and with them targets that hardly move; `static_clutter` says otherwise. Behind a
 * direct_path_canceller that projects it must be "remove": slow targets come out wrong where
 * the estimator does not know what was taken from them. Where the scenario has clock offsets,
 * what these scatter counts as noise. Both are those of `scenario`, not of a channel whose
 * settings change while the flowgraph runs.
 *
 * Inputs, output and tags are those of access_point_estimator.
 */
class ISAC_API ml_estimator : virtual public access_point_estimator
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<ml_estimator>;

    /*!
     * \param scenario what the flowgraph works on
     * \param access_point m, from 0
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param real_time whether the block skips frames when more are waiting than it can
     * work off: it keeps the latest two, instead of holding up the block before it
     * \param static_clutter what is done about what stands still: "scenario", "keep" or
     * "remove", see cfisac::estimators::StaticClutter
     * \throws std::invalid_argument on a wrong access point, device or word, and on a
     * scenario that the scheme does not work on
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     const std::string& device = "auto",
                     bool real_time = false,
                     const std::string& static_clutter = "scenario");
};

} // namespace isac
} // namespace gr

#endif
