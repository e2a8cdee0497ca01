/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fronthaul_meter.h"

#include <cfisac/fronthaul/payload_bits.h>
#include <limits>

namespace gr {
namespace isac {

namespace fronthaul = cfisac::fronthaul;

fronthaul_meter::fronthaul_meter(const map_packets& packets, std::size_t access_points)
    : d_format(packets),
      d_sources(access_points,
                source{0,
                       {},
                       fronthaul::CodewordCounts(packets.codewords, packets.positions),
                       fronthaul::CodewordCounts(packets.codewords, packets.positions),
                       0})
{
}

const char* fronthaul_meter::add(std::size_t access_point, const std::uint8_t* data)
{
    const auto& format = d_format.format;
    const auto status = fronthaul::decode(data, format.size(), format, d_packet);
    if (status != fronthaul::PacketStatus::ok) {
        return fronthaul::to_string(status);
    }
    if (d_packet.access_point != access_point) {
        return "wrong_access_point";
    }
    source& mine = d_sources[access_point];
    if (!mine.counts.add(d_packet)) {
        return "bad_indices";
    }
    mine.packets++;
    if (++mine.counted == use_packets) {
        mine.before = mine.counts;
        mine.counts.clear();
        mine.counted = 0;
    }
    mine.last.push_back(
        {d_packet.capture_time_ns, fronthaul::payload_bits(data, format)});
    if (mine.last.size() > rate_packets) {
        mine.last.pop_front();
    }
    return nullptr;
}

fronthaul_meter::state fronthaul_meter::of(std::size_t access_point) const
{
    const source& mine = d_sources[access_point];
    state all;
    all.packets = mine.packets;
    all.bits_per_update = all.bits_per_second = std::numeric_limits<double>::quiet_NaN();
    if (!mine.last.empty()) {
        double bits = 0.0;
        for (const sent& each : mine.last) {
            bits += static_cast<double>(each.bits);
        }
        const auto count = static_cast<double>(mine.last.size());
        all.bits_per_update = bits / count;
        const double span_s =
            1e-9 * static_cast<double>(mine.last.back().capture_time_ns) -
            1e-9 * static_cast<double>(mine.last.front().capture_time_ns);
        if (span_s > 0.0) {
            all.bits_per_second = all.bits_per_update * (count - 1.0) / span_s;
        }
    }
    auto counts = mine.counts;
    counts.add(mine.before);
    all.counts = counts.counts();
    all.distinct = counts.distinct();
    all.perplexity = counts.perplexity();
    return all;
}

void fronthaul_meter::clear()
{
    for (source& each : d_sources) {
        each.packets = 0;
        each.last.clear();
        each.counts.clear();
        each.before.clear();
        each.counted = 0;
    }
}

} // namespace isac
} // namespace gr
