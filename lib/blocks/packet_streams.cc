/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "packet_streams.h"

#include <stdexcept>
#include <utility>

namespace gr {
namespace isac {

namespace fronthaul = cfisac::fronthaul;

std::vector<std::size_t> present_access_points(const cfisac::Scenario& scenario,
                                               const std::vector<int>& absent)
{
    const auto count = scenario.receive.size();
    std::vector<bool> missing(count, false);
    for (const int m : absent) {
        if (m < 0 || static_cast<std::size_t>(m) >= count) {
            throw std::invalid_argument("absent: access point " + std::to_string(m) +
                                        " is not one of 0 … " +
                                        std::to_string(count - 1));
        }
        if (missing[m]) {
            throw std::invalid_argument("absent: access point " + std::to_string(m) +
                                        " is named twice");
        }
        missing[m] = true;
    }
    std::vector<std::size_t> present;
    for (std::size_t m = 0; m < count; m++) {
        if (!missing[m]) {
            present.push_back(m);
        }
    }
    if (present.empty()) {
        throw std::invalid_argument("absent: all " + std::to_string(count) +
                                    " access points are named, one must be left");
    }
    return present;
}

packet_streams::packet_streams(const fronthaul::PacketFormat& format,
                               const std::vector<std::size_t>& receivers,
                               index_check accepts)
    : d_format(format),
      d_receivers(receivers),
      d_accepts(std::move(accepts)),
      d_heads(receivers.size()),
      d_counters(receivers.size()),
      d_anew_limiters(receivers.size())
{
}

void packet_streams::start()
{
    for (head& each : d_heads) {
        each.item.reset();
    }
    d_counters.assign(d_counters.size(), {});
    d_first_frame = true;
    d_any_used = false;
}

std::map<std::string, std::uint64_t> packet_streams::refusals() const
{
    const std::lock_guard<std::mutex> lock(d_refusals_mutex);
    return d_refusals;
}

void packet_streams::refuse(std::size_t stream,
                            const char* reason,
                            const std::string& details,
                            const gr::logger_ptr& logger)
{
    d_refused++;
    {
        const std::lock_guard<std::mutex> lock(d_refusals_mutex);
        d_refusals[reason]++;
    }
    if (d_log_limiter.pass()) {
        logger->error(
            "packet at input {:d} refused: {:s}{:s} ({:d} packets refused so far)",
            stream,
            reason,
            details,
            d_refused.load());
    }
}

std::string packet_streams::wrong_access_point(std::size_t stream,
                                               std::size_t named) const
{
    std::string text = ", it is of receive access point " + std::to_string(named);
    for (std::size_t i = 0; i < d_receivers.size(); i++) {
        if (d_receivers[i] == named) {
            text += ", whose packets come at input " + std::to_string(i);
        }
    }
    return text + ", and not of " + std::to_string(d_receivers[stream]);
}

bool packet_streams::read(std::size_t stream,
                          std::uint64_t item,
                          const std::uint8_t* data,
                          const gr::logger_ptr& logger)
{
    head& mine = d_heads[stream];
    if (mine.item == item) {
        return true;
    }
    const auto status = fronthaul::decode(data, d_format.size(), d_format, mine.packet);
    if (status != fronthaul::PacketStatus::ok) {
        refuse(stream, fronthaul::to_string(status), "", logger);
        return false;
    }
    if (mine.packet.access_point != d_receivers[stream]) {
        refuse(stream,
               "wrong_access_point",
               wrong_access_point(stream, mine.packet.access_point),
               logger);
        return false;
    }
    if (!d_accepts(d_receivers[stream], mine.packet.indices)) {
        refuse(stream, "bad_indices", "", logger);
        return false;
    }
    if (!is_next(stream, logger)) {
        return false;
    }
    mine.item = item;
    return true;
}

bool packet_streams::is_next(std::size_t stream, const gr::logger_ptr& logger)
{
    const auto& packet = d_heads[stream].packet;
    auto& counter = d_counters[stream];
    const auto due = d_any_used ? std::optional<std::uint64_t>(d_next) : std::nullopt;
    const std::size_t m = d_receivers[stream];
    const auto order = counter.read(packet.frame, packet.capture_time_ns, due);
    if (order == frame_counter::order::duplicate) {
        d_duplicates++;
        return false;
    }
    if (order == frame_counter::order::old) {
        d_late++;
        return false;
    }
    if (order == frame_counter::order::placed && d_anew_limiters[stream].pass()) {
        logger->warn("receive access point {:d} counts anew, and takes part again: its "
                     "frame {:d} is frame {:d}",
                     m,
                     packet.frame,
                     counter.frame(packet.frame));
    }
    if (order == frame_counter::order::unplaced && d_anew_limiters[stream].pass()) {
        logger->warn(
            "receive access point {:d} counts anew, and its capture times do not "
            "tell which frame its frame {:d} is: it is left out until the others "
            "count anew",
            m,
            packet.frame);
    }
    if (!counter.is_unplaced()) {
        note_seen(counter.frame(packet.frame));
    }
    return true;
}

bool packet_streams::all_count_anew(const std::vector<bool>& gone) const
{
    const frame_counter* first = nullptr;
    for (std::size_t i = 0; i < d_counters.size(); i++) {
        const frame_counter& mine = d_counters[i];
        if (gone[i] || !mine.is_running()) {
            continue;
        }
        first = first ? first : &mine;
        if ((!mine.is_placed() && !mine.is_unplaced()) ||
            mine.is_placed() != first->is_placed() || mine.shift() != first->shift()) {
            return false;
        }
    }
    return first != nullptr;
}

void packet_streams::adopt_counts(const gr::logger_ptr& logger)
{
    logger->info("the frames are numbered by the new count of the access points");
    for (frame_counter& each : d_counters) {
        each.adopt();
    }
    d_first_frame = true;
    d_any_used = false;
}

void packet_streams::note_seen(std::uint64_t frame)
{
    if (d_first_frame || (!d_any_used && frames_between(d_next, frame) < 0)) {
        d_next = frame;
    }
    d_first_frame = false;
}

void packet_streams::note_used(std::uint64_t frame)
{
    if (!d_first_frame && frames_between(d_next, frame) > 0) {
        d_frames_lost += frame - d_next;
    }
    d_first_frame = false;
    d_next = frame + 1;
    d_any_used = true;
    d_frames++;
}

} // namespace isac
} // namespace gr
