// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <fstream>

namespace {

using namespace cfisac;
using namespace cfisac::test;

constexpr double transmit_gain_db = 80.0;
constexpr double receive_gain_db = 80.0;
constexpr std::int64_t frame = 2;
constexpr double start_s = 0.005;

using Values = c10::complex<double>*;

// Amplitude of full scale, sqrt(W).
double full_scale(double dbm) { return std::sqrt(dbm_to_watt(dbm)); }

// Samples from the start of the schedule to the end of the frame, of X [N_t, S, T].
std::vector<Buffer> modulate(const FrameTiming& timing, const at::Tensor& transmit)
{
    const auto start = frame * timing.period + timing.payload_start();
    std::vector<Buffer> samples(2, Buffer((frame + 1) * timing.period));
    for (int a = 0; a < 2; a++) {
        for (int t = 0; t < timing.symbols; t++) {
            const auto symbol = transmit[a].select(1, t).contiguous();
            const auto* const x = Values(symbol.data_ptr());
            for (int k = -timing.prefix; k < timing.fft_size; k++) {
                std::complex<double> sum = 0.0;
                for (int i = 0; i < timing.subcarriers; i++) {
                    sum += std::complex<double>(x[i]) *
                           std::polar(1.0,
                                      2.0 * M_PI * (i - timing.subcarriers / 2) * k /
                                          timing.fft_size);
                }
                samples[a][start + t * timing.symbol_samples() + timing.prefix + k] =
                    std::complex<float>(sum / full_scale(transmit_gain_db - 70.0));
            }
        }
    }
    return samples;
}

// Y [M_r, S, T] from samples that begin with the schedule.
at::Tensor demodulate(const FrameTiming& timing, const std::vector<Buffer>& samples)
{
    const auto start = frame * timing.period + timing.payload_start() + timing.prefix;
    const auto echo =
        at::zeros({2, timing.subcarriers, timing.symbols}, at::kComplexDouble);
    auto* const y = Values(echo.data_ptr());
    for (int a = 0; a < 2; a++) {
        for (int i = 0; i < timing.subcarriers; i++) {
            for (int t = 0; t < timing.symbols; t++) {
                std::complex<double> sum = 0.0;
                for (int k = 0; k < timing.fft_size; k++) {
                    sum += std::complex<double>(
                               samples[a][start + t * timing.symbol_samples() + k]) *
                           std::polar(1.0,
                                      -2.0 * M_PI * (i - timing.subcarriers / 2) * k /
                                          timing.fft_size);
                }
                y[(a * timing.subcarriers + i) * timing.symbols + t] =
                    sum * full_scale(-receive_gain_db) / double(timing.fft_size);
            }
        }
    }
    return echo;
}

TEST(RadioFrames, EchoesAreThoseOfTheFrequencyDomain)
{
    auto scenario = load_scenario(radio_scenario_path());
    scenario.targets.reflection_variance = 20.0;
    // Slow, so that subcarriers hardly mix: what that brings is not in (6).
    scenario.targets.velocity_mps = {{-6.0, -6.0}, {6.0, 6.0}};
    const auto path = testing::TempDir() + own_environment() + ".yml";
    std::ofstream(path) << to_yaml(scenario);
    const FrameTiming timing(scenario);
    const signal::Layout layout(scenario);

    const signal::Random symbols(11, {0});
    auto transmit = symbols.complex_normal(signal::Purpose::payload,
                                           {2, 2, timing.subcarriers, timing.symbols},
                                           at::TensorOptions().dtype(at::kDouble),
                                           0.3 * full_scale(transmit_gain_db - 70.0) /
                                               std::sqrt(timing.subcarriers));
    transmit.select(1, 1).zero_(); // the second access point is silent

    const SoapySDR::Kwargs settings{{"time", "lockstep"},
                                    {"scenario", path},
                                    {"bits", "16"},
                                    {"seed", "9"},
                                    {"start_s", "0.005"},
                                    {"noise_dbm", "-300"},
                                    {"direct_path", "false"}};
    for (int m = 0; m < 2; m++) {
        const auto receiver = make_radio("rx" + std::to_string(m), settings);
        const auto transmitter = make_radio("tx0", settings);
        for (size_t channel = 0; channel < 2; channel++) {
            transmitter->setGain(SOAPY_SDR_TX, channel, transmit_gain_db);
            receiver->setGain(SOAPY_SDR_RX, channel, receive_gain_db);
        }
        StreamOf received(receiver, SOAPY_SDR_RX);
        StreamOf sent(transmitter, SOAPY_SDR_TX);
        const auto first_ns = static_cast<long long>(start_s * 1e9);
        ASSERT_EQ(received.activate(SOAPY_SDR_HAS_TIME, first_ns), 0);
        ASSERT_EQ(sent.activate(), 0);
        const auto samples = modulate(timing, transmit[0][0]);
        ASSERT_EQ(sent.write(samples), samples[0].size());
        const auto got = received.read_all(2, samples[0].size() - 200);
        ASSERT_EQ(count_of(transmitter, "clipped"), 0);
        ASSERT_EQ(count_of(receiver, "clipped"), 0);
        ASSERT_EQ(received.first_ns(), first_ns);

        const auto echo = demodulate(timing, got);
        const auto expected =
            signal::echo(layout,
                         transmit,
                         signal::draw_targets(
                             layout, scenario.targets, signal::Random(9, {frame})))[0][m];
        // They differ by a phase: (6) takes it at the start of a symbol.
        const auto overlap = (expected.conj() * echo).sum().item<c10::complex<double>>();
        const auto energy =
            (expected.conj() * expected).sum().item<c10::complex<double>>();
        const std::complex<double> factor = std::complex<double>(overlap / energy);
        EXPECT_NEAR(std::abs(factor), 1.0, 0.01) << m;
        EXPECT_NEAR(std::arg(factor), 0.0, 0.05) << m;
        const auto difference =
            echo - expected * at::Scalar(c10::complex<double>(factor));
        const double error =
            std::sqrt(difference.abs().square().sum().item<double>() / energy.real());
        EXPECT_LT(error, 0.02) << m;
    }
    std::remove(path.c_str());
}

} // namespace
