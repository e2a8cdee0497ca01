/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "sent_samples.h"

#include <algorithm>

namespace gr {
namespace isac {

namespace {

// Samples that are forgotten at a time, at least: what is kept moves to the front then.
constexpr std::int64_t least_forgotten = 1 << 16;

} // namespace

sent_samples::sent_samples(std::size_t access_points, std::size_t antennas)
    : d_antennas(antennas), d_streams(access_points * antennas)
{
}

void sent_samples::restart(std::int64_t next)
{
    d_first = d_end = next;
    for (auto& stream : d_streams) {
        stream.clear();
    }
}

gr_complex* sent_samples::extend(std::size_t stream, std::int64_t count)
{
    auto& samples = d_streams[stream];
    samples.resize(samples.size() + static_cast<std::size_t>(count));
    return samples.data() + samples.size() - count;
}

void sent_samples::forget(std::int64_t first)
{
    const std::int64_t count = std::min(first, d_end) - d_first;
    if (count < std::max(least_forgotten, (d_end - d_first) / 2)) {
        return;
    }
    for (auto& stream : d_streams) {
        stream.erase(stream.begin(), stream.begin() + count);
    }
    d_first += count;
}

void sent_samples::read(int n,
                        std::int64_t first,
                        std::int64_t count,
                        std::complex<float>* const* antennas)
{
    const std::int64_t begin = std::clamp(d_first, first, first + count);
    const std::int64_t end = std::clamp(d_end, begin, first + count);
    for (std::size_t a = 0; a < d_antennas; a++) {
        const auto& stream = d_streams[static_cast<std::size_t>(n) * d_antennas + a];
        std::fill_n(antennas[a], begin - first, gr_complex());
        if (end > begin) {
            std::copy_n(stream.data() + (begin - d_first),
                        end - begin,
                        antennas[a] + (begin - first));
        }
        std::fill_n(antennas[a] + (end - first), first + count - end, gr_complex());
    }
}

} // namespace isac
} // namespace gr
