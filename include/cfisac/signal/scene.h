// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_SCENE_H
#define INCLUDED_CFISAC_SIGNAL_SCENE_H

#include <cfisac/signal/layout.h>
#include <cfisac/signal/random.h>

#include <cstdint>
#include <vector>

namespace cfisac::signal {

//! Point reflectors of a batch of frames: targets of (6) or scatterers of (29).
struct Scene {
    at::Tensor position;   //!< [B, Q, D], m, float64
    at::Tensor velocity;   //!< [B, Q, D], m/s, float64
    at::Tensor reflection; //!< [B, N, M, Q], β, complex128

    //! Q
    std::int64_t count() const { return position.size(1); }
};

//! Both sets of reflectors in one scene, `first` before `second`.
Scene join(const Scene& first, const Scene& second);

//! How many reflectors a frame has, and how strong they are.
struct Population {
    std::int64_t count = 0;           //!< Q or S
    double reflection_variance = 0.0; //!< χ² or χ̃²
};

//! Residual timing and frequency offsets of (30).
struct Offsets {
    at::Tensor timing_s;     //!< [B, N, M, T], τ_o, float64
    at::Tensor frequency_hz; //!< [B, N, M, T], f_o, float64
};

//! Places (or velocities) uniform in a box, [B, count, D], float64.
at::Tensor draw_in_box(const Box& box,
                       const Random& random,
                       Purpose purpose,
                       std::int64_t count,
                       at::Device device);
//! Targets from the scenario's prior: uniform positions and velocities, β ~ CN(0, χ²).
Scene draw_targets(const Layout& layout, const Targets& targets, const Random& random);
//! Scatterers of (29): uniform positions and velocities, β ~ CN(0, χ̃²).
Scene draw_clutter(const Layout& layout, const Clutter& clutter, const Random& random);
/*! Targets whose number and strength vary from frame to frame. A frame has the targets
 * that `draw_targets` draws for a scenario with its number and variance; the rest of the
 * scene, up to the largest number, are more places of the prior with zero reflection.
 *
 * \param frames B, one for each frame of `random`
 * \throws std::invalid_argument on another number of frames, or a negative count
 */
Scene draw_targets(const Layout& layout,
                   const Targets& targets,
                   const std::vector<Population>& frames,
                   const Random& random);
//! Scatterers in the same way; see `draw_targets`.
Scene draw_clutter(const Layout& layout,
                   const Clutter& clutter,
                   const std::vector<Population>& frames,
                   const Random& random);
//! Offsets of (30), real Gaussians drawn for each (n, m, t).
Offsets draw_offsets(const Layout& layout, const Clocks& clocks, const Random& random);
/*! Offsets whose spread varies from frame to frame.
 * \param frames B, one for each frame of `random`, or one for all
 * \throws std::invalid_argument on another number of frames
 */
Offsets draw_offsets(const Layout& layout,
                     const std::vector<Clocks>& frames,
                     const Random& random);

} // namespace cfisac::signal

#endif
