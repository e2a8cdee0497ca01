// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_FRAMES_H
#define CFISAC_ESTIMATORS_FRAMES_H

#include <cfisac/signal/layout.h>

namespace cfisac::estimators {

/*! Energy Σ |y|² of an echo, after a look at what an estimator is given.
 * \param echo Y_m [M_r, S, T], \param transmit X [N, N_t, S, T], both complex64
 * \throws std::invalid_argument naming what has another shape or type, or a sample that is
 * not finite
 */
double frame_energy(const signal::Layout& layout,
                    const at::Tensor& echo,
                    const at::Tensor& transmit);

} // namespace cfisac::estimators

#endif
