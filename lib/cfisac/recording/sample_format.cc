// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_format.h"

#include <volk/volk.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace cfisac::recording {
namespace {

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "recordings are little endian; samples are copied as they are"
#endif

constexpr std::size_t block = 1024; // samples that are converted at once

template <typename Sample>
void interleave(
    const Sample* samples, int antenna, int antennas, std::size_t count, char* bytes)
{
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(bytes + (i * antennas + antenna) * sizeof(Sample),
                    samples + i,
                    sizeof(Sample));
    }
}

template <typename Sample>
void pick(
    const char* bytes, int antenna, int antennas, std::size_t count, Sample* samples)
{
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(samples + i,
                    bytes + (i * antennas + antenna) * sizeof(Sample),
                    sizeof(Sample));
    }
}

using Integer = std::array<std::int16_t, 2>;

std::uint64_t count_clipped(const std::complex<float>* samples, std::size_t count)
{
    // Half a step beyond full scale is rounded, not clipped.
    const float most = 1.0F + 0.5F / int16_full_scale;
    std::uint64_t clipped = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const bool inside =
            std::abs(samples[i].real()) < most && std::abs(samples[i].imag()) < most;
        clipped += inside ? 0 : 1; // what is not a number, too
    }
    return clipped;
}

} // namespace

std::uint64_t pack(Datatype datatype,
                   const std::complex<float>* const* channels,
                   int antennas,
                   std::size_t count,
                   char* bytes)
{
    std::uint64_t clipped = 0;
    std::array<Integer, block> integers;
    for (int a = 0; a < antennas; ++a) {
        if (datatype == Datatype::cf32_le) {
            interleave(channels[a], a, antennas, count, bytes);
            continue;
        }
        for (std::size_t first = 0; first < count; first += block) {
            const auto* samples = channels[a] + first;
            const auto now = std::min(block, count - first);
            clipped += count_clipped(samples, now);
            volk_32f_s32f_convert_16i(integers.data()->data(),
                                      reinterpret_cast<const float*>(samples),
                                      int16_full_scale,
                                      static_cast<unsigned>(2 * now));
            interleave(integers.data(),
                       a,
                       antennas,
                       now,
                       bytes + first * antennas * sizeof(Integer));
        }
    }
    return clipped;
}

void unpack(Datatype datatype,
            const char* bytes,
            int antennas,
            std::size_t count,
            std::complex<float>* const* channels)
{
    std::array<Integer, block> integers;
    for (int a = 0; a < antennas; ++a) {
        if (datatype == Datatype::cf32_le) {
            pick(bytes, a, antennas, count, channels[a]);
            continue;
        }
        for (std::size_t first = 0; first < count; first += block) {
            const auto now = std::min(block, count - first);
            pick(bytes + first * antennas * sizeof(Integer),
                 a,
                 antennas,
                 now,
                 integers.data());
            volk_16i_s32f_convert_32f(reinterpret_cast<float*>(channels[a] + first),
                                      integers.data()->data(),
                                      int16_full_scale,
                                      static_cast<unsigned>(2 * now));
        }
    }
}

} // namespace cfisac::recording
