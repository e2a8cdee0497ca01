/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MMSE_PRECODER_H
#define INCLUDED_ISAC_MMSE_PRECODER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_decimator.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief Precodes the users' symbols for the antennas of all transmit access points.
 * \ingroup isac
 *
 * \details
 * Transmit signal (3) with the centralized MMSE precoder
 * W_i = μ H_i (H_i^H H_i + α I)^-1, α = K σ_c² / (N P / S), on every subcarrier i. One
 * scale μ for all access points lets the strongest of them meet its power limit P; see
 * cfisac/signal/transmitter.h.
 *
 * The channel state H is drawn from (seed, frame) until a message brings one; that one
 * stays in force until the next.
 *
 * Inputs: K streams of gr_complex symbols with unit mean power, in the order
 * [subcarrier, symbol], S·T items per frame.
 *
 * Outputs: N streams, one frame per item, gr_complex [N_t, S, T], in units of sqrt(W) per
 * resource element. Every item carries the tags `frame` (uint64), `csi` ("seed" or
 * "message"), `power_dbm` (double) and, when the channel state was drawn, `seed`
 * (uint64).
 *
 * Message port `csi`: dictionary with "channel", a c32vector of S·N·N_t·K entries
 * [subcarrier, access point and antenna, user]; the received signal is h^H x, as in (4).
 *
 * Message port `command`: dictionary with "power_dbm" (number).
 *
 * A message with anything else in it is refused as a whole, logged and counted.
 */
class ISAC_API mmse_precoder : virtual public gr::sync_decimator
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<mmse_precoder>;

    /*!
     * \param scenario arrays, users, waveform and power limit
     * \param seed seed of the drawn channel state
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \throws std::invalid_argument on a wrong device
     */
    static sptr make(const cfisac::Scenario& scenario,
                     std::uint64_t seed,
                     const std::string& device = "auto");

    /*!
     * Set the power limit P of one transmit access point over all subcarriers of the full
     * grid, dBm; in force from the next frame on.
     * \throws std::invalid_argument when it is not finite or not a positive power in
     * watts
     */
    virtual void set_transmit_power_dbm(double power_dbm) = 0;
    //! P, dBm
    virtual double transmit_power_dbm() const = 0;

    /*!
     * Set the channel state, as message port `csi` does.
     * \param channel [S, N·N_t, K]
     * \throws std::invalid_argument on a wrong number of entries or one that is not
     * finite
     */
    virtual void set_channel(const std::vector<gr_complex>& channel) = 0;

    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! Frames copied to output items; none where all readers are blocks of ours on the
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
