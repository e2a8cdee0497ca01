// SPDX-License-Identifier: GPL-3.0-or-later
// What a radio's time may say, and what it may not.
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
using test::radio_scenario;
using test::run;
using test::Taken;

//! Frames 0 to 5 of both access points, from sample 900 on.
std::vector<Samples> six_frames(const Scenario& scenario)
{
    AntennaSamples air(scenario, antennas, 6 * FrameTiming(scenario).period, 51);
    for (int n = 0; n < 2; n++) {
        air.add(n, heard(scenario, n, 0.0, 1000.0), 6, 900.0);
    }
    air.add_noise(0.2);
    return air.samples();
}

//! Sample `place` of these, frame 0 at `start_s` seconds.
RadioTime time_of(const FrameTiming& timing, std::int64_t start_s, std::int64_t place)
{
    const double after = static_cast<double>(place - 900) / timing.sample_rate_hz;
    const double whole = std::floor(after);
    return {static_cast<std::uint64_t>(start_s + static_cast<std::int64_t>(whole)),
            after - whole};
}

TEST(SynchronisationTime, JumpsThatAreTooFarLoseTheLock)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    const auto samples = six_frames(scenario);
    const std::int64_t cut = 900 + 2 * timing.period + timing.payload_start() + 5000;
    constexpr std::int64_t now = 1'800'000'000;
    for (const bool by_time : {false, true}) {
        for (const std::int64_t then :
             {now - 1, std::int64_t{1}, now + 1, now + 10'000}) {
            Synchroniser synchroniser(scenario, 0, {by_time, 1.0, 10, 1e-6});
            Taken taken;
            synchroniser.set_time(time_of(timing, now, 0));
            run(synchroniser, samples, 0, cut, taken);
            synchroniser.set_time(time_of(timing, then, cut));
            run(synchroniser, samples, cut, samples[0].size(), taken);
            EXPECT_EQ(synchroniser.counts().losses, 1u) << by_time << ", " << then;
            EXPECT_EQ(synchroniser.counts().locks, 2u) << by_time << ", " << then;
            EXPECT_EQ(taken.count(Kind::lost), 1);
            ASSERT_EQ(taken.count(Kind::jump), 1);
            EXPECT_TRUE(synchroniser.locked());
            ASSERT_EQ(taken.frames.size(), 5u) << by_time << ", " << then;
            for (std::size_t i = 0; i < taken.frames.size(); i++) {
                const auto& frame = taken.frames[i];
                const std::int64_t k = i < 2 ? static_cast<std::int64_t>(i)
                                             : static_cast<std::int64_t>(i) + 1;
                const std::int64_t start_s = i < 2 ? now : then;
                const std::int64_t number = by_time ? (start_s - 1) * 100 + k : k;
                EXPECT_EQ(frame.number, static_cast<std::uint64_t>(number));
                EXPECT_TRUE(frame.reports[0].seen && frame.reports[1].seen);
                ASSERT_TRUE(frame.time);
                const double since =
                    static_cast<double>(static_cast<std::int64_t>(frame.time->seconds) -
                                        start_s) +
                    frame.time->fraction;
                EXPECT_NEAR(
                    since * timing.sample_rate_hz,
                    static_cast<double>(k * timing.period + timing.payload_start()),
                    0.7);
            }
        }
    }
}

TEST(SynchronisationTime, AJumpBeforeTheLockLosesNone)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    const auto samples = six_frames(scenario);
    // While it searches, and in the preambles
    for (const std::int64_t cut : {500, 3000, 12'000}) {
        Synchroniser synchroniser(scenario, 0, {});
        Taken taken;
        synchroniser.set_time(time_of(timing, 100, 0));
        run(synchroniser, samples, 0, cut, taken);
        synchroniser.set_time(time_of(timing, 50, cut));
        run(synchroniser, samples, cut, samples[0].size(), taken);
        EXPECT_EQ(synchroniser.counts().losses, 0u) << cut;
        EXPECT_EQ(synchroniser.counts().locks, 1u) << cut;
        EXPECT_EQ(taken.count(Kind::lost), 0) << cut;
        EXPECT_GE(taken.frames.size(), 5u) << cut;
    }
}

TEST(SynchronisationTime, FractionsStayBelowASecond)
{
    // The payload starts with a full second, but for what rounding makes of it.
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    const std::vector<Samples> silence(antennas, Samples(24'000));
    for (std::int64_t start = 1000; start < 1040; start++) {
        const double after =
            static_cast<double>(start + timing.payload_start()) / timing.sample_rate_hz;
        for (const double first : {1.0 - after, std::nextafter(1.0 - after, 0.0)}) {
            const double start_s =
                first + static_cast<double>(start) / timing.sample_rate_hz;
            Synchroniser synchroniser(scenario, 0, {true, 20.0 + start_s, 10, 1e-6});
            synchroniser.set_time({20, first});
            const auto taken = run(synchroniser, silence);
            ASSERT_EQ(taken.frames.size(), 1u);
            ASSERT_EQ(taken.frames[0].start, start);
            const auto& time = taken.frames[0].time;
            ASSERT_TRUE(time);
            EXPECT_LT(time->fraction, 1.0);
            EXPECT_NEAR(static_cast<double>(time->seconds) + time->fraction, 21.0, 1e-12);
        }
    }
}

TEST(SynchronisationTime, TimesThatCannotBeAreRefused)
{
    const auto scenario = radio_scenario();
    for (const bool by_time : {false, true}) {
        Synchroniser synchroniser(scenario, 0, {by_time, 0.0, 10, 1e-6});
        for (const RadioTime time : {RadioTime{3, 1.0},
                                     RadioTime{3, -0.1},
                                     RadioTime{3, NAN},
                                     RadioTime{10'000'000'001, 0.0},
                                     RadioTime{~std::uint64_t{0}, 0.0}}) {
            try {
                synchroniser.set_time(time);
                FAIL() << time.seconds << " s, " << time.fraction;
            } catch (const std::invalid_argument& error) {
                const std::string text = error.what();
                EXPECT_NE(text.find("rx_time"), std::string::npos) << text;
                EXPECT_NE(text.find(std::to_string(time.seconds)), std::string::npos);
            }
        }
        synchroniser.set_time({10'000'000'000, 0.999});
    }
    EXPECT_THROW(Synchroniser(scenario, 0, {true, 1.1e10, 10, 1e-6}),
                 std::invalid_argument);
}

} // namespace
} // namespace cfisac::signal
