// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/c10d_sockets.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cfisac::training {

namespace {

using namespace std::chrono_literals;
constexpr auto call_again_after = 100ms;
constexpr int answer_within_ms = 2000;

class Socket
{
public:
    explicit Socket(int family) : d_handle(::socket(family, SOCK_STREAM, 0)) {}
    ~Socket()
    {
        if (d_handle >= 0) {
            ::close(d_handle);
        }
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int handle() const { return d_handle; }

private:
    int d_handle;
};

std::string numeric(const sockaddr* address, socklen_t size)
{
    char name[NI_MAXHOST] = "";
    ::getnameinfo(address, size, name, sizeof(name), nullptr, 0, NI_NUMERICHOST);
    return name;
}

// The ends of a connection; empty where there is none.
Ends connect_to(const addrinfo& place, int& error)
{
    const Socket socket(place.ai_family);
    ::fcntl(socket.handle(), F_SETFL, O_NONBLOCK);
    if (::connect(socket.handle(), place.ai_addr, place.ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            error = errno;
            return {};
        }
        pollfd ready{socket.handle(), POLLOUT, 0};
        error = ETIMEDOUT;
        if (::poll(&ready, 1, answer_within_ms) != 1) {
            return {};
        }
        socklen_t size = sizeof(error);
        ::getsockopt(socket.handle(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            return {};
        }
    }
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    auto* address = reinterpret_cast<sockaddr*>(&own);
    ::getsockname(socket.handle(), address, &size);
    return {numeric(address, size), numeric(place.ai_addr, place.ai_addrlen)};
}

} // namespace

bool is_loopback(const std::string& address)
{
    return address.rfind("127.", 0) == 0 || address == "::1";
}

void require_free_port(std::uint16_t port)
{
    const Socket socket(AF_INET);
    const int yes = 1;
    ::setsockopt(socket.handle(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    if (::bind(socket.handle(), reinterpret_cast<sockaddr*>(&place), sizeof(place)) !=
        0) {
        throw std::runtime_error(
            "rendezvous: port " + std::to_string(port) +
            " of this machine cannot be opened: " + std::strerror(errno));
    }
}

Ends call_until_answered(const std::string& host,
                         std::uint16_t port,
                         std::chrono::seconds timeout)
{
    const auto where = "rendezvous " + host + ":" + std::to_string(port);
    const auto until = std::chrono::steady_clock::now() + timeout;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    int error = 0;
    do {
        addrinfo* found = nullptr;
        const int status =
            ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        if (status != 0) {
            throw std::runtime_error(where + ": " + ::gai_strerror(status));
        }
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> places(found,
                                                                    ::freeaddrinfo);
        for (const auto* place = found; place != nullptr; place = place->ai_next) {
            auto ends = connect_to(*place, error);
            if (!ends.own.empty()) {
                return ends;
            }
        }
        std::this_thread::sleep_for(call_again_after);
    } while (std::chrono::steady_clock::now() < until);
    throw std::runtime_error(where + ": rank 0 has not answered within " +
                             std::to_string(timeout.count()) +
                             " s: " + std::strerror(error));
}

} // namespace cfisac::training
