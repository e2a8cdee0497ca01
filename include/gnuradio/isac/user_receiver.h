/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_USER_RECEIVER_H
#define INCLUDED_ISAC_USER_RECEIVER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <map>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Receiver of one user: constellation, error vector magnitude, bit errors, SINR.
 * \ingroup isac
 *
 * \details
 * Shows what sensing leaves to communication. The payload is that of a payload_source with
 * the same seed: its first symbols of each frame are training, from which the channel of
 * each subcarrier is estimated; the others are divided by it and decided. What was sent is
 * known, so that errors are counted. See cfisac/signal/user_receiver.h.
 *
 * - EVM: rms of (equalised minus sent symbol) over rms of the sent symbols, of the symbols
 *   after the training;
 * - BER: share of wrong bits in hard decisions on these, Gray mapping;
 * - SINR: (4), power of the wanted signal over that of interference and noise, both added
 *   up over the subcarriers; from all symbols of the frame, estimated without bias.
 *
 * With `null_dc` in the scenario's section `radio` the subcarrier at the radio's centre does
 * not count.
 *
 * Input: frames of this user, one per item, gr_complex [S, T], as user_channel or the
 * ofdm_demodulator of a user gives them; the number of the frame is the tag `frame`, or the
 * item's number.
 *
 * Output: equalised symbols, gr_complex, unit mean power, S·T per frame in the order
 * [subcarrier, symbol]; zero where there is no channel. The first symbol of a frame has the
 * tags of its item and the scores of the frame: `evm_db`, `sinr_db`, `bit_error_rate`
 * (double). A frame with a sample that is not finite is logged, counted and left out.
 *
 * Message port `scores`: dictionary of scores() and, as "frame_…", of last_frame(), at most
 * once a second.
 */
class ISAC_API user_receiver : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<user_receiver>;

    /*!
     * \param scenario waveform and users
     * \param user k, counted from 0
     * \param seed seed of the payload
     * \param training_symbols symbols at the start of each frame that are known, 1 … T - 1
     * \param track_phase whether a residual frequency offset is followed by decisions
     * \throws std::invalid_argument on a user or a number of symbols out of range
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int user,
                     std::uint64_t seed,
                     int training_symbols = 4,
                     bool track_phase = false);

    /*!
     * Scores over all frames since the start or reset(): frames, evm_db, evm_percent,
     * sinr_db, bits, bit_errors, bit_error_rate. NaN where nothing was counted.
     */
    virtual std::map<std::string, double> scores() const = 0;
    //! The same of the last frame, with "frame", its number.
    virtual std::map<std::string, double> last_frame() const = 0;
    //! Channel with the precoder in it, of the last frame, [S], sqrt(W).
    virtual std::vector<gr_complex> channel() const = 0;
    //! SINR of each subcarrier in the last frame, [S], dB; NaN where it is silent.
    virtual std::vector<double> subcarrier_sinr_db() const = 0;
    //! Forget everything counted.
    virtual void reset() = 0;

    //! Frames received.
    virtual std::uint64_t frames() const = 0;
    //! Frames left out because of a sample that is not finite.
    virtual std::uint64_t frames_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
