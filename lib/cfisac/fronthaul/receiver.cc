// SPDX-License-Identifier: GPL-3.0-or-later
#include "admission.h"
#include "link.h"

#include <algorithm>
#include <cfisac/fronthaul/receiver.h>
#include <cstdlib>
#include <utility>

namespace cfisac::fronthaul {
namespace {

using Clock = std::chrono::steady_clock;

//! What a message may have beyond a packet: the commands that begin a connection, of some
//! 300 bytes, and what the encryption adds.
constexpr std::size_t message_slack = 1024;

ReceiverOptions checked(ReceiverOptions options)
{
    check_sizes(options.packet_size, options.queue);
    return options;
}

//! Key of the machine that is let in; empty where everybody is.
std::string admitted_key(const ReceiverOptions& options)
{
    if (!options.keys) {
        return "";
    }
    const auto found = std::find_if(
        options.authorised.begin(), options.authorised.end(), [&](const auto& key) {
            return key.access_point == options.access_point;
        });
    if (found == options.authorised.end()) {
        throw std::invalid_argument("no key is authorised for access point " +
                                    std::to_string(options.access_point));
    }
    return found->public_key;
}

//! Number that the authenticator gave to the connection of a message; 0 for none.
std::uint64_t connection_of(zmq::message_t& message)
{
    const char* id = zmq_msg_gets(message.handle(), "User-Id");
    return id ? std::strtoull(id, nullptr, 10) : 0;
}

} // namespace

//! Everything that is there while the receiver listens.
struct Receiver::Link {
    Link(const ReceiverOptions& options, const std::string& address, Admission& admission)
        : authenticator(context, admission), socket(context, zmq::socket_type::pull)
    {
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvhwm, static_cast<int>(options.queue));
        socket.set(zmq::sockopt::maxmsgsize,
                   static_cast<std::int64_t>(options.packet_size + message_slack));
        socket.set(zmq::sockopt::zap_domain, std::string("fronthaul"));
        set_heartbeat(socket);
        if (options.keys) {
            socket.set(zmq::sockopt::curve_server, true);
            socket.set(zmq::sockopt::curve_secretkey, options.keys->secret_key);
        }
        socket.bind(address);
    }

    zmq::context_t context;
    Authenticator authenticator; //!< ends after the socket and before the context
    zmq::socket_t socket;
    zmq::message_t message;
};

Receiver::Receiver(ReceiverOptions options)
    : d_options(checked(std::move(options))),
      d_address(d_options.address),
      d_admission(
          std::make_unique<Admission>(admitted_key(d_options), d_options.access_point))
{
    open();
}

Receiver::~Receiver() = default;

void Receiver::open()
{
    if (d_link) {
        return;
    }
    try {
        d_link = std::make_unique<Link>(d_options, d_address, *d_admission);
        d_address = d_link->socket.get(zmq::sockopt::last_endpoint);
    } catch (const zmq::error_t& error) {
        throw std::runtime_error("address " + d_address +
                                 ": cannot be listened at: " + error.what());
    }
}

void Receiver::close() { d_link.reset(); }

bool Receiver::accept(const std::uint8_t* data,
                      std::size_t size,
                      std::uint64_t connection)
{
    PacketHeader header;
    if (read_header(data, size, d_options.packet_size, header) != PacketStatus::ok) {
        ++d_corrupt;
        return false;
    }
    if (header.scenario_fingerprint != d_options.scenario_fingerprint ||
        header.model_fingerprint != d_options.model_fingerprint) {
        ++d_foreign;
        return false;
    }
    if (header.access_point != d_options.access_point) {
        ++d_refused;
        d_admission->note("packet of access point " +
                          std::to_string(header.access_point) + " instead of " +
                          std::to_string(d_options.access_point));
        return false;
    }
    const auto now = Clock::now();
    const bool alive = now - d_heard < std::chrono::milliseconds(silence_ms);
    if (connection == 0 || (connection < d_connection && alive)) {
        ++d_refused;
        d_admission->note("packet of a machine whose place as access point " +
                          std::to_string(d_options.access_point) +
                          " another one has taken");
        return false;
    }
    const bool anew = connection != d_connection;
    d_connection = connection;
    d_heard = now;
    switch (d_order.note(header.frame, anew)) {
    case Arrival::next:
        break;
    case Arrival::late:
        ++d_late;
        return false;
    case Arrival::duplicate:
        ++d_duplicate;
        return false;
    }
    d_lost = d_order.lost();
    ++d_received;
    return true;
}

std::size_t Receiver::receive(std::uint8_t* out,
                              std::size_t most,
                              std::chrono::milliseconds wait)
{
    open();
    const auto end = Clock::now() + wait;
    auto& socket = d_link->socket;
    auto& message = d_link->message;
    std::size_t count = 0;
    try {
        while (count < most) {
            if (!socket.recv(message, zmq::recv_flags::dontwait)) {
                const auto left =
                    std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
                if (count > 0 || left.count() <= 0) {
                    break;
                }
                zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
                zmq::poll(&item, 1, left);
                continue;
            }
            bool whole = true;
            while (message.more()) { // its parts have all come
                whole = false;
                static_cast<void>(socket.recv(message));
            }
            const auto* data = message.data<std::uint8_t>();
            if (!whole) {
                ++d_corrupt;
            } else if (accept(data, message.size(), connection_of(message))) {
                std::copy_n(
                    data, d_options.packet_size, out + count * d_options.packet_size);
                ++count;
                continue;
            }
            if (Clock::now() >= end) { // whatever comes, the caller gets on
                break;
            }
        }
    } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) {
            throw;
        }
    }
    return count;
}

ReceiverCounts Receiver::counts() const
{
    return {d_received,
            d_lost,
            d_late,
            d_duplicate,
            d_corrupt,
            d_foreign,
            d_refused,
            d_admission->refused()};
}

std::string Receiver::last_refusal() const { return d_admission->last_refusal(); }

} // namespace cfisac::fronthaul
