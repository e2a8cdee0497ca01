/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "packet_deadline.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

namespace {

//! Between two chances of a stream whose packets come late.
constexpr std::chrono::seconds pause(1);

constexpr double longest_deadline_s = 3600.0;

frame_clock::duration checked(double deadline_s)
{
    if (!(deadline_s >= 0.0 && deadline_s <= longest_deadline_s)) {
        throw std::invalid_argument("deadline: " + std::to_string(deadline_s) +
                                    " s is not between 0 and " +
                                    std::to_string(longest_deadline_s) + " s");
    }
    return std::chrono::duration_cast<frame_clock::duration>(
        std::chrono::duration<double>(deadline_s));
}

} // namespace

packet_deadline::packet_deadline(double deadline_s, std::size_t streams)
    : d_deadline(checked(deadline_s)), d_streams(streams)
{
}

void packet_deadline::start()
{
    d_next.reset();
    d_waiting.reset();
    d_streams.assign(d_streams.size(), {});
}

void packet_deadline::note_heard(std::size_t stream, frame_clock::time_point now)
{
    auto& heard = d_streams[stream];
    heard.silent = heard.silent && now < heard.again;
}

void packet_deadline::note_missed(Stream& stream, frame_clock::time_point now) const
{
    const bool lately = stream.missed && now - *stream.missed < d_deadline + 2 * pause;
    stream.silent = true;
    stream.missed = now;
    stream.again = lately ? now + pause : now;
}

std::optional<packet_deadline::turn> packet_deadline::due(
    const std::vector<std::optional<std::uint64_t>>& heads,
    const std::vector<bool>& ended,
    frame_clock::time_point now)
{
    std::optional<std::uint64_t> first;
    bool all_in = true;
    for (std::size_t i = 0; i < d_streams.size(); i++) {
        if (heads[i]) {
            first = first && frames_between(*first, *heads[i]) > 0 ? first : heads[i];
            d_streams[i].silent = false;
        } else if (!ended[i] && !d_streams[i].silent) {
            all_in = false;
        }
    }
    if (!first) {
        return std::nullopt;
    }
    if (d_waiting != first) {
        d_waiting = first;
        d_since = now;
    }
    // A stream whose next packet is of a later frame has none of this one.
    if (!all_in && now - d_since < d_deadline) {
        return std::nullopt;
    }
    turn next{*first, std::vector<bool>(d_streams.size())};
    for (std::size_t i = 0; i < d_streams.size(); i++) {
        next.present[i] = heads[i] == first;
        if (!heads[i] && !ended[i] && !d_streams[i].silent) {
            note_missed(d_streams[i], now);
        }
    }
    return next;
}

void packet_deadline::note_used(std::uint64_t frame)
{
    d_next = frame + 1;
    d_waiting.reset();
}

} // namespace isac
} // namespace gr
