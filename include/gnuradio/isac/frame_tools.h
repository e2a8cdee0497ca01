/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_TOOLS_H
#define INCLUDED_ISAC_FRAME_TOOLS_H

#include <cfisac/scenario/scenario.h>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Single frames outside of a flowgraph: what the blocks compute, on vectors. The same seed
 * and frame number give the numbers of payload_source, mmse_precoder and bistatic_channel to
 * the last bit. Arrays are row-major in the order that stands in brackets; devices are "cpu",
 * "cuda:N", or "auto" for a GPU where there is one.
 *
 * All functions throw std::invalid_argument naming what is wrong and its value: another
 * number of entries, values that are not finite, a power that is none, another device.
 */

//! Where targets are, how fast they move, and what they reflect in one frame.
struct ISAC_API target_scene {
    std::vector<double> positions;  //!< [Q, D], m
    std::vector<double> velocities; //!< [Q, D], m/s
    //! [N, M, Q], β of (6)
    std::vector<std::complex<double>> reflections;
};

/*! The targets that bistatic_channel draws in a frame.
 * \param targets Q; zero for as many as the scenario has
 */
ISAC_API target_scene draw_targets(const cfisac::Scenario& scenario,
                                   std::uint64_t seed,
                                   std::uint64_t frame,
                                   int targets = 0);

/*! Transmit frames (3) of all access points.
 * \param power_dbm P of one access point
 * \return X [N, N_t, S, T], sqrt(W)
 */
ISAC_API std::vector<gr_complex> transmit_frames(const cfisac::Scenario& scenario,
                                                 double power_dbm,
                                                 std::uint64_t seed,
                                                 std::uint64_t frame,
                                                 const std::string& device = "auto");

//! What disturbs the echoes of a frame.
struct ISAC_API disturbance {
    double noise_dbm;        //!< ξ_z² per resource element; minus infinity for none
    int clutter_scatterers;  //!< S of (29)
    double clutter_variance; //!< χ̃²
    double timing_std_s;     //!< σ_τ of (30)
    double frequency_std_hz; //!< σ_f

    //! That of the scenario.
    static disturbance of(const cfisac::Scenario& scenario);
};

/*! Echoes (6) of one frame at all receive access points, with clutter (29) and offsets (30).
 * \param targets with reflections
 * \param transmit X [N, N_t, S, T], sqrt(W)
 * \param seed, frame of clutter, offsets and noise
 * \return Y [M, M_r, S, T], sqrt(W)
 */
ISAC_API std::vector<gr_complex> echo_frames(const cfisac::Scenario& scenario,
                                             const target_scene& targets,
                                             const std::vector<gr_complex>& transmit,
                                             const disturbance& disturbed,
                                             std::uint64_t seed,
                                             std::uint64_t frame,
                                             const std::string& device = "auto");

//! The Cramér-Rao bound of one frame.
struct ISAC_API frame_bound {
    std::vector<double>
        location_m; //!< [Q], root of the trace of a target's block of (24)
    std::vector<double> velocity_mps; //!< [Q]
    //! [2DQ, 2DQ], (24): locations of all targets, then velocities, m and m/s; infinite or
    //! not a number in the rows and columns of what cannot be estimated
    std::vector<double> covariance;
};

/*! The bound (22)–(28), of the signal without clutter and offsets.
 * \param targets with reflections
 * \param transmit X [N, N_t, S, T], sqrt(W)
 * \param noise_dbm ξ_z² per resource element
 */
ISAC_API frame_bound bound_of_frame(const cfisac::Scenario& scenario,
                                    const target_scene& targets,
                                    const std::vector<gr_complex>& transmit,
                                    double noise_dbm,
                                    const std::string& device = "auto");

//! Which estimate belongs to which target, and how far it is off.
struct ISAC_API frame_match {
    std::vector<double> location_m;   //!< [Q], Euclidean distance, target by target
    std::vector<double> velocity_mps; //!< [Q]; empty where locations alone are compared
    std::vector<std::size_t> order;   //!< [Q], the estimate of each target
};

/*! Matches estimates with targets as error_meter does: by the best permutation over location
 * and velocity together, each coordinate scaled by the width of its prior.
 * \param truth, estimates [2, Q, D]: locations (m), then velocities (m/s), of as many
 * targets as the scenario has
 * \param location_only whether velocities are left out
 */
ISAC_API frame_match match_frame(const cfisac::Scenario& scenario,
                                 const std::vector<double>& truth,
                                 const std::vector<double>& estimates,
                                 bool location_only = false);

} // namespace isac
} // namespace gr

#endif
