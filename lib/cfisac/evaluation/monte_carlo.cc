// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/monte_carlo.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>

namespace cfisac::evaluation {
namespace {

//! All values one after another, float32 on the processor.
std::vector<float> values_of(const std::vector<at::Tensor>& tensors)
{
    std::vector<float> values;
    for (const auto& tensor : tensors) {
        const auto flat = tensor.to(at::kCPU, at::kFloat).contiguous();
        const auto* data = flat.data_ptr<float>();
        values.insert(values.end(), data, data + flat.numel());
    }
    return values;
}

} // namespace

Frame draw_frame(const signal::Layout& layout, std::uint64_t seed, std::int64_t number)
{
    const auto& scenario = layout.scenario;
    const signal::Random random(seed, {number});
    const auto transmit =
        signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
    auto targets = signal::draw_targets(layout, scenario.targets, random);
    const auto echo = signal::received_echo(
        layout, transmit, targets, signal::Impairments::of(scenario), random);
    return {transmit[0], echo[0], std::move(targets)};
}

MonteCarlo::MonteCarlo(const Scenario& scenario, at::Device device, std::uint64_t seed)
    : d_seed(seed), d_device(device), d_own(source_of(scenario))
{
}

MonteCarlo::Source& MonteCarlo::source_of(const Scenario& scenario)
{
    const auto key = to_yaml(scenario);
    auto found = d_sources.find(key);
    if (found == d_sources.end()) {
        found = d_sources.emplace(key, Source{signal::Layout(scenario, d_device), -1, {}})
                    .first;
    }
    return found->second;
}

const Frame& MonteCarlo::frame_of(Source& source, std::int64_t number) const
{
    if (source.number != number) {
        source.frame = draw_frame(source.layout, d_seed, number);
        source.number = number;
    }
    return source.frame;
}

Record MonteCarlo::truth(std::int64_t number)
{
    const c10::InferenceMode no_gradients;
    const auto& frame = frame_of(d_own, number);
    const auto& scenario = d_own.layout.scenario;
    const auto covariance =
        signal::cramer_rao_bound(d_own.layout,
                                 frame.transmit.unsqueeze(0),
                                 frame.targets,
                                 dbm_to_watt(scenario.sensing_noise_dbm));
    const auto bound = signal::root_bound(covariance, scenario.targets.count);
    return values_of({frame.targets.position,
                      frame.targets.velocity,
                      bound.location_m,
                      bound.velocity_mps});
}

Record MonteCarlo::estimates(Scheme& scheme, std::int64_t number)
{
    const c10::InferenceMode no_gradients;
    const auto& frame = frame_of(source_of(scheme.scenario()), number);
    const auto found = scheme(frame.echo, frame.transmit);
    auto values = values_of({found.location, found.velocity});
    const auto scored = scheme.estimates_velocity() ? values.size() : values.size() / 2;
    const bool finite = std::all_of(values.begin(),
                                    values.begin() + static_cast<std::ptrdiff_t>(scored),
                                    [](float value) { return std::isfinite(value); });
    return finite ? Record(std::move(values)) : std::nullopt;
}

} // namespace cfisac::evaluation
