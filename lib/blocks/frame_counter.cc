/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frame_counter.h"

#include <cmath>

namespace gr {
namespace isac {

namespace {

//! Packets in a row that make a new count, where their capture times fit the old one and
//! where they do not.
constexpr int long_run = 8;
constexpr int short_run = 4;
//! A number that is further ahead has to be confirmed as one that is behind.
constexpr std::int64_t far_ahead = std::int64_t{1} << 32;
//! Of an interval, by which the distance of two capture times may be off.
constexpr double tolerance = 0.25;

} // namespace

double frame_counter::elapsed_ns(const stamp& from, const stamp& to)
{
    return static_cast<double>(to.time_ns) - static_cast<double>(from.time_ns);
}

double frame_counter::interval_ns() const
{
    const auto frames = frames_between(d_first->number, d_last->number);
    return frames > 0 ? elapsed_ns(*d_first, *d_last) / static_cast<double>(frames)
                      : d_interval_ns;
}

bool frame_counter::fits(const line& count, const stamp& now)
{
    const double counted =
        count.interval_ns *
        static_cast<double>(frames_between(count.at.number, now.number));
    return count.interval_ns > 0.0 &&
           std::abs(elapsed_ns(count.at, now) - counted) <= tolerance * count.interval_ns;
}

bool frame_counter::continues(const line& count,
                              const stamp& now,
                              std::optional<std::uint64_t> due)
{
    const auto ahead = due ? frames_between(*due, now.number + count.shift) : -1;
    return ahead >= 0 && ahead <= near_enough && fits(count, now);
}

bool frame_counter::is_new_count(const stamp& now)
{
    const auto step = frames_between(d_run_last.number, now.number);
    if (d_run == 0 || step < 0 || step > far_ahead) {
        d_run = 0;
        d_run_first = now;
    }
    d_run++;
    d_run_last = now;
    return d_run >= (fits(present(), now) ? long_run : short_run);
}

std::optional<std::uint64_t> frame_counter::place(const stamp& now,
                                                  std::optional<std::uint64_t> due) const
{
    const double interval = interval_ns();
    if (!(interval > 0.0)) {
        return std::nullopt;
    }
    const auto run = frames_between(d_run_first.number, now.number);
    if (continues(present(), now, due)) {
        return frame(now.number);
    }
    const double run_frames = elapsed_ns(d_run_first, now) / interval;
    const double frames = std::round(elapsed_ns(*d_last, now) / interval);
    if (!(std::abs(run_frames - static_cast<double>(run)) <= tolerance) ||
        !(frames > static_cast<double>(run) &&
          frames <= static_cast<double>(far_ahead))) {
        return std::nullopt;
    }
    const std::uint64_t last = frame(d_last->number);
    const std::uint64_t here = last + static_cast<std::uint64_t>(frames);
    if (due && frames_between(last + 1, *due) > 0) {
        const auto off = frames_between(*due, here);
        if (off > near_enough || off < -near_enough) {
            return std::nullopt;
        }
    }
    return here;
}

frame_counter::order frame_counter::read(std::uint64_t number,
                                         std::int64_t capture_time_ns,
                                         std::optional<std::uint64_t> due)
{
    const stamp now{number, capture_time_ns};
    if (!d_last) {
        d_first = d_last = now;
        return order::next;
    }
    const auto ahead = frames_between(d_last->number, number);
    if (ahead > 0 && ahead <= far_ahead) {
        d_last = now;
        d_run = 0;
        if (d_state == state::unplaced && d_before && continues(*d_before, now, due)) {
            d_shift = d_before->shift;
            d_state = d_shift == 0 ? state::steady : state::placed;
            return order::placed;
        }
        return d_state == state::left_behind ? order::old : order::next;
    }
    if (number == (d_run > 0 ? d_run_last.number : d_last->number)) {
        return order::duplicate;
    }
    if (number == d_last->number) {
        return order::old;
    }
    if (!is_new_count(now)) {
        return order::old;
    }
    std::optional<std::uint64_t> here;
    if (d_state == state::steady || d_state == state::placed) {
        here = place(now, due);
        d_before = present();
        const bool same = here == number;
        d_state = !here ? state::unplaced : same ? state::steady : state::placed;
    } else if (d_state == state::left_behind) { // the others count so already
        here = number;
        d_state = state::steady;
    }
    d_shift = here ? *here - number : 0;
    d_interval_ns = interval_ns();
    d_first = d_run_first;
    d_last = now;
    d_run = 0;
    return here ? order::placed : order::unplaced;
}

void frame_counter::adopt()
{
    d_state = d_state == state::steady && d_last ? state::left_behind : state::steady;
    d_shift = 0;
    d_before.reset();
}

} // namespace isac
} // namespace gr
