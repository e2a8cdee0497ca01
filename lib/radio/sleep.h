// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_SLEEP_H
#define INCLUDED_RADIO_SLEEP_H

#include "environment.h"
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace cfisac::radio {

//! Longest sleep before a stream looks whether it is still wanted and who has died.
constexpr std::int64_t longest_sleep_ns = 20'000'000;

//! Sleep until a time of the steady clock, or for `longest_sleep_ns`.
inline void sleep_until(std::int64_t steady)
{
    const auto until = std::min(steady, steady_ns() + longest_sleep_ns);
    const timespec time{static_cast<time_t>(until / 1'000'000'000),
                        static_cast<long>(until % 1'000'000'000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
}

//! When a call that may take so long must return.
inline std::int64_t deadline_after(long timeout_us)
{
    return steady_ns() + std::max<std::int64_t>(timeout_us, 0) * 1000;
}

} // namespace cfisac::radio

#endif
