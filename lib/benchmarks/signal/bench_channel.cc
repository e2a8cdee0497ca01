// SPDX-License-Identifier: GPL-3.0-or-later
// What the signal path of a frame costs: echo and noise, against the same by tensor
// operations, noise alone and memory alone; transmitter and bound.
#include <support/device.h>

#include <ATen/Parallel.h>
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

//! A shipped scenario with one transmitted frame.
struct Setting {
    explicit Setting(const std::string& name)
        : layout(load_scenario(std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/" +
                               name + ".yml"),
                 cfisac::benchmarks::device()),
          sent(transmit(layout, layout.scenario.transmit_power_dbm, Random(1, {0}))),
          targets(draw_targets(layout, layout.scenario.targets, Random(1, {0}))),
          impairments(Impairments::of(layout.scenario))
    {
    }

    double echo_samples() const
    {
        return static_cast<double>(layout.receivers() *
                                   layout.scenario.receive_frame_size());
    }
    double transmit_samples() const { return static_cast<double>(sent.signal.numel()); }

    Layout layout;
    Transmission sent;
    Scene targets;
    Impairments impairments;
};

//! Each scenario is made once, when a benchmark first needs it.
const Setting& setting(const std::string& name)
{
    static const Setting paper("paper"), lite("lite");
    return name == "paper" ? paper : lite;
}

constexpr double sample_bytes = sizeof(c10::complex<float>);

//! What a benchmark does for a frame, and the samples that it makes and reads.
struct Work {
    std::function<void(const Setting&, const Random&)> frame;
    std::function<double(const Setting&)> made;
    std::function<double(const Setting&)> read;
};

double none(const Setting&) { return 0.0; }

void run(benchmark::State& state, const char* name, const Work& work, int threads)
{
    const c10::InferenceMode no_gradients;
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    const auto& now = setting(name);
    std::int64_t frame = 0;
    work.frame(now, Random(7, {frame++})); // allocates, and chooses kernels
    cfisac::benchmarks::synchronize(now.layout.device);
    for (auto _ : state) {
        work.frame(now, Random(7, {frame++}));
        cfisac::benchmarks::synchronize(now.layout.device);
    }
    const double made = work.made(now);
    state.counters["samples_per_second"] =
        benchmark::Counter(made, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["bytes_per_second"] =
        benchmark::Counter((made + work.read(now)) * sample_bytes,
                           benchmark::Counter::kIsIterationInvariantRate,
                           benchmark::Counter::kIs1024);
    at::set_num_threads(before);
}

void add(const std::string& name, const Work& work)
{
    // A frame of paper.yml on all processors, which LibTorch does not take by itself
    // everywhere; one of lite.yml on one, as in a block.
    const int processors =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    for (const char* scenario : {"paper", "lite"}) {
        const int threads = scenario[0] == 'p' ? processors : 1;
        const auto slash = name.find('/');
        const auto full = slash == std::string::npos
                              ? name + "/" + scenario
                              : name.substr(0, slash + 1) + scenario + name.substr(slash);
        benchmark::RegisterBenchmark(full.c_str(),
                                     [=](benchmark::State& state) {
                                         try {
                                             run(state, scenario, work, threads);
                                         } catch (const std::exception& error) {
                                             state.SkipWithError(error.what());
                                         }
                                     })
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
    }
}

double echo_samples(const Setting& now) { return now.echo_samples(); }
double transmit_samples(const Setting& now) { return now.transmit_samples(); }

const bool registered = [] {
    add("Channel/received_echo",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(received_echo(
                 now.layout, now.sent.signal, now.targets, now.impairments, random));
         },
         echo_samples,
         transmit_samples});
    add("Channel/echo_only",
        {[](const Setting& now, const Random&) {
             benchmark::DoNotOptimize(echo(now.layout, now.sent.signal, now.targets));
         },
         echo_samples,
         transmit_samples});
    add("Channel/tensor_form",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(
                 echo_by_tensor_operations(now.layout, now.sent.signal, now.targets)
                     .add_(sensing_noise(now.layout, now.impairments.noise_dbm, random)));
         },
         echo_samples,
         transmit_samples});
    add("Channel/noise_only",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(
                 sensing_noise(now.layout, now.impairments.noise_dbm, random));
         },
         echo_samples,
         none});
    add("Channel/memory_write",
        {[](const Setting& now, const Random&) {
             // A new tensor, as the echo is one.
             auto echo = at::empty(
                 {static_cast<std::int64_t>(now.echo_samples())},
                 at::TensorOptions(at::kComplexFloat).device(now.layout.device));
             if (!now.layout.device.is_cpu()) {
                 echo.zero_();
                 return;
             }
             auto* values = static_cast<char*>(echo.data_ptr());
             at::parallel_for(
                 0, echo.nbytes(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
                     std::memset(values + begin, 1, end - begin);
                 });
             benchmark::DoNotOptimize(values);
             benchmark::ClobberMemory();
         },
         echo_samples,
         none});
    add("Targets",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(
                 draw_targets(now.layout, now.layout.scenario.targets, random));
         },
         none,
         none});
    add("Transmitter",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(
                 transmit(now.layout, now.layout.scenario.transmit_power_dbm, random));
         },
         transmit_samples,
         none});
    add("Payload",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(payload(now.layout, random));
         },
         [](const Setting& now) { return static_cast<double>(now.sent.symbols.numel()); },
         none});
    add("UserChannel",
        {[](const Setting& now, const Random& random) {
             benchmark::DoNotOptimize(
                 user_channel(now.layout, now.layout.scenario.users, random));
         },
         [](const Setting& now) { return static_cast<double>(now.sent.channel.numel()); },
         none});
    add("Precoder",
        {[](const Setting& now, const Random&) {
             const auto& scenario = now.layout.scenario;
             benchmark::DoNotOptimize(
                 mmse_precoder(now.sent.channel,
                               dbm_to_watt(scenario.users.noise_dbm),
                               now.layout.sensed_power_w(scenario.transmit_power_dbm),
                               now.layout.transmitters()));
         },
         [](const Setting& now) {
             return static_cast<double>(now.sent.precoder.numel());
         },
         [](const Setting& now) {
             return static_cast<double>(now.sent.channel.numel());
         }});
    add("Precode",
        {[](const Setting& now, const Random&) {
             benchmark::DoNotOptimize(
                 precode(now.sent.precoder, now.sent.symbols, now.layout.transmitters()));
         },
         transmit_samples,
         [](const Setting& now) {
             return static_cast<double>(now.sent.symbols.numel());
         }});
    add("Bound",
        {[](const Setting& now, const Random&) {
             benchmark::DoNotOptimize(
                 cramer_rao_bound(now.layout,
                                  now.sent.signal,
                                  now.targets,
                                  dbm_to_watt(now.impairments.noise_dbm)));
         },
         none,
         transmit_samples});
    return true;
}();

} // namespace
