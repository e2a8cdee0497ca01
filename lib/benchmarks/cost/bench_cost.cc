// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cost of one update against one size at a time: receive and transmit access points M, N,
// targets Q, sensed resource elements N_s T_s and codewords N_c. The other sizes are those
// of lite.yml; encoders are those of all M access points, one after another or together as
// the engine does it.
#include <support/device.h>
#include <support/operations.h>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/engine.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <ctime>
#include <numeric>

namespace {

using cfisac::Scenario;
using cfisac::benchmarks::device;
using cfisac::benchmarks::synchronize;
namespace nn = cfisac::nn;
namespace signal = cfisac::signal;

//! One point of one axis: `axis` is M, N, Q, elements or codewords.
struct Size {
    std::string axis;
    int value;
};

//! `count` access points like the first ones, evenly over the side that they stand on.
std::vector<cfisac::AccessPoint> spread(const std::vector<cfisac::AccessPoint>& points,
                                        int count)
{
    std::vector<cfisac::AccessPoint> result;
    for (int i = 0; i < count; i++) {
        auto point = points[i % points.size()];
        point.name = std::to_string(i);
        point.position_m[0] = 100.0 * (i + 0.5) / count;
        result.push_back(point);
    }
    return result;
}

Scenario scenario_of(const Size& size)
{
    auto scenario =
        cfisac::load_scenario(CFISAC_SOURCE_DIR "/examples/scenarios/lite.yml");
    if (size.axis == "M") {
        scenario.receive = spread(scenario.receive, size.value);
    } else if (size.axis == "N") {
        scenario.transmit = spread(scenario.transmit, size.value);
    } else if (size.axis == "Q") {
        scenario.targets.count = size.value;
    } else if (size.axis == "elements") {
        const int side = static_cast<int>(std::lround(std::sqrt(size.value)));
        scenario.waveform.subcarrier_step = scenario.waveform.subcarriers / side;
        scenario.waveform.symbol_step = scenario.waveform.symbols / side;
    }
    cfisac::validate(scenario);
    return scenario;
}

nn::Architecture architecture_of(const Size& size, nn::ReadOut read_out)
{
    auto architecture =
        nn::Architecture::preset(read_out == nn::ReadOut::grid ? "lite" : "paper");
    if (size.axis == "codewords") {
        architecture.codewords = size.value;
    }
    return architecture;
}

//! Frames of one size. Echoes are [1, M_r, S, T], one for each access point.
struct Frames {
    explicit Frames(const Size& size)
        : scenario(scenario_of(size)),
          layout(scenario, device()),
          random(1, {0}),
          targets(signal::draw_targets(layout, scenario.targets, random)),
          transmit(signal::transmit(layout, scenario.transmit_power_dbm, random).signal)
    {
        const auto received = receive();
        for (std::int64_t m = 0; m < received.size(1); m++) {
            echoes.push_back(received.select(1, m).contiguous());
        }
    }

    at::Tensor receive() const
    {
        return signal::received_echo(
            layout, transmit, targets, signal::Impairments::of(scenario), random);
    }

