// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_COMPLEX_LOOPS_H
#define INCLUDED_RADIO_COMPLEX_LOOPS_H

#include <complex>
#include <cstdint>

/*! \file
 * Loops over samples that give the same bits wherever a sample lies among those that are
 * computed together, which VOLK's kernels do not promise; written out, since the product of
 * std::complex looks for infinities.
 */

namespace cfisac::radio {

template <typename Real>
inline std::complex<Real> product(std::complex<Real> a, std::complex<Real> b)
{
    return {a.real() * b.real() - a.imag() * b.imag(),
            a.real() * b.imag() + a.imag() * b.real()};
}

//! to[k] += factor · from[k]
inline void multiply_add(std::complex<float> factor,
                         const std::complex<float>* from,
                         std::int64_t count,
                         std::complex<float>* to)
{
    const float re = factor.real();
    const float im = factor.imag();
    const auto* const in = reinterpret_cast<const float*>(from);
    auto* const out = reinterpret_cast<float*>(to);
    for (std::int64_t k = 0; k < count; k++) {
        out[2 * k] += re * in[2 * k] - im * in[2 * k + 1];
        out[2 * k + 1] += re * in[2 * k + 1] + im * in[2 * k];
    }
}

//! to[k] *= factor(k), the factor being `first` at k = 0 and turning by `step`.
inline void turn(std::complex<double> first,
                 std::complex<double> step,
                 std::int64_t count,
                 std::complex<float>* to)
{
    for (std::int64_t k = 0; k < count; k++) {
        to[k] = product(to[k], std::complex<float>(first));
        first = product(first, step);
    }
}

} // namespace cfisac::radio

#endif
