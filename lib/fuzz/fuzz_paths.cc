// SPDX-License-Identifier: GPL-3.0-or-later
//
// Paths that access points send which estimate by themselves. What is accepted is in range
// and is sent again without a change.

#include "fuzz.h"

#include <cfisac/estimators/message.h>

#include <cmath>

namespace {

using namespace cfisac::estimators;
using cfisac::fuzz::Input;
using cfisac::fuzz::require;

bool same(const PathParameters& a, const PathParameters& b)
{
    return a.transmitter == b.transmitter && a.cosine == b.cosine &&
           a.range_m == b.range_m && a.range_rate_mps == b.range_rate_mps;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::size_t count = input.below(9);
    const std::size_t transmitters = input.take<std::uint8_t>();
    const auto message = input.list<std::uint16_t>((input.left() + 1) / 2);
    const auto paths = decode_paths(message, count, transmitters);
    if (!paths) {
        return 0;
    }
    require(paths->size() <= count, "no more paths than were asked for");
    for (const auto& path : *paths) {
        require(path.transmitter >= 0 &&
                    static_cast<std::size_t>(path.transmitter) < transmitters,
                "the transmit access point exists");
        require(std::abs(path.cosine) <= 1.0, "the cosine is one");
        require(std::isfinite(path.range_m) && path.range_m > 0.0, "the range is one");
        require(std::isfinite(path.range_rate_mps), "the rate is finite");
    }
    const auto again = decode_paths(encode_paths(*paths, count), count, transmitters);
    require(
        again &&
            std::equal(again->begin(), again->end(), paths->begin(), paths->end(), same),
        "accepted paths are sent again without a change");
    return 0;
}
