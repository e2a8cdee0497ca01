// SPDX-License-Identifier: GPL-3.0-or-later
#include "stream_format.h"
#include <algorithm>
#include <volk/volk.h>

namespace cfisac::radio {

namespace {

constexpr float cs16_full_scale = 32768.0f;

} // namespace

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
               std::int64_t count,
               void* buffer)
{
    if (format == Format::cf32) {
        std::copy_n(in, count, static_cast<std::complex<float>*>(buffer));
        return;
    }
    volk_32f_s32f_convert_16i(static_cast<std::int16_t*>(buffer),
                              reinterpret_cast<const float*>(in),
                              cs16_full_scale,
                              static_cast<unsigned int>(2 * count));
}

void scale(std::complex<float>* samples, std::int64_t count, float factor)
{
    auto* const values = reinterpret_cast<float*>(samples);
    volk_32f_s32f_multiply_32f(
        values, values, factor, static_cast<unsigned int>(2 * count));
}

} // namespace cfisac::radio
