// SPDX-License-Identifier: GPL-3.0-or-later
#include "link.h"

#include <cfisac/fronthaul/sender.h>
#include <cstring>
#include <utility>

namespace cfisac::fronthaul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int reconnect_ms = 100;
constexpr int slowest_reconnect_ms = 1000;
//! An attempt that nobody answers is made anew. The operating system would repeat it ever
//! more rarely, and a network that is back after a while would find it waiting.
constexpr int unanswered_ms = 1000;
constexpr auto retry_after = std::chrono::seconds(1);
constexpr const char* events_address = "inproc://events";

SenderOptions checked(SenderOptions options)
{
    check_sizes(options.packet_size, options.queue);
    return options;
}

} // namespace

//! A socket and the events of its connections.
struct Sender::Link {
    explicit Link(const SenderOptions& options)
        : socket(context, zmq::socket_type::push), events(context, zmq::socket_type::pair)
    {
        socket.set(zmq::sockopt::immediate, true);
        socket.set(zmq::sockopt::sndhwm, static_cast<int>(options.queue));
        socket.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
        socket.set(zmq::sockopt::reconnect_ivl_max, slowest_reconnect_ms);
        socket.set(zmq::sockopt::connect_timeout, unanswered_ms);
        socket.set(zmq::sockopt::linger, 0);
        set_heartbeat(socket);
        if (options.keys) {
            socket.set(zmq::sockopt::curve_serverkey, options.server_key);
            socket.set(zmq::sockopt::curve_publickey, options.keys->public_key);
            socket.set(zmq::sockopt::curve_secretkey, options.keys->secret_key);
        }
        events.set(zmq::sockopt::linger, 0);
        events.set(zmq::sockopt::rcvhwm, 0); // or events would hold up the connections
        if (zmq_socket_monitor(socket.handle(),
                               events_address,
                               ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                                   ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0) {
            throw zmq::error_t();
        }
        events.connect(events_address);
        socket.connect(options.address);
    }

    zmq::context_t context;
    zmq::socket_t socket;
    zmq::socket_t events;
};

Sender::Sender(SenderOptions options) : d_options(checked(std::move(options))) { open(); }

Sender::~Sender()
{
    try {
        close();
    } catch (const zmq::error_t&) { // what waited is lost
    }
}

void Sender::connect()
{
    d_link.reset();
    try {
        d_link = std::make_unique<Link>(d_options);
    } catch (const zmq::error_t& error) {
        throw std::invalid_argument("address " + d_options.address +
                                    ": no connection can be made: " + error.what());
    }
}

void Sender::open()
{
    if (!d_link) {
        d_retry.reset();
        connect();
    }
}

void Sender::close()
{
    if (!d_link) {
        return;
    }
    const auto end = Clock::now() + d_options.linger;
    while (!flush() && Clock::now() < end) {
        zmq::pollitem_t item{d_link->socket.handle(), 0, ZMQ_POLLOUT, 0};
        zmq_poll(&item, 1, 10);
    }
    d_dropped += d_queue.size();
    d_queue.clear();
    d_link->socket.set(zmq::sockopt::linger, static_cast<int>(d_options.linger.count()));
    d_link.reset();
    d_connected = false;
}

bool Sender::flush()
{
    try {
        while (!d_queue.empty()) {
            const auto packet = zmq::buffer(d_queue.front());
            if (!d_link->socket.send(packet, zmq::send_flags::dontwait)) {
                return false;
            }
            d_queue.pop_front();
            ++d_sent;
        }
        return true;
    } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) {
            throw;
        }
        return false;
    }
}

void Sender::read_events()
{
    zmq::message_t message;
    while (d_link->events.recv(message, zmq::recv_flags::dontwait)) {
        std::uint16_t event = 0;
        if (message.size() >= sizeof(event)) {
            std::memcpy(&event, message.data(), sizeof(event));
        }
        while (message.more()) {
            static_cast<void>(d_link->events.recv(message));
        }
        d_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
            ++d_refused;
            d_retry = Clock::now() + retry_after;
        }
    }
    if (d_retry && Clock::now() >= *d_retry) {
        d_retry.reset();
        connect();
    }
}

void Sender::send(const std::uint8_t* packet)
{
    open();
    read_events();
    flush();
    if (d_queue.size() == d_options.queue) {
        d_queue.pop_front();
        ++d_dropped;
    }
    d_queue.emplace_back(packet, packet + d_options.packet_size);
    flush();
}

SenderCounts Sender::counts() const { return {d_sent, d_dropped, d_refused}; }

} // namespace cfisac::fronthaul
