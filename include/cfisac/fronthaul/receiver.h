// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_RECEIVER_H
#define INCLUDED_CFISAC_FRONTHAUL_RECEIVER_H

#include <atomic>
#include <cfisac/fronthaul/frame_order.h>
#include <cfisac/fronthaul/keys.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::fronthaul {

class Admission;

//! Where a central unit hears an access point, and what it takes from it.
struct ReceiverOptions {
    //! to be bound, as ZeroMQ writes it, e.g. "tcp://*:5550"; the port `*` is any free one
    std::string address;
    std::uint16_t access_point = 0;         //!< receive access point m, counted from 0
    std::size_t packet_size = 0;            //!< bytes
    std::uint64_t scenario_fingerprint = 0; //!< that packets must have
    std::uint64_t model_fingerprint = 0;    //!< that packets must have
    std::optional<KeyPair> keys; //!< of the central unit; none: anybody is let in
    std::vector<AuthorisedKey>
        authorised;         //!< with `keys` only; those of others are allowed
    std::size_t queue = 64; //!< most packets that wait to be read, 1 … 65536
};

//! What became of all that has come since the receiver was made.
struct ReceiverCounts {
    std::uint64_t received = 0;  //!< packets passed on
    std::uint64_t lost = 0;      //!< frame numbers passed over, late packets among them
    std::uint64_t late = 0;      //!< packets dropped: a later one had been passed on
    std::uint64_t duplicate = 0; //!< packets dropped: had come before
    std::uint64_t corrupt = 0;   //!< messages that are no packets, or damaged ones
    std::uint64_t foreign = 0;   //!< packets of another scenario or model
    //! packets with the number of another access point, or from a machine whose place
    //! another one with the same key has taken
    std::uint64_t refused = 0;
    std::uint64_t connections_refused = 0; //!< attempts without the authorised key
};

/*! The central unit's end of the fronthaul of one access point. What it passes on are
 * packets of the right size, intact, of the right scenario, model and access point, whose
 * frame numbers rise (see FrameOrder). Everything else is counted and dropped.
 *
 * With keys, only the machine whose key is authorised for this access point is let in. The
 * newest connection counts: a machine that comes back takes its own place again, and of two
 * with the same key the second is heard, until nothing has come from it for two seconds.
 *
 * What arrives is bounded in size: a message that is more than a kilobyte longer than a
 * packet ends its connection, unread. When nobody reads, `queue` packets wait here and the
 * sender waits.
 *
 * One thread reads; counts and last_refusal() may be asked for from any.
 */
class Receiver
{
public:
    /*! Begins to listen.
     * \throws std::invalid_argument naming a wrong packet size or queue, or an access point
     * that no key is authorised for
     * \throws std::runtime_error naming an address that cannot be bound
     */
    explicit Receiver(ReceiverOptions options);
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    //! Listen again after close(), at the same address; nothing if that was not called.
    void open();
    //! Stop to listen; what has not been read is gone.
    void close();

    //! The address that was bound, with its port.
    std::string address() const { return d_address; }

    /*! Read packets; opens it where it is closed.
     * \param out [most, packet_size]
     * \param most packets to be read, at least 1
     * \param wait for the first one
     * \return how many were read
     */
    std::size_t receive(std::uint8_t* out,
                        std::size_t most,
                        std::chrono::milliseconds wait);

    //! What became of all that has come so far.
    ReceiverCounts counts() const;
    //! What was refused last, packet or connection; empty when nothing was.
    std::string last_refusal() const;

private:
    struct Link;

    bool accept(const std::uint8_t* data, std::size_t size, std::uint64_t connection);

    const ReceiverOptions d_options;
    std::string d_address;
    std::unique_ptr<Admission> d_admission;
    std::unique_ptr<Link> d_link; //!< null while closed
    FrameOrder d_order;
    std::uint64_t d_connection = 0;                //!< that is heard
    std::chrono::steady_clock::time_point d_heard; //!< when it was last
    std::atomic<std::uint64_t> d_received{0};
    std::atomic<std::uint64_t> d_lost{0};
    std::atomic<std::uint64_t> d_late{0};
    std::atomic<std::uint64_t> d_duplicate{0};
    std::atomic<std::uint64_t> d_corrupt{0};
    std::atomic<std::uint64_t> d_foreign{0};
    std::atomic<std::uint64_t> d_refused{0};
};

} // namespace cfisac::fronthaul

#endif
