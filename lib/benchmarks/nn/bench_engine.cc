// SPDX-License-Identifier: GPL-3.0-or-later
//
// One update, that is what the access points and the central unit compute for one frame:
// the engines against the network written down literally (paper.yml, dense read-out) and
// against the trainable network (lite.yml, grid read-out).
#include "literal_network.h"

#include <support/allocations.h>
#include <support/device.h>
#include <support/operations.h>

#include <benchmark/benchmark.h>
#include <cfisac/nn/engine.h>
#include <cfisac/nn/memory.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>

#include <map>
#include <numeric>

namespace {

using cfisac::benchmarks::count_allocations;
using cfisac::benchmarks::count_operations;
using cfisac::benchmarks::device;
using cfisac::benchmarks::LiteralNetwork;
using cfisac::benchmarks::synchronize;
namespace nn = cfisac::nn;
namespace signal = cfisac::signal;

//! A model with random weights and one frame for it, on the device.
struct Workload {
    explicit Workload(const std::string& name)
        : scenario(cfisac::load_scenario(
              std::string(CFISAC_SOURCE_DIR "/examples/scenarios/") + name + ".yml")),
          model(scenario, nn::Architecture::preset(name), 1),
          receivers(scenario.receive.size())
    {
        model.network()->to(device());
        std::iota(receivers.begin(), receivers.end(), 0);
        const signal::Layout layout(scenario, device());
        const signal::Random random(1, {0});
        const auto targets = signal::draw_targets(layout, scenario.targets, random);
        transmit = signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        const auto received = signal::received_echo(
            layout, transmit, targets, signal::Impairments::of(scenario), random);
        for (const auto m : receivers) {
            echoes.push_back(received.select(1, m).contiguous());
        }
    }

    bool dense() const { return model.architecture().read_out == nn::ReadOut::dense; }

    cfisac::Scenario scenario;
    nn::Model model;
    std::vector<std::int64_t> receivers;
    at::Tensor transmit;
    std::vector<at::Tensor> echoes;
};

//! What one part of an update computes and reads at least.
struct Cost {
    double operations = 0.0;
    double bytes = 0.0;

