/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "sent_samples.h"

#include <algorithm>
#include <cfisac/signal/ring_parts.h>

namespace gr {
namespace isac {

namespace {

// Samples that a stream has room for at first.
constexpr std::int64_t least_capacity = 1 << 16;

} // namespace

sent_samples::sent_samples(std::size_t access_points, std::size_t antennas)
    : d_antennas(antennas), d_streams(access_points * antennas)
{
}

void sent_samples::restart(std::int64_t next) { d_first = d_end = next; }

void sent_samples::make_room(std::int64_t count)
{
    const std::int64_t kept = d_end - d_first;
    if (kept + count <= d_capacity) {
        return;
    }
    // In steps that get larger, so that what is copied stays in proportion to what comes.
    const std::int64_t larger =
        std::max({least_capacity, kept + count, d_capacity + d_capacity / 4});
    for (auto& stream : d_streams) {
        std::vector<gr_complex> ring(static_cast<std::size_t>(larger));
        cfisac::signal::for_ring_parts(
            d_capacity, d_first, kept, [&](auto from, auto place, auto some) {
                cfisac::signal::for_ring_parts(
                    larger, d_first + place, some, [&](auto to, auto part, auto length) {
                        std::copy_n(
                            stream.data() + from + part, length, ring.data() + to);
                    });
            });
        stream.swap(ring);
    }
    d_capacity = larger;
}

void sent_samples::put(std::size_t stream, const gr_complex* samples, std::int64_t count)
{
    auto* ring = d_streams[stream].data();
    cfisac::signal::for_ring_parts(
        d_capacity, d_end, count, [&](auto to, auto place, auto some) {
            std::copy_n(samples + place, some, ring + to);
        });
}

void sent_samples::forget(std::int64_t first)
{
    d_first = std::clamp(first, d_first, d_end);
}

void sent_samples::read(int n,
                        std::int64_t first,
                        std::int64_t count,
                        std::complex<float>* const* antennas)
{
    const std::int64_t begin = std::clamp(d_first, first, first + count);
    const std::int64_t end = std::clamp(d_end, begin, first + count);
    for (std::size_t a = 0; a < d_antennas; a++) {
        const auto* ring = d_streams[static_cast<std::size_t>(n) * d_antennas + a].data();
        std::fill_n(antennas[a], begin - first, gr_complex());
        cfisac::signal::for_ring_parts(
            d_capacity, begin, end - begin, [&](auto from, auto place, auto some) {
                std::copy_n(ring + from, some, antennas[a] + (begin - first) + place);
            });
        std::fill_n(antennas[a] + (end - first), first + count - end, gr_complex());
    }
}

} // namespace isac
} // namespace gr
