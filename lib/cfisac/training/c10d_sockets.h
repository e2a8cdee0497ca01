// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cfisac::training {

//! \throws std::runtime_error where the port cannot be opened on this machine
void require_free_port(std::uint16_t port);

//! Numeric addresses of the two ends of a connection.
struct Ends {
    std::string own;
    std::string host;
};

//! Whether an address is one that only its own machine reaches.
bool is_loopback(const std::string& address);

/*! Call host:port until someone answers.
 * \return the address of this machine towards the host, and that of the host
 * \throws std::runtime_error where nobody answers within the timeout, or the name is
 *         unknown
 */
Ends call_until_answered(const std::string& host,
                         std::uint16_t port,
                         std::chrono::seconds timeout);

} // namespace cfisac::training
