// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/data_source.h"

#include <cfisac/training/sampler.h>

namespace cfisac::training {

namespace {

// Draws of its own: others of the same purpose have the seed as it is.
constexpr std::uint64_t missing_seed = 0x6d697373696e6700ULL;

} // namespace

DataSource::DataSource(nn::DVqVaeImpl& network,
                       const signal::Layout& layout,
                       const TrainerOptions& options,
                       std::vector<std::int64_t> receivers,
                       bool truth)
    : d_network(network),
      d_layout(layout),
      d_options(options),
      d_receivers(std::move(receivers)),
      d_truth(truth)
{
}

StepData DataSource::draw(std::uint64_t seed, std::int64_t first, std::int64_t count)
{
    return draw(seed, first, count, {});
}

StepData DataSource::draw(std::uint64_t seed,
                          std::int64_t first,
                          std::int64_t count,
                          const Randomisation& randomisation)
{
    const at::NoGradGuard no_grad;
    const std::lock_guard lock(d_mutex);
    const auto batch =
        draw_batch(d_layout, signal::Random::range(seed, first, count), randomisation);
    StepData data;
    data.inputs.resize(d_network.receivers());
    for (const auto receiver : d_receivers) {
        data.inputs[receiver] =
            d_network.front_end(receiver, batch.echo.select(1, receiver), batch.transmit);
    }
    if (d_truth) {
        data.truth.location = batch.location();
        data.truth.velocity = batch.velocity();
        if (randomisation.targets) {
            data.truth.there = batch.present();
        }
        if (d_network.architecture().read_out == nn::ReadOut::dense) {
            data.truth.transmit = batch.transmit;
        }
    }
    return data;
}

StepData DataSource::draw_for_training(std::uint64_t seed,
                                       std::int64_t first,
                                       std::int64_t count)
{
    auto data = draw(seed, first, count, d_options.randomisation);
    if (d_truth) {
        data.truth.present =
            draw_present(signal::Random::range(seed ^ missing_seed, first, count),
                         d_network.receivers(),
                         d_options.drop_access_point,
                         d_layout.device);
    }
    return data;
}

at::Tensor draw_present(const signal::Random& random,
                        std::int64_t receivers,
                        double share,
                        at::Device device)
{
    if (share == 0.0) {
        return {};
    }
    const auto draws = random.uniform(
        signal::Purpose::training, {2}, at::TensorOptions(at::kDouble).device(device));
    const auto missing =
        (draws.select(1, 1) * static_cast<double>(receivers)).floor().unsqueeze(1);
    const auto is_missing =
        at::arange(receivers, draws.options()).unsqueeze(0).eq(missing);
    const auto drops = draws.select(1, 0).lt(share).unsqueeze(1);
    return is_missing.logical_and(drops).logical_not().to(at::kFloat);
}

} // namespace cfisac::training
