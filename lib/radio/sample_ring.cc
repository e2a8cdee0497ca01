// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_ring.h"
#include <algorithm>
#include <cfisac/signal/ring_parts.h>

namespace cfisac::radio {

RingWriter::RingWriter(const Environment& environment, std::size_t n)
    : d_environment(environment), d_transmitter(n), d_antennas(environment.antennas())
{
}

std::int64_t RingWriter::next() const { return d_environment.own().written; }

void RingWriter::restart(std::int64_t start)
{
    auto& own = d_environment.own();
    // Nothing is readable while the three do not fit together.
    own.first = INT64_MAX;
    own.reserved = start;
    own.written = start;
    own.first = start;
}

void RingWriter::put(std::size_t antenna,
                     const std::complex<float>* samples,
                     std::int64_t start,
                     std::int64_t count)
{
    auto* const ring = d_environment.ring(d_transmitter, antenna);
    signal::for_ring_parts(d_environment.capacity(),
                           start,
                           count,
                           [&](std::int64_t at, std::int64_t from, std::int64_t n) {
                               if (samples == nullptr) {
                                   std::fill_n(ring + at, n, std::complex<float>());
                               } else {
                                   std::copy_n(samples + from, n, ring + at);
                               }
                           });
}

void RingWriter::append(const std::complex<float>* const* samples, std::int64_t count)
{
    auto& own = d_environment.own();
    const auto start = own.written.load();
    own.reserved = start + count;
    for (std::size_t antenna = 0; antenna < d_antennas; antenna++) {
        put(antenna, samples[antenna], start, count);
    }
    own.written = start + count;
}

void RingWriter::append_silence(std::int64_t next)
{
    auto& own = d_environment.own();
    const auto start = own.written.load();
    if (next <= start) {
        return;
    }
    own.reserved = next;
    const auto count = std::min(next - start, d_environment.capacity());
    for (std::size_t antenna = 0; antenna < d_antennas; antenna++) {
        put(antenna, nullptr, next - count, count);
    }
    own.written = next;
}

std::int64_t read_ring(const Environment& environment,
                       std::size_t n,
                       std::size_t antenna,
                       std::int64_t start,
                       std::int64_t count,
                       std::complex<float>* out)
{
    const auto& slot = environment.transmitter(n);
    const auto capacity = environment.capacity();
    const auto first = std::clamp(slot.first.load(), start, start + count);
    const auto last = std::clamp(slot.written.load(), first, start + count);
    const auto kept = std::clamp(slot.reserved.load() - capacity, first, last);
    std::fill(out, out + (kept - start), std::complex<float>());
    std::fill(out + (last - start), out + count, std::complex<float>());
    const auto* const ring = environment.ring(n, antenna);
    signal::for_ring_parts(capacity,
                           kept,
                           last - kept,
                           [&](std::int64_t at, std::int64_t to, std::int64_t n) {
                               std::copy_n(ring + at, n, out + (kept - start) + to);
                           });
    // What was overwritten meanwhile is lost as well.
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto overwritten = std::clamp(slot.reserved.load() - capacity, kept, last);
    std::fill(out + (kept - start), out + (overwritten - start), std::complex<float>());
    return overwritten - first;
}

} // namespace cfisac::radio
