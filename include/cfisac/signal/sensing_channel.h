// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_SENSING_CHANNEL_H
#define INCLUDED_CFISAC_SIGNAL_SENSING_CHANNEL_H

#include <cfisac/signal/scene.h>
#include <optional>

namespace cfisac::signal {

/*! Noiseless echoes (6), with the offsets of (30) where given. Clutter (29) is part of
 * the scene: `join` it to the targets.
 *
 * Phases are computed in float64; the result has the precision of `transmit`.
 *
 * \param transmit X [B, N, N_t, S, T], complex
 * \param scene reflectors, [B, Q]
 * \return Y [B, M, M_r, S, T]
 * \throws std::invalid_argument naming a tensor whose shape does not fit the layout
 */
at::Tensor echo(const Layout& layout,
                const at::Tensor& transmit,
                const Scene& scene,
                const std::optional<Offsets>& offsets = std::nullopt);

//! The same echoes by tensor operations alone: what `echo` does in float64, with gradients
//! and on devices without kernels of our own.
at::Tensor echo_by_tensor_operations(
    const Layout& layout,
    const at::Tensor& transmit,
    const Scene& scene,
    const std::optional<Offsets>& offsets = std::nullopt);

/*! Noise z of (6), drawn from (seed, frame): CN(0, ξ_z²) at every antenna and resource
 * element.
 * \return [B, M, M_r, S, T], complex
 */
at::Tensor sensing_noise(const Layout& layout,
                         double noise_dbm,
                         const Random& random,
                         at::ScalarType type = at::kFloat);

//! What disturbs the echoes of the targets.
struct Impairments {
    double noise_dbm; //!< ξ_z² per resource element and antenna
    Clutter clutter;  //!< scatterers of (29); none when their number is zero
    Clocks clocks;    //!< offsets of (30)
    //! Scatterers of each frame, in place of those of `clutter` where not empty; their
    //! prior remains that of `clutter`
    std::vector<Population> clutter_of_frames = {};
    //! Clocks of each frame, in place of `clocks` where not empty
    std::vector<Clocks> clocks_of_frames = {};

    //! Those of the scenario.
    static Impairments of(const Scenario& scenario);
};

/*! Echoes as they are received: (6) of the targets with the clutter, the offsets and the
 * noise that `random` draws.
 * \param transmit X [B, N, N_t, S, T], complex
 * \return Y [B, M, M_r, S, T], of the precision of `transmit`
 */
at::Tensor received_echo(const Layout& layout,
                         const at::Tensor& transmit,
                         const Scene& targets,
                         const Impairments& impairments,
                         const Random& random);

} // namespace cfisac::signal

#endif
