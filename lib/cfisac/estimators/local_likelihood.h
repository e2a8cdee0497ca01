// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_LOCAL_LIKELIHOOD_H
#define CFISAC_ESTIMATORS_LOCAL_LIKELIHOOD_H

#include <cfisac/signal/layout.h>
#include <vector>

namespace cfisac::estimators {

/*! What one receive access point assumes of C targets. The velocity enters its echo through
 * one range rate for each transmit access point alone, so these are its parameters; with two
 * transmit access points they are equivalent to a velocity in the plane.
 */
struct LocalTargets {
    at::Tensor location;   //!< [C, D], m, float64
    at::Tensor range_rate; //!< [C, N], m/s, float64

    std::int64_t count() const { return location.size(0); }
    //! D + N
    std::int64_t parameters() const { return location.size(1) + range_rate.size(1); }
    //! (location, range rates) of every target, [C, D + N].
    at::Tensor joined() const { return at::cat({location, range_rate}, 1); }
    //! The inverse of `joined`.
    static LocalTargets split(const at::Tensor& values, std::int64_t dimensions);
    LocalTargets slice(std::int64_t first, std::int64_t last) const;
    //! Both, `first` before `second`.
    static LocalTargets join(const LocalTargets& first, const LocalTargets& second);
};

//! The likelihood of an echo at some targets, with the gains that fit best.
struct LocalFit {
    at::Tensor amplitude; //!< [C, N], complex128, A of (31) for unit noise-free fit
    double explained;     //!< energy of the echo that the targets explain, Σ |·|²
    at::Tensor
        target_energy; //!< [C], what is no longer explained without the target
    //! [C (D + N)], half the derivative of `explained` with respect to the parameters
    at::Tensor gradient;
    //! [C (D + N), C (D + N)]: information (23) of the parameters, the gains being unknown,
    //! without the factor 2/ξ_z²
    at::Tensor information;
};

/*! Log-likelihood of the echo (6) of one receive access point, concentrated over the complex
 * gains A_{n,q} of (31), with its gradient and information.
 *
 * The echo is linear in the gains, so that these follow from the other parameters by least
 * squares (variable projection: Golub and Pereyra, "The differentiation of pseudo-inverses
 * and nonlinear least squares problems whose variables separate", SIAM J. Numer. Anal.,
 * 1973). As for the bound, every derivative of the echo is a combination of products of four
 * functions over resource elements and two receive vectors (cramer_rao_bound.cc); one pass
 * over the frame gives their products with each other and with the echo.
 */
class LocalLikelihood
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m
     * \param transmit X [N, N_t, S, T], complex64, on the device
     */
    LocalLikelihood(const signal::Layout& layout,
                    std::int64_t receiver,
                    const at::Tensor& transmit);

    //! \param echo Y_m [M_r, S, T], complex64, on the device
    LocalFit fit(const at::Tensor& echo, const LocalTargets& targets) const;

    //! Noiseless echo of the targets with gains [C, N], [M_r, S, T], complex64.
    at::Tensor echo_of(const LocalTargets& targets, const at::Tensor& amplitude) const;

private:
    // Where the targets are seen by the arrays; float64 on the processor.
    struct Geometry;
    // The functions over resource elements, and how the arrays see the targets.
    struct Basis {
        at::Tensor functions; // [C, N, 4 or 1, S·T], complex64
        at::Tensor receive;   // [C, 2, M_r], complex128: a_r and its derivative
    };
    Basis basis(const Geometry& geometry, bool derivatives) const;
    at::Tensor coefficients(const Geometry& geometry, const at::Tensor& amplitude) const;

    signal::Layout d_layout;
    std::int64_t d_receiver;
    at::Tensor d_transmit; // [N, N_t, S·T]
};

} // namespace cfisac::estimators

#endif
