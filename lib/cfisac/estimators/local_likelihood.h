// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_LOCAL_LIKELIHOOD_H
#define CFISAC_ESTIMATORS_LOCAL_LIKELIHOOD_H

#include <cfisac/signal/layout.h>
#include <vector>

namespace cfisac::estimators {

//! How all transmit access points and one receive access point see places.
struct PathRays {
    signal::Rays departing; //!< [1, N, P]
    signal::Rays arriving;  //!< [1, 1, P]
};
//! \param places [P, D], m, float64 on the processor, where the result is, too
PathRays path_rays(const signal::Layout& layout,
                   std::int64_t receiver,
                   const at::Tensor& places);

/*! What one receive access point assumes of C targets. The velocity enters its echo through
 * one range rate for each transmit access point alone, so these are its parameters; with two
 * transmit access points they are equivalent to a velocity in the plane.
 */
struct LocalTargets {
    at::Tensor location;   //!< [C, D], m, float64
    at::Tensor range_rate; //!< [C, N], m/s, float64
    //! [C, N], bool: the paths that are taken to have an echo; the gains of the others are
    //! zero
    at::Tensor active;

    std::int64_t count() const { return location.size(0); }
    //! D + N
    std::int64_t parameters() const { return location.size(1) + range_rate.size(1); }
    bool is_active(std::int64_t target, std::int64_t transmitter) const
    {
        return active[target][transmitter].item<bool>();
    }
    //! Moved by `change` [C (D + N)] of (location, range rates) of every target.
    LocalTargets moved(const at::Tensor& change) const;
    LocalTargets slice(std::int64_t first, std::int64_t last) const;
    //! Without the echo of one path.
    LocalTargets without(std::int64_t target, std::int64_t transmitter) const;
    LocalTargets without(std::int64_t target) const;
    //! Both, `first` before `second`.
    static LocalTargets join(const LocalTargets& first, const LocalTargets& second);
};

//! The likelihood of an echo at some targets, with the gains that fit best.
struct LocalFit {
    at::Tensor amplitude;   //!< [C, N], complex128, A of (31)
    double explained = 0.0; //!< energy of the echo that the targets explain, Σ |·|²
    //! [C] and [C, N]: energy that is no longer explained without the target, or the path
    at::Tensor target_energy, path_energy;
    //! [C (D + N)], half the derivative of `explained` with respect to the parameters
    at::Tensor gradient;
    //! [C (D + N), C (D + N)]: information (23) of the parameters, the gains being unknown,
    //! without the factor 2/ξ_z²; zero for the range rates of paths that are not active
    at::Tensor information;
};

/*! Log-likelihood of the echo (6) of one receive access point, concentrated over the complex
 * gains A_{n,q} of (31), with its gradient and information.
 *
 * The echo is linear in the gains, so that these follow from the other parameters by least
 * squares (variable projection: Golub and Pereyra, "The differentiation of pseudo-inverses
 * and nonlinear least squares problems whose variables separate", SIAM J. Numer. Anal.,
 * 1973). As for the bound, every derivative of the echo is a combination of products of F = 4
 * functions over resource elements and V = 2 receive vectors (cramer_rao_bound.cc), or with
 * planar arrays F = 5 and V = 3; one pass over the frame gives their products with each other
 * and with the echo. Unknown echoes of
 * static reflectors are further linear parameters; the functions are then without their part in
 * the subspace of these, and so must be the echo.
 */
class LocalLikelihood
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m
     * \param transmit X [N, N_t, S, T], complex64, on the device
     * \param still signal::static_subspace(), where the echo of everything that stands still is
     * unknown; undefined where there is none
     */
    LocalLikelihood(const signal::Layout& layout,
                    std::int64_t receiver,
                    const at::Tensor& transmit,
                    const at::Tensor& still = {});

    //! \param echo Y_m [M_r, S, T], complex64, on the device
    LocalFit fit(const at::Tensor& echo, const LocalTargets& targets) const;

    //! Noiseless echo of the targets with gains [C, N], [M_r, S, T], complex64.
    at::Tensor echo_of(const LocalTargets& targets, const at::Tensor& amplitude) const;

    /*! Energy that one path would explain at any Doppler frequency: a periodogram over the
     * symbols of the echo, seen from its place with its delay.
     * \param echo as for `fit`, without what other paths explain
     * \param targets one target, of whose paths that over access point n is looked at
     * \param lines frequencies, one for each entry of a transform of that length
     * \return [lines], float64; entry k for frequency k / (lines ΔT), ΔT between two sensed
     * symbols, as in at::fft_fft
     */
    at::Tensor doppler_spectrum(const at::Tensor& echo,
                                const LocalTargets& targets,
                                std::int64_t transmitter,
                                std::int64_t lines) const;

private:
    // Where the targets are seen by the arrays; float64 on the processor.
    struct Geometry;
    struct Path {
        std::int64_t target;
        std::int64_t transmitter;
    };
    // The active paths, target by target.
    static std::vector<Path> paths_of(const LocalTargets& targets);
    // Functions over resource elements, [P, F, S, T], or without `derivatives` [P, 1, S, T].
    at::Tensor functions_of(const Geometry& geometry,
                            const std::vector<Path>& paths,
                            bool derivatives) const;
    at::Tensor visible(const at::Tensor& functions) const;
    // a_r and its derivatives, [C, V, M_r].
    at::Tensor arrays_of(const Geometry& geometry) const;
    at::Tensor coefficients(const Geometry& geometry,
                            const std::vector<Path>& paths,
                            const at::Tensor& gains,
                            std::int64_t targets) const;
    at::Tensor to_device(const at::Tensor& values) const;

    std::int64_t functions() const { return 3 + d_layout.transmit.axes(); }
    std::int64_t vectors() const { return 1 + d_layout.receive.axes(); }

    signal::Layout d_layout;
    std::int64_t d_receiver;
    at::Tensor d_transmit; // [N, N_t, S·T]
    at::Tensor d_still;    // [S, K, T]
};

} // namespace cfisac::estimators

#endif
