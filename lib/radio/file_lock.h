// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_FILE_LOCK_H
#define INCLUDED_RADIO_FILE_LOCK_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cfisac::radio {

/*! Locks on single bytes of an open file (fcntl, "open file description locks"): other
 * than those of Boost.Interprocess they also hold between several radios in one process,
 * and the kernel drops them when the last descriptor is closed or its process ends. */

constexpr std::int64_t door_byte = 0;
constexpr std::int64_t slot_byte(std::size_t slot)
{
    return 1 + static_cast<std::int64_t>(slot);
}

//! \param wait whether to wait for it
//! \return whether the lock is held
bool lock_byte(int file, std::int64_t byte, bool wait);
void unlock_byte(int file, std::int64_t byte);
//! Whether somebody else holds the lock.
bool is_byte_locked(int file, std::int64_t byte);

//! Make `value` at least `least`.
inline void raise_to(std::atomic<std::int64_t>& value, std::int64_t least)
{
    auto now = value.load();
    while (now < least && !value.compare_exchange_weak(now, least)) {
    }
}

} // namespace cfisac::radio

#endif
