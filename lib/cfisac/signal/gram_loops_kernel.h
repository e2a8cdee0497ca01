// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_GRAM_LOOPS_KERNEL_H
#define CFISAC_SIGNAL_GRAM_LOOPS_KERNEL_H

#include "frame_tables.h"

/*! \file
 * Loops over rows of samples that Gram matrices are made with, in float64.
 */

namespace cfisac::signal::host {

using Samples = Row<double>;

struct Factor {
    double re, im;
};

//! Rows that `add_multiples` takes.
constexpr std::int64_t antennas_at_a_time = 4;

//! Samples in turns to a row.
void split_samples(const float* samples, Samples out, std::int64_t count);
//! Samples in turns to a row.
void split_samples(const double* samples, Samples out, std::int64_t count);
//! sum += Σ factor x over four rows, which are loaded once for one sum.
void add_multiples(Samples sum,
                   Row<const double> x,
                   std::int64_t stride,
                   Row<const double> factors,
                   std::int64_t count);
//! out = scale x y
void multiply(
    Samples out, Samples x, Row<const double> y, Factor scale, std::int64_t count);
//! Adds Σ conj(x) y {1, f, f², t, f t, t²} to six complex sums.
void add_six_sums(Samples x,
                  Samples y,
                  const double* f,
                  const double* t,
                  std::int64_t count,
                  double* sums);
//! Adds Σ conj(x) y {1, f, t} to three complex sums.
void add_three_sums(Samples x,
                    Samples y,
                    const double* f,
                    const double* t,
                    std::int64_t count,
                    double* sums);
//! Adds Σ conj(x) y.
void add_sum(Samples x, Samples y, std::int64_t count, double* sums);

} // namespace cfisac::signal::host

#endif
