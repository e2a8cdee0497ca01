// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_SAMPLER_H
#define INCLUDED_CFISAC_TRAINING_SAMPLER_H

#include <cfisac/signal/scene.h>

namespace cfisac::training {

//! Frames with their truth.
struct Batch {
    at::Tensor transmit; //!< X [B, N, N_t, S, T], complex64
    at::Tensor echo; //!< Y [B, M, M_r, S, T], complex64, with clutter, offsets and noise
    at::Tensor location; //!< [B, Q, D], m, float32
    at::Tensor velocity; //!< [B, Q, D], m/s, float32
};

/*! Frames of the scenario, made on the device of the layout.
 *
 * Frame k of a seed is always the same, in whatever batch it is made.
 */
Batch draw_batch(const signal::Layout& layout, const signal::Random& random);

} // namespace cfisac::training

#endif
