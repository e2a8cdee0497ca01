/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_BISTATIC_CHANNEL_H
#define INCLUDED_ISAC_BISTATIC_CHANNEL_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Echoes of moving targets at every receive access point.
 * \ingroup isac
 *
 * \details
 * Bistatic sensing channel (6) from every transmit over every target to every receive
 * access point: path loss, reflection coefficient, delay (8), Doppler frequency (9) and
 * the steering vectors (1), (2); with clutter (29), timing and frequency offsets (30) and
 * white noise. Targets, reflection coefficients, clutter, offsets and noise are drawn
 * from (seed, frame): each frame is a new scene, and the same seed gives the same echoes.
 * Targets that were set stand still between frames and keep their velocity; their
 * reflection coefficients are still drawn.
 *
 * With `moving`, the targets of frame 0 last: frame f sees them f intervals later, moved on
 * uniformly and thrown back by the sides of the scenario's target area. Their reflection
 * coefficients are drawn for every frame (Swerling's second case).
 *
 * Inputs: N streams of transmit frames, one per item, gr_complex [N_t, S, T], sqrt(W).
 *
 * Outputs:
 * - 0 … M-1: echo frames, one per item, gr_complex [M_r, S, T], sqrt(W);
 * - M: truth, float [2·D·Q] per item: the locations of all targets, target by target (m),
 *   then their velocities likewise (m/s); NaN for targets that are switched off;
 * - M+1 (optional): root Cramér-Rao bound, float [2·Q] per item: location (m) of every
 *   target, then velocity (m/s), each the square root of the trace of the target's block
 *   of (24); NaN for targets that are switched off. Computed only when connected; takes
 *   longer than the echoes.
 *
 * The frame number is that of the tag `frame` of input 0, or the item's number. All tags
 * go to all outputs; those of our own (see names.h) are taken from input 0 only.
 *
 * In real time, frames leave at the waveform's interval, as a radio would deliver them: the
 * frame of an interval leaves when the interval is over, on instants of a clock that do not
 * drift, with the tag `rx_time`, the time of its first sample on the machine's steady
 * clock, and the tag `frame`. Nothing waits: intervals that pass while the outputs are full
 * each take a frame that is waiting at the inputs; it is skipped and counted. Where none
 * is waiting the interval is counted as missed, and the next frame goes out in the next
 * interval.
 *
 * Message port `command`: dictionary with any of "noise_dbm", "clutter_scatterers",
 * "clutter_variance", "timing_std_s", "frequency_std_hz", "target_count" (numbers),
 * "target_positions" and "target_velocities" (number vectors; both or none). All settings
 * of a message are taken together, from the next frame on; a message with anything wrong in it is refused
 * as a whole, logged and counted.
 */
class ISAC_API bistatic_channel : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<bistatic_channel>;

    /*!
     * \param scenario arrays, waveform, priors, clutter, clocks and noise
     * \param seed seed of all draws
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param real_time whether frames leave at the waveform's interval; otherwise as fast
     * as they can be made and are taken
     * \param moving whether the targets of frame 0 last and move on; otherwise every frame
     * has new ones
     * \throws std::invalid_argument on a wrong device
     */
    static sptr make(const cfisac::Scenario& scenario,
                     std::uint64_t seed,
                     const std::string& device = "auto",
                     bool real_time = false,
                     bool moving = false);

    /*!
     * Noise ξ_z² per resource element and antenna, dBm.
     * \throws std::invalid_argument when it is not finite or not a power in watts
     */
    virtual void set_noise_dbm(double noise_dbm) = 0;
    //! ξ_z², dBm
    virtual double noise_dbm() const = 0;

    /*!
     * Clutter of (29) in the scenario's clutter area.
     * \param scatterers number of scatterers, 0 for none; see cfisac::ScenarioLimits
     * \param variance mean power χ̃² of the reflection coefficient
     * \throws std::invalid_argument on a negative or too large number or variance
     */
    virtual void set_clutter(int scatterers, double variance) = 0;
    //! The number of scatterers alone.
    virtual void set_clutter_scatterers(int scatterers) = 0;
    //! The mean power of their reflection coefficients alone.
    virtual void set_clutter_variance(double variance) = 0;

    /*!
     * Residual offsets of (30), drawn per symbol and pair of access points.
     * \param timing_std_s standard deviation of the timing offset, s
     * \param frequency_std_hz standard deviation of the frequency offset, Hz
     * \throws std::invalid_argument on a negative value or one that is not finite
     */
    virtual void set_offsets(double timing_std_s, double frequency_std_hz) = 0;
    //! The timing offset alone, s.
    virtual void set_timing_offset(double std_s) = 0;
    //! The frequency offset alone, Hz.
    virtual void set_frequency_offset(double std_hz) = 0;

    /*!
     * Put the targets somewhere; two empty vectors return to the scenario's random prior.
     * With `moving` they are there from the next frame on, and move.
     * \param positions D·Q coordinates, target by target, m
     * \param velocities D·Q coordinates, target by target, m/s
     * \throws std::invalid_argument on a wrong number of values or one that is not finite,
     * and with `moving` on a position outside of the targets' area
     */
    virtual void set_targets(const std::vector<double>& positions,
                             const std::vector<double>& velocities) = 0;

    /*!
     * How many of the scenario's Q targets there are: those after the first `count` reflect
     * nothing, and their truth and bound are NaN.
     * \throws std::invalid_argument unless it is from 0 to Q
     */
    virtual void set_target_count(int count) = 0;
    //! How many targets there are.
    virtual int target_count() const = 0;

    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! Frames that were not sent out because nobody was ready for them in their interval;
    //! in real time only.
    virtual std::uint64_t frames_skipped() const = 0;
    //! Intervals that passed without a frame to send; in real time only.
    virtual std::uint64_t intervals_missed() const = 0;
    //! Frames copied to or from items; none between blocks of ours on the same device.
    virtual std::uint64_t host_copies() const = 0;
    //! Bytes of these frames.
    virtual std::uint64_t host_copied_bytes() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
