/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_ESTIMATOR_H
#define INCLUDED_ISAC_FRAME_ESTIMATOR_H

#include <cfisac/scenario/scenario.h>
#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <memory>
#include <string>
#include <vector>

namespace gr {
namespace isac {

//! What is estimated of the Q targets of one frame.
struct ISAC_API frame_estimates {
    std::vector<double> positions;  //!< [Q, D], m
    std::vector<double> velocities; //!< [Q, D], m/s
    std::vector<double> confidence; //!< [Q], in [0, 1]
    //! [Q, 2D, 2D] of (location, velocity), m and m/s; empty where the receiver gives none
    std::vector<double> covariance;
};

/*! Estimates from the echoes of single frames, outside of a flowgraph: what the blocks of a
 * receiver compute, with the same numbers, access points and central unit together. What
 * travels on the fronthaul is quantized as there. One thread at a time.
 */
class ISAC_API frame_estimator
{
public:
    //! How it is held.
    using sptr = std::shared_ptr<frame_estimator>;

    virtual ~frame_estimator() = default;

    /*! A receiver without a network.
     * \param scenario what is worked on; for "monostatic" that of monostatic_scenario()
     * \param receiver "ml", "music", "cs" or "monostatic"
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param absent receive access points that are left out, counted from 0
     * \param static_clutter of "ml", see ml_estimator
     * \throws std::invalid_argument on another word, access point or device, and on a
     * scenario that the receiver does not work on
     */
    static sptr make(const cfisac::Scenario& scenario,
                     const std::string& receiver,
                     const std::string& device = "auto",
                     const std::vector<int>& absent = {},
                     const std::string& static_clutter = "scenario");

    /*! A trained network: encoders and decoder, or a centralized one.
     * \param model_file safetensors file of a model for this scenario
     * \param precision as for dvqvae_encoder; a centralized network has float32 only
     * \throws std::invalid_argument as make(), and on absent access points where the network
     * is centralized
     * \throws std::runtime_error on a wrong file or a model for another scenario
     */
    static sptr make_model(const cfisac::Scenario& scenario,
                           const std::string& model_file,
                           const std::string& device = "auto",
                           const std::vector<int>& absent = {},
                           const std::string& precision = "float32");

    /*!
     * \param echo Y [M, M_r, S, T], sqrt(W)
     * \param transmit X [N, N_t, S, T] with the precoder in it, sqrt(W)
     * \throws std::invalid_argument on another number of samples, or one that is not finite
     */
    virtual frame_estimates estimate(const std::vector<gr_complex>& echo,
                                     const std::vector<gr_complex>& transmit) = 0;
};

} // namespace isac
} // namespace gr

#endif
