// SPDX-License-Identifier: GPL-3.0-or-later
#include "signal/synchronisation_meter.h"
#include "signal/synchronisation_search.h"
#include "synchroniser_run.h"
#include <cmath>
#include <gtest/gtest.h>
#include <string>

namespace cfisac::signal {
namespace {

using Kind = SynchronisationEvent::Kind;
using test::antennas;
using test::AntennaSamples;
using test::heard;
using test::Heard;
using test::radio_scenario;
using test::run;
using test::Taken;

TEST(Synchronisation, LocksWithinThreeFramesBelowTheNoise)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    for (int trial = 0; trial < 4; trial++) {
        const double offset = (trial % 2 == 0 ? 1e-6 : -1e-6) * 5.8e9;
        const double start = 101.3 + 12345.67 * trial;
        AntennaSamples air(scenario, antennas, 4 * timing.period, 40 + trial);
        air.add(0, heard(scenario, 0, 0.0, offset), 4, start, 70);
        air.add(1, heard(scenario, 1, 0.0, offset), 4, start, 70);
        air.add_noise(std::pow(10.0, 0.5));
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, air.samples());
        ASSERT_FALSE(taken.frames.empty()) << trial;
        const auto& frame = taken.frames.front();
        EXPECT_LE(frame.number, 72u) << trial;
        const auto k = static_cast<double>(frame.number - 70);
        const double truth = start + k * static_cast<double>(timing.period) *
                                         (1.0 - offset / timing.center_hz);
        EXPECT_NEAR(static_cast<double>(frame.start), truth, 0.7) << trial;
        EXPECT_NEAR(frame.frequency_hz, offset, 60.0) << trial;
        EXPECT_EQ(taken.count(Kind::locked), 1);
        EXPECT_EQ(taken.count(Kind::lost), 0);
        EXPECT_TRUE(synchroniser.locked());
    }
}

TEST(Synchronisation, ThresholdOfTheSearchFollowsFromTheFalseAlarmRate)
{
    // With two access points the metric of noise is a Gamma variable of two degrees:
    // P(> x) = (1 + x) exp(-x).
    const FrameTiming timing(radio_scenario());
    const PreambleSearch search(timing, antennas, 1e-3);
    const double x = search.threshold();
    EXPECT_NEAR((1.0 + x) * std::exp(-x) * static_cast<double>(timing.period) /
                    search.step(),
                1e-3,
                1e-9);

    AntennaSamples air(radio_scenario(), antennas, 4'000'000, 7);
    air.add_noise(3.0);
    PreambleSearch noise(timing, antennas, 1e-3);
    const auto metrics = noise.metrics(air.samples());
    for (const double level : {2.0, 4.0, 6.0}) {
        double above = 0.0;
        for (const double metric : metrics) {
            above += metric > level ? 1.0 : 0.0;
        }
        const double expected = (1.0 + level) * std::exp(-level);
        // A span of 4096 samples brings one or two independent values.
        const double deviation = std::sqrt(expected / (4e6 / 2048.0));
        EXPECT_NEAR(
            above / static_cast<double>(metrics.size()), expected, 5.0 * deviation);
    }
}

TEST(Synchronisation, NoiseAndTonesDoNotLock)
{
    const auto scenario = radio_scenario();
    AntennaSamples air(scenario, antennas, 2'000'000, 8);
    air.add_noise(1.0);
    auto samples = air.samples();
    Synchroniser synchroniser(scenario, 0, {false, 0.0, 10, 0.1});
    EXPECT_TRUE(run(synchroniser, samples).frames.empty());
    EXPECT_EQ(synchroniser.counts().locks, 0u);

    for (auto& antenna : samples) {
        for (std::size_t k = 0; k < antenna.size(); k++) {
            antenna[k] += std::complex<float>(
                std::polar(3.0, 0.71 * static_cast<double>(k % 1'000'000)));
        }
    }
    Synchroniser beside_a_tone(scenario, 0, {false, 0.0, 10, 0.1});
    EXPECT_TRUE(run(beside_a_tone, samples).frames.empty());
}

