// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_TRANSMITTER_H
#define INCLUDED_CFISAC_SIGNAL_TRANSMITTER_H

#include <cfisac/signal/layout.h>
#include <cfisac/signal/random.h>

#include <vector>

namespace cfisac::signal {

/*! Channels between all transmit antennas and the users, drawn from (seed, frame).
 *
 * Line of sight with the path loss of the scenario (a user nearer than the reference
 * distance has the loss of that distance) and a random carrier phase, plus
 * `multipath_components` paths with uniform departure cosine (for planar arrays also a uniform
 * angle around that axis: all directions in space alike) and an excess delay uniform in
 * [0, T_p/4]; the Rician factor is the power of the first over the mean power of the
 * rest. The received signal is h^H x, as in (4).
 *
 * \param type real type of the result
 * \return h [B, S, N·N_t, K], complex
 */
at::Tensor user_channel(const Layout& layout,
                        const Users& users,
                        const Random& random,
                        at::ScalarType type = at::kFloat);

/*! Centralized MMSE precoder over the antennas of all transmit access points:
 * W_i = μ H_i (H_i^H H_i + α I)^-1 with α = K σ_c² / (N P / S), where the common scale μ
 * lets the strongest access point meet Σ_i ‖W_{i,n}‖² = P (a scale for each access point
 * would break the joint precoder).
 *
 * \param channel h [B, S, N·N_t, K], complex
 * \param noise_w σ_c², W
 * \param power_w P, W: power of one access point over the S subcarriers
 * \param access_points N
 * \return [B, S, N·N_t, K]
 * \throws std::invalid_argument on wrong shapes or powers that are not positive
 */
at::Tensor mmse_precoder(const at::Tensor& channel,
                         double noise_w,
                         double power_w,
                         std::int64_t access_points);
//! The same with a power for each frame: `power_w` has B entries, or one for all.
at::Tensor mmse_precoder(const at::Tensor& channel,
                         double noise_w,
                         const std::vector<double>& power_w,
                         std::int64_t access_points);

/*! Unit-power QAM points in Gray order: the first half of a point's bits (most
 * significant first) picks the real level, the second half the imaginary one.
 * \return [2^bits], complex128
 */
at::Tensor constellation(Modulation modulation);

/*! Payload symbols drawn from (seed, frame).
 * \return s [B, K, S, T], complex
 */
at::Tensor payload(const Layout& layout,
                   const Random& random,
                   at::ScalarType type = at::kFloat);

/*! Transmit signal (3).
 * \param precoder W [B, S, N·N_t, K]; a leading size of 1 serves all frames
 * \param symbols s [B, K, S, T]
 * \param access_points N
 * \return X [B, N, N_t, S, T]
 */
at::Tensor precode(const at::Tensor& precoder,
                   const at::Tensor& symbols,
                   std::int64_t access_points);

/*! Signal at the users (4), without noise.
 * \param channel h [B, S, N·N_t, K], \param transmit X [B, N, N_t, S, T]
 * \return [B, K, S, T]
 */
at::Tensor received_at_users(const at::Tensor& channel, const at::Tensor& transmit);

/*! Noise n of (4), drawn from (seed, frame): CN(0, σ_c²) at every user and resource
 * element.
 * \return [B, K, S, T], complex
 */
at::Tensor user_noise(const Layout& layout,
                      double noise_dbm,
                      const Random& random,
                      at::ScalarType type = at::kFloat);

/*! Signal to interference and noise ratio of (4), closed form:
 * |h_k^H w_k|² / (Σ_{l≠k} |h_k^H w_l|² + σ_c²).
 * \return [B, S, K], linear
 */
at::Tensor sinr(const at::Tensor& channel, const at::Tensor& precoder, double noise_w);

//! One batch of transmitted frames and what they were made of.
struct Transmission {
    at::Tensor channel;  //!< h [B, S, N·N_t, K]
    at::Tensor precoder; //!< W [B, S, N·N_t, K]
    at::Tensor symbols;  //!< s [B, K, S, T]
    at::Tensor signal;   //!< X [B, N, N_t, S, T]
};

//! Users, channel, precoder, payload and signal of the frames of `random`.
Transmission transmit(const Layout& layout,
                      double power_dbm,
                      const Random& random,
                      at::ScalarType type = at::kFloat);
//! The same with a power for each frame: `power_dbm` has B entries, or one for all.
Transmission transmit(const Layout& layout,
                      const std::vector<double>& power_dbm,
                      const Random& random,
                      at::ScalarType type = at::kFloat);

} // namespace cfisac::signal

#endif
