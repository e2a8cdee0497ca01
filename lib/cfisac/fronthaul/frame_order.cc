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
    const bool seen = distance < window && d_seen.test(frame % window);
    if (distance < window) {
        d_seen.set(frame % window);
    }
    if (seen || distance < overtaken) {
        d_old_count = 0;
        return seen ? Arrival::duplicate : Arrival::late;
    }
    d_old_count = d_old_count > 0 && frame == d_old + 1 ? d_old_count + 1 : 1;
    d_old = frame;
    return d_old_count > convincing ? begin(frame) : Arrival::late;
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
