// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_ADMISSION_H
#define INCLUDED_CFISAC_FRONTHAUL_ADMISSION_H

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <zmq.hpp>

namespace cfisac::fronthaul {

/*! Who is let in: what a receiver's authenticator decides by and notes, from one opening of
 * its socket to the next. For several threads.
 */
class Admission
{
public:
    /*!
     * \param public_key of the only machine that is let in, Z85; empty lets in everybody
     * \param access_point for the text of refusals
     */
    Admission(std::string public_key, std::uint16_t access_point);

    /*! Decide on a connection.
     * \param address of the peer, as ZeroMQ tells it
     * \param mechanism "NULL" or "CURVE"
     * \param credentials the peer's public key, 32 bytes, with CURVE
     * \return number of the connection, from 1 on and rising; 0 when it is refused
     */
    std::uint64_t decide(const std::string& address,
                         const std::string& mechanism,
                         const std::vector<std::uint8_t>& credentials);

    //! Keep what was refused.
    void note(const std::string& text);

    std::uint64_t refused() const { return d_refused; }
    std::string last_refusal() const;

private:
    const std::string d_public_key;
    const std::string d_access_point;
    std::atomic<std::uint64_t> d_admitted{0};
    std::atomic<std::uint64_t> d_refused{0};
    mutable std::mutex d_mutex;
    std::string d_last_refusal; //!< guarded by d_mutex
};

/*! Answers ZeroMQ's questions about new connections (ZAP, RFC 27) in a thread of its own. A
 * context has one; it must be there before a socket is bound. Packets of a connection that it
 * has let in bear its number as their User-Id.
 */
class Authenticator
{
public:
    Authenticator(zmq::context_t& context, Admission& admission);
    //! Shuts the context down; its sockets must be closed.
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

private:
    void run();
    void answer(const std::vector<zmq::message_t>& request);

    zmq::context_t& d_context;
    Admission& d_admission;
    zmq::socket_t d_socket; //!< of the thread
    std::thread d_thread;
};

} // namespace cfisac::fronthaul

#endif