TEST(Synchronisation, MeasuresAtTheCramerRaoBound)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    const PreambleMeter meter(timing, antennas, 1e-6);
    for (const double snr_db : {-5.0, 10.0}) {
        const double snr = std::pow(10.0, 0.1 * snr_db);
        constexpr int trials = 60;
        double place_error = 0.0;
        double frequency_error = 0.0;
        double snr_sum = 0.0;
        std::mt19937_64 generator(5);
        std::uniform_real_distribution<double> uniform(-0.5, 0.5);
        for (int trial = 0; trial < trials; trial++) {
            AntennaSamples air(scenario, antennas, 6000, 1000 + trial);
            Heard tone;
            tone.paths[0].delay = uniform(generator);
            tone.frequency_hz = 11000.0 * uniform(generator);
            air.add(0, tone, 1, 600.0);
            air.add_noise(1.0 / snr);
            const auto measured = meter.measure(air.samples(), 0, {620, 200, 0.0, false});
            ASSERT_TRUE(measured.seen);
            place_error += std::pow(measured.place - 600.0 - tone.paths[0].delay, 2);
            frequency_error += std::pow(
                measured.frequency * timing.sample_rate_hz - tone.frequency_hz, 2);
            snr_sum += measured.snr;
        }
        // All samples of the preamble, flat over the occupied 98 of 128 bins: the mean
        // square of their angular frequencies, and the single tone's bound.
        double square = 0.0;
        for (int bin = 1; bin <= 49; bin++) {
            square += std::pow(2.0 * M_PI * bin / 128.0, 2) / 49.0;
        }
        const double samples = timing.preamble_samples();
        const double place_bound =
            1.0 / std::sqrt(2.0 * antennas * samples * snr * square);
        const double frequency_bound =
            std::sqrt(6.0 / (antennas * snr * samples * (samples * samples - 1.0))) /
            (2.0 * M_PI) * timing.sample_rate_hz;
        EXPECT_LT(std::sqrt(place_error / trials), 2.0 * place_bound) << snr_db;
        EXPECT_LT(std::sqrt(frequency_error / trials), 2.0 * frequency_bound) << snr_db;
        EXPECT_GT(std::sqrt(place_error / trials), 0.5 * place_bound) << snr_db;
        EXPECT_NEAR(10.0 * std::log10(snr_sum / trials), snr_db, 0.5);
    }
}

TEST(Synchronisation, AStrongEchoDoesNotCaptureTheTiming)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    const PreambleMeter meter(timing, antennas, 1e-6);
    for (const double later : {2.3, 6.5, 15.2}) {
        AntennaSamples air(scenario, antennas, 6000, 3);
        Heard echo;
        echo.paths = {{0.3, 1.0}, {0.3 + later, std::polar(2.0, 2.0)}};
        echo.frequency_hz = 900.0;
        air.add(0, echo, 1, 600.0);
        air.add_noise(0.1);
        const auto measured = meter.measure(air.samples(), 0, {600, 64, 0.0, false});
        ASSERT_TRUE(measured.seen);
        EXPECT_NEAR(measured.place, 600.3, 0.05) << later;
        EXPECT_NEAR(measured.frequency * timing.sample_rate_hz, 900.0, 15.0) << later;
    }
}

