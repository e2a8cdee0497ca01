// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_channel_kernel.h"
#include "simd.h"
#include <algorithm>
#include <cmath>

namespace cfisac::signal::host {

namespace {

// Of the window: over the inner 80 % of the band the interpolation errs least with it.
constexpr double kaiser_beta = 7.5;

double kaiser(double x) // -1 to 1
{
    const double inside = 1.0 - x * x;
    return inside <= 0.0 ? 0.0
                         : std::cyl_bessel_i(0.0, kaiser_beta * std::sqrt(inside)) /
                               std::cyl_bessel_i(0.0, kaiser_beta);
}

double sinc(double x)
{
    return std::abs(x) < 1e-12 ? 1.0 : std::sin(M_PI * x) / (M_PI * x);
}

struct Weights {
    float value[sample_block];
};

// How far through the block a sample is, from its middle.
constexpr Weights make_weights()
{
    Weights weights{};
    for (std::int64_t k = 0; k < sample_block; k++) {
        weights.value[k] = static_cast<float>(k - sample_block / 2) / sample_block;
    }
    return weights;
}

constexpr Weights weights = make_weights();

CFISAC_MULTIVERSION
void filter(const float* __restrict source, const float* taps, float* __restrict out)
{
    for (std::int64_t k = 0; k < sample_block; k += 2 * vector_size) {
        Vector16 first = {};
        Vector16 second = {};
        for (std::int64_t j = 0; j < sinc_taps; j++) {
            first += taps[j] * vector_at(source + k + j);
            second += taps[j] * vector_at(source + k + vector_size + j);
        }
        vector_at(out + k) = first;
        vector_at(out + k + vector_size) = second;
    }
}

CFISAC_MULTIVERSION
void filter_moving(const float* __restrict source,
                   const float* taps,
                   const float* slope,
                   float* __restrict out)
{
    for (std::int64_t k = 0; k < sample_block; k += vector_size) {
        Vector16 middle = {};
        Vector16 change = {};
        for (std::int64_t j = 0; j < sinc_taps; j++) {
            const Vector16 x = vector_at(source + k + j);
            middle += taps[j] * x;
            change += slope[j] * x;
        }
        vector_at(out + k) = middle + vector_at(weights.value + k) * change;
    }
}

CFISAC_MULTIVERSION
void turn(Row<float> x, double turns, double step)
{
    float* re = x.re;
    float* im = x.im;
#pragma omp simd
    for (std::int64_t k = 0; k < sample_block; k++) {
        const auto phasor = turn_phasor(turns + static_cast<double>(k) * step);
        const float turned = re[k] * phasor.re - im[k] * phasor.im;
        im[k] = re[k] * phasor.im + im[k] * phasor.re;
        re[k] = turned;
    }
}

} // namespace

SincTable::SincTable() : d_table((2 * margin + phases + 2) * sinc_taps)
{
    for (std::int64_t row = 0; row < 2 * margin + phases + 2; row++) {
        const double position = static_cast<double>(row - margin) / phases;
        float* taps = d_table.data() + row * sinc_taps;
        double sum = 0.0;
        double values[sinc_taps];
        for (std::int64_t k = 0; k < sinc_taps; k++) {
            const double x = static_cast<double>(k - samples_before) - position;
            values[k] = sinc(x) * kaiser(x / samples_after);
            sum += values[k];
        }
        for (std::int64_t k = 0; k < sinc_taps; k++) {
            taps[k] = static_cast<float>(values[k] / sum);
        }
    }
}

void SincTable::taps(double position, float* taps) const
{
    const double place = std::clamp(
        position * phases + margin, 0.0, static_cast<double>(2 * margin + phases));
    const auto row = static_cast<std::int64_t>(place);
    const auto weight = static_cast<float>(place - static_cast<double>(row));
    const float* low = d_table.data() + row * sinc_taps;
    const float* high = low + sinc_taps;
    for (std::int64_t k = 0; k < sinc_taps; k++) {
        taps[k] = low[k] + weight * (high[k] - low[k]);
    }
}

CFISAC_MULTIVERSION
bool split_samples(const std::complex<float>* samples, std::int64_t count, Row<float> out)
{
    const auto* values = reinterpret_cast<const float*>(samples);
    float* re = out.re;
    float* im = out.im;
    std::int32_t some = 0;
#pragma omp simd reduction(| : some)
    for (std::int64_t k = 0; k < count; k++) {
        re[k] = values[2 * k];
        im[k] = values[2 * k + 1];
        some |= (re[k] != 0.0f) | (im[k] != 0.0f);
    }
    return some != 0;
}

CFISAC_MULTIVERSION
void combine(Row<float> out, Row<const float> x, Phasor factor, bool add)
{
    for (std::int64_t k = 0; k < source_block; k += vector_size) {
        const Vector16 x_re = vector_at(x.re + k);
        const Vector16 x_im = vector_at(x.im + k);
        const Vector16 re = factor.re * x_re - factor.im * x_im;
        const Vector16 im = factor.re * x_im + factor.im * x_re;
        vector_at(out.re + k) = add ? vector_at(out.re + k) + re : re;
        vector_at(out.im + k) = add ? vector_at(out.im + k) + im : im;
    }
}

void arrive(Row<const float> source,
            const float* taps,
            const float* slope,
            double turns,
            double step,
            Row<float> out)
{
    if (slope) {
        filter_moving(source.re, taps, slope, out.re);
        filter_moving(source.im, taps, slope, out.im);
    } else {
        filter(source.re, taps, out.re);
        filter(source.im, taps, out.im);
    }
    turn(out, turns, step);
}

CFISAC_MULTIVERSION
void add_multiple(Row<float> sum, Row<const float> x, Phasor factor, std::int64_t count)
{
    float* sum_re = sum.re;
    float* sum_im = sum.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        sum_re[k] += factor.re * x.re[k] - factor.im * x.im[k];
        sum_im[k] += factor.re * x.im[k] + factor.im * x.re[k];
    }
}

CFISAC_MULTIVERSION
void add_to_samples(std::complex<float>* samples, Row<const float> x, std::int64_t count)
{
    auto* values = reinterpret_cast<float*>(samples);
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        values[2 * k] += x.re[k];
        values[2 * k + 1] += x.im[k];
    }
}

} // namespace cfisac::signal::host
