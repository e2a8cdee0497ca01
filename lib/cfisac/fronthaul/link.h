// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_LINK_H
#define INCLUDED_CFISAC_FRONTHAUL_LINK_H

#include <cfisac/fronthaul/packet.h>
#include <stdexcept>
#include <string>

#include <zmq.hpp>

namespace cfisac::fronthaul {

// What both ends of a connection have in common.

//! A peer that has not been heard for longer is gone.
constexpr int heartbeat_interval_ms = 500;
constexpr int silence_ms = 2000;
constexpr int handshake_ms = 5000;

inline void set_heartbeat(zmq::socket_t& socket)
{
    socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_interval_ms);
    socket.set(zmq::sockopt::heartbeat_timeout, silence_ms);
    socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
}

//! \throws std::invalid_argument on a queue that cannot be
inline void check_queue(std::size_t queue)
{
    constexpr std::size_t largest_queue = 65536;
    if (queue < 1 || queue > largest_queue) {
        throw std::invalid_argument("queue: must lie between 1 and " +
                                    std::to_string(largest_queue) + " packets, is " +
                                    std::to_string(queue));
    }
}

//! \throws std::invalid_argument on a size that no packet has, and a queue that cannot be
inline void check_sizes(std::size_t packet_size, std::size_t queue)
{
    const std::size_t least = fronthaul::packet_size(1, 1);
    const std::size_t most = fronthaul::packet_size(16, max_index_count);
    if (packet_size < least || packet_size > most) {
        throw std::invalid_argument(
            "packet size: must lie between " + std::to_string(least) + " and " +
            std::to_string(most) + " bytes, is " + std::to_string(packet_size));
    }
    check_queue(queue);
}

} // namespace cfisac::fronthaul

#endif