TEST(Synchronisation, TwoAccessPointsWithOffsetsOfTheirOwn)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    constexpr std::int64_t frames = 12;
    const double offsets_hz[] = {2100.0, 1900.0};
    const double late[] = {3.2, -1.7};
    AntennaSamples air(scenario, antennas, frames * timing.period + 2000, 11);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, late[n], offsets_hz[n]), frames, 1000.0, 5);
    }
    air.add_noise(0.05);
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, air.samples());
    ASSERT_EQ(taken.frames.size(), static_cast<std::size_t>(frames));
    const auto& last = taken.frames.back();
    EXPECT_EQ(last.number, 5u + frames - 1);
    for (int n = 0; n < 2; n++) {
        const auto& report = last.reports[n];
        ASSERT_TRUE(report.seen);
        EXPECT_NEAR(report.frequency_hz, offsets_hz[n], 4.0);
        EXPECT_NEAR(report.snr_db, 10.0 * std::log10(1.0 / 0.05), 1.0);
        const double middle = static_cast<double>(timing.payload_start()) +
                              0.5 * static_cast<double>(timing.payload_samples());
        const double truth = 1000.0 + late[n] +
                             static_cast<double>((frames - 1) * timing.period) *
                                 (1.0 - offsets_hz[n] / timing.center_hz) -
                             middle * offsets_hz[n] / timing.center_hz -
                             static_cast<double>(last.start);
        EXPECT_NEAR(report.timing_s * timing.sample_rate_hz, truth, 0.01) << n;
    }
    EXPECT_NEAR(last.frequency_hz, 2000.0, 25.0);
}

TEST(Synchronisation, PayloadIsCutOutAndTurnedBackExactly)
{
    // One access point, without noise: the payload is what is in the samples, turned.
    auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 3 * timing.period, 12);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, 700.0), 3, 500.0);
    }
    air.add_noise(1e-4);
    const auto samples = air.samples();
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, samples);
    ASSERT_GE(taken.frames.size(), 2u);
    for (std::size_t f = 0; f < taken.frames.size(); f++) {
        const auto& frame = taken.frames[f];
        const std::int64_t first = frame.start + timing.payload_start();
        double error = 0.0;
        for (std::int64_t k = 0; k < timing.payload_samples(); k++) {
            for (int a = 0; a < antennas; a++) {
                const auto expected =
                    std::complex<double>(samples[a][first + k]) *
                    std::polar(1.0,
                               -2.0 * M_PI *
                                   std::fmod(frame.frequency_hz * static_cast<double>(k) /
                                                 timing.sample_rate_hz,
                                             1.0));
                error = std::max(
                    error,
                    std::abs(expected - std::complex<double>(taken.payloads[f][a][k])));
            }
        }
        EXPECT_LT(error, 1e-5);
    }
}

TEST(Synchronisation, KeepsTheLockThroughMissedPreamblesAndSaysWhenItIsLost)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    constexpr std::int64_t frames = 16;
    AntennaSamples air(scenario, antennas, frames * timing.period + 3000, 13);
    for (int n = 0; n < 2; n++) {
        auto one = heard(scenario, n, 0.4, 3000.0);
        one.silent = {3, 4, 8, 9, 10, 11};
        air.add(n, one, frames, 800.0, 20);
    }
    air.add_noise(0.2);
    Synchroniser synchroniser(scenario, 0, {false, 0.0, 3, 1e-6});
    const auto taken = run(synchroniser, air.samples());
    EXPECT_EQ(taken.count(Kind::missed), 2 + 3);
    EXPECT_EQ(taken.count(Kind::lost), 1);
    EXPECT_EQ(taken.count(Kind::locked), 2);
    EXPECT_EQ(synchroniser.counts().losses, 1u);
    EXPECT_EQ(synchroniser.counts().missed, 5u);
    std::vector<std::uint64_t> numbers;
    for (const auto& frame : taken.frames) {
        numbers.push_back(frame.number);
        const auto k = static_cast<double>(frame.number - 20);
        EXPECT_NEAR(static_cast<double>(frame.start),
                    800.4 + k * static_cast<double>(timing.period) *
                                (1.0 - 3000.0 / timing.center_hz),
                    0.6);
        const bool missed = frame.misses > 0;
        EXPECT_EQ(frame.reports[0].seen, !missed);
    }
    EXPECT_EQ(numbers,
              (std::vector<std::uint64_t>{
                  20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35}));
    EXPECT_TRUE(synchroniser.locked());
}

