// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_SAMPLER_H
#define INCLUDED_CFISAC_TRAINING_SAMPLER_H

#include <cfisac/training/randomisation.h>

namespace cfisac::training {

//! Frames with their truth, on the device of the layout.
struct Batch {
    at::Tensor transmit;     //!< X [B, N, N_t, S, T], complex64
    at::Tensor symbols;      //!< s [B, K, S, T], complex64
    at::Tensor echo;         //!< Y [B, M, M_r, S, T], complex64, as received
    signal::Scene targets;   //!< the truth; see `present`
    at::Tensor target_count; //!< [B], int64: the first of the Q targets are there

    //! B
    std::int64_t count() const { return transmit.size(0); }
    at::Tensor location() const; //!< [B, Q, D], m, float32
    at::Tensor velocity() const; //!< [B, Q, D], m/s, float32
    //! Which targets are there, [B, Q], bool. The others have no echo, and their location
    //! and velocity mean nothing.
    at::Tensor present() const;
};

/*! Frames of the scenario with its clutter (29), offsets (30) and noise. Frame k of a
 * seed is always the same, in whatever batch it is made.
 *
 * \param randomisation what varies from frame to frame. A frame is the one that the
 * scenario with its values in place has, but that absent targets keep their place in
 * `Batch::targets`, with zero reflection.
 * \throws std::invalid_argument as Randomisation::check does
 */
Batch draw_batch(const signal::Layout& layout,
                 const signal::Random& random,
                 const Randomisation& randomisation = {});

/*! Locations of all targets, then velocities, frame by frame: the layout of truth and
 * estimates outside the library.
 * \param location, velocity [B, Q, D]
 * \return [B, 2DQ], float32, on the processor
 */
at::Tensor to_items(const at::Tensor& location, const at::Tensor& velocity);

} // namespace cfisac::training

#endif
