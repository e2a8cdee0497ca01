// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment.h"
#include "scenario/hash.h"
#include <algorithm>
#include <cfisac/scenario/yaml.h>

namespace cfisac::radio {

namespace {

constexpr std::size_t page = 4096;

std::size_t to_page(std::size_t bytes) { return (bytes + page - 1) / page * page; }

} // namespace

SegmentLayout::SegmentLayout(const Scenario& scenario, const FrameTiming& timing)
    : transmitters(scenario.transmit.size()),
      receivers(scenario.receive.size()),
      antennas(static_cast<std::size_t>(scenario.transmit_antennas())),
      capacity(std::clamp(static_cast<std::int64_t>(timing.sample_rate_hz * max_ring_s),
                          16 * stream_mtu,
                          max_ring_samples)),
      slots_at(to_page(sizeof(SegmentHeader))),
      rings_at(slots_at + to_page((transmitters + receivers) * sizeof(RadioSlot))),
      bytes(ring_at(transmitters, 0))
{
}

std::uint64_t environment_fingerprint(const Scenario& scenario)
{
    auto plain = scenario;
    for (auto& point : plain.receive) {
        point.calibration = {};
    }
    return detail::fnv1a(to_yaml(plain));
}

} // namespace cfisac::radio
