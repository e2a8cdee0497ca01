/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATE_PUBLISHER_H
#define INCLUDED_ISAC_ESTIMATE_PUBLISHER_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief Publishes estimates as JSON over ZeroMQ and UDP.
 * \ingroup isac
 *
 * \details
 * One JSON object for each frame (docs/files.md): its number, capture time, the access points
 * that took part, and of each target position (m), velocity (m/s), confidence and, where it is
 * known, covariance. A number that is not finite is null. `sequence` counts the objects, so
 * that a reader sees what it has missed.
 *
 * Over ZeroMQ (PUB) each is a message of one part without a topic; over UDP a datagram. Readers
 * come and go, and none holds up the block or the others: each has a queue, and one that does
 * not keep up with it misses objects. Nothing is encrypted, and readers are not asked who they
 * are.
 *
 * Message port `estimates`: the PDUs of fusion_decoder, parameter_fusion and echo_estimator.
 * What is no such PDU is logged and counted.
 */
class ISAC_API estimate_publisher : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<estimate_publisher>;

    /*!
     * \param scenario of the estimates
     * \param zmq_address to listen at, e.g. "tcp://127.0.0.1:5600", the port "*" for any free
     * one; empty for none
     * \param udp_address "HOST:PORT" to send to; empty for none
     * \param queue most objects that wait for one reader
     * \throws std::invalid_argument without any address, on a wrong queue, on an address for
     * datagrams that is not HOST:PORT, and where the scenario has so many targets that an
     * object could be longer than a datagram
     * \throws std::runtime_error naming an address that cannot be listened at, or a host that
     * is not known
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& zmq_address = "",
                     const std::string& udp_address = "",
                     int queue = 64);

    //! The address that it listens at, with its port; empty without ZeroMQ.
    virtual std::string zmq_address() const = 0;
    //! Objects published.
    virtual std::uint64_t published() const = 0;
    //! Datagrams that the operating system did not take.
    virtual std::uint64_t datagrams_dropped() const = 0;
    //! Messages that were no estimates of the scenario.
    virtual std::uint64_t messages_refused() const = 0;
};

} // namespace isac
} // namespace gr

#endif
