// SPDX-License-Identifier: GPL-3.0-or-later
#include "multiversion.h"
#include <cfisac/signal/converter.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

CFISAC_MULTIVERSION
std::int64_t quantise(float* values, std::int64_t count, float levels)
{
    const float step = 1.0f / levels;
    std::int64_t clipped = 0;
#pragma omp simd reduction(+ : clipped)
    for (std::int64_t k = 0; k < count; k++) {
        const float re = values[2 * k];
        const float im = values[2 * k + 1];
        clipped += (std::fabs(re) > 1.0f) | (std::fabs(im) > 1.0f);
        const float re_in = re > 1.0f ? 1.0f : (re < -1.0f ? -1.0f : re);
        const float im_in = im > 1.0f ? 1.0f : (im < -1.0f ? -1.0f : im);
        values[2 * k] = std::nearbyint(re_in * levels) * step;
        values[2 * k + 1] = std::nearbyint(im_in * levels) * step;
    }
    return clipped;
}

} // namespace

Converter::Converter(int bits) : d_bits(bits)
{
    if (bits != 0 && (bits < fewest_bits || bits > most_bits)) {
        throw std::invalid_argument("converter bits: " + std::to_string(bits) +
                                    " is neither 0 nor " + std::to_string(fewest_bits) +
                                    " to " + std::to_string(most_bits));
    }
}

std::int64_t Converter::convert(std::complex<float>* samples, std::int64_t count) const
{
    if (d_bits == 0) {
        return 0;
    }
    const auto levels = static_cast<float>((std::int64_t{1} << (d_bits - 1)) - 1);
    return quantise(reinterpret_cast<float*>(samples), count, levels);
}

} // namespace cfisac::signal
