// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_FRONT_END_H
#define INCLUDED_CFISAC_SIGNAL_FRONT_END_H

#include <cfisac/signal/layout.h>
#include <string>

namespace cfisac::signal {

/*! What a receive access point knows of the transmitted signal.
 *
 * - `raw`: nothing; the network sees the echo alone, as (12) has it.
 * - `pilot`: the payload and the precoder follow from a seed that the access point knows,
 * so that it makes X itself and nothing is sent for it.
 * - `reference`: the access point is told the precoder and the payload of each frame.
 *
 * The reference is X, what left the antennas with the precoder in it: the precoder
 * pre-compensates the users' delays, and symbols alone would put a target at a wrong
 * delay.
 */
enum class Reference { raw, pilot, reference };

const char* to_string(Reference reference);
//! \throws std::invalid_argument naming the word
Reference reference_from_string(const std::string& word);

/*! Downlink bits per update that tell one receive access point what was transmitted: 0
 * for `raw` and `pilot`; for `reference` the precoder at 64 bits per coefficient, 64 N
 * N_t K S, and the payload, K S T log2(constellation).
 */
std::size_t reference_bits(const Scenario& scenario, Reference reference);

/*! Real and imaginary part of the echo as two channels, scaled to unit mean power in
 * every frame (input of (12)).
 * \param echo [B, M_r, S, T], complex
 * \return [B, 2, M_r, S, T]
 */
at::Tensor echo_channels(const at::Tensor& echo);

/*! Echo correlated with the transmitted signal, element by element: y conj(x) of every
 * receive antenna with every transmit antenna, real and imaginary parts as channels,
 * scaled to unit mean power in every frame.
 * \param echo [B, M_r, S, T], \param transmit X [B, N, N_t, S, T]
 * \return [B, 2 N N_t, M_r, S, T]; all real parts first
 */
at::Tensor correlated_channels(const at::Tensor& echo, const at::Tensor& transmit);

//! Real and imaginary part of X as channels, scaled to unit mean power in every frame.
//! \param transmit X [B, N, N_t, S, T] \return [B, 2, N·N_t, S, T]
at::Tensor transmit_channels(const at::Tensor& transmit);

/*! Mean power |y|² of the samples of a frame.
 * \param samples [...], complex64
 * \return not finite when a sample is not, or when the sum overflows
 */
double mean_power(const at::Tensor& samples);

} // namespace cfisac::signal

#endif
