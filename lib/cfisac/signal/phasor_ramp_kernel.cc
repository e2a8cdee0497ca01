// SPDX-License-Identifier: GPL-3.0-or-later
#include "multiversion.h"
#include "phasor_ramp.h"
#include <algorithm>
#include <cmath>

namespace cfisac::signal::host {

namespace {

std::complex<double> phasor_of(double turns)
{
    return std::polar(1.0, 2.0 * M_PI * (turns - std::rint(turns)));
}

// The first `count` values turned by one phasor, behind `known` of them.
CFISAC_MULTIVERSION
void append_turned(double* __restrict re,
                   double* __restrict im,
                   std::int64_t known,
                   std::int64_t count,
                   double turn_re,
                   double turn_im)
{
    double* next_re = re + known;
    double* next_im = im + known;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        next_re[k] = re[k] * turn_re - im[k] * turn_im;
        next_im[k] = re[k] * turn_im + im[k] * turn_re;
    }
}

} // namespace

void phasor_ramp(std::complex<double> factor,
                 double first,
                 double step,
                 std::int64_t count,
                 double* re,
                 double* im)
{
    const auto start = factor * phasor_of(first);
    re[0] = start.real();
    im[0] = start.imag();
    for (std::int64_t known = 1; known < count; known *= 2) {
        const auto turn = phasor_of(step * static_cast<double>(known));
        append_turned(
            re, im, known, std::min(known, count - known), turn.real(), turn.imag());
    }
}

} // namespace cfisac::signal::host
