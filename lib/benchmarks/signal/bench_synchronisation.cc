// SPDX-License-Identifier: GPL-3.0-or-later
// Samples per second that a receive access point's synchronisation takes: searching where
// there is nothing, noise or a tone, and with the frames it has locked to.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/synchronisation.h>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

constexpr std::size_t piece = 8192; // samples at a time, as a radio's buffers bring them

Scenario example(const char* name)
{
    return load_scenario(std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/" + name +
                         ".yml");
}

//! Samples of every antenna: noise of `noise` per sample, and a tone of `tone`, which is on
//! and off for `burst` samples each, or always.
std::vector<Samples> air(
    int antennas, std::int64_t length, double noise, double tone, std::int64_t burst = 0)
{
    std::mt19937_64 generator(4);
    std::normal_distribution<float> normal;
    const auto size = static_cast<float>(std::sqrt(noise / 2.0));
    std::vector<Samples> samples(antennas, Samples(length));
    for (int a = 0; a < antennas; a++) {
        for (std::int64_t k = 0; k < length; k++) {
            const bool on = burst == 0 || k / burst % 2 == 0;
            const double turns = 0.0713 * static_cast<double>(k) + 0.2 * a;
            samples[a][k] =
                std::complex<float>(
                    std::polar(on ? std::sqrt(tone) : 0.0,
                               2.0 * M_PI * (turns - std::floor(turns)))) +
                size * std::complex<float>(normal(generator), normal(generator));
        }
    }
    return samples;
}

//! Push all of the samples, and read the frames that are in them.
void take(Synchroniser& synchroniser,
          const std::vector<Samples>& samples,
          std::vector<Samples>& payload)
{
    std::vector<const std::complex<float>*> from(samples.size());
    std::vector<std::complex<float>*> to;
    for (auto& antenna : payload) {
        to.push_back(antenna.data());
    }
    for (std::size_t at = 0; at < samples[0].size() || synchroniser.frame();) {
        if (synchroniser.frame()) {
            synchroniser.read(to, piece);
            continue;
        }
        for (std::size_t a = 0; a < samples.size(); a++) {
            from[a] = samples[a].data() + at;
        }
        at += synchroniser.push(from, std::min(piece, samples[0].size() - at));
    }
}

void note_rate(benchmark::State& state, const Synchroniser& synchroniser, double samples)
{
    state.counters["samples_per_second"] =
        benchmark::Counter(samples, benchmark::Counter::kIsRate);
    // Of real time at the scenario's sample rate, on one thread.
    state.counters["real_time_factor"] = benchmark::Counter(
        samples / synchroniser.timing().sample_rate_hz, benchmark::Counter::kIsRate);
}

//! \param noise, \param tone powers per sample, \param burst see air()
void search(benchmark::State& state,
            const char* name,
            double noise,
            double tone,
            std::int64_t burst)
{
    constexpr std::int64_t length = 1 << 20;
    Synchroniser synchroniser(example(name), 0, {});
    const int antennas = synchroniser.antennas();
    const auto samples = air(antennas, length, noise, tone, burst);
    std::vector<Samples> payload(antennas, Samples(piece));
    for (auto _ : state) {
        take(synchroniser, samples, payload);
    }
    if (synchroniser.counts().locks > 0) {
        state.SkipWithError("locked to frames that are none");
    }
    note_rate(state, synchroniser, static_cast<double>(state.iterations() * length));
}

//! Frames of all access points at 20 dB, without delays, offsets and echoes.
void tracking(benchmark::State& state, const char* name)
{
    Synchroniser synchroniser(example(name), 0, {});
    const auto& timing = synchroniser.timing();
    const int antennas = synchroniser.antennas();
    auto samples = air(antennas, timing.period, 0.01, 0.0);
    const auto payload_noise = air(antennas, timing.payload_samples(), 1.0, 0.0);
    const auto add = [&](const Samples& part, std::int64_t place) {
        for (auto& antenna : samples) {
            for (std::size_t k = 0; k < part.size(); k++) {
                antenna[place + static_cast<std::int64_t>(k)] += part[k];
            }
        }
    };
    for (int n = 0; n < timing.transmitters; n++) {
        add(preamble(timing, n), timing.preamble_start(n));
    }
    for (int a = 0; a < antennas; a++) {
        std::copy(payload_noise[a].begin(),
                  payload_noise[a].end(),
                  samples[a].begin() + timing.payload_start());
    }
    std::vector<Samples> payload(antennas, Samples(piece));
    std::uint64_t number = 0;
    for (auto _ : state) {
        state.PauseTiming();
        const auto header = cfisac::signal::header(timing, number++);
        for (auto& antenna : samples) {
            std::copy(
                header.begin(), header.end(), antenna.begin() + timing.header_start());
        }
        state.ResumeTiming();
        take(synchroniser, samples, payload);
    }
    if (number > 2 && synchroniser.counts().frames + 2 < number) {
        state.SkipWithError("frames were not found");
    }
    note_rate(state,
              synchroniser,
              static_cast<double>(state.iterations()) *
                  static_cast<double>(timing.period));
}

#define SEARCH(scenario, what, ...)                                      \
    BENCHMARK_CAPTURE(search, scenario##_##what, #scenario, __VA_ARGS__) \
        ->Name("Synchronisation/" #scenario "/search/" #what)            \
        ->Unit(benchmark::kMillisecond)
SEARCH(sdr_2x2, silence, 0.0, 0.0, 0);
SEARCH(sdr_2x2, noise, 1.0, 0.0, 0);
SEARCH(sdr_2x2, tone_20_dB, 1.0, 100.0, 0);
SEARCH(sdr_2x2, bursts_20_dB, 1.0, 100.0, 10'000);
SEARCH(sdr_4x4, silence, 0.0, 0.0, 0);
SEARCH(sdr_4x4, noise, 1.0, 0.0, 0);
SEARCH(sdr_4x4, tone_20_dB, 1.0, 100.0, 0);
SEARCH(sdr_4x4, bursts_20_dB, 1.0, 100.0, 10'000);
BENCHMARK_CAPTURE(tracking, sdr_2x2, "sdr_2x2")
    ->Name("Synchronisation/sdr_2x2/tracking")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tracking, sdr_4x4, "sdr_4x4")
    ->Name("Synchronisation/sdr_4x4/tracking")
    ->Unit(benchmark::kMillisecond);

} // namespace
