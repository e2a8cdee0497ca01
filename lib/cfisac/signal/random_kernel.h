// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_RANDOM_KERNEL_H
#define CFISAC_SIGNAL_RANDOM_KERNEL_H

#include "draws.h"

/*! \file
 * Draws of one stream in loops on the processor. A value depends on nothing but the
 * stream and its position: bit for bit the same whichever range it is computed in.
 */

namespace cfisac::signal::host {

//! Samples that the loops below compute at a time: ranges that start and end at
//! multiples of it cost least.
constexpr std::int64_t draw_chunk = 64;

//! Words number `first` to `first + count - 1`.
void draw_words(const Stream& stream,
                std::int64_t first,
                std::int64_t count,
                std::uint32_t* out);

/*! Circular complex Gaussians number `first` to `first + count - 1`, in float32, real and
 * imaginary parts in turns.
 * \param scale square root of their variance
 */
void draw_complex_normal(const Stream& stream,
                         std::int64_t first,
                         std::int64_t count,
                         float scale,
                         float* out);
//! The same in float64.
void draw_complex_normal(const Stream& stream,
                         std::int64_t first,
                         std::int64_t count,
                         double scale,
                         double* out);

} // namespace cfisac::signal::host

#endif
