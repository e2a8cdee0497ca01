// SPDX-License-Identifier: GPL-3.0-or-later
#include "notify.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace isac::apps {

void notify_systemd(const std::string& state)
{
    const char* const name = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = name ? name : "";
    if (path.empty() || path.size() >= sizeof(address.sun_path) ||
        (path[0] != '/' && path[0] != '@')) {
        return;
    }
    std::copy(path.begin(), path.end(), address.sun_path);
    if (path[0] == '@') { // a name of its own, without a file
        address.sun_path[0] = '\0';
    }
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) {
        return;
    }
    // Whether it arrives is systemd's business, not that of the service.
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    static_cast<void>(::sendto(socket,
                               state.data(),
                               state.size(),
                               MSG_NOSIGNAL | MSG_DONTWAIT,
                               reinterpret_cast<const sockaddr*>(&address),
                               length));
    ::close(socket);
}

} // namespace isac::apps
