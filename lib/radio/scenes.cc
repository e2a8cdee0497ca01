// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenes.h"
#include <cfisac/signal/scene.h>
#include <cmath>

namespace cfisac::radio {

namespace {

// Where a point is that bounces between two walls, having gone straight to `place`.
double between(double place, double low, double high)
{
    const double width = high - low;
    if (width <= 0.0) {
        return low;
    }
    const double turn = std::fmod(place - low, 2.0 * width);
    const double way = turn < 0.0 ? turn + 2.0 * width : turn;
    return low + (way <= width ? way : 2.0 * width - way);
}

void append(const signal::Scene& scene,
            int receiver,
            const Box* walls,
            std::vector<Reflector>& reflectors)
{
    const auto position = scene.position.contiguous();
    const auto velocity = scene.velocity.contiguous();
    const auto reflection =
        scene.reflection.select(0, 0).select(1, receiver).contiguous(); // [N, Q]
    const auto dimensions = position.size(2);
    const auto count = scene.count();
    const auto* const places = position.data_ptr<double>();
    const auto* const speeds = velocity.data_ptr<double>();
    const auto* const values = reflection.data_ptr<c10::complex<double>>();
    for (std::int64_t q = 0; q < count; q++) {
        Reflector reflector;
        reflector.position_m.assign(places + q * dimensions,
                                    places + (q + 1) * dimensions);
        reflector.velocity_mps.assign(speeds + q * dimensions,
                                      speeds + (q + 1) * dimensions);
        for (std::int64_t n = 0; n < reflection.size(0); n++) {
            const auto value = values[n * count + q];
            reflector.reflection.emplace_back(value.real(), value.imag());
        }
        reflector.walls = walls;
        reflectors.push_back(std::move(reflector));
    }
}

} // namespace

std::vector<double> position_at(const Reflector& reflector, double elapsed_s)
{
    auto position = reflector.position_m;
    for (std::size_t d = 0; d < position.size(); d++) {
        position[d] += reflector.velocity_mps[d] * elapsed_s;
        if (reflector.walls != nullptr) {
            position[d] =
                between(position[d], reflector.walls->min[d], reflector.walls->max[d]);
        }
    }
    return position;
}

Scenes::Scenes(const Scenario& scenario, const Settings& settings, int receiver)
    : d_layout(scenario), d_timing(scenario), d_settings(settings), d_receiver(receiver)
{
}

ReflectingScene Scenes::draw(std::int64_t frame, double reference_s) const
{
    const auto& scenario = d_layout.scenario;
    const signal::Random random(d_settings.seed, {frame});
    const bool moving = d_settings.scene == SceneMode::moving;
    ReflectingScene scene;
    scene.reference_s = reference_s;
    append(signal::draw_targets(d_layout, scenario.targets, random),
           d_receiver,
           moving ? &scenario.targets.area_m : nullptr,
           scene.reflectors);
    if (scenario.clutter.scatterers > 0) {
        append(signal::draw_clutter(d_layout, scenario.clutter, random),
               d_receiver,
               moving ? &scenario.clutter.area_m : nullptr,
               scene.reflectors);
    }
    return scene;
}

const ReflectingScene& Scenes::at(double time_s)
{
    const double start_s = d_settings.start_s.value_or(0.0);
    if (d_settings.scene == SceneMode::moving) {
        if (d_frame != 0) {
            d_scene = draw(0, start_s);
            d_frame = 0;
        }
        return d_scene;
    }
    const double frames = std::floor((time_s - start_s) / d_timing.period_s());
    if (frames < 0.0) {
        return d_nothing;
    }
    const auto frame = static_cast<std::int64_t>(frames);
    if (frame != d_frame) {
        const double payload_s =
            static_cast<double>(d_timing.payload_start()) / d_timing.sample_rate_hz;
        d_scene = draw(frame,
                       start_s + frames * d_timing.period_s() + payload_s -
                           d_layout.scenario.waveform.symbol_duration_s());
        d_frame = frame;
    }
    return d_scene;
}

} // namespace cfisac::radio
