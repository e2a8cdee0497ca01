// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_SAMPLES_H
#define INCLUDED_CFISAC_TRAINING_SAMPLES_H

#include <cfisac/training/sampler.h>

namespace cfisac::training {

//! One batch of frames as a data set holds them; on the device of the layout.
struct Samples : Batch {
    at::Tensor echo_noiseless; //!< (6) of the targets alone [B, M, M_r, S, T], complex64
    at::Tensor root_crlb;      //!< [B, 2DQ], float64: see `draw_samples`
};

/*! Draw the frames of `random`, each a function of its seed and number only.
 *
 * `echo_noiseless` follows from the stored truth alone; `echo` has the scenario's
 * clutter, offsets and noise as well. `root_crlb` are the square roots of the diagonal of
 * (24): location coordinates, target by target (m), then velocity coordinates (m/s), for
 * the targets alone; infinite where the parameters of a frame cannot be told apart.
 */
Samples draw_samples(const signal::Layout& layout, const signal::Random& random);

} // namespace cfisac::training

#endif
