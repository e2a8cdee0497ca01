// SPDX-License-Identifier: GPL-3.0-or-later
// The search for preambles beside tones.
#include "signal/synchronisation_search.h"
#include "synchroniser_run.h"
#include <cmath>
#include <gtest/gtest.h>

namespace cfisac::signal {
namespace {

using test::antennas;
using test::AntennaSamples;
using test::heard;
using test::radio_scenario;
using test::run;

//! A tone of this power from sample `first` to `last`.
void add_tone(std::vector<Samples>& samples,
              double power,
              double cycles_per_sample,
              std::int64_t first,
              std::int64_t last)
{
    for (std::size_t a = 0; a < samples.size(); a++) {
        for (std::int64_t k = first; k < last; k++) {
            const double turns = cycles_per_sample * static_cast<double>(k) + 0.3 * a;
            samples[a][k] += std::complex<float>(
                std::polar(std::sqrt(power), 2.0 * M_PI * (turns - std::floor(turns))));
        }
    }
}

TEST(SynchronisationSearch, ATonePassesNowhere)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 60'000, 31);
    air.add_noise(1.0);
    for (const double frequency : {0.0, 0.1234, 17.0 / 128.0, -0.31}) {
        for (const double power : {3.0, 100.0, 1e4}) {
            auto samples = air.samples();
            const auto length = static_cast<std::int64_t>(samples[0].size());
            add_tone(samples, power, frequency, 0, length);
            PreambleSearch search(timing, antennas, 1e-3);
            const auto result = search.run(samples, 0, 20'000);
            EXPECT_FALSE(result.peak) << frequency << ", " << power;
            // Every place that there are samples for was looked at.
            EXPECT_GT(result.done, length - search.span() - search.step());
            const auto brought =
                std::polar(power, 2.0 * M_PI * frequency * timing.preamble_length);
            EXPECT_LT(std::abs(result.steady - brought), 0.02 * power + 0.1);
            // Where the same samples are without the tone, there is none.
            PreambleSearch without(timing, antennas, 1e-3);
            EXPECT_EQ(without.run(air.samples(), 0, 20'000).steady, 0.0);
        }
    }
}

TEST(SynchronisationSearch, ATonesBurstsArePassedOver)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    for (const double power : {3.0, 100.0}) {
        AntennaSamples air(scenario, antennas, 60'000, 35);
        air.add(0, heard(scenario, 0, 0.0, 0.0), 1, 50'000.0);
        air.add(1, heard(scenario, 1, 0.0, 0.0), 1, 50'000.0);
        air.add_noise(1.0);
        auto samples = air.samples();
        add_tone(samples, power, 0.1234, 5'000, 15'000);
        add_tone(samples, power, -0.2, 25'000, 40'000);
        PreambleSearch search(timing, antennas, 1e-6);
        // The first place that is taken is that of the preambles.
        const auto result = search.run(samples, 0, 5'000);
        ASSERT_TRUE(result.peak);
        EXPECT_NEAR(static_cast<double>(*result.peak), 50'005.0, 64.0);
    }
}

TEST(SynchronisationSearch, PreamblesWithoutMuchBetweenThemAreNoTone)
{
    auto scenario = radio_scenario();
    scenario.waveform.symbols = 1;
    scenario.radio->frame_period_s = 5800.0 / 5e6;
    scenario.radio->header = false;
    const FrameTiming timing(scenario);
    constexpr std::int64_t frames = 12;
    AntennaSamples air(scenario, antennas, frames * timing.period + 1000, 32);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, 300.0), frames, 600.0);
    }
    air.add_noise(0.1);
    PreambleSearch search(timing, antennas, 1e-6);
    EXPECT_EQ(search.run(air.samples(), 0, 0).steady, 0.0);
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, air.samples());
    EXPECT_GE(taken.frames.size(), static_cast<std::size_t>(frames - 1));
    for (const auto& frame : taken.frames) {
        EXPECT_NEAR(static_cast<double>(frame.start % timing.period), 600.0, 0.7);
    }
}

TEST(SynchronisationSearch, FramesAreFoundBesideAStrongerTone)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 3 * timing.period, 33);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, -1800.0), 3, 20'000.0, 7);
    }
    air.add_noise(0.1);
    const auto length = 3 * timing.period;
    // What the tone brings to the autocorrelation has any phase but that of the preamble: it
    // would lie on the preamble's own frequencies.
    for (int turn = 0; turn < 6; turn++) {
        const double frequency = (20.1 + turn / 8.0) / 128.0;
        auto samples = air.samples();
        add_tone(samples, 5.0, frequency, 0, length);
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, samples);
        ASSERT_GE(taken.frames.size(), 2u) << turn;
        const auto& last = taken.frames.back();
        EXPECT_EQ(last.number, 9u) << turn;
        EXPECT_NEAR(static_cast<double>(last.start),
                    20'000.0 + 2.0 * static_cast<double>(timing.period),
                    0.7)
            << turn;
        EXPECT_NEAR(last.frequency_hz, -1800.0, 100.0) << turn;
    }
}

TEST(SynchronisationSearch, ATonePutsNoPreambleInThePlaceOfAnother)
{
    // The lock is lost with the frames, whatever else is in the band.
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 6 * timing.period, 36);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, 700.0), 2, 1000.0);
    }
    air.add_noise(0.1);
    for (const double cycles : {20.0, 20.5}) {
        auto samples = air.samples();
        add_tone(samples, 10.0, cycles / 128.0, 95'000, 6 * timing.period);
        Synchroniser synchroniser(scenario, 0, {false, 0.0, 2, 1e-6});
        const auto taken = run(synchroniser, samples);
        EXPECT_EQ(taken.frames.size(), 4u) << cycles;
        EXPECT_EQ(synchroniser.counts().losses, 1u) << cycles;
        EXPECT_EQ(synchroniser.counts().missed, 2u) << cycles;
        EXPECT_FALSE(synchroniser.locked()) << cycles;
    }
}

TEST(SynchronisationSearch, TonesThatComeAndGoDoNotLockNorHideFrames)
{
    auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    for (const bool header : {true, false}) {
        scenario.radio->header = header;
        AntennaSamples air(scenario, antennas, 4 * timing.period, 34);
        for (int n = 0; n < 2; n++) {
            air.add(n, heard(scenario, n, 0.0, 700.0), 1, 160'000.0, 3);
        }
        air.add_noise(0.1);
        auto samples = air.samples();
        add_tone(samples, 10.0, 0.17, 10'000, 12'500);
        add_tone(samples, 10.0, -0.05, 30'000, 80'000);
        add_tone(samples, 10.0, 0.21, 90'000, 150'000);
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, samples);
        ASSERT_EQ(taken.frames.size(), 1u) << header;
        EXPECT_NEAR(static_cast<double>(taken.frames[0].start), 160'000.0, 0.7);
        EXPECT_EQ(synchroniser.counts().locks, 1u);
    }
}

} // namespace
} // namespace cfisac::signal
