/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MONOSTATIC_ESTIMATOR_H
#define INCLUDED_ISAC_MONOSTATIC_ESTIMATOR_H

#include <gnuradio/isac/echo_estimator.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Locates targets from the echo of one full-duplex base station.
 * \ingroup isac
 *
 * \details
 * Range and radial velocity by transforms of the echo divided by what was transmitted,
 * the angle over the receive array. One base station sees the radial component of a
 * velocity only: the estimates are those of locations, and the velocities that come with
 * them have the radial component that was measured and none across. They are for
 * error_meter with `location_only`.
 *
 * The scenario is that of monostatic_scenario(): precoder, channel and error meter of the
 * flowgraph take it as well. Nothing travels on a fronthaul.
 *
 * Inputs:
 * - 0: echo frames, one per item, gr_complex [M_r, S, T], sqrt(W);
 * - 1: transmit frames X with the precoder in them, one per item, gr_complex [N_t, S, T],
 *   sqrt(W), paired with the echoes by frame number; one without a partner is passed over.
 *
 * Outputs, message port and tags are those of echo_estimator.
 */
class ISAC_API monostatic_estimator : virtual public echo_estimator
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<monostatic_estimator>;

    /*!
     * \param scenario with one transmit and one receive access point in one place
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param real_time whether the block skips frames when more are waiting than it can
     * work off, of which it keeps the latest two, and measures its latency
     * \throws std::invalid_argument on a wrong device, and on a scenario that is not
     * monostatic
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& device = "auto",
                     bool real_time = false);
};

} // namespace isac
} // namespace gr

#endif
