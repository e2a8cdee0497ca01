// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_INFORMATION_H
#define CFISAC_SIGNAL_INFORMATION_H

#include <cfisac/signal/scene.h>
#include <complex>
#include <vector>

namespace cfisac::signal {

//! Functions over resource elements that the derivatives consist of: plain, times frequency,
//! times time, and a_t derived along each axis of the transmit array.
inline std::int64_t information_functions(const Layout& layout)
{
    return 3 + layout.transmit.axes();
}

/*! Adds one receiver's part of the information matrix (23) of one frame, without the factor
 * 2/ξ_z².
 *
 * Parameters in order: D Q of the locations, D Q of the velocities, Re β and Im β of every
 * (n, m, q).
 *
 * \param paths of the frames, on the processor, and \param amplitude A of (31) [B, N, M, Q]
 * \param velocity [B, Q, D]
 * \param gram conj(f_i) f_j summed over resource elements, [N, Q, F, N, Q, F] of the F
 * information_functions()
 * \param information [P, P], row by row; the lower triangle is left as it is
 */
void add_information(const Layout& layout,
                     const BistaticPaths& paths,
                     const at::Tensor& amplitude,
                     const at::Tensor& velocity,
                     std::int64_t frame,
                     std::int64_t receiver,
                     const std::complex<double>* gram,
                     double* information);

} // namespace cfisac::signal

#endif
