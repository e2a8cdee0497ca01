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
      d_heads(receivers.size())
{
}

void packet_streams::start()
{
    for (head& each : d_heads) {
        each.item.reset();
    }
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
                            const gr::logger_ptr& logger)
{
    d_refused++;
    {
        const std::lock_guard<std::mutex> lock(d_refusals_mutex);
        d_refusals[reason]++;
    }
    if (d_log_limiter.pass()) {
        logger->error("packet at input {:d} refused: {:s} ({:d} packets refused so far)",
                      stream,
                      reason,
                      d_refused.load());
    }
}

std::optional<std::uint64_t> packet_streams::read(std::size_t stream,
                                                  std::uint64_t item,
                                                  const std::uint8_t* data,
                                                  const gr::logger_ptr& logger)
{
    head& mine = d_heads[stream];
    if (mine.item != item) {
        const auto status =
            fronthaul::decode(data, d_format.size(), d_format, mine.packet);
        if (status != fronthaul::PacketStatus::ok) {
            refuse(stream, fronthaul::to_string(status), logger);
            return std::nullopt;
        }
        if (mine.packet.access_point != d_receivers[stream]) {
            refuse(stream, "wrong_access_point", logger);
            return std::nullopt;
        }
        if (!d_accepts(d_receivers[stream], mine.packet.indices)) {
            refuse(stream, "bad_indices", logger);
            return std::nullopt;
        }
        mine.item = item;
        note_seen(mine.packet.frame);
    }
    return mine.packet.frame;
}

void packet_streams::note_seen(std::uint64_t frame)
{
    if (d_first_frame || (!d_any_used && frame < d_next)) {
        d_next = frame;
    }
    d_first_frame = false;
}

void packet_streams::note_used(std::uint64_t frame)
{
    if (frame > d_next) { // not after a recording has started again
        d_frames_lost += frame - d_next;
    }
    d_next = frame + 1;
    d_any_used = true;
    d_frames++;
}

} // namespace isac
} // namespace gr
