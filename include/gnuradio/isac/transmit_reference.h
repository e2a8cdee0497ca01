/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TRANSMIT_REFERENCE_H
#define INCLUDED_ISAC_TRANSMIT_REFERENCE_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief The transmit frames that belong to echo frames, made from the seed.
 * \ingroup isac
 *
 * \details
 * For a receive access point that knows the seed of payload and channel state: what
 * payload_source and mmse_precoder of this seed make of the frame number, (3). With
 * `null_dc` in the scenario's radio section the subcarrier at the radio's centre is empty, as
 * ofdm_modulator leaves it.
 *
 * Input: echo frames, one per item, gr_complex [M_r, S, T], of which only the tags `frame`
 * (or the item's number) and `rx_time` are read.
 *
 * Outputs: N streams of transmit frames, item by item with the input, gr_complex [N_t, S,
 * T], sqrt(W), with the tags `frame`, `csi` ("seed"), `power_dbm`, `seed` and, where the
 * input has it, `rx_time`.
 *
 * Message port `command`: dictionary with "power_dbm" (number).
 */
class ISAC_API transmit_reference : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<transmit_reference>;

    /*!
     * \param scenario arrays, users, waveform and power limit
     * \param seed that of the transmit access points
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \throws std::invalid_argument on a wrong device
     */
    static sptr make(const cfisac::Scenario& scenario,
                     std::uint64_t seed,
                     const std::string& device = "auto");

    /*! Set the power limit P that the transmit access points have, dBm; from the next
     * frame on.
     * \throws std::invalid_argument when it is not a power
     */
    virtual void set_transmit_power_dbm(double power_dbm) = 0;
    //! P, dBm
    virtual double transmit_power_dbm() const = 0;
    //! Messages that were refused.
    virtual std::uint64_t messages_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