    Cost operator+(const Cost& other) const
    {
        return {operations + other.operations, bytes + other.bytes};
    }
};

struct UpdateCost {
    Cost encode, prepare, decode;
    Cost update() const { return encode + prepare + decode; }
};

double product(at::IntArrayRef sizes)
{
    return std::accumulate(sizes.begin(), sizes.end(), 1.0, std::multiplies<double>());
}

//! Encoder (12) of `shape`, in closed form
double encoder_operations(const nn::Architecture::Dense& sizes,
                          std::int64_t residual_layers,
                          at::IntArrayRef shape)
{
    double operations = 0.0, positions = product(shape), channels = 2.0;
    for (std::int64_t i = 1; i <= sizes.downsampling_layers; i++) {
        const double out =
            i < sizes.downsampling_layers ? sizes.stem_channels : sizes.hidden_channels;
        positions /= 8.0;
        operations += 2.0 * 64.0 * channels * out * positions;
        channels = out;
    }
    const double residual = 28.0 * sizes.residual_channels * residual_layers;
    return operations + 2.0 * (27.0 * channels + residual) * channels * positions;
}

/*!
 * The rewritten dense network in closed form: distances in H dimensions, the latent
 * convolution as a sum of table rows. Bytes are those of frames and flat projections, the
 * weights that no cache holds.
 */
UpdateCost dense_cost(const Workload& workload, double bytes_per_weight)
{
    const auto& architecture = workload.model.architecture();
    const auto& sizes = architecture.dense;
    const auto& shape = workload.model.network()->latent_shape();
    const auto frame = workload.echoes[0].sizes().slice(1);
    const auto sent = workload.transmit.flatten(1, 2).sizes().slice(1);
    const double access_points = workload.receivers.size(), positions = product(shape),
                 hidden = sizes.hidden_channels;
    const double transmit_weights =
        hidden * sizes.flat_features * product(sent) /
        static_cast<double>(std::int64_t{1} << (3 * sizes.downsampling_layers));
    const double latent_weights = hidden * sizes.flat_features * positions;
    UpdateCost cost;
    cost.encode.operations =
        access_points * (encoder_operations(sizes, sizes.residual_layers, frame) +
                         2.0 * positions * hidden * architecture.codewords);
    cost.encode.bytes = access_points * workload.echoes[0].nbytes();
    cost.prepare.operations =
        encoder_operations(sizes, sizes.transmit_residual_layers, sent) +
        2.0 * transmit_weights;
    cost.prepare.bytes = workload.transmit.nbytes() + bytes_per_weight * transmit_weights;
    cost.decode.operations =
        positions * hidden *
            (27.0 * access_points +
             2.0 * 28.0 * sizes.residual_channels * sizes.latent_residual_layers) +
        2.0 * latent_weights;
    cost.decode.bytes = bytes_per_weight * latent_weights;
    return cost;
}

template <typename Work>
void measure(benchmark::State& state, const Cost& cost, const Work& work)
{
    work(); // chooses kernels, and records CUDA graphs
    synchronize(device());
    for (auto _ : state) {
        work();
        synchronize(device());
    }
    state.counters["operations"] = cost.operations;
    state.counters["bytes"] = cost.bytes;
    state.counters["flop_per_second"] = benchmark::Counter(
        cost.operations, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["allocations"] = static_cast<double>(count_allocations(work));
}

void literal(benchmark::State& state, const Workload& workload)
{
    const auto& frames = workload;
    if (workload.dense()) {
        const LiteralNetwork network(workload.model);
        measure(state, dense_cost(workload, sizeof(float)).update(), [&] {
            benchmark::DoNotOptimize(network(frames.echoes, frames.transmit));
        });
        return;
    }
    const auto work = [&] {
        std::vector<at::Tensor> indices;
        for (const auto m : workload.receivers) {
            indices.push_back(
                workload.model.encode(m, frames.echoes[m], frames.transmit));
        }
        workload.model.decode(indices, frames.transmit);
    };
    measure(state, {count_operations(work), 0.0}, work);
}

enum class Part { update, encode, prepare, decode };

void engine(benchmark::State& state,
            const Workload& workload,
            nn::Precision precision,
            Part part)
{
    // As programs that run engines do; the literal network is measured before, as a
    // program that does not care.
    nn::keep_freed_memory();
    nn::EngineOptions options;
    options.precision = precision;
    nn::EncoderEngine encoder(workload.model, workload.receivers, options);
    nn::DecoderEngine decoder(workload.model, options);
    const auto encode = [&] {
        return encoder.encode(workload.echoes, workload.transmit);
    };
    const auto prepare = [&] { return decoder.prepare(workload.transmit); };
    const auto indices = encode();
    const auto prepared = prepare();
    const auto cost =
        workload.dense()
            ? dense_cost(workload, precision == nn::Precision::float32 ? 4.0 : 2.0)
            : UpdateCost();
    // Of the grid engines only what they leave to LibTorch is counted.
    const auto run = [&](const Cost& known, const auto& work) {
        measure(
            state, workload.dense() ? known : Cost{count_operations(work), 0.0}, work);
    };
    switch (part) {
    case Part::update:
        return run(cost.update(), [&] { decoder.decode(encode(), prepare()); });
    case Part::encode:
        return run(cost.encode, encode);
    case Part::prepare:
        return run(cost.prepare, prepare);
    case Part::decode:
        return run(cost.decode, [&] { decoder.decode(indices, prepared); });
    }
}

// One at a time: the paper's has a gigabyte of weights.
const Workload& workload(const std::string& name)
{
    static std::unique_ptr<Workload> current;
    static std::string current_name;
    if (current_name != name) {
        current.reset();
        current = std::make_unique<Workload>(name);
        current_name = name;
    }
    return *current;
}

template <typename Function>
void add(const std::string& network, const std::string& what, const Function& function)
{
    const auto name = "Engine/" + network + "/" + what;
    auto* added =
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
            try {
                const c10::InferenceMode no_gradients;
                function(state, workload(network));
            } catch (const std::exception& error) {
                state.SkipWithError(error.what());
            }
        });
    added->UseRealTime()->Unit(benchmark::kMillisecond);
    // Enough where an update takes a second, and not for long there
    added->MinTime(0.5);
}

bool register_all()
{
    const std::vector<std::pair<const char*, Part>> parts = {{"", Part::update},
                                                             {"/encode", Part::encode},
                                                             {"/prepare", Part::prepare},
                                                             {"/decode", Part::decode}};
    // float16 is for GPUs; elsewhere its measurement is refused by the engine.
    const bool gpu = cfisac::benchmarks::device_word() != "cpu";
    for (const auto* network : {"paper", "lite"}) {
        add(network, "literal_float32", literal);
        for (const auto precision :
             {nn::Precision::float32, nn::Precision::bfloat16, nn::Precision::float16}) {
            if (precision == nn::Precision::float16 && !gpu) {
                continue;
            }
            for (const auto& part : parts) {
                if (std::string(network) == "lite" && part.second == Part::prepare) {
                    continue; // the grid read-out does nothing there
                }
                const auto which = part.second;
                add(network,
                    std::string("engine_") + nn::to_string(precision) + part.first,
                    [=](benchmark::State& state, const Workload& with) {
                        engine(state, with, precision, which);
                    });
            }
        }
    }
    return true;
}

const bool registered = register_all();

} // namespace
