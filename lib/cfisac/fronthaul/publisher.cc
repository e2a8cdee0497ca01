// SPDX-License-Identifier: GPL-3.0-or-later
#include "link.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cfisac/fronthaul/publisher.h>
#include <cstring>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cfisac::fronthaul {
namespace {

constexpr int largest_port = 65535;
//! What a reader may send: what it subscribes to, and the commands that begin a connection.
constexpr std::int64_t longest_subscription = 1024;

//! HOST and PORT of an address; \throws std::invalid_argument naming what is neither
std::pair<std::string, std::string> host_and_port(const std::string& address)
{
    const auto colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 &&
                        std::all_of(port.begin(), port.end(), [](unsigned char c) {
                            return std::isdigit(c);
                        });
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        host.clear();
    }
    if (host.empty() || !digits || std::stoi(port) < 1 ||
        std::stoi(port) > largest_port) {
        throw std::invalid_argument("address for datagrams: '" + address +
                                    "' is not HOST:PORT with a port from 1 to 65535");
    }
    return {host, port};
}

} // namespace

struct Publisher::Readers {
    explicit Readers(const PublisherOptions& options)
        : socket(context, zmq::socket_type::pub)
    {
        socket.set(zmq::sockopt::sndhwm, static_cast<int>(options.queue));
        socket.set(zmq::sockopt::linger, static_cast<int>(options.linger.count()));
        socket.set(zmq::sockopt::maxmsgsize, longest_subscription);
        set_heartbeat(socket);
        try {
            socket.bind(options.zmq_address);
        } catch (const zmq::error_t& error) {
            throw std::runtime_error("address " + options.zmq_address +
                                     ": cannot be listened at: " + error.what());
        }
        address = socket.get(zmq::sockopt::last_endpoint);
    }

    zmq::context_t context;
    zmq::socket_t socket;
    std::string address;
};

class Publisher::Datagrams
{
public:
    explicit Datagrams(const std::string& address)
    {
        const auto [host, port] = host_and_port(address);
        addrinfo hints{};
        hints.ai_socktype = SOCK_DGRAM;
        addrinfo* found = nullptr;
        const int status = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
        if (status != 0) {
            throw std::runtime_error("address for datagrams " + address + ": " +
                                     ::gai_strerror(status));
        }
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
        d_socket = ::socket(found->ai_family,
                            SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            found->ai_protocol);
        if (d_socket < 0) {
            throw std::runtime_error("address for datagrams " + address + ": " +
                                     std::strerror(errno));
        }
        const int yes = 1;
        ::setsockopt(d_socket, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes));
        std::memcpy(&d_to, found->ai_addr, found->ai_addrlen);
        d_length = found->ai_addrlen;
    }
    ~Datagrams() { ::close(d_socket); }
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;

    //! \return whether the operating system has taken it
    bool send(const std::string& text) const
    {
        return ::sendto(d_socket,
                        text.data(),
                        text.size(),
                        MSG_DONTWAIT,
                        reinterpret_cast<const sockaddr*>(&d_to),
                        d_length) == static_cast<ssize_t>(text.size());
    }

private:
    int d_socket = -1;
    sockaddr_storage d_to{};
    socklen_t d_length = 0;
};

Publisher::Publisher(const PublisherOptions& options) : d_largest(options.largest)
{
    if (options.zmq_address.empty() && options.udp_address.empty()) {
        throw std::invalid_argument(
            "no address to publish at, neither for ZeroMQ nor for "
            "datagrams");
    }
    check_queue(options.queue);
    if (!options.udp_address.empty()) {
        if (d_largest > largest_datagram) {
            throw std::invalid_argument("address for datagrams " + options.udp_address +
                                        ": texts of up to " + std::to_string(d_largest) +
                                        " bytes are to be sent, and a datagram holds " +
                                        std::to_string(largest_datagram));
        }
        d_datagrams = std::make_unique<Datagrams>(options.udp_address);
    }
    if (!options.zmq_address.empty()) {
        d_readers = std::make_unique<Readers>(options);
    }
}

Publisher::~Publisher() = default;

std::string Publisher::zmq_address() const { return d_readers ? d_readers->address : ""; }

void Publisher::publish(const std::string& text)
{
    if (text.size() > d_largest) {
        throw std::invalid_argument("a text of " + std::to_string(text.size()) +
                                    " bytes is longer than " + std::to_string(d_largest));
    }
    if (d_readers) {
        // PUB drops for a reader whose queue is full, and never waits.
        static_cast<void>(
            d_readers->socket.send(zmq::buffer(text), zmq::send_flags::dontwait));
    }
    if (d_datagrams && !d_datagrams->send(text)) {
        ++d_datagrams_dropped;
    }
    ++d_published;
}

} // namespace cfisac::fronthaul
