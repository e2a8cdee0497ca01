// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_PUBLISHER_H
#define INCLUDED_CFISAC_FRONTHAUL_PUBLISHER_H

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cfisac::fronthaul {

//! Most bytes of a UDP datagram over IPv4.
constexpr std::size_t largest_datagram = 65507;

//! Where texts for whoever wants to read them go.
struct PublisherOptions {
    //! to be bound, as ZeroMQ writes it, e.g. "tcp://*:5600"; empty for none
    std::string zmq_address;
    //! "HOST:PORT", "[IPV6]:PORT" in brackets, where datagrams go; empty for none
    std::string udp_address;
    std::size_t largest = 0; //!< bytes of the longest text that will come
    std::size_t queue = 64;  //!< most texts that wait for one reader, 1 … 65536
    //! how long what ZeroMQ has taken may go out when it is destroyed
    std::chrono::milliseconds linger{1000};
};

//! What a publisher has done since it was made.
struct PublisherCounts {
    std::uint64_t published = 0;         //!< texts
    std::uint64_t datagrams_dropped = 0; //!< that the operating system did not take
};

/*! Gives texts to any number of readers and waits for none: over ZeroMQ (PUB, a message of
 * one part without a topic) and as UDP datagrams. A reader that is slow, or that is not there,
 * loses texts; nobody is told.
 *
 * One thread publishes; the counts may be asked for from any.
 */
class Publisher
{
public:
    /*!
     * \throws std::invalid_argument naming what is wrong: no address, a queue that cannot be,
     * an address for datagrams that is not HOST:PORT, or texts that no datagram holds
     * \throws std::runtime_error naming an address that cannot be bound, or a host that is
     * not known
     */
    explicit Publisher(const PublisherOptions& options);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    //! The address that ZeroMQ has bound, with its port; empty without.
    std::string zmq_address() const;

    /*! Never waits.
     * \throws std::invalid_argument for a text longer than `largest`
     */
    void publish(const std::string& text);

    //! What was done so far.
    PublisherCounts counts() const { return {d_published, d_datagrams_dropped}; }

private:
    struct Readers;
    class Datagrams;

    const std::size_t d_largest;
    std::unique_ptr<Readers> d_readers;     //!< null without ZeroMQ
    std::unique_ptr<Datagrams> d_datagrams; //!< null without UDP
    std::atomic<std::uint64_t> d_published{0};
    std::atomic<std::uint64_t> d_datagrams_dropped{0};
};

} // namespace cfisac::fronthaul

#endif
