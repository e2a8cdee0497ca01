// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_TRANSMITTER_KERNEL_H
#define CFISAC_SIGNAL_TRANSMITTER_KERNEL_H

#include "frame_tables.h"
#include <complex>

/*! \file
 * Channels to the users, precoder and precoding of one frame in loops on the processor.
 */

namespace cfisac::signal::host {

struct UserSizes {
    std::int64_t transmitters, antennas, users, paths, subcarriers;

    std::int64_t all_antennas() const { return transmitters * antennas; }
    std::int64_t coefficients() const { return subcarriers * all_antennas() * users; }
};

/*! Sum over paths of a ramp over subcarriers with the gain times one over antennas.
 * \param ramps [N, K, L, S], \param steering [N, K, L, N_t]
 * \param channel h [S, N·N_t, K]
 */
template <typename Real>
void sum_user_paths(const UserSizes& sizes,
                    Row<const double> ramps,
                    Row<const double> steering,
                    std::complex<Real>* channel);

//! Subcarriers that `mmse_subcarriers` takes at a time.
constexpr std::int64_t precoder_lanes = 8;

/*! H (H^H H + α I)^-1 for up to `precoder_lanes` subcarriers from `first` on, by Cholesky
 * decomposition.
 * \param channel [S, N·N_t, K], \param precoder the same sizes
 * \param power_of_points [N], added over these subcarriers
 */
template <typename Real>
void mmse_subcarriers(const UserSizes& sizes,
                      const std::complex<Real>* channel,
                      double alpha,
                      std::int64_t first,
                      std::complex<double>* precoder,
                      double* power_of_points);

/*! Signal of one subcarrier for all antennas.
 * \param precoder [N·N_t, K] of the subcarrier
 * \param symbols [K, S, T], \param signal [N·N_t, S, T], both of the whole frame
 */
void precode_subcarrier(const UserSizes& sizes,
                        std::int64_t symbols_of_frame,
                        std::int64_t subcarrier,
                        const std::complex<float>* precoder,
                        const std::complex<float>* symbols,
                        std::complex<float>* signal);

} // namespace cfisac::signal::host

#endif
