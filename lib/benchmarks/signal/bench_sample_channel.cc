// SPDX-License-Identifier: GPL-3.0-or-later
// What a receive access point's samples cost in the channel in the time domain.
#include <ATen/Parallel.h>
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/sample_channel.h>
#include <string>
#include <vector>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

//! Antennas that never stop sending the same noise.
class EndlessNoise : public SampleSource
{
public:
    explicit EndlessNoise(int antennas) : d_antennas(antennas), d_samples(2 * length)
    {
        const auto drawn = Random(3, {0}).complex_normal(
            Purpose::training, {length}, at::TensorOptions().dtype(at::kFloat));
        const auto* values = drawn.data_ptr<c10::complex<float>>();
        for (std::int64_t k = 0; k < 2 * length; k++) {
            d_samples[k] = {values[k % length].real(), values[k % length].imag()};
        }
    }

    void read(int n,
              std::int64_t first,
              std::int64_t count,
              std::complex<float>* const* antennas) override
    {
        for (int a = 0; a < d_antennas; a++) {
            const auto begin = ((first + 7 * n + 13 * a) % length + length) % length;
            std::copy_n(d_samples.data() + begin, count, antennas[a]);
        }
    }

private:
    static constexpr std::int64_t length = 1 << 14;
    int d_antennas;
    std::vector<std::complex<float>> d_samples;
};

/*! \param name of the scenario, \param ppm by which the first transmit clock is fast:
 * beyond some, delays move within a block and cost more */
void sample_channel(benchmark::State& state, const char* name, double ppm)
{
    const c10::InferenceMode no_gradients;
    const auto scenario = load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                        "/examples/scenarios/" + name + ".yml");
    SampleChannelOptions options;
    options.transmit_clocks.resize(scenario.transmit.size());
    for (auto& clock : options.transmit_clocks) {
        clock.ppm = ppm;
    }
    SampleChannel channel(scenario, std::make_shared<MovingScene>(scenario, 1), options);
    EndlessNoise sent(scenario.transmit_antennas());
    constexpr std::int64_t count = 8192;
    std::vector<std::vector<std::complex<float>>> rows(
        scenario.receive_antennas(), std::vector<std::complex<float>>(count));
    std::vector<std::complex<float>*> antennas;
    for (auto& row : rows) {
        antennas.push_back(row.data());
    }
    std::int64_t first = 0;
    for (auto _ : state) {
        channel.receive(0, first, count, sent, antennas.data());
        benchmark::DoNotOptimize(rows[0][0]);
        first += count;
    }
    const auto samples = static_cast<double>(state.iterations() * count);
    state.counters["samples_per_second"] =
        benchmark::Counter(samples, benchmark::Counter::kIsRate);
    // Of real time at the scenario's sample rate, on one thread.
    state.counters["real_time_factor"] = benchmark::Counter(
        samples / channel.sample_rate_hz(), benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(sample_channel, one, "sdr_2x2", 0.0)
    ->Name("SampleChannel/sdr_2x2")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample_channel, fast, "sdr_2x2", 10.0)
    ->Name("SampleChannel/sdr_2x2/clocks_10_ppm")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sample_channel, large, "sdr_4x4", 0.0)
    ->Name("SampleChannel/sdr_4x4")
    ->Unit(benchmark::kMicrosecond);

} // namespace
