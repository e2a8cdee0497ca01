// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
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
    Samples samples;
    static_cast<Batch&>(samples) = draw_batch(layout, random);
    samples.echo_noiseless = signal::echo(layout, samples.transmit, samples.targets);
    samples.root_crlb = root_diagonal(
        signal::cramer_rao_bound(layout,
                                 samples.transmit,
                                 samples.targets,
                                 dbm_to_watt(layout.scenario.sensing_noise_dbm)));
    return samples;
}

} // namespace cfisac::training
