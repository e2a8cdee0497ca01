/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_USER_CHANNEL_H
#define INCLUDED_ISAC_USER_CHANNEL_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Channel from all transmit access points to the users, frame by frame.
 * \ingroup isac
 *
 * \details
 * Signal (4) at every user, h_k^H x + n, on each resource element. The channel is the one
 * that mmse_precoder draws from the same seed for the same frame number, until a message
 * brings another; that one stays in force until the next. Channel and noise are functions of
 * (seed, frame); see cfisac/signal/transmitter.h.
 *
 * Inputs: N streams of transmit frames, one per item, gr_complex [N_t, S, T], sqrt(W), item
 * by item; the number of the frame is the tag `frame` of input 0, or the item's number.
 *
 * Outputs: K streams, one for each user, one frame per item, gr_complex [S, T], sqrt(W),
 * with the tags of input 0.
 *
 * Message port `csi`: dictionary with "channel", a c32vector of S·N·N_t·K entries
 * [subcarrier, access point and antenna, user], as mmse_precoder takes it.
 *
 * Message port `command`: dictionary with "noise_dbm" (number).
 *
 * A message with anything else in it is refused as a whole, logged and counted.
 */
class ISAC_API user_channel : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<user_channel>;

    /*!
     * \param scenario arrays, users, waveform
     * \param seed seed of channel and noise; the precoder's for the channel it knows
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \throws std::invalid_argument on a wrong device
     */
    static sptr make(const cfisac::Scenario& scenario,
                     std::uint64_t seed,
                     const std::string& device = "auto");

    /*!
     * Set the power σ_c² of the noise per resource element, dBm; in force from the next
     * frame on. Minus infinity is none.
     * \throws std::invalid_argument when it is not a number or not finite in watts
     */
    virtual void set_noise_dbm(double noise_dbm) = 0;
    //! σ_c², dBm
    virtual double noise_dbm() const = 0;

    /*!
     * Set the channel, as message port `csi` does.
     * \param channel [S, N·N_t, K]
     * \throws std::invalid_argument on a wrong number of entries or one that is not
     * finite
     */
    virtual void set_channel(const std::vector<gr_complex>& channel) = 0;

    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! Frames copied to or from items; none where the neighbours are blocks of ours on the
    //! same device.
    virtual std::uint64_t host_copies() const = 0;
    //! Bytes of these frames.
    virtual std::uint64_t host_copied_bytes() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
