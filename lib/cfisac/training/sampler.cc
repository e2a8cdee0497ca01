// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cfisac/training/sampler.h>

namespace cfisac::training {

Batch draw_batch(const signal::Layout& layout, const signal::Random& random)
{
    const auto& scenario = layout.scenario;
    const auto targets = signal::draw_targets(layout, scenario.targets, random);
    auto scene = targets;
    if (scenario.clutter.scatterers > 0) {
        scene =
            signal::join(scene, signal::draw_clutter(layout, scenario.clutter, random));
    }
    std::optional<signal::Offsets> offsets;
    if (scenario.clocks.timing_offset_std_s > 0 ||
        scenario.clocks.frequency_offset_std_hz > 0) {
        offsets = signal::draw_offsets(layout, scenario.clocks, random);
    }
    Batch batch;
    batch.transmit =
        signal::transmit(layout, scenario.transmit_power_dbm, random, at::kFloat).signal;
    batch.echo =
        signal::echo(layout, batch.transmit, scene, offsets) +
        signal::sensing_noise(layout, scenario.sensing_noise_dbm, random, at::kFloat);
    batch.location = targets.position.to(at::kFloat);
    batch.velocity = targets.velocity.to(at::kFloat);
    return batch;
}

} // namespace cfisac::training
