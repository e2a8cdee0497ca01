// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_SENDER_H
#define INCLUDED_CFISAC_FRONTHAUL_SENDER_H

#include <atomic>
#include <cfisac/fronthaul/keys.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::fronthaul {

//! Where an access point sends its packets.
struct SenderOptions {
    //! of the central unit, as ZeroMQ writes it, e.g. "tcp://192.168.1.10:5550"
    std::string address;
    std::size_t packet_size = 0; //!< bytes
    std::optional<KeyPair> keys; //!< of the access point; none: unencrypted
    std::string server_key;      //!< public key of the central unit, with `keys` only
    std::size_t queue = 64;      //!< most packets that wait, 1 … 65536
    //! how long close() lets what waits go out, and as long again what ZeroMQ has taken
    std::chrono::milliseconds linger{1000};
};

//! What became of all packets since the sender was made.
struct SenderCounts {
    std::uint64_t sent = 0; //!< packets handed over to a connection
    std::uint64_t dropped =
        0; //!< packets that waited too long: the oldest of a full queue
    std::uint64_t refused = 0; //!< connections that the central unit has refused
};

/*! The access point's end of a fronthaul: packets to the central unit over ZeroMQ, each a
 * message of its own.
 *
 * Connects by itself, again and again where there is nobody or the connection breaks. A
 * packet that cannot leave waits in a queue; when that is full, the oldest one makes room
 * and is counted: a central unit wants the newest. What waits goes out with the next packet
 * after the connection is there. As many as may wait here may wait within ZeroMQ.
 *
 * One thread sends; the counts may be asked for from any.
 */
class Sender
{
public:
    /*! Begins to connect.
     * \throws std::invalid_argument naming a wrong packet size, queue or address, or a key
     * that is not one
     */
    explicit Sender(SenderOptions options);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    //! Begin to connect again after close(); nothing if that was not called.
    void open();
    //! Let what waits go out, as long as `linger` says; the rest is dropped.
    void close();

    //! Opens it where it is closed. \param packet of `packet_size` bytes
    void send(const std::uint8_t* packet);

    //! What became of all packets so far.
    SenderCounts counts() const;
    //! Whether a central unit has let this access point in.
    bool connected() const { return d_connected; }

private:
    struct Link;

    bool flush();
    void read_events();
    void connect();

    const SenderOptions d_options;
    std::unique_ptr<Link> d_link; //!< null while closed
    std::deque<std::vector<std::uint8_t>> d_queue;
    //! when to try again with a new socket, for ZeroMQ gives up once refused
    std::optional<std::chrono::steady_clock::time_point> d_retry;
    std::atomic<bool> d_connected{false};
    std::atomic<std::uint64_t> d_sent{0};
    std::atomic<std::uint64_t> d_dropped{0};
    std::atomic<std::uint64_t> d_refused{0};
};

} // namespace cfisac::fronthaul

#endif
