// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter.h"
#include <algorithm>
#include <cmath>
#include <volk/volk.h>

namespace cfisac::radio {

namespace {

constexpr float cs16_full_scale = 32768.0f;
// Added and taken off again, it rounds to whole numbers, in vectors too.
constexpr float rounding = 12582912.0f; // 1.5 · 2^23

} // namespace

Converter::Converter(int bits) : d_levels(static_cast<float>((1 << (bits - 1)) - 1)) {}

std::int64_t Converter::convert(const std::complex<float>* in,
                                float gain_in,
                                float gain_out,
                                std::int64_t count,
                                std::complex<float>* out) const
{
    const auto* const from = reinterpret_cast<const float*>(in);
    auto* const to = reinterpret_cast<float*>(out);
    const float levels = d_levels;
    const float first = gain_in * levels;
    const float second = gain_out / levels;
    const float limit = levels + 0.5f;
    int clipped = 0;
    for (std::int64_t k = 0; k < count; k++) {
        const float re = from[2 * k] * first;
        const float im = from[2 * k + 1] * first;
        clipped += static_cast<int>(std::max(std::abs(re), std::abs(im)) > limit);
        to[2 * k] =
            ((std::min(std::max(re, -levels), levels) + rounding) - rounding) * second;
        to[2 * k + 1] =
            ((std::min(std::max(im, -levels), levels) + rounding) - rounding) * second;
    }
    return clipped;
}

void from_format(Format format,
                 const void* buffer,
                 std::int64_t start,
                 std::int64_t count,
                 std::complex<float>* out)
{
    if (format == Format::cf32) {
        std::copy_n(static_cast<const std::complex<float>*>(buffer) + start, count, out);
        return;
    }
    volk_16i_s32f_convert_32f(reinterpret_cast<float*>(out),
                              static_cast<const std::int16_t*>(buffer) + 2 * start,
                              cs16_full_scale,
                              static_cast<unsigned int>(2 * count));
}

void to_format(Format format,
               const std::complex<float>* in,
               std::int64_t start,
               std::int64_t count,
               void* buffer)
{
    if (format == Format::cf32) {
        std::copy_n(in, count, static_cast<std::complex<float>*>(buffer) + start);
        return;
    }
    volk_32f_s32f_convert_16i(static_cast<std::int16_t*>(buffer) + 2 * start,
                              reinterpret_cast<const float*>(in),
                              cs16_full_scale,
                              static_cast<unsigned int>(2 * count));
}

} // namespace cfisac::radio
