// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_RANDOM_CUDA_H
#define CFISAC_SIGNAL_RANDOM_CUDA_H

#include <cfisac/signal/random.h>

namespace cfisac::signal {

#ifdef CFISAC_CUDA
constexpr bool built_with_cuda = true;
#else
constexpr bool built_with_cuda = false; // and none of the functions below
#endif

/*! Draws into `out` [B, ...], contiguous, in one kernel on the current stream of its
 * device.
 */
namespace cuda {

//! \param out int64
void draw_words(const Random& random, Purpose purpose, at::Tensor& out);
//! \param out float64
void draw_uniform(const Random& random, Purpose purpose, at::Tensor& out);
//! \param out complex64 or complex128
void draw_complex_normal(const Random& random,
                         Purpose purpose,
                         double deviation,
                         at::Tensor& out);

} // namespace cuda

} // namespace cfisac::signal

#endif
