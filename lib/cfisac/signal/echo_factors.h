// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_ECHO_FACTORS_H
#define CFISAC_SIGNAL_ECHO_FACTORS_H

#include <cfisac/signal/scene.h>

namespace cfisac::signal {

//! What the echo (6) is made of, by tensor operations on the device of the transmit frames
//! and in their precision.
struct EchoFactors {
    at::Tensor illumination;     //!< a_t^H x [B, N, Q, S, T]
    at::Tensor arriving;         //!< a_r [B, M, Q, M_r]
    at::Tensor over_subcarriers; //!< exp(-j2π f τ) with the gain [B, N, M, Q, S]
    at::Tensor over_symbols;     //!< exp(j2π f_D t) [B, N, M, Q, T]
};

//! \param transmit X [B, N, N_t, S, T]
EchoFactors echo_factors(const Layout& layout,
                         const at::Tensor& transmit,
                         const Scene& scene);

} // namespace cfisac::signal

#endif
