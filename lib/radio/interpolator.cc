// SPDX-License-Identifier: GPL-3.0-or-later
#include "interpolator.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace cfisac::radio {

namespace {

constexpr double kaiser_beta = 7.5;

double sinc(double x)
{
    return std::abs(x) < 1e-12 ? 1.0 : std::sin(M_PI * x) / (M_PI * x);
}

double kaiser(double x) // -1 to 1
{
    const double inside = 1.0 - x * x;
    return inside <= 0.0 ? 0.0
                         : std::cyl_bessel_i(0.0, kaiser_beta * std::sqrt(inside)) /
                               std::cyl_bessel_i(0.0, kaiser_beta);
}

} // namespace

Interpolator::Interpolator() : d_taps(phases + 1)
{
    for (int phase = 0; phase <= phases; phase++) {
        const double fraction = static_cast<double>(phase) / phases;
        std::array<double, taps> values{};
        for (int k = 0; k < taps; k++) {
            const double x = k - before - fraction;
            values[k] = sinc(x) * kaiser(x / after);
        }
        const double sum = std::accumulate(values.begin(), values.end(), 0.0);
        for (int k = 0; k < taps; k++) {
            d_taps[phase][k] = static_cast<float>(values[k] / sum);
        }
    }
}

void Interpolator::interpolate(const std::complex<float>* signal,
                               double fraction,
                               std::int64_t count,
                               std::complex<float>* out) const
{
    const double place = fraction * phases;
    const int phase = std::clamp(static_cast<int>(place), 0, phases - 1);
    const auto weight = static_cast<float>(place - phase);
    std::fill_n(out, count, std::complex<float>());
    auto* const sum = reinterpret_cast<float*>(out);
    for (int tap = 0; tap < taps; tap++) {
        const float factor =
            d_taps[phase][tap] * (1.0f - weight) + d_taps[phase + 1][tap] * weight;
        const auto* const from = reinterpret_cast<const float*>(signal + tap);
        for (std::int64_t k = 0; k < 2 * count; k++) {
            sum[k] += factor * from[k];
        }
    }
}

} // namespace cfisac::radio