TEST(Synchronisation, AnOverflowDropsOneFrameAndKeepsTheLock)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    constexpr std::int64_t frames = 8;
    AntennaSamples air(scenario, antennas, frames * timing.period, 14);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, 1000.0), frames, 900.0);
    }
    air.add_noise(0.2);
    const auto samples = air.samples();
    const double rate = timing.sample_rate_hz;
    for (const bool by_time : {false, true}) {
        Synchroniser synchroniser(scenario, 0, {by_time, 100.0, 10, 1e-6});
        Taken taken;
        // The first sample is 900 samples before 100 s.
        const auto time_of = [&](std::int64_t place) {
            const double after = static_cast<double>(place - 900) / rate;
            const double whole = std::floor(after);
            return RadioTime{static_cast<std::uint64_t>(100 + static_cast<int>(whole)),
                             after - whole};
        };
        // Samples are missing in the payload of frame 2, and in the silence after 4.
        const std::int64_t hole = 900 + 2 * timing.period + timing.payload_start() + 5000;
        const std::int64_t quiet =
            900 + 4 * timing.period + timing.frame_samples() + 3000;
        synchroniser.set_time(time_of(0));
        run(synchroniser, samples, 0, hole, taken);
        synchroniser.set_time(time_of(hole + 1234));
        run(synchroniser, samples, hole + 1234, quiet, taken);
        synchroniser.set_time(time_of(quiet + 777));
        run(synchroniser, samples, quiet + 777, samples[0].size(), taken);

        EXPECT_EQ(synchroniser.counts().dropped, 1u);
        EXPECT_EQ(synchroniser.counts().locks, 1u);
        EXPECT_EQ(synchroniser.counts().losses, 0u);
        EXPECT_EQ(synchroniser.counts().missed, 0u);
        EXPECT_EQ(taken.count(Kind::jump), 2);
        std::vector<std::uint64_t> numbers;
        for (const auto& frame : taken.frames) {
            numbers.push_back(frame.number);
            EXPECT_TRUE(frame.reports[0].seen);
            ASSERT_TRUE(frame.time);
            const double since =
                static_cast<double>(frame.time->seconds) - 100.0 + frame.time->fraction;
            EXPECT_NEAR(since * rate,
                        static_cast<double>(frame.start - 900 + timing.payload_start()),
                        1e-3);
        }
        EXPECT_EQ(numbers, (std::vector<std::uint64_t>{0, 1, 3, 4, 5, 6, 7})) << by_time;
    }
}

TEST(Synchronisation, ByTimeEveryFrameGoesOutAndOffsetsAreMeasured)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    constexpr std::int64_t frames = 6;
    AntennaSamples air(scenario, antennas, frames * timing.period, 15);
    for (int n = 0; n < 2; n++) {
        auto one = heard(scenario, n, n == 0 ? 7.25 : -4.5, 0.0);
        one.silent =
            n == 0 ? std::vector<std::int64_t>{2, 3} : std::vector<std::int64_t>{2};
        air.add(n, one, frames, 0.0, 40);
    }
    air.add_noise(0.2);
    // Frame 40 starts a quarter of a sample before the first one; offsets are against samples.
    Synchroniser synchroniser(scenario, 0, {true, 1000.0, 10, 1e-6});
    const auto before = static_cast<double>(40 * timing.period) + 0.25;
    synchroniser.set_time({1000, before / timing.sample_rate_hz});
    const auto taken = run(synchroniser, air.samples());
    ASSERT_EQ(taken.frames.size(), static_cast<std::size_t>(frames));
    for (std::int64_t k = 0; k < frames; k++) {
        const auto& frame = taken.frames[k];
        EXPECT_EQ(frame.number, 40u + k);
        EXPECT_EQ(frame.start, k * timing.period);
        EXPECT_EQ(frame.reports[0].seen, k != 2 && k != 3);
        EXPECT_EQ(frame.reports[1].seen, k != 2);
        if (frame.reports[0].seen) {
            EXPECT_NEAR(frame.reports[0].timing_s * timing.sample_rate_hz, 7.25, 0.02);
        }
        if (frame.reports[1].seen) {
            EXPECT_NEAR(frame.reports[1].timing_s * timing.sample_rate_hz, -4.5, 0.02);
        }
    }
    EXPECT_EQ(synchroniser.counts().missed, 1u);
}

