// SPDX-License-Identifier: GPL-3.0-or-later
#include "statistics.h"

#include <algorithm>
#include <cfisac/evaluation/runtime.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/engine.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <chrono>
#include <stdexcept>
#include <string>

namespace cfisac::evaluation {
namespace {

//! Frames 0, 1, … of a seed, [B, …], on the device of the layout.
struct Frames {
    Frames(const signal::Layout& layout, std::int64_t batch)
    {
        const auto& scenario = layout.scenario;
        const auto random = signal::Random::range(1, 0, batch);
        transmit = signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        echo =
            signal::received_echo(layout,
                                  transmit,
                                  signal::draw_targets(layout, scenario.targets, random),
                                  signal::Impairments::of(scenario),
                                  random);
    }

    at::Tensor transmit, echo;
};

//! Seconds until the result is there. \param work gives a tensor
template <typename Work>
double seconds(const Work& work)
{
    const auto start = std::chrono::steady_clock::now();
    const at::Tensor result = work();
    if (result.is_cuda()) {
        result.flatten().narrow(0, 0, 1).cpu(); // waits for all before it
    }
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    return elapsed.count();
}

} // namespace

StageTimes measure_runtime(const nn::Model& model,
                           const RuntimeOptions& options,
                           const std::function<void()>& after)
{
    if (options.batch < 1 || options.repetitions < 1) {
        throw std::invalid_argument("runtime: a batch of " +
                                    std::to_string(options.batch) + " frames, " +
                                    std::to_string(options.repetitions) + " repetitions");
    }
    if (model.codewords() == 0) {
        throw std::invalid_argument("runtime: the model has no codebooks");
    }
    const c10::InferenceMode no_gradients;
    const signal::Layout layout(model.scenario(), model.device());
    const Frames frames(layout, options.batch);
    const auto receivers = layout.receivers();

    nn::EncoderEngine access_point(model, {0});
    nn::DecoderEngine central_unit(model);
    const auto own = frames.echo.select(1, 0).contiguous();
    auto& network = *model.network();
    const auto latent = network.encode(0, network.front_end(0, own, frames.transmit));
    std::vector<at::Tensor> indices;
    for (std::int64_t m = 0; m < receivers; m++) {
        indices.push_back(
            model.encode(m, frames.echo.select(1, m).contiguous(), frames.transmit));
    }

    std::vector<double> encode, quantize, prepare, decode;
    for (std::int64_t k = 0; k <= options.repetitions; k++) {
        const double encode_s =
            seconds([&] { return access_point.encode({own}, frames.transmit)[0]; });
        const double quantize_s =
            seconds([&] { return network.quantizer(0)->indices(latent); });
        at::Tensor prepared;
        const double prepare_s = seconds([&] {
            prepared = central_unit.prepare(frames.transmit);
            return prepared.defined() ? prepared : own; // nothing to prepare
        });
        const double decode_s =
            seconds([&] { return central_unit.decode(indices, prepared).location; });
        if (k > 0) { // the first one warms up
            encode.push_back(encode_s);
            quantize.push_back(quantize_s);
            prepare.push_back(prepare_s);
            decode.push_back(decode_s);
        }
        after();
    }
    const auto per_update_ms = [&](const std::vector<double>& all) {
        return 1e3 * quantile(all, 0.5) / static_cast<double>(options.batch);
    };
    StageTimes times{};
    times.quantization_ms = per_update_ms(quantize);
    times.encoder_ms = std::max(per_update_ms(encode) - times.quantization_ms, 0.0);
    times.decoder_after_echo_ms = per_update_ms(decode);
    times.decoder_ms = times.decoder_after_echo_ms + per_update_ms(prepare);
    return times;
}

} // namespace cfisac::evaluation
