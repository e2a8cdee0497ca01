// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_ECHO_HOST_H
#define CFISAC_SIGNAL_ECHO_HOST_H

#include <cfisac/signal/scene.h>
#include <optional>

namespace cfisac::signal {

//! Noise of the echo: circular Gaussians with variance `deviation`² from the frames of
//! `random`.
struct EchoNoise {
    const Random& random;
    double deviation;
};

/*! Echo and noise in one pass on the processor; complex64.
 * \param transmit X [B, N, N_t, S, T], of the layout's sizes
 * \return Y [B, M, M_r, S, T]
 */
at::Tensor echo_on_host(const Layout& layout,
                        const at::Tensor& transmit,
                        const Scene& scene,
                        const std::optional<Offsets>& offsets,
                        const std::optional<EchoNoise>& noise);

} // namespace cfisac::signal

#endif
