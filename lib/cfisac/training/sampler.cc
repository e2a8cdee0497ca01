// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cfisac/training/sampler.h>

namespace cfisac::training {

at::Tensor Batch::location() const { return targets.position.to(at::kFloat); }

at::Tensor Batch::velocity() const { return targets.velocity.to(at::kFloat); }

Batch draw_batch(const signal::Layout& layout, const signal::Random& random)
{
    const auto& scenario = layout.scenario;
    const auto sent = signal::transmit(layout, scenario.transmit_power_dbm, random);
    Batch batch;
    batch.transmit = sent.signal;
    batch.symbols = sent.symbols;
    batch.targets = signal::draw_targets(layout, scenario.targets, random);
    batch.echo = signal::received_echo(
        layout, batch.transmit, batch.targets, signal::Impairments::of(scenario), random);
    return batch;
}

at::Tensor to_items(const at::Tensor& location, const at::Tensor& velocity)
{
    return at::cat({location.flatten(1), velocity.flatten(1)}, 1)
        .to(at::kCPU, at::kFloat)
        .contiguous();
}

} // namespace cfisac::training
