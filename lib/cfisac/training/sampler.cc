// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cfisac/training/sampler.h>

namespace cfisac::training {

at::Tensor Batch::location() const { return targets.position.to(at::kFloat); }

at::Tensor Batch::velocity() const { return targets.velocity.to(at::kFloat); }

at::Tensor Batch::present() const
{
    const auto place = at::arange(targets.count(), target_count.options());
    return place < target_count.unsqueeze(-1);
}

namespace {

std::vector<double> powers_dbm(const Scenario& scenario, const FrameSettings& settings)
{
    return settings.power_dbm.empty() ? std::vector<double>{scenario.transmit_power_dbm}
                                      : settings.power_dbm;
}

void draw_truth(Batch& batch,
                const signal::Layout& layout,
                const signal::Random& random,
                const FrameSettings& settings)
{
    const auto& prior = layout.scenario.targets;
    std::vector<std::int64_t> counts(random.frames().size(), prior.count);
    if (settings.targets.empty()) {
        batch.targets = signal::draw_targets(layout, prior, random);
    } else {
        batch.targets = signal::draw_targets(layout, prior, settings.targets, random);
        std::transform(settings.targets.begin(),
                       settings.targets.end(),
                       counts.begin(),
                       [](const signal::Population& frame) { return frame.count; });
    }
    batch.target_count = at::tensor(counts, at::kLong).to(layout.device);
}

} // namespace

Batch draw_batch(const signal::Layout& layout,
                 const signal::Random& random,
                 const Randomisation& randomisation)
{
    const auto& scenario = layout.scenario;
    const auto settings = draw_settings(scenario, random, randomisation);
    const auto sent = signal::transmit(layout, powers_dbm(scenario, settings), random);
    Batch batch;
    batch.transmit = sent.signal;
    batch.symbols = sent.symbols;
    draw_truth(batch, layout, random, settings);
    auto impairments = signal::Impairments::of(scenario);
    impairments.clutter_of_frames = settings.clutter;
    impairments.clocks_of_frames = settings.clocks;
    batch.echo =
        signal::received_echo(layout, batch.transmit, batch.targets, impairments, random);
    return batch;
}

at::Tensor to_items(const at::Tensor& location, const at::Tensor& velocity)
{
    return at::cat({location.flatten(1), velocity.flatten(1)}, 1)
        .to(at::kCPU, at::kFloat)
        .contiguous();
}

} // namespace cfisac::training
