/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_SINK_H
#define INCLUDED_ISAC_FRONTHAUL_SINK_H

#include <cstddef>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Sends the fronthaul packets of an access point to the central unit.
 * \ingroup isac
 *
 * \details
 * Over ZeroMQ, a message for each packet, encrypted and authenticated with CURVE: the
 * central unit must have the key that it shows, and lets this one in only when its key is
 * authorised there (docs/network.md). It connects by itself, again and again.
 *
 * Input: fronthaul packets (cfisac/fronthaul/packet.h), one per item.
 *
 * It never holds up the blocks before it. While there is no connection, or the central unit
 * does not read, packets wait in a queue; when that is full, the oldest one makes room and
 * is counted. When the flowgraph stops, what waits has three seconds to go out.
 */
class ISAC_API fronthaul_sink : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<fronthaul_sink>;

    /*!
     * \param packet_size bytes of a packet
     * \param address of the central unit, e.g. "tcp://192.168.1.10:5550"
     * \param security "curve", or "none" for packets that anybody can read, change and forge
     * \param key_file NAME.key of this access point, with "curve"
     * \param server_key_file NAME.pub of the central unit, with "curve"
     * \param queue most packets that wait
     * \throws std::invalid_argument on a wrong size, address, word or queue, a file that is
     * not given with "curve" or given with "none"
     * \throws cfisac::fronthaul::KeyError naming a key file and what is wrong with it
     */
    static sptr make(std::size_t packet_size,
                     const std::string& address,
                     const std::string& security = "curve",
                     const std::string& key_file = "",
                     const std::string& server_key_file = "",
                     int queue = 64);

    //! Packets handed over to a connection.
    virtual std::uint64_t packets_sent() const = 0;
    //! Packets that made room for newer ones, or waited when the flowgraph stopped.
    virtual std::uint64_t packets_dropped() const = 0;
    //! Connections that the central unit has refused.
    virtual std::uint64_t connections_refused() const = 0;
    //! Whether the central unit has let this access point in, as of the last packet.
    virtual bool connected() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
