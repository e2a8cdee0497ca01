// SPDX-License-Identifier: GPL-3.0-or-later
#include "virtual_radio.h"
#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/scene.h>
#include <cmath>
#include <fstream>

namespace {

using namespace cfisac;
using namespace cfisac::test;

constexpr double rate_hz = 1e6;
constexpr double center_hz = 5.8e9 + 12 * 31.25e3;
// The direct path's phase is counted at the carrier, that of subcarrier 0.
constexpr double above_carrier_hz = 12 * 31.25e3;
constexpr double gain_db = 80.0; // of transmitters and receivers
// A sample of magnitude 1 at the receiver's input, over one at the transmitter's output.
const double scale = std::pow(10.0, ((gain_db - 70.0) - (0.0 - gain_db)) / 20.0);

const SoapySDR::Kwargs quiet{{"time", "lockstep"}, {"bits", "16"}, {"noise_dbm", "-300"}};

SoapySDR::Kwargs quiet_with(const SoapySDR::Kwargs& others)
{
    auto arguments = quiet;
    for (const auto& [name, value] : others) {
        arguments[name] = value;
    }
    return arguments;
}

double path_gain(double distance_m) { return std::pow(10.0, -47.7 / 20.0) / distance_m; }

// What both antennas of `to` receive when those of `from` send the samples.
std::vector<Buffer> transfer(const std::string& from,
                             const SoapySDR::Kwargs& from_arguments,
                             const std::string& to,
                             const SoapySDR::Kwargs& to_arguments,
                             const std::vector<Buffer>& samples,
                             const std::vector<size_t>& channels = {})
{
    const auto transmitter = make_radio(from, from_arguments);
    const auto receiver = make_radio(to, to_arguments);
    for (size_t channel = 0; channel < 2; channel++) {
        transmitter->setGain(SOAPY_SDR_TX, channel, gain_db);
        receiver->setGain(SOAPY_SDR_RX, channel, gain_db);
    }
    StreamOf received(receiver, SOAPY_SDR_RX, channels);
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    EXPECT_EQ(received.activate(), 0);
    EXPECT_EQ(sent.activate(), 0);
    EXPECT_EQ(sent.write(samples), samples[0].size());
    const auto result = received.read_all(2, samples[0].size() - 200);
    EXPECT_EQ(count_of(receiver, "lost"), 0);
    return result;
}

std::vector<Buffer> tone(double frequency_hz, std::size_t count)
{
    Buffer samples(count);
    for (std::size_t k = 0; k < count; k++) {
        samples[k] = std::complex<float>(std::polar(
            0.5, 2.0 * M_PI * frequency_hz * static_cast<double>(k) / rate_hz));
    }
    return {samples, samples};
}

// Mean turn from sample to sample, Hz.
double frequency_of(const Buffer& samples, std::size_t from)
{
    std::complex<double> sum = 0.0;
    for (std::size_t k = from + 1; k < samples.size(); k++) {
        sum += std::complex<double>(samples[k]) *
               std::conj(std::complex<double>(samples[k - 1]));
    }
    return std::arg(sum) / (2.0 * M_PI) * rate_hz;
}

TEST(RadioChannel, ImpulseArrivesAtItsSampleWithItsPower)
{
    // tx0 and rx0 are a microsecond apart, broadside to each other.
    std::vector<Buffer> impulse(2, Buffer(2000));
    impulse[0][500] = 0.5f;
    const auto received = transfer("tx0", quiet, "rx0", quiet, impulse);
    const double expected = 0.5 * scale * path_gain(299.792458) / 2.0;
    for (const auto& antenna : received) {
        for (std::size_t k = 0; k < antenna.size(); k++) {
            EXPECT_NEAR(std::abs(antenna[k]), k == 501 ? expected : 0.0, 1e-4) << k;
        }
    }
}

TEST(RadioChannel, ToneHasThePhaseOfItsPathAtEveryAntenna)
{
    constexpr double frequency_hz = 200e3;
    const auto received =
        transfer("tx1", quiet, "rx1", quiet, tone(frequency_hz, 4000), {1, 0});
    const double distance = std::hypot(300.0, 300.0);
    const double delay_s = distance / speed_of_light;
    // Angles to the arrays' axes, both (1, 0): 45° at the transmitter, 135° at the receiver.
    const double cosine = std::sqrt(0.5);
    const auto array = (1.0 + std::polar(1.0, M_PI * cosine)) / std::sqrt(2.0);
    for (std::size_t buffer = 0; buffer < 2; buffer++) {
        const double antenna = 1.0 - static_cast<double>(buffer); // channels {1, 0}
        for (std::size_t k = 200; k < received[buffer].size(); k++) {
            const double at_s = static_cast<double>(k) / rate_hz - delay_s;
            const auto expected =
                0.5 * scale * path_gain(distance) * array *
                std::polar(std::sqrt(0.5), M_PI * cosine * antenna) *
                std::polar(
                    1.0, 2.0 * M_PI * (frequency_hz * at_s - above_carrier_hz * delay_s));
            ASSERT_LT(std::abs(std::complex<double>(received[buffer][k]) - expected),
                      2e-3 * std::abs(expected) + 1e-4)
                << buffer << " " << k;
        }
    }
}

TEST(RadioChannel, ReceiveChannelsAreThoseOfTheCalibration)
{
    auto scenario = load_scenario(radio_scenario_path());
    scenario.receive[0].calibration = {{2.0, -3.0}, {35.0, -120.0}};
    const auto path = testing::TempDir() + own_environment() + ".yml";
    std::ofstream(path) << to_yaml(scenario);
    const auto samples = tone(200e3, 4000);
    const auto plain = transfer("tx1", quiet, "rx0", quiet, samples);
    // The transmitter's file needs not to know of it.
    const auto received =
        transfer("tx1", quiet, "rx0", quiet_with({{"scenario", path}}), samples, {1, 0});
    std::remove(path.c_str());
    const std::complex<double> responses[] = {
        std::polar(std::pow(10.0, 0.1), 35.0 * M_PI / 180.0),
        std::polar(std::pow(10.0, -0.15), -120.0 * M_PI / 180.0)};
    for (std::size_t a = 0; a < 2; a++) {
        for (std::size_t k = 200; k < plain[a].size(); k++) {
            const auto expected = responses[a] * std::complex<double>(plain[a][k]);
            // Converters of 16 bits
            ASSERT_LT(std::abs(std::complex<double>(received[1 - a][k]) - expected), 1e-4)
                << a << " " << k;
        }
        EXPECT_GT(std::abs(plain[a][300]), 0.01);
    }
}

TEST(RadioChannel, FormatsAgree)
{
    const auto samples = tone(50e3, 3000);
    std::vector<Buffer> packed(2, Buffer(3000)); // of which CS16 takes half
    for (std::size_t c = 0; c < 2; c++) {
        auto* const values = reinterpret_cast<std::int16_t*>(packed[c].data());
        for (std::size_t k = 0; k < 3000; k++) {
            values[2 * k] =
                static_cast<std::int16_t>(std::lround(samples[c][k].real() * 32768));
            values[2 * k + 1] =
                static_cast<std::int16_t>(std::lround(samples[c][k].imag() * 32768));
        }
    }
    const auto transmitter = make_radio("tx0", quiet);
    const auto receiver = make_radio("rx0", quiet);
    transmitter->setGain(SOAPY_SDR_TX, 0, gain_db);
    receiver->setGain(SOAPY_SDR_RX, 0, gain_db);
    StreamOf received(receiver, SOAPY_SDR_RX, {0}, "CS16");
    auto* const sent = transmitter->setupStream(SOAPY_SDR_TX, "CS16", {0});
    ASSERT_EQ(received.activate(), 0);
    ASSERT_EQ(transmitter->activateStream(sent), 0);
    const void* const buffers[] = {packed[0].data()};
    int flags = 0;
    ASSERT_EQ(transmitter->writeStream(sent, buffers, 3000, flags), 3000);
    std::vector<Buffer> got(1);
    ASSERT_EQ(received.read(got, 2500).result, 2500);
    const auto* const values = reinterpret_cast<const std::int16_t*>(got[0].data());
    const double expected = 0.5 * scale * path_gain(299.792458) / 2.0 * 32768;
    for (int k = 100; k < 2500; k++) {
        ASSERT_NEAR(std::hypot(values[2 * k], values[2 * k + 1]), expected, 2.0) << k;
    }
    transmitter->closeStream(sent);
}

TEST(RadioChannel, ClocksTurnTheCarrier)
{
    const double expected_hz = center_hz * 1e-6;
    const auto fast_receiver =
        transfer("tx0", quiet, "rx0", quiet_with({{"clock_ppm", "1"}}), tone(0.0, 20000));
    EXPECT_NEAR(frequency_of(fast_receiver[0], 200), -expected_hz, 0.5);
    const auto fast_transmitter =
        transfer("tx0", quiet_with({{"clock_ppm", "1"}}), "rx0", quiet, tone(0.0, 20000));
    EXPECT_NEAR(frequency_of(fast_transmitter[0], 200), expected_hz, 0.5);
    // The reference of both is the same.
    const auto locked =
        transfer("tx0",
                 quiet,
                 "rx0",
                 quiet_with({{"clock_ppm", "1"}, {"clock_source", "external"}}),
                 tone(0.0, 20000));
    EXPECT_NEAR(frequency_of(locked[0], 200), 0.0, 0.5);
}

TEST(RadioChannel, TransmittersOffsetMovesItsSamples)
{
    // A transmitter whose count is 3 samples ahead sends sample k three earlier.
    std::vector<Buffer> impulse(2, Buffer(2000));
    impulse[0][500] = 0.5f;
    const auto transmitter = make_radio("tx0", quiet_with({{"clock_offset_s", "3e-6"}}));
    const auto receiver = make_radio("rx0", quiet);
    transmitter->setGain(SOAPY_SDR_TX, 0, gain_db);
    receiver->setGain(SOAPY_SDR_RX, 0, gain_db);
    StreamOf received(receiver, SOAPY_SDR_RX);
    StreamOf sent(transmitter, SOAPY_SDR_TX);
    ASSERT_EQ(received.activate(), 0);
    ASSERT_EQ(sent.activate(), 0);
    // By its own clock at 0.01 s: 10000 - 3 samples of the environment.
    EXPECT_EQ(sent.write(impulse, SOAPY_SDR_HAS_TIME, 10000000), 2000u);
    const auto samples = received.read_all(2, 11500);
    const auto peak = std::max_element(
        samples[0].begin(), samples[0].end(), [](const auto& a, const auto& b) {
            return std::abs(a) < std::abs(b);
        });
    EXPECT_EQ(peak - samples[0].begin(), 10000 - 3 + 500 + 1);
}

TEST(RadioChannel, MovingTargetShiftsFrequencyAndHasItsStrength)
{
    auto scenario = load_scenario(radio_scenario_path());
    scenario.targets.area_m = {{100.0, 200.0}, {100.5, 1200.0}};
    scenario.targets.velocity_mps = {{0.0, 20.0}, {0.0, 20.0}};
    scenario.targets.reflection_variance = 100.0;
    const auto path = testing::TempDir() + own_environment() + ".yml";
    std::ofstream(path) << to_yaml(scenario);
    const SoapySDR::Kwargs target = quiet_with({{"scenario", path},
                                                {"scene", "moving"},
                                                {"direct_path", "false"},
                                                {"seed", "5"}});
    const auto received = transfer("tx0", target, "rx0", target, tone(0.0, 20000));
    std::remove(path.c_str());

    const signal::Layout layout(scenario);
    const auto scene =
        signal::draw_targets(layout, scenario.targets, signal::Random(5, {0}));
    const double x = scene.position[0][0][0].item<double>();
    const double y = scene.position[0][0][1].item<double>();
    const auto reflection = scene.reflection[0][0][0][0].item<c10::complex<double>>();
    const double out = std::hypot(x, y);
    const double in = std::hypot(x, y - 299.792458);
    const double rate = 20.0 * (y / out + (y - 299.792458) / in);
    EXPECT_NEAR(frequency_of(received[0], 200), -rate * center_hz / speed_of_light, 1.0);
    // Both antennas send the same; steering vectors have unit norm.
    const auto array = (1.0 + std::polar(1.0, M_PI * x / out)) / std::sqrt(2.0);
    const double expected = 0.5 * scale * path_gain(out + in) * std::abs(reflection) *
                            std::abs(array) * std::sqrt(0.5);
    for (std::size_t k = 200; k < received[0].size(); k++) {
        ASSERT_NEAR(std::abs(received[0][k]), expected, 0.01 * expected + 1e-4) << k;
        const double turn = std::arg(received[1][k] * std::conj(received[0][k]));
        ASSERT_NEAR(
            std::remainder(turn + M_PI * x / in, 2.0 * M_PI), 0.0, 0.01 + 1e-4 / expected)
            << k;
    }
}

TEST(RadioChannel, NoiseHasItsPower)
{
    auto loud = quiet;
    loud["noise_dbm"] = "-112";
    const auto received =
        transfer("tx0", quiet, "rx0", loud, std::vector<Buffer>(2, Buffer(50200)));
    // 32 samples' worth of ξ² over a full scale of -80 dBm.
    const double expected = 32.0 * std::pow(10.0, (-112.0 + 80.0) / 10.0);
    for (const auto& antenna : received) {
        double sum = 0.0;
        std::complex<double> mean = 0.0;
        for (const auto& sample : antenna) {
            sum += std::norm(std::complex<double>(sample));
            mean += std::complex<double>(sample);
        }
        const auto count = static_cast<double>(antenna.size());
        // Five standard deviations of the mean of 50000 exponential variables.
        EXPECT_NEAR(sum / count, expected, 5.0 / std::sqrt(count) * expected);
        EXPECT_LT(std::norm(mean / count), 25.0 / count * expected);
    }
    EXPECT_NE(received[0], received[1]);
}

TEST(RadioChannel, ConvertersClipAndCount)
{
    auto coarse = quiet;
    coarse["bits"] = "4";
    const auto transmitter = make_radio("tx0", coarse);
    const auto receiver = make_radio("rx0", coarse);
    transmitter->setGain(SOAPY_SDR_TX, 0, gain_db);
    receiver->setGain(SOAPY_SDR_RX, 0, 95.0);
    StreamOf received(receiver, SOAPY_SDR_RX, {0});
    StreamOf sent(transmitter, SOAPY_SDR_TX, {0});
    ASSERT_EQ(received.activate(), 0);
    ASSERT_EQ(sent.activate(), 0);
    Buffer samples(3000, {0.5f, 0.0f});
    std::fill_n(samples.begin(), 700, std::complex<float>(0.0f, -1.5f));
    EXPECT_EQ(sent.write({samples}), 3000u);
    EXPECT_EQ(count_of(transmitter, "clipped"), 700);
    std::vector<Buffer> got(1);
    ASSERT_EQ(received.read(got, 2900).result, 2900);
    // 10 dBm - 47.7 dB - 49.5 dB - 6 dB is 2 dB above full scale, -95 dBm, before 0.5.
    const double amplitude =
        path_gain(299.792458) / 2.0 * std::pow(10.0, (10.0 + 95.0) / 20.0);
    EXPECT_GT(amplitude, 1.0);
    // Every value is one of 15 levels.
    for (const auto& sample : got[0]) {
        EXPECT_NEAR(std::remainder(sample.real() * 7.0, 1.0), 0.0, 1e-5);
        EXPECT_LE(std::abs(sample.imag()), 1.0f);
    }
    const auto clipped = count_of(receiver, "clipped");
    const double turns = above_carrier_hz * 1e-6;
    const auto first = amplitude * std::polar(1.0, -2.0 * M_PI * turns - M_PI / 2.0);
    const bool beyond =
        std::max(std::abs(first.real()), std::abs(first.imag())) > 1.0 + 0.5 / 7.0;
    EXPECT_NEAR(static_cast<double>(clipped), beyond ? 700.0 : 0.0, 40.0);
}

} // namespace
