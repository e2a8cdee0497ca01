/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_SYNC_H
#define INCLUDED_ISAC_FRAME_SYNC_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Finds frames in the samples of an access point's antennas and corrects their clocks.
 * \ingroup isac
 *
 * \details
 * Measures the timing and frequency offset of every transmit access point on its preamble,
 * cuts the payload out where the direct paths arrive with the delay that the geometry gives
 * them, in whole samples, and takes the common frequency offset off. See
 * cfisac::signal::Synchroniser for how.
 *
 * Frames start, by `mode`:
 * - "time": `start_time_s` plus whole periods of the receiver's time, which the tags `rx_time`
 *   of input 0 tell; the first sample must have one. Every frame goes out, also where no
 *   preamble was seen;
 * - "preamble": where the preambles are. The header, which access point 0 sends, tells the
 *   number of a frame; without one frames are counted from 0. Nothing goes out before the
 *   lock and after it was lost.
 *
 * Inputs: one stream for each antenna, gr_complex. A tag `rx_time` that does not continue
 * the time before says that samples are missing: the frame they belong to is dropped and
 * counted, the lock stays unless the time goes back or leaves out more frames than may be
 * missed. One that is no time ends the flowgraph; see error(). Tags of the other inputs are
 * not looked at, and no tag passes through.
 *
 * Outputs: one stream for each antenna, gr_complex, whole payloads of FrameTiming's
 * payload_samples(). The first sample of each has the tags `frame`, `rx_time` (its time,
 * where the inputs have told it), and `timing_offset_s` and `frequency_offset_hz`: what
 * remains of the offsets of every transmit access point, not a number where it was not seen.
 *
 * Message port `status`: a dictionary per frame: frame (uint64), locked (bool), misses
 * (frames without a preamble so far), frequency_hz (common offset that was taken off) and,
 * for every transmit access point, snr_db (of the direct path, per sample), timing_offset_s
 * (what remains) and frequency_offset_hz (before correction), f64vector [N], not a number
 * where it was not seen.
 */
class ISAC_API frame_sync : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<frame_sync>;

    /*!
     * \param scenario arrays, waveform, radio
     * \param access_point receive access point, counted from 0
     * \param mode "preamble" or "time"
     * \param start_time_s start of frame 0 in the receiver's time, s; mode "time" only
     * \param misses_allowed frames in a row without any preamble that the lock survives
     * \param false_alarm probability that noise passes the search within one period
     * \throws cfisac::ScenarioError for a scenario without `radio`
     * \throws std::invalid_argument on a wrong access point, mode, time, number or
     * probability
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     const std::string& mode = "preamble",
                     double start_time_s = 0.0,
                     int misses_allowed = 10,
                     double false_alarm = 1e-6);

    //! Set how many frames in a row without any preamble the lock survives.
    //! \throws std::invalid_argument on a negative number
    virtual void set_misses_allowed(int misses_allowed) = 0;
    //! Frames in a row without any preamble that the lock survives.
    virtual int misses_allowed() const = 0;

    //! Whether the preambles were seen, not longer ago than is allowed.
    virtual bool locked() const = 0;
    //! Frames sent out.
    virtual std::uint64_t frames() const = 0;
    //! Frames that went on without any preamble seen.
    virtual std::uint64_t frames_missed() const = 0;
    //! Frames dropped because samples of them are missing.
    virtual std::uint64_t frames_dropped() const = 0;
    //! How often the lock was found.
    virtual std::uint64_t locks() const = 0;
    //! How often it was lost.
    virtual std::uint64_t losses() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
