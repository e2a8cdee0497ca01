// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_LAYOUT_H
#define INCLUDED_CFISAC_SIGNAL_LAYOUT_H

#include <ATen/ATen.h>
#include <cfisac/scenario/scenario.h>

namespace cfisac::signal {

/*! Antenna arrays of A access points as float64 tensors on one device; all linear, or all
 * planar with equal numbers of antennas along each axis.
 */
struct Arrays {
    Arrays() = default;
    //! \param points at least one
    Arrays(const std::vector<AccessPoint>& points, at::Device device);

    at::Tensor position;       //!< [A, D], m
    at::Tensor axis;           //!< [A, D]
    at::Tensor spacing;        //!< [A], wavelengths
    at::Tensor second_axis;    //!< [A, D] of planar arrays, else undefined
    at::Tensor second_spacing; //!< [A] of planar arrays, else undefined
    std::int64_t antennas = 0; //!< along `axis`
    std::int64_t rows = 1;     //!< along `second_axis`; one of a linear array

    //! Whether antennas stand along two axes.
    bool planar() const { return second_axis.defined(); }
    //! Axes along which antennas stand: 1 or 2.
    std::int64_t axes() const { return planar() ? 2 : 1; }
    //! A
    std::int64_t count() const { return position.size(0); }
    //! Of one array.
    std::int64_t total_antennas() const { return antennas * rows; }
    //! Access point `index` alone.
    Arrays one(std::int64_t index) const;
    //! The same on another device.
    Arrays to(at::Device device) const;
};

/*! Geometry and sampling of a scenario as float64 tensors on one device. Axes: transmit
 * access point n of N, receive access point m of M, coordinate of D, sensed subcarrier i
 * of S, sensed symbol t of T.
 */
struct Layout {
    //! \param device of all tensors
    explicit Layout(const Scenario& scenario, at::Device device = at::kCPU);

    Scenario scenario;       //!< that it was made of
    at::Device device;       //!< of all tensors
    Arrays transmit;         //!< N
    Arrays receive;          //!< M
    at::Tensor frequency_hz; //!< [S], i Δf of the sensed subcarriers
    at::Tensor time_s;       //!< [T], t ΔT of the sensed symbols; the first is t = 1

    //! N
    std::int64_t transmitters() const { return transmit.count(); }
    //! M
    std::int64_t receivers() const { return receive.count(); }
    //! S
    std::int64_t subcarriers() const { return frequency_hz.size(0); }
    //! T
    std::int64_t symbols() const { return time_s.size(0); }
    //! Power that a transmit access point with `power_dbm` over all subcarriers may spend
    //! on the sensed ones, W: its share P S / N_s, since a comb carries every
    //! `subcarrier_step`-th subcarrier only.
    double sensed_power_w(double power_dbm) const;
};

/*! Steering vectors (1), (2) of linear arrays with unit norm: element a is
 * exp(-j2π a spacing cosine) / sqrt(antennas).
 * \param cosine [...] cosine of the angle to the array's axis
 * \param spacing broadcastable to `cosine`, wavelengths
 * \return [..., antennas], complex
 */
at::Tensor steering_vector(const at::Tensor& cosine,
                           const at::Tensor& spacing,
                           std::int64_t antennas);

//! exp(j `phase`), `phase` [...] in radians; complex of the matching precision.
at::Tensor phasor(const at::Tensor& phase);

//! Rays from points to places: see `rays`.
struct Rays {
    at::Tensor distance_m;    //!< [B, A, Q]
    at::Tensor direction;     //!< [B, A, Q, D], unit vector from array to place
    at::Tensor cosine;        //!< [B, A, Q], of the angle between ray and array axis
    at::Tensor second_cosine; //!< to the second axis of planar arrays, else undefined
};

/*! Distances (7) and directions from arrays to places.
 * \param place [B, Q, D]
 */
Rays rays(const Arrays& arrays, const at::Tensor& place);

/*! Steering vectors (1), (2) with unit norm of arrays towards rays. Those of a planar array
 * are a_2 ⊗ a_1 of its two axes: antenna a along the first and b along the second is element
 * a + b · `antennas`.
 * \param rays A of them
 * \return [B, A, Q, antennas of the array], complex
 */
at::Tensor steering_vectors(const Arrays& arrays, const Rays& rays);

/*! The same with their derivatives with respect to the cosines.
 * \return [B, A, Q, 1 + axes, antennas of the array]: plain, then derived along each axis
 */
at::Tensor steering_derivatives(const Arrays& arrays, const Rays& rays);

/*! Bistatic paths from every transmit access point over every place to every receive
 * access point; all float64. */
struct BistaticPaths {
    Rays transmit;         //!< [B, N, Q]
    Rays receive;          //!< [B, M, Q]
    at::Tensor range_m;    //!< [B, N, M, Q], d_{n,m,q}
    at::Tensor delay_s;    //!< [B, N, M, Q], (8)
    at::Tensor range_rate; //!< [B, N, M, Q], m/s, sum of (10) and (11)
    at::Tensor doppler_hz; //!< [B, N, M, Q], see `bistatic_paths`
    at::Tensor amplitude;  //!< [B, N, M, Q], sqrt(PL(d))
};

/*! Delays, Doppler frequencies and path losses of (6).
 *
 * Doppler: f_D = -(ḋ_n + ḋ_m) f_c / c. A receding target lowers the received frequency,
 * so that (6) equals the sampled exp(-j2π f_c τ(t)). The publication prints (9) with the
 * opposite sign, which flips the velocity axis; bounds and errors are the same for both.
 *
 * \param position [B, Q, D], m
 * \param velocity [B, Q, D], m/s
 */
BistaticPaths bistatic_paths(const Layout& layout,
                             const at::Tensor& position,
                             const at::Tensor& velocity);

} // namespace cfisac::signal

#endif
