// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cfisac/training/samples.h>
#include <limits>

namespace cfisac::training {
namespace {

//! Square root of the diagonal; infinite where (22) has no inverse.
at::Tensor root_diagonal(const at::Tensor& bound)
{
    const auto variance = at::diagonal(bound, 0, 1, 2);
    return at::where(variance >= 0, // false for NaN
                     variance,
                     at::full_like(variance, std::numeric_limits<double>::infinity()))
        .sqrt();
}

} // namespace

Samples draw_samples(const signal::Layout& layout, const signal::Random& random)
{
    const auto& scenario = layout.scenario;
    const auto transmission =
        signal::transmit(layout, scenario.transmit_power_dbm, random);

    Samples samples;
    samples.transmit = transmission.signal;
    samples.symbols = transmission.symbols;
    samples.targets = signal::draw_targets(layout, scenario.targets, random);
    samples.echo_noiseless = signal::echo(layout, samples.transmit, samples.targets);

    const bool clutter = scenario.clutter.scatterers > 0;
    const bool offsets = scenario.clocks.timing_offset_std_s > 0.0 ||
                         scenario.clocks.frequency_offset_std_hz > 0.0;
    auto echo = samples.echo_noiseless;
    if (clutter || offsets) {
        const auto scene =
            clutter ? signal::join(samples.targets,
                                   signal::draw_clutter(layout, scenario.clutter, random))
                    : samples.targets;
        std::optional<signal::Offsets> drawn;
        if (offsets) {
            drawn = signal::draw_offsets(layout, scenario.clocks, random);
        }
        echo = signal::echo(layout, samples.transmit, scene, drawn);
    }
    samples.echo =
        echo + signal::sensing_noise(layout, scenario.sensing_noise_dbm, random);

    samples.root_crlb =
        root_diagonal(signal::cramer_rao_bound(layout,
                                               samples.transmit,
                                               samples.targets,
                                               dbm_to_watt(scenario.sensing_noise_dbm)));
    return samples;
}

} // namespace cfisac::training
