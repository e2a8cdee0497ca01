// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/frame_order.h>

namespace cfisac::fronthaul {

Arrival FrameOrder::begin(std::uint64_t frame)
{
    d_newest = frame;
    d_seen.reset();
    d_seen.set(frame % window);
    d_old_count = 0;
    return Arrival::next;
}

Arrival FrameOrder::behind(std::uint64_t frame, std::uint64_t distance)
{
    if (distance < window) {
        if (d_seen.test(frame % window)) {
            d_old_count = 0;
            return Arrival::duplicate;
        }
        d_seen.set(frame % window);
    }
    const std::uint64_t step = frame - d_old;
    d_old_count = d_old_count > 0 && step > 0 && step <= stride ? d_old_count + 1 : 1;
    d_old = frame;
    const auto enough = distance < window ? overtaken : convincing;
    return d_old_count > enough ? begin(frame) : Arrival::late;
}

Arrival FrameOrder::note(std::uint64_t frame, bool anew)
{
    if (!d_newest) {
        return begin(frame);
    }
    const std::uint64_t ahead = frame - *d_newest;
    const std::uint64_t distance = *d_newest - frame;
    if (ahead == 0 || ahead > distance) {
        return anew ? begin(frame) : behind(frame, distance);
    }
    if (ahead > farthest) {
        return begin(frame);
    }
    d_old_count = 0;
    d_lost += ahead - 1;
    if (ahead >= window) {
        d_seen.reset();
    } else {
        for (std::uint64_t i = 1; i < ahead; ++i) {
            d_seen.reset((*d_newest + i) % window);
        }
    }
    d_seen.set(frame % window);
    d_newest = frame;
    return Arrival::next;
}

} // namespace cfisac::fronthaul
