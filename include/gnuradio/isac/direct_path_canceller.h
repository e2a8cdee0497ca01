/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DIRECT_PATH_CANCELLER_H
#define INCLUDED_ISAC_DIRECT_PATH_CANCELLER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Measures the clocks on the direct paths, and removes what stands still.
 * \ingroup isac
 *
 * \details
 * The offsets (30) of each transmit access point are measured on its direct path in the
 * frame, from those that the echo's tags tell on, and put into the transmit frames: with
 * these the echo is (6) again. Then what stands still is removed; see
 * cfisac/signal/direct_path.h.
 *
 * - `none`: nothing is removed.
 * - `direct`: the direct paths as they were measured.
 * - `projection`: whatever a channel without Doppler can bring on each subcarrier. A target
 *   with the Doppler frequency f_D loses |Σ_t exp(j2π f_D t) / T|² of its energy, half at 0.44
 *   over the interval.
 *
 * Inputs: the echo frames of one receive access point, gr_complex [M_r, S, T], sqrt(W), with
 * the tags `frame` and, where known, `timing_offset_s` and `frequency_offset_hz` (f64vector
 * [N]; not a number for 0); then the N streams of transmit frames, gr_complex [N_t, S, T].
 * They are paired by frame number; what has no partner is counted.
 *
 * Outputs: echo and transmit frames in the same order for an estimator, with the tags
 * `frame`, `rx_time` and the offsets that were taken off.
 *
 * Message port `offsets`: a dictionary per frame with "frame", "timing_offset_s",
 * "timing_deviation_s", "frequency_offset_hz", "frequency_deviation_hz" and "snr_db"
 * (f64vectors [N]; the deviations are not a number where the direct path was too weak to
 * measure: the offset is then that of the tag).
 *
 * Message port `command`: dictionary with "removal" (symbol).
 */
class ISAC_API direct_path_canceller : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<direct_path_canceller>;

    /*!
     * \param scenario arrays and waveform
     * \param access_point receive access point, counted from 0
     * \param removal "none", "direct" or "projection"
     * \param measure whether offsets are measured; those of the tags are taken otherwise
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \throws std::invalid_argument on a wrong access point, removal or device
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     const std::string& removal = "projection",
                     bool measure = true,
                     const std::string& device = "auto");

    //! Set what is removed, from the next frame on.
    //! \throws std::invalid_argument on another word
    virtual void set_removal(const std::string& removal) = 0;
    //! What is removed.
    virtual std::string removal() const = 0;

    //! Frames worked on.
    virtual std::uint64_t frames() const = 0;
    //! Frames in which some direct path was too weak to measure.
    virtual std::uint64_t frames_without_direct_path() const = 0;
    //! Items dropped for want of a partner.
    virtual std::uint64_t frames_unmatched() const = 0;
    //! Frames left out because of a sample that is not finite.
    virtual std::uint64_t frames_refused() const = 0;
    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
