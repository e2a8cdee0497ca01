// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_STATIC_ECHO_H
#define INCLUDED_CFISAC_SIGNAL_STATIC_ECHO_H

#include <ATen/core/Tensor.h>

namespace cfisac::signal {

/*! What the echoes of everything that stands still lie in. Reflectors and direct paths without
 * Doppler bring H_i X_i on subcarrier i, whatever the channel H_i is: all of it is in the row
 * space of X_i. Its rank is the number of users K, since all access points send the same
 * users' symbols, or up to N K where their clocks differ and X has the offsets in it.
 *
 * Rows with less than 1e-6 of the power of the strongest are taken for none.
 *
 * \param transmit X [N, N_t, S, T], complex, as the receiver's clock sees it
 * \return orthonormal rows [S, R, T] of the type of `transmit`, R being the largest rank of
 * any subcarrier; rows beyond a subcarrier's own are zero
 */
at::Tensor static_subspace(const at::Tensor& transmit);

/*! Samples without their part in static_subspace(): each symbol interval of a subcarrier is
 * projected on what is orthogonal to the rows of X_i (the extensive cancellation of passive
 * radar: Colone et al., "A multistage processing algorithm for disturbance removal and target
 * detection in passive bistatic radar", IEEE Trans. AES 45(2), 2009; here on every
 * subcarrier).
 *
 * Of a target, whose echo turns by exp(j2π f_D t), the share |Σ_t exp(j2π f_D t) / T|² goes
 * with it, and as much as X_i has rows of the rest, about R / T.
 *
 * \param samples [..., S, T], complex
 * \param still [S, R, T] of static_subspace()
 * \return samples of that shape and type
 */
at::Tensor without_static(const at::Tensor& samples, const at::Tensor& still);

} // namespace cfisac::signal

#endif
