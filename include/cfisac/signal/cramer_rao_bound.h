// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_CRAMER_RAO_BOUND_H
#define INCLUDED_CFISAC_SIGNAL_CRAMER_RAO_BOUND_H

#include <cfisac/signal/scene.h>

namespace cfisac::signal {

/*! Cramér-Rao bound (22)–(28) of ψ = [locations, velocities] with unknown reflection
 * coefficients, from analytic derivatives (Appendix A).
 *
 * Unlike (35), the derivative keeps the change of the Doppler frequency with the
 * location: the bound is that of the signal (6) as it is, and equals one from numeric
 * derivatives. Clutter and offsets do not enter. Computed in float64. Where X lies on
 * another device, this waits for it: the small matrices are made on the processor.
 *
 * \param transmit X [B, N, N_t, S, T], complex
 * \param targets [B, Q]
 * \param noise_w ξ_z², W
 * \return CRLB (24) [B, 2DQ, 2DQ]: location coordinates of all targets (m²), then
 * velocity coordinates (m²/s²). The rows and columns of coordinates that cannot be
 * estimated are infinite or not a number, such as those of a velocity of which a single
 * access point sees the radial component only; the others are then the bound all the same.
 */
at::Tensor cramer_rao_bound(const Layout& layout,
                            const at::Tensor& transmit,
                            const Scene& targets,
                            double noise_w);

//! Root bounds of every target: square roots of the traces of the blocks of (24).
struct RootBound {
    at::Tensor location_m;   //!< [B, Q]
    at::Tensor velocity_mps; //!< [B, Q]
};

//! \param bound [B, 2DQ, 2DQ] from `cramer_rao_bound`, \param targets Q
RootBound root_bound(const at::Tensor& bound, std::int64_t targets);

} // namespace cfisac::signal

#endif
