/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "packet_alignment.h"

#include <algorithm>
#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <chrono>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <utility>

namespace gr {
namespace isac {

namespace {

//! As long as this at least, others are waited for before the frames are numbered by
//! access points that count anew alone, or go on far ahead.
constexpr std::chrono::seconds patience(1);

} // namespace

packet_alignment::packet_alignment(gr::block& block,
                                   const cfisac::fronthaul::PacketFormat& format,
                                   const std::vector<std::size_t>& receivers,
                                   packet_streams::index_check accepts,
                                   bool real_time,
                                   double deadline_s)
    : d_block(block),
      d_packets(format, receivers, std::move(accepts)),
      d_deadline(deadline_s, receivers.size()),
      d_real_time(real_time)
{
}

void packet_alignment::start()
{
    d_packets.start();
    d_deadline.start();
    d_present.assign(count(), true);
    d_unplaced_since.reset();
    d_far_since.reset();
    d_ahead_since.assign(count(), std::nullopt);
}

void packet_alignment::begin(const gr_vector_int& ninput_items,
                             const gr_vector_const_void_star& input_items,
                             const gr::logger_ptr& logger)
{
    d_logger = logger;
    d_available.assign(ninput_items.begin(),
                       ninput_items.begin() + static_cast<std::ptrdiff_t>(count()));
    d_taken.assign(count(), 0);
    d_ended.assign(count(), false);
    d_items.resize(count());
    int waiting = *std::max_element(d_available.begin(), d_available.end());
    for (std::size_t i = 0; i < count(); i++) {
        d_items[i] = static_cast<const std::uint8_t*>(input_items[i]);
        const auto reader = d_block.detail()->input(static_cast<unsigned>(i));
        d_ended[i] = reader->done() && reader->items_available() == d_available[i];
        if (d_available[i] > 0 || !d_deadline.limited()) {
            waiting = std::min(waiting, d_available[i]);
        }
    }
    d_skip = d_real_time ? std::max(waiting - frames_in_flight, 0) : 0;
    d_skipped.add(d_skip, d_logger);
}

std::optional<std::uint64_t> packet_alignment::read_head(std::size_t stream)
{
    for (int& item = d_taken[stream]; item < d_available[stream]; item++) {
        const auto read = d_block.nitems_read(static_cast<unsigned>(stream));
        if (item >= d_skip && d_packets.read(stream,
                                             read + item,
                                             d_items[stream] + item * format().size(),
                                             d_logger)) {
            return d_packets.frame(stream);
        }
    }
    return std::nullopt;
}

bool packet_alignment::drop_late(const numbers& heads)
{
    bool any = false;
    for (std::size_t i = 0; i < count(); i++) {
        if (heads[i] && !d_packets.is_unplaced(i) && d_deadline.late(*heads[i])) {
            d_packets.note_late();
            d_taken[i]++;
            any = true;
        }
    }
    return any;
}

void packet_alignment::adopt_counts()
{
    d_packets.adopt_counts(d_logger);
    d_deadline.start();
    d_unplaced_since.reset();
    d_ahead_since.assign(count(), std::nullopt);
}

bool packet_alignment::settle_unplaced(numbers& heads, frame_clock::time_point now)
{
    bool unplaced = false;
    bool others = false;
    for (std::size_t i = 0; i < count(); i++) {
        unplaced = unplaced || (heads[i] && d_packets.is_unplaced(i));
        others = others || (heads[i] && !d_packets.is_unplaced(i));
    }
    if (!unplaced) {
        d_unplaced_since.reset();
        return false;
    }
    if (!others) {
        if (!d_unplaced_since) {
            d_unplaced_since = now;
        }
        if (d_deadline.limited() && now - *d_unplaced_since >= longest_wait()) {
            adopt_counts();
            return true;
        }
        heads.assign(count(), std::nullopt);
        return false;
    }
    // With a deadline the others go on. Without, no frame is complete before they count
    // anew, too.
    d_unplaced_since.reset();
    for (std::size_t i = 0; i < count(); i++) {
        if (heads[i] && d_packets.is_unplaced(i) == d_deadline.limited()) {
            d_taken[i]++;
            if (d_deadline.limited()) {
                d_packets.note_late();
            } else {
                d_unmatched++;
            }
        }
    }
    return true;
}

frame_clock::duration packet_alignment::longest_wait() const
{
    return std::max<frame_clock::duration>(d_deadline.time(), patience);
}

bool packet_alignment::settle_far_ahead(numbers& heads, frame_clock::time_point now)
{
    const auto due = d_deadline.next();
    if (!d_deadline.limited() || !due) {
        return false;
    }
    bool far = false;
    bool near = false;
    bool silent = false;
    for (std::size_t i = 0; i < count(); i++) {
        if (!heads[i]) {
            silent = silent || !d_ended[i];
        } else if (frames_between(*due, *heads[i]) <= near_enough) {
            near = true;
            d_ahead_since[i].reset();
        } else {
            far = true;
            d_ahead_since[i] = d_ahead_since[i].value_or(now);
        }
    }
    if (far && !near && silent) { // with frames in between, perhaps
        d_far_since = d_far_since.value_or(now);
        if (now - *d_far_since < longest_wait()) {
            heads.assign(count(), std::nullopt);
        }
        return false;
    }
    d_far_since.reset();
    // The others go on. Who is ahead of them for so long is wrong, and what comes behind
    // its packet may be right.
    bool dropped = false;
    for (std::size_t i = 0; near && i < count(); i++) {
        if (heads[i] && d_ahead_since[i] && now - *d_ahead_since[i] >= longest_wait()) {
            d_taken[i]++;
            d_unmatched++;
            dropped = true;
        }
    }
    return dropped;
}

packet_alignment::numbers packet_alignment::read_heads(frame_clock::time_point now)
{
    numbers heads(count());
    std::vector<bool> gone(count());
    for (;;) {
        for (std::size_t i = 0; i < count(); i++) {
            heads[i] = read_head(i);
            if (heads[i]) {
                d_deadline.note_heard(i, now);
            }
            gone[i] = d_ended[i] && !heads[i];
        }
        if (d_packets.all_count_anew(gone)) {
            adopt_counts();
        } else if (!drop_late(heads) && !settle_unplaced(heads, now) &&
                   !settle_far_ahead(heads, now)) {
            return heads;
        }
    }
}

std::optional<packet_alignment::turn> packet_alignment::complete(const numbers& heads,
                                                                 bool& dropped)
{
    std::uint64_t latest = heads[0].value_or(0);
    for (const auto& head : heads) {
        if (!head) {
            return std::nullopt;
        }
        latest = frames_between(latest, *head) > 0 ? *head : latest;
    }
    for (std::size_t i = 0; i < count(); i++) {
        if (heads[i] != latest) {
            d_taken[i]++;
            d_unmatched++;
            dropped = true;
        }
    }
    if (dropped) {
        return std::nullopt;
    }
    return turn{latest, std::vector<bool>(count(), true)};
}

std::optional<packet_alignment::turn> packet_alignment::next()
{
    for (bool again = true; again;) {
        again = false;
        const auto now = frame_clock::now();
        const numbers heads = read_heads(now);
        const auto found = d_deadline.limited() ? d_deadline.due(heads, d_ended, now)
                                                : complete(heads, again);
        if (found) {
            return found;
        }
    }
    return std::nullopt;
}

std::int64_t packet_alignment::capture_time_ns(const turn& next) const
{
    const auto first = std::find(next.present.begin(), next.present.end(), true);
    return packet(static_cast<std::size_t>(first - next.present.begin())).capture_time_ns;
}

std::vector<std::int32_t> packet_alignment::access_points(const turn& next) const
{
    std::vector<std::int32_t> numbers;
    for (std::size_t i = 0; i < count(); i++) {
        if (next.present[i]) {
            numbers.push_back(static_cast<std::int32_t>(receiver(i)));
        }
    }
    return numbers;
}

void packet_alignment::take(const turn& next)
{
    note_present(next);
    d_deadline.note_used(next.frame);
    for (std::size_t i = 0; i < count(); i++) {
        d_taken[i] += next.present[i] ? 1 : 0;
    }
}

void packet_alignment::drop(const turn& next)
{
    d_deadline.note_used(next.frame);
    for (std::size_t i = 0; i < count(); i++) {
        d_taken[i] += next.present[i] ? 1 : 0;
        d_unmatched += next.present[i] ? 1 : 0;
    }
}

void packet_alignment::note_present(const turn& next)
{
    bool complete = true;
    for (std::size_t i = 0; i < count(); i++) {
        complete = complete && next.present[i];
        if (next.present[i] == d_present[i]) {
            continue;
        }
        if (next.present[i]) {
            d_logger->info("receive access point {:d} is back at frame {:d}",
                           receiver(i),
                           next.frame);
        } else {
            d_logger->warn("receive access point {:d} is missing from frame {:d} on: "
                           "the estimates are made without it",
                           receiver(i),
                           next.frame);
        }
    }
    d_present = next.present;
    d_incomplete += complete ? 0 : 1;
}

int packet_alignment::finish(int produced, bool busy)
{
    bool over = true;
    bool idle = produced == 0 && !busy;
    for (std::size_t i = 0; i < count(); i++) {
        d_block.consume(static_cast<int>(i), d_taken[i]);
        over = over && d_ended[i] && d_taken[i] == d_available[i];
        idle = idle && d_taken[i] == 0;
    }
    if (!d_deadline.limited()) {
        return produced;
    }
    if (over && produced == 0) {
        return gr::block::WORK_DONE;
    }
    if (idle) {
        wait_for_input();
    }
    return produced;
}

void packet_alignment::wait_for_input()
{
    // Nobody wakes a block for the passing of time.
    auto& thread = d_block.detail()->d_tpb;
    gr::thread::scoped_lock guard(thread.mutex);
    if (!thread.input_changed) {
        thread.input_cond.timed_wait(guard, boost::posix_time::milliseconds(1));
    }
}

} // namespace isac
} // namespace gr
