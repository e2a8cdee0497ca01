/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "checks.h"
#include "frame_memory.h"
#include "frames.h"

#include <algorithm>
#include <cfisac/evaluation/frame_errors.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/device.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gnuradio/isac/frame_tools.h>
#include <limits>

namespace gr {
namespace isac {

namespace signal = cfisac::signal;

namespace {

at::Device device_of(const std::string& word)
{
    return at::Device(signal::resolve_device(word));
}

signal::Random random_of(std::uint64_t seed, std::uint64_t frame)
{
    if (frame > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw std::invalid_argument("frame: " + std::to_string(frame) +
                                    " is beyond 2^63 - 1");
    }
    return signal::Random(seed, {static_cast<std::int64_t>(frame)});
}

void require_targets(std::int64_t count)
{
    if (count < 1 || count > cfisac::ScenarioLimits::targets) {
        throw std::invalid_argument("targets: " + std::to_string(count) +
                                    " is not between 1 and " +
                                    std::to_string(cfisac::ScenarioLimits::targets));
    }
}

void require_not_negative(const std::string& what, double value)
{
    if (!std::isfinite(value) || value < 0.0) {
        throw std::invalid_argument(what + ": " + std::to_string(value) +
                                    " is not a number of at least zero");
    }
}

signal::Scene scene_of(const signal::Layout& layout, const target_scene& targets)
{
    const std::int64_t D = layout.scenario.dimensions;
    const auto count = static_cast<std::int64_t>(targets.positions.size()) / D;
    require_targets(count);
    const auto tensor = [&](const char* what, const auto& values, auto shape) {
        shape.insert(shape.begin(), 1);
        return tensor_of(what, values, shape, layout.device);
    };
    return {tensor("positions", targets.positions, std::vector{count, D}),
            tensor("velocities", targets.velocities, std::vector{count, D}),
            tensor("reflections",
                   targets.reflections,
                   std::vector{layout.transmitters(), layout.receivers(), count})};
}

//! X [1, N, N_t, S, T]
at::Tensor signal_of(const signal::Layout& layout,
                     const std::vector<gr_complex>& transmit)
{
    return tensor_of("transmit",
                     transmit,
                     transmit_frames_shape(layout.scenario),
                     layout.device)
        .unsqueeze(0);
}

void check(const cfisac::Scenario& scenario, const disturbance& disturbed)
{
    if (disturbed.noise_dbm != -std::numeric_limits<double>::infinity()) {
        require_power(disturbed.noise_dbm, "noise");
    }
    const auto pairs =
        static_cast<std::int64_t>(scenario.transmit.size() * scenario.receive.size());
    const auto most = std::min<std::int64_t>(cfisac::ScenarioLimits::scatterers,
                                             cfisac::ScenarioLimits::paths / pairs -
                                                 cfisac::ScenarioLimits::targets);
    if (disturbed.clutter_scatterers < 0 || disturbed.clutter_scatterers > most) {
        throw std::invalid_argument(
            "clutter scatterers: " + std::to_string(disturbed.clutter_scatterers) +
            " is not between 0 and " + std::to_string(most));
    }
    require_not_negative("clutter variance", disturbed.clutter_variance);
    require_not_negative("timing offset", disturbed.timing_std_s);
    require_not_negative("frequency offset", disturbed.frequency_std_hz);
}

} // namespace

target_scene draw_targets(const cfisac::Scenario& scenario,
                          std::uint64_t seed,
                          std::uint64_t frame,
                          int targets)
{
    const c10::InferenceMode no_gradients;
    const single_thread as_blocks;
    auto prior = scenario.targets;
    if (targets != 0) {
        require_targets(targets);
        prior.count = targets;
    }
    const auto scene =
        signal::draw_targets(signal::Layout(scenario), prior, random_of(seed, frame));
    target_scene result{numbers_of(scene.position), numbers_of(scene.velocity), {}};
    const auto parts = numbers_of(at::view_as_real(scene.reflection.contiguous()));
    for (std::size_t i = 0; i < parts.size(); i += 2) {
        result.reflections.emplace_back(parts[i], parts[i + 1]);
    }
    return result;
}

std::vector<gr_complex> transmit_frames(const cfisac::Scenario& scenario,
                                        double power_dbm,
                                        std::uint64_t seed,
                                        std::uint64_t frame,
                                        const std::string& device)
{
    require_power(power_dbm, "transmit power");
    const c10::InferenceMode no_gradients;
    const single_thread as_blocks;
    return samples_of(signal::transmit(signal::Layout(scenario, device_of(device)),
                                       power_dbm,
                                       random_of(seed, frame))
                          .signal);
}

disturbance disturbance::of(const cfisac::Scenario& scenario)
{
    return {scenario.sensing_noise_dbm,
            scenario.clutter.scatterers,
            scenario.clutter.reflection_variance,
            scenario.clocks.timing_offset_std_s,
            scenario.clocks.frequency_offset_std_hz};
}

std::vector<gr_complex> echo_frames(const cfisac::Scenario& scenario,
                                    const target_scene& targets,
                                    const std::vector<gr_complex>& transmit,
                                    const disturbance& disturbed,
                                    std::uint64_t seed,
                                    std::uint64_t frame,
                                    const std::string& device)
{
    check(scenario, disturbed);
    const c10::InferenceMode no_gradients;
    const single_thread as_blocks;
    const signal::Layout layout(scenario, device_of(device));
    auto impairments = signal::Impairments::of(scenario);
    impairments.noise_dbm = disturbed.noise_dbm;
    impairments.clutter.scatterers = disturbed.clutter_scatterers;
    impairments.clutter.reflection_variance = disturbed.clutter_variance;
    impairments.clocks.timing_offset_std_s = disturbed.timing_std_s;
    impairments.clocks.frequency_offset_std_hz = disturbed.frequency_std_hz;
    return samples_of(signal::received_echo(layout,
                                            signal_of(layout, transmit),
                                            scene_of(layout, targets),
                                            impairments,
                                            random_of(seed, frame)));
}

frame_bound bound_of_frame(const cfisac::Scenario& scenario,
                           const target_scene& targets,
                           const std::vector<gr_complex>& transmit,
                           double noise_dbm,
                           const std::string& device)
{
    const double noise_w = require_power(noise_dbm, "noise");
    const c10::InferenceMode no_gradients;
    const single_thread as_blocks;
    const signal::Layout layout(scenario, device_of(device));
    const auto scene = scene_of(layout, targets);
    const auto bound =
        signal::cramer_rao_bound(layout, signal_of(layout, transmit), scene, noise_w);
    const auto root = signal::root_bound(bound, scene.count());
    return {
        numbers_of(root.location_m), numbers_of(root.velocity_mps), numbers_of(bound)};
}

frame_match match_frame(const cfisac::Scenario& scenario,
                        const std::vector<double>& truth,
                        const std::vector<double>& estimates,
                        bool location_only)
{
    using cfisac::evaluation::Scored;
    const std::size_t size = estimate_size(scenario);
    const auto floats = [size](const char* what, const std::vector<double>& values) {
        if (values.size() != size) {
            throw std::invalid_argument(
                std::string(what) + ": " + std::to_string(values.size()) +
                " entries where " + std::to_string(size) + " are needed");
        }
        return std::vector<float>(values.begin(), values.end());
    };
    const auto errors = cfisac::evaluation::Matcher(
        scenario, location_only ? Scored::location : Scored::location_and_velocity)(
        floats("truth", truth).data(), floats("estimates", estimates).data());
    return {errors.location_m, errors.velocity_mps, errors.match};
}

} // namespace isac
} // namespace gr
