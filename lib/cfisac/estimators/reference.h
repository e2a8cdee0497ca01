// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/signal/layout.h>

namespace cfisac::estimators {

//! \throws std::invalid_argument naming the access points there are
void require_receiver(const signal::Layout& layout, std::int64_t receiver);

/*! What was transmitted in one frame, as few orthonormal signals of each access point: the
 * principal components over its antennas, X_n ≈ V_n U_n. White noise that is correlated
 * with them remains white, and a precoder for K users leaves little more than K of them.
 */
class Reference
{
public:
    /*!
     * \param transmit X [N, N_t, S, T], complex
     * \param energy_share of every access point that the components must hold
     */
    Reference(const at::Tensor& transmit, double energy_share);

    //! X as complex64 [N, N_t, S, T]
    const at::Tensor& transmit() const { return d_transmit; }
    //! conj(U) [N, B, S, T], complex64; zeros beyond the components of an access point
    const at::Tensor& conjugate() const { return d_conjugate; }
    //! V [N, N_t, B], complex128 on the processor
    const at::Tensor& mixing() const { return d_mixing; }
    //! X X^H [N, N_t, N_t], complex128 on the processor
    const at::Tensor& covariance() const { return d_covariance; }
    std::int64_t components() const { return d_mixing.size(2); }

    //! a_t^H X_n [S, T], complex64: the signal of access point n towards a direction.
    at::Tensor towards(std::int64_t transmitter,
                       double cosine,
                       double spacing_wavelengths) const;

private:
    at::Tensor d_transmit;
    at::Tensor d_conjugate;
    at::Tensor d_mixing;
    at::Tensor d_covariance;
};

} // namespace cfisac::estimators
