// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/validation.h"

#include <algorithm>
#include <cfisac/training/sampler.h>

namespace cfisac::training {

namespace {

// Frames apart from those trained on.
constexpr std::uint64_t validation_seed = 0x76616c6964617465ULL;

void score(evaluation::ScoreKeeper& keeper,
           const Truth& truth,
           const nn::Estimates& estimates)
{
    const auto expected = to_items(truth.location, truth.velocity);
    const auto found = to_items(estimates.location, estimates.velocity);
    for (std::int64_t b = 0; b < expected.size(0); b++) {
        keeper.add(expected[b].data_ptr<float>(), found[b].data_ptr<float>());
    }
}

} // namespace

Validation validate(nn::DVqVaeImpl& network,
                    DataSource& source,
                    const TrainerOptions& options,
                    bool quantizing,
                    std::int64_t frames,
                    const std::function<void()>& alive)
{
    const auto receivers = network.receivers();
    evaluation::ScoreKeeper keeper(network.scenario());
    std::vector<evaluation::ScoreKeeper> keepers_without(
        options.drop_access_point > 0 ? receivers : 0, keeper);
    std::vector<std::vector<at::Tensor>> used(receivers);
    for (std::int64_t first = 0; first < frames; first += options.batch) {
        const auto count = std::min(options.batch, frames - first);
        auto data = source.draw(options.seed ^ validation_seed, first, count);
        std::vector<at::Tensor> latents;
        for (std::int64_t m = 0; m < receivers; m++) {
            at::Tensor indices;
            latents.push_back(
                sent_latent(network, m, data.inputs[m], quantizing, &indices));
            used[m].push_back(indices);
        }
        score(keeper, data.truth, estimates(network, latents, data.truth));
        for (std::size_t m = 0; m < keepers_without.size(); m++) {
            data.truth.present = at::ones({count, receivers}, latents[0].options());
            data.truth.present.select(1, m).zero_();
            score(
                keepers_without[m], data.truth, estimates(network, latents, data.truth));
        }
        alive();
    }
    Validation result;
    result.scores = keeper.scores();
    for (std::int64_t m = 0; quantizing && m < receivers; m++) {
        auto& quantizer = network.quantizer(m);
        const auto all = quantizer->codewords_of(at::cat(used[m]));
        result.perplexity.push_back(quantizer->perplexity(all));
        result.distinct.push_back(quantizer->distinct(all));
        result.dead.push_back(quantizer->dead(options.dead_threshold));
    }
    for (const auto& without : keepers_without) {
        result.location_median_without_access_point_m.push_back(
            without.scores().location_median_m);
    }
    return result;
}

} // namespace cfisac::training
