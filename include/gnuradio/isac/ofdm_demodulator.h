/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_OFDM_DEMODULATOR_H
#define INCLUDED_ISAC_OFDM_DEMODULATOR_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Samples of an access point's antennas as echo frames.
 * \ingroup isac
 *
 * \details
 * Takes the payload of frames, as frame_sync cuts it out: prefixes off, transform, sensed
 * elements picked. The window of the transform starts `window_advance` samples before the
 * prefix ends, and the phase of that is taken off again: echoes may come up to so many
 * samples early, or prefix minus as many late. Each channel is divided by its calibration.
 *
 * Inputs: one stream for each antenna, gr_complex, full scale 1; payload_samples() per
 * frame, without anything between them. The tag `frame` marks the first sample of a frame;
 * where it stands elsewhere, the frame that it cuts short is dropped, counted and logged.
 *
 * Output: echo frames, one per item, gr_complex [M_r, S, T], sqrt(W) (for a user [1, S,
 * T]). With `null_dc` the subcarrier at the radio's centre is zero. The item carries the
 * tags of the samples of input 0 that it was made of.
 *
 * Message port `command`: dictionary with any of "full_scale_dbm" (number), "gain_db" and
 * "phase_deg" (number vectors, both or none: the calibration).
 */
class ISAC_API ofdm_demodulator : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<ofdm_demodulator>;

    /*!
     * \param scenario waveform, arrays with their calibration, radio
     * \param access_point receive access point, counted from 0
     * \param full_scale_dbm power of full scale at the antenna, dBm
     * \param window_advance samples, at most the prefix; below 0 for an eighth of it
     * \throws cfisac::ScenarioError for a scenario without `radio`
     * \throws std::invalid_argument on a wrong access point, power or number of samples
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     double full_scale_dbm,
                     int window_advance = -1);
    /*! The receiver of a user, with one antenna.
     * \throws cfisac::ScenarioError as make() does
     * \throws std::invalid_argument as make() does
     */
    static sptr make_user(const cfisac::Scenario& scenario,
                          double full_scale_dbm,
                          int window_advance = -1);

    //! Set the power of full scale at the antenna, dBm; from the next frame on.
    //! \throws std::invalid_argument when it is not a power
    virtual void set_full_scale_dbm(double full_scale_dbm) = 0;
    //! dBm
    virtual double full_scale_dbm() const = 0;
    /*! Set the calibration in place of that of the scenario, from the next frame on.
     * \param gain_db, phase_deg [M_r] response of each channel; both empty for none
     * \throws std::invalid_argument on another number or values that are not finite
     */
    virtual void set_calibration(const std::vector<double>& gain_db,
                                 const std::vector<double>& phase_deg) = 0;

    //! Frames made.
    virtual std::uint64_t frames() const = 0;
    //! Samples of each antenna dropped because they belonged to no whole frame.
    virtual std::uint64_t samples_dropped() const = 0;
    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
};

} // namespace isac
} // namespace gr

#endif
