// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_ECHO_CUDA_H
#define CFISAC_SIGNAL_ECHO_CUDA_H

#include "echo_host.h"

namespace cfisac::signal::cuda {

/*! Echo and noise in one kernel on the current stream of the device, without waiting for
 * it; complex64. Only in builds with CUDA. Up to 16 reflectors, the echo is written once;
 * each 16 more are added to it.
 * \param transmit X [B, N, N_t, S, T], of the layout's sizes
 * \return Y [B, M, M_r, S, T]
 */
at::Tensor echo(const Layout& layout,
                const at::Tensor& transmit,
                const Scene& scene,
                const std::optional<Offsets>& offsets,
                const std::optional<EchoNoise>& noise);

} // namespace cfisac::signal::cuda

#endif
