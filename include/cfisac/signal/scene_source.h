// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SIGNAL_SCENE_SOURCE_H
#define INCLUDED_CFISAC_SIGNAL_SCENE_SOURCE_H

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/scene.h>
#include <cstdint>
#include <optional>

namespace cfisac::signal {

//! Reflectors that move uniformly for a while.
struct SceneAt {
    double time_s; //!< environment time of the positions
    //! From when to before when it holds; the ends need not contain `time_s`
    double from_s;
    double until_s; //!< environment time
    Scene scene;    //!< B = 1, targets before clutter, on the processor
    /*! Where the phase of a reflector's carrier is that of β alone, [1, Q, D], m: the
     * factor exp(-j2π f_c τ) of the delay from there is taken to be part of β, as in (6).
     */
    at::Tensor reference_position;
};

//! What reflects, as a function of environment time.
class SceneSource
{
public:
    virtual ~SceneSource() = default;
    /*! The scene that holds at a time. Depends on the time alone, and is the same for all
     * times from its `from_s` to before its `until_s`. */
    virtual SceneAt at(double time_s) = 0;
};

/*! A new scene in every frame period: targets and clutter that `draw_targets` and
 * `draw_clutter` draw for (seed, frame), as for the channel (6) in the frequency domain.
 *
 * Frame k lasts from `start_s` + k period to `start_s` + (k + 1) period. Its positions hold
 * one symbol duration before its payload starts, where the time of (6) is zero. Before
 * frame 0 nothing reflects.
 */
class DrawnScenes : public SceneSource
{
public:
    /*! \throws ScenarioError for a scenario without `radio`, or a wrong one
     * \throws std::invalid_argument when `start_s` is not within ±1e9 s */
    DrawnScenes(const Scenario& scenario, std::uint64_t seed, double start_s = 0.0);

    /*! Targets that have the same positions and velocities in every frame; their β are
     * still drawn. Undefined tensors return to the scenario's prior.
     * \param position [1, Q, D], m, \param velocity [1, Q, D], m/s
     * \throws std::invalid_argument on another shape, or values that are not finite
     */
    void set_targets(const at::Tensor& position, const at::Tensor& velocity);

    SceneAt at(double time_s) override;

private:
    Layout d_layout;
    FrameTiming d_timing;
    std::uint64_t d_seed;
    double d_start_s;
    at::Tensor d_position; //!< undefined while targets are drawn
    at::Tensor d_velocity;
};

/*! One scene for good: reflectors with constant β that move uniformly and are thrown back by
 * the sides of their area (targets by those of the scenario's `targets.area_m`, scatterers by
 * those of `clutter.area_m`; where two sides coincide, nothing moves from one to the other).
 * Positions are a closed form of the time, so that it runs for
 * hours. Between two reflections of any of them, a scene holds.
 */
class MovingScene : public SceneSource
{
public:
    /*! Targets and clutter drawn for (seed, frame 0), where they are at `start_s`.
     * \throws std::invalid_argument when `start_s` is not within ±1e9 s */
    MovingScene(const Scenario& scenario, std::uint64_t seed, double start_s = 0.0);
    /*! Given targets and clutter, where they are at `start_s`.
     * \param targets,clutter B = 1; no reflectors where the tensors are undefined
     * \throws std::invalid_argument on another shape, values that are not finite, a
     * position outside of the area, or `start_s` as above
     */
    MovingScene(const Scenario& scenario,
                const Scene& targets,
                const Scene& clutter,
                double start_s = 0.0);

    /*! Targets that are at other positions at a time, which become their reference; the scene
     * before that time is void then. Their β and the clutter stay as they are.
     * \param position [1, Q, D], m, \param velocity [1, Q, D], m/s
     * \throws std::invalid_argument as for the constructor
     */
    void set_targets(const at::Tensor& position,
                     const at::Tensor& velocity,
                     double time_s);

    SceneAt at(double time_s) override;

private:
    void set(const Scene& targets, const Scene& clutter);

    Layout d_layout;
    Scene d_targets; //!< at `d_targets_s`
    Scene d_clutter; //!< at `d_clutter_s`
    double d_targets_s;
    double d_clutter_s;
};

} // namespace cfisac::signal

#endif