    Scenario scenario;
    signal::Layout layout;
    signal::Random random;
    signal::Scene targets;
    at::Tensor transmit;
    std::vector<at::Tensor> echoes;
};

double bytes_of(const std::vector<at::Tensor>& tensors)
{
    double bytes = 0.0;
    for (const auto& tensor : tensors) {
        bytes += static_cast<double>(tensor.nbytes());
    }
    return bytes;
}

class OneThread
{
public:
    OneThread() { at::set_num_threads(1); }
    ~OneThread() { at::set_num_threads(d_before); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int d_before = at::get_num_threads();
};

//! Seconds since some instant, of the thread alone unless a GPU computes.
double seconds()
{
    timespec now{};
    ::clock_gettime(device().is_cuda() ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

//! \param bytes what must be read and written at least
template <typename Work>
void measure(benchmark::State& state, double bytes, const Work& work)
{
    work(); // allocates, and records CUDA graphs
    const double operations = cfisac::benchmarks::count_operations(work);
    synchronize(device());
    for (auto _ : state) {
        const double start = seconds();
        work();
        synchronize(device());
        state.SetIterationTime(seconds() - start);
    }
    state.counters["operations"] = operations;
    state.counters["bytes"] = bytes;
}

void channel(benchmark::State& state, const Size& size)
{
    const Frames frames(size);
    const double bytes = bytes_of(frames.echoes) + bytes_of({frames.transmit});
    measure(state, bytes, [&] { benchmark::DoNotOptimize(frames.receive()); });
}

// A replayed CUDA graph calls no operators that could be counted.
nn::EngineOptions eager()
{
    nn::EngineOptions options;
    options.cuda_graphs = false;
    return options;
}

struct Network {
    Network(const Size& size, nn::ReadOut read_out)
        : frames(size),
          model(make(frames.scenario, architecture_of(size, read_out))),
          receivers(frames.echoes.size()),
          counts(nn::parameter_counts(*model.network()))
    {
        std::iota(receivers.begin(), receivers.end(), 0);
    }

    static nn::Model make(const Scenario& scenario, const nn::Architecture& architecture)
    {
        nn::Model model(scenario, architecture, 1);
        model.network()->to(device());
        model.network()->eval();
        return model;
    }

    Frames frames;
    nn::Model model;
    std::vector<std::int64_t> receivers;
    nn::ParameterCounts counts;
};

void encoder(benchmark::State& state, const Size& size, nn::ReadOut read_out)
{
    const Network network(size, read_out);
    const auto& counts = network.counts;
    nn::EncoderEngine engine(network.model, network.receivers, eager());
    const double weights = counts.encoder * counts.encoders +
                           (counts.projector + counts.codebook) *
                               static_cast<double>(network.receivers.size());
    measure(state, sizeof(float) * weights + bytes_of(network.frames.echoes), [&] {
        engine.encode(network.frames.echoes, network.frames.transmit);
    });
}

//! Without `prepare`, which is done before the echoes arrive.
void decoder(benchmark::State& state, const Size& size, nn::ReadOut read_out)
{
    const Network network(size, read_out);
    nn::EncoderEngine encoder(network.model, network.receivers, eager());
    nn::DecoderEngine engine(network.model, eager());
    const auto& frames = network.frames;
    const auto indices = encoder.encode(frames.echoes, frames.transmit);
    const auto prepared = engine.prepare(frames.transmit);
    measure(state, bytes_of(indices), [&] { engine.decode(indices, prepared); });
}

bool register_all()
{
    const std::vector<std::pair<std::string, std::vector<int>>> axes = {
        {"M", {1, 2, 4, 8}},
        {"N", {1, 2, 4, 8}},
        {"Q", {1, 2, 4, 8}},
        {"elements", {1024, 4096, 16384, 65536}},
        {"codewords", {16, 64, 256, 1024}}};
    const auto add = [](const std::string& part, const Size& size, auto function) {
        const auto name =
            "Cost/" + part + "/" + size.axis + "=" + std::to_string(size.value);
        benchmark::RegisterBenchmark(name.c_str(),
                                     [=](benchmark::State& state) {
                                         try {
                                             const at::InferenceMode no_gradients;
                                             function(state, size);
                                         } catch (const std::exception& error) {
                                             state.SkipWithError(error.what());
                                         }
                                     })
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond)
            ->MinTime(0.1);
    };
    for (const auto& [axis, values] : axes) {
        for (const int value : values) {
            const Size size{axis, value};
            if (axis != "codewords") {
                add("channel", size, channel);
            }
            for (const auto read_out : {nn::ReadOut::dense, nn::ReadOut::grid}) {
                const auto with = [read_out](auto function) {
                    return [=](benchmark::State& state, const Size& at) {
                        function(state, at, read_out);
                    };
                };
                const std::string name = nn::to_string(read_out);
                add(name + "_encoder", size, with(encoder));
                add(name + "_decoder", size, with(decoder));
            }
        }
    }
    return true;
}

const bool registered = register_all();

} // namespace
