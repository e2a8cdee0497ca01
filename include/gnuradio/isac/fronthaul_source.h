/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_SOURCE_H
#define INCLUDED_ISAC_FRONTHAUL_SOURCE_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Fronthaul packets of one access point, at the central unit.
 * \ingroup isac
 *
 * \details
 * The other end of fronthaul_sink. It listens at an address of its own; access points come
 * and go. With CURVE, only the machine whose key is authorised for this access point is let
 * in (docs/network.md).
 *
 * Output: fronthaul packets (cfisac/fronthaul/packet.h), one per item, intact, of the right
 * size, scenario, model and access point, whose frame numbers rise until the access point
 * counts anew (cfisac/fronthaul/frame_order.h). Everything else is counted, logged (once a
 * second at most) and dropped.
 */
class ISAC_API fronthaul_source : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<fronthaul_source>;

    /*!
     * \param scenario what the flowgraph works on
     * \param access_point receive access point m, from 0
     * \param packet_size bytes of a packet, and
     * \param fingerprint of the model or scheme, as model_info and estimator_info tell them
     * \param address to listen at, e.g. "tcp://0.0.0.0:5550", the port "*" for any free one
     * \param security "curve", or "none" for whatever anybody sends
     * \param key_file NAME.key of the central unit, with "curve"
     * \param authorised_file keys of the access points, with "curve"
     * \param queue most packets that wait here
     * \throws std::invalid_argument on a wrong access point, also one without an authorised
     * key, size, word or queue, a file that is not given with "curve" or given with "none"
     * \throws cfisac::fronthaul::KeyError naming a file of keys and what is wrong with it
     * \throws std::runtime_error naming an address that cannot be listened at
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     std::size_t packet_size,
                     std::uint64_t fingerprint,
                     const std::string& address,
                     const std::string& security = "curve",
                     const std::string& key_file = "",
                     const std::string& authorised_file = "",
                     int queue = 64);

    /*! End the stream: of the packets that have come, at most `queue` are passed on, and then
     * the block is done. From any thread; in force until the flowgraph starts again.
     */
    virtual void end() = 0;

    //! The address that it listens at, with its port.
    virtual std::string address() const = 0;
    //! Packets passed on.
    virtual std::uint64_t packets_received() const = 0;
    //! Frame numbers passed over, those of late packets among them.
    virtual std::uint64_t packets_lost() const = 0;
    //! Packets dropped because a later one was passed on before.
    virtual std::uint64_t packets_late() const = 0;
    //! Packets dropped because they had come before.
    virtual std::uint64_t packets_duplicate() const = 0;
    //! Messages that are no packets, or damaged ones.
    virtual std::uint64_t packets_corrupt() const = 0;
    //! Packets of another scenario, model or scheme.
    virtual std::uint64_t packets_foreign() const = 0;
    //! Packets of another access point, or of a machine whose place another one with its
    //! key has taken.
    virtual std::uint64_t packets_refused() const = 0;
    //! Attempts to connect without the authorised key.
    virtual std::uint64_t connections_refused() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
