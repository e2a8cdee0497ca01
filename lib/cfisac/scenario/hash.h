// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SCENARIO_HASH_H
#define CFISAC_SCENARIO_HASH_H

#include <cstdint>
#include <string>

namespace cfisac::detail {

//! FNV-1a (64 bits) of a text, the same on every machine.
inline std::uint64_t fnv1a(const std::string& text)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const unsigned char byte : text) {
        hash = (hash ^ byte) * 0x100000001b3ULL;
    }
    return hash;
}

} // namespace cfisac::detail

#endif
