// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_RING_PARTS_H
#define INCLUDED_CFISAC_SIGNAL_RING_PARTS_H

#include <algorithm>
#include <cstdint>

namespace cfisac::signal {

/*! Samples in a ring, where sample k lies at k modulo `capacity`: call use(place in the ring,
 * place among the samples, count) for each of the one or two parts without a break that
 * samples [start, start + count) have, 0 <= count <= capacity.
 */
template <typename Use>
void for_ring_parts(std::int64_t capacity,
                    std::int64_t start,
                    std::int64_t count,
                    const Use& use)
{
    if (count == 0) {
        return;
    }
    const auto at = (start % capacity + capacity) % capacity;
    const auto before_end = std::min(count, capacity - at);
    use(at, std::int64_t{0}, before_end);
    if (before_end < count) {
        use(std::int64_t{0}, before_end, count - before_end);
    }
}

} // namespace cfisac::signal

#endif
