/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_OFDM_MODULATOR_H
#define INCLUDED_ISAC_OFDM_MODULATOR_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Transmit frames of an access point as samples of its antennas.
 * \ingroup isac
 *
 * \details
 * Each frame becomes `period` samples: preambles, header, OFDM symbols with cyclic prefix,
 * silence (cfisac/scenario/frame_timing.h, cfisac/signal/preamble.h; the section `radio` of
 * the scenario sets them). Preamble and header have the mean power of a payload symbol.
 *
 * A sample of magnitude 1 is full scale, the power `full_scale_dbm` at the antenna. Samples
 * beyond it are passed on as they are and counted: a converter would clip them.
 *
 * The frame number keeps the schedule: where numbers are missing, their periods are
 * silent. A frame whose number is not above that of the one before is dropped, counted and
 * logged. A tag whose value is no frame number, or no power, ends the flowgraph.
 *
 * Input: transmit frames, one per item, gr_complex [N_t, S, T], sqrt(W), with the tag
 * `frame` (or the item's number) and, where its power is not that of the scenario,
 * `power_dbm`.
 *
 * Outputs: N_t streams, gr_complex. Tags: `frame` at the first sample of a frame;
 * `tx_time` at the first sample, where a start time is given.
 *
 * Message port `command`: dictionary with "full_scale_dbm" (number).
 */
class ISAC_API ofdm_modulator : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<ofdm_modulator>;

    /*!
     * \param scenario waveform, arrays and radio
     * \param access_point transmit access point, counted from 0
     * \param full_scale_dbm power of full scale at the antenna, dBm
     * \param start_time_s when frame 0 of the schedule starts, by the radio's clock, s;
     * below 0 for no tag: the first frame starts as soon as the radio does
     * \throws cfisac::ScenarioError for a scenario without `radio`
     * \throws std::invalid_argument on a wrong access point, or a power or time that is
     * none
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     double full_scale_dbm,
                     double start_time_s = -1.0);

    //! Set the power of full scale at the antenna, dBm; from the next symbols on.
    //! \throws std::invalid_argument when it is not a power
    virtual void set_full_scale_dbm(double full_scale_dbm) = 0;
    //! dBm
    virtual double full_scale_dbm() const = 0;

    //! Peak over mean power of the payload's samples since the start, dB; NaN before.
    virtual double crest_factor_db() const = 0;
    //! Largest magnitude of the payload's samples since the start, relative to full scale,
    //! dB.
    virtual double peak_dbfs() const = 0;
    //! Mean power of the payload's samples since the start, relative to full scale, dB.
    virtual double mean_dbfs() const = 0;
    //! Samples of the payload that were beyond full scale.
    virtual std::uint64_t samples_beyond_full_scale() const = 0;
    //! Frames sent.
    virtual std::uint64_t frames() const = 0;
    //! Frames whose numbers were missing, and that were silent.
    virtual std::uint64_t frames_silent() const = 0;
    //! Frames dropped because their numbers had passed.
    virtual std::uint64_t frames_dropped() const = 0;
    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