TEST(Synchronisation, ByTimeWithoutTimeIsRefused)
{
    const auto scenario = radio_scenario();
    Synchroniser synchroniser(scenario, 0, {true, 0.0, 10, 1e-6});
    const Samples zeros(10);
    try {
        synchroniser.push({zeros.data(), zeros.data()}, 10);
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("rx_time"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("preamble"), std::string::npos);
    }
}

TEST(Synchronisation, NumbersFollowTheHeadersOrCountFromZero)
{
    auto scenario = radio_scenario();
    for (const bool header : {true, false}) {
        scenario.radio->header = header;
        const FrameTiming timing(scenario);
        AntennaSamples air(scenario, antennas, 3 * timing.period, 16);
        for (int n = 0; n < 2; n++) {
            air.add(n, heard(scenario, n, 0.0, -500.0), 3, 300.0, 123456);
        }
        air.add_noise(0.3);
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, air.samples());
        ASSERT_EQ(taken.frames.size(), 3u);
        for (std::uint64_t k = 0; k < 3; k++) {
            EXPECT_EQ(taken.frames[k].number, (header ? 123456u : 0u) + k);
        }
    }
}

TEST(Synchronisation, OnlyOneAccessPointHeard)
{
    auto scenario = radio_scenario();
    scenario.radio->header = false; // sent by the one that is not heard
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 3 * timing.period, 17);
    air.add(1, heard(scenario, 1, 0.0, 400.0), 3, 4000.0);
    air.add_noise(0.3);
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, air.samples());
    ASSERT_EQ(taken.frames.size(), 3u);
    for (const auto& frame : taken.frames) {
        EXPECT_FALSE(frame.reports[0].seen);
        EXPECT_TRUE(frame.reports[1].seen);
        EXPECT_NEAR(static_cast<double>(frame.start % timing.period), 4000.0, 0.7);
    }
}

TEST(Synchronisation, AnAccessPointThatIsSilentIsNotSeenBesideAStrongOne)
{
    // Around its silent slot lie the other one's preamble and the header.
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    for (const double noise : {1e-5, 1e-3, 0.1}) {
        AntennaSamples air(scenario, antennas, 4 * timing.period, 18);
        air.add(0, heard(scenario, 0, 0.0, 0.0), 4, 700.0, 0);
        air.add_noise(noise);
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, air.samples());
        ASSERT_EQ(taken.frames.size(), 4u) << noise;
        for (const auto& frame : taken.frames) {
            EXPECT_TRUE(frame.reports[0].seen) << noise;
            EXPECT_FALSE(frame.reports[1].seen) << noise;
        }
    }
}

TEST(Synchronisation, WrongSettingsAreRefused)
{
    const auto scenario = radio_scenario();
    EXPECT_THROW(Synchroniser(scenario, 2, {}), std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, -1, {}), std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, 0, {false, 0.0, -1, 1e-6}),
                 std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, 0, {false, 0.0, 1, 0.0}), std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, 0, {false, 0.0, 1, 0.5}), std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, 0, {true, -1.0, 1, 1e-6}), std::invalid_argument);
    EXPECT_THROW(Synchroniser(scenario, 0, {true, NAN, 1, 1e-6}), std::invalid_argument);
    auto without = scenario;
    without.radio.reset();
    EXPECT_THROW(Synchroniser(without, 0, {}), ScenarioError);
}

} // namespace
} // namespace cfisac::signal
