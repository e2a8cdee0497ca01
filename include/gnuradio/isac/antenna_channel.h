/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ANTENNA_CHANNEL_H
#define INCLUDED_ISAC_ANTENNA_CHANNEL_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Propagation of samples from all transmit to all receive antennas.
 * \ingroup isac
 *
 * \details
 * What radios and the air between them do to samples, in one flowgraph without radios: paths
 * over targets and clutter and the direct paths, with a delay that follows the motion (so
 * that Doppler is physical), path loss, reflection coefficients and steering vectors; the
 * clocks of all radios, which sampling and carriers follow; white noise; the responses of the
 * receive channels that the scenario has as `calibration`, which ofdm_demodulator divides by;
 * converters that quantise and clip. The model and its errors are in
 * cfisac/signal/sample_channel.h; in the middle of the band and for delays within the prefix,
 * demodulating gives (6).
 *
 * Scenes are drawn for (seed, frame) in every frame period, as `bistatic_channel` draws them;
 * frame 0 starts at environment time `start_s`, before which nothing reflects. Or, with
 * `moving`, one scene (that of frame 0, at `start_s`) lasts and its targets are thrown back
 * by the sides of the prior's area. Noise follows from the seed, too. The output depends on
 * nothing else: the same samples each time.
 *
 * A sample of magnitude 1 is full scale, at the antennas the power `transmit_full_scale_dbm`
 * or `receive_full_scale_dbm`; at 30 dBm, samples have units of sqrt(W). Converters of `bits`
 * clip what is beyond full scale in its real or imaginary part; these samples are counted.
 *
 * Inputs: N·N_t streams, gr_complex, antenna by antenna of each transmit access point. Item k
 * is the sample that the access point's radio sends when its clock reads k / sample rate.
 *
 * Outputs: M·M_r streams, gr_complex, likewise. Item k is taken when the clock of the receive
 * access point reads k / sample rate; it is made as soon as all samples are there that it may
 * depend on, that is, twelve samples and what the clocks differ by after input k, less the
 * direct path's delay. When an input ends, what has come by then still arrives: n samples in
 * give n samples out and as many more as the last path is long, 11 samples and what the
 * transmit clocks are late by. Tags: `rx_time` (0 s) at the first sample. Tags of the inputs
 * are not passed on.
 *
 * Message port `command`: dictionary with any of "noise_dbm", "direct_path" (0 or 1),
 * "direct_path_gain_db", "transmit_full_scale_dbm", "receive_full_scale_dbm" (numbers),
 * "transmit_timing_s", "receive_timing_s", "transmit_ppm", "receive_ppm" (number vectors,
 * one for each access point), "target_positions" and "target_velocities" (number vectors;
 * both or none). All settings of a message are taken together, from the next samples on; a
 * message with anything wrong in it is refused as a whole, logged and counted.
 */
class ISAC_API antenna_channel : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<antenna_channel>;

    /*! Largest timing offset of a clock, s. So that clocks may be set anywhere while samples
     * flow, the inputs of twice that time are kept, more where clocks differ; 8 bytes for
     * each sample of a stream. */
    static constexpr double most_timing_s = 0.1;

    /*!
     * \param scenario arrays, radio, priors, clutter and noise
     * \param seed of scenes and noise
     * \param moving whether one scene lasts; otherwise each frame has a new one
     * \param transmit_full_scale_dbm power of full scale at a transmit antenna, dBm
     * \param receive_full_scale_dbm power of full scale at a receive antenna, dBm
     * \param bits of all converters, 0 for ideal ones
     * \param direct_path whether there are direct paths
     * \param start_s environment time of the start of frame 0, s
     * \throws cfisac::ScenarioError for a scenario without `radio`
     * \throws std::invalid_argument on a power that is none, another number of bits or a
     * time beyond 1e9 s, or where two access points at one place have no direct path
     */
    static sptr make(const cfisac::Scenario& scenario,
                     std::uint64_t seed,
                     bool moving = false,
                     double transmit_full_scale_dbm = 30.0,
                     double receive_full_scale_dbm = 30.0,
                     int bits = 0,
                     bool direct_path = true,
                     double start_s = 0.0);

    /*!
     * Noise ξ_z² per resource element and antenna, dBm.
     * \throws std::invalid_argument when it is not a power
     */
    virtual void set_noise_dbm(double noise_dbm) = 0;
    //! ξ_z², dBm
    virtual double noise_dbm() const = 0;

    //! Whether there are direct paths.
    virtual void set_direct_path(bool on) = 0;
    //! Gain of the direct paths over their path loss, dB.
    virtual void set_direct_path_gain_db(double gain_db) = 0;

    /*!
     * Timing offsets of the clocks: how much later than environment time 0 they read 0, s. A
     * clock that is changed while samples flow jumps, by the change.
     * \param timing_s one for each transmit access point, or none for zeros
     * \throws std::invalid_argument on another number, or beyond most_timing_s
     */
    virtual void set_transmit_timing(const std::vector<double>& timing_s) = 0;
    //! The same of the receive access points.
    virtual void set_receive_timing(const std::vector<double>& timing_s) = 0;
    /*!
     * How much too fast the clocks run, parts per million; samples and carriers follow. A
     * clock that is changed while samples flow goes on from what it reads when the first
     * receive access point takes its next sample.
     * \param ppm one for each transmit access point, or none for zeros
     * \throws std::invalid_argument on another number, or beyond ±50 ppm
     */
    virtual void set_transmit_ppm(const std::vector<double>& ppm) = 0;
    //! The same of the receive access points, each at its own next sample.
    virtual void set_receive_ppm(const std::vector<double>& ppm) = 0;

    /*!
     * Put the targets somewhere; two empty vectors return to those that were drawn. With
     * `moving` they are there now, else in every frame.
     * \param positions D·Q coordinates, target by target, m
     * \param velocities D·Q coordinates, target by target, m/s
     * \throws std::invalid_argument on a wrong number of values or one that is not finite,
     * and with `moving` on a position outside of the targets' area
     */
    virtual void set_targets(const std::vector<double>& positions,
                             const std::vector<double>& velocities) = 0;

    //! Power of full scale at a transmit antenna, dBm.
    virtual void set_transmit_full_scale_dbm(double full_scale_dbm) = 0;
    //! Power of full scale at a receive antenna, dBm.
    virtual void set_receive_full_scale_dbm(double full_scale_dbm) = 0;

    //! Input samples that the transmit converters clipped.
    virtual std::uint64_t transmit_samples_clipped() const = 0;
    //! Output samples that the receive converters clipped.
    virtual std::uint64_t receive_samples_clipped() const = 0;
    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
