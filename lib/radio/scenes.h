// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_SCENES_H
#define INCLUDED_RADIO_SCENES_H

#include "arguments.h"
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/layout.h>
#include <complex>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace cfisac::radio {

//! A point that reflects, as a receive access point sees it.
struct Reflector {
    std::vector<double> position_m;               //!< at the scene's reference time
    std::vector<double> velocity_mps;             //!< likewise
    std::vector<std::complex<double>> reflection; //!< [transmit access point], β
    const Box* walls = nullptr; //!< between which it is thrown back; none where null
};

//! What reflects during some time.
struct ReflectingScene {
    double reference_s = 0.0; //!< environment time of the positions
    std::vector<Reflector> reflectors;
};

//! Position of a reflector at an environment time, m.
std::vector<double> position_at(const Reflector& reflector, double elapsed_s);

/*! The targets and scatterers of an environment, drawn from its seed.
 *
 * With `SceneMode::drawn`, frame k of the schedule has the scene that `draw_targets` and
 * `draw_clutter` give for (seed, k), as in the channel (6) in the frequency domain: its
 * positions hold one symbol before the payload starts. It lasts from the start of the frame
 * to that of the next. Nothing reflects before frame 0. With `SceneMode::moving` it is the
 * scene of frame 0 all the time, its positions hold at the start of the schedule, and
 * targets are thrown back by the sides of the prior's area.
 */
class Scenes
{
public:
    //! \param receiver of which the reflections are
    Scenes(const Scenario& scenario, const Settings& settings, int receiver);

    //! The scene at an environment time, valid until another one is asked for.
    const ReflectingScene& at(double time_s);

private:
    ReflectingScene draw(std::int64_t frame, double reference_s) const;

    signal::Layout d_layout;
    FrameTiming d_timing;
    Settings d_settings;
    int d_receiver;
    std::int64_t d_frame = -1;
    ReflectingScene d_scene;
    ReflectingScene d_nothing;
};

} // namespace cfisac::radio

#endif
