// SPDX-License-Identifier: GPL-3.0-or-later
// Where the header is read and what its number does, and places that differ by whole
// repetitions.
#include "signal/synchronisation_meter.h"
#include "synchroniser_run.h"
#include <cmath>
#include <gtest/gtest.h>

namespace cfisac::signal {
namespace {

using Kind = SynchronisationEvent::Kind;
using test::antennas;
using test::AntennaSamples;
using test::heard;
using test::radio_scenario;
using test::run;

//! Access point 0 at `weaker_db` below the other one, whose frames come `later` samples
//! after its own.
void add_unequal(AntennaSamples& air,
                 const Scenario& scenario,
                 double weaker_db,
                 double later,
                 std::int64_t frames,
                 double start,
                 std::uint64_t first_number)
{
    auto weak = heard(scenario, 0, 0.0, 1500.0);
    weak.paths[0].gain = std::pow(10.0, -0.05 * weaker_db);
    air.add(0, weak, frames, start, first_number);
    air.add(1, heard(scenario, 1, later, 1500.0), frames, start, first_number);
}

std::vector<std::uint64_t> numbers_of(const std::vector<SynchronisedFrame>& frames)
{
    std::vector<std::uint64_t> numbers;
    for (const auto& frame : frames) {
        numbers.push_back(frame.number);
    }
    return numbers;
}

TEST(SynchronisationHeader, IsReadWhereTheAccessPointThatSendsItArrives)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    for (const double weaker_db : {0.0, 6.0, 12.0}) {
        for (const double later : {-13.0, -4.0, 4.0, 7.5, 18.0}) {
            AntennaSamples air(scenario, antennas, 3 * timing.period, 21);
            add_unequal(air, scenario, weaker_db, later, 3, 700.0, 33);
            air.add_noise(0.03);
            Synchroniser synchroniser(scenario, 0, {});
            const auto taken = run(synchroniser, air.samples());
            EXPECT_EQ(numbers_of(taken.frames), (std::vector<std::uint64_t>{33, 34, 35}))
                << weaker_db << " dB, " << later << " samples";
            EXPECT_EQ(synchroniser.counts().locks, 1u);
            for (const auto& frame : taken.frames) {
                ASSERT_TRUE(frame.reports[0].seen && frame.reports[1].seen);
                EXPECT_NEAR((frame.reports[1].timing_s - frame.reports[0].timing_s) *
                                timing.sample_rate_hz,
                            later,
                            0.1);
            }
        }
    }
}

TEST(SynchronisationHeader, IsReadOnTheStrongestPath)
{
    // The direct path is 14 dB below an echo: the header's bits are in the echo.
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 3 * timing.period, 22);
    for (int n = 0; n < 2; n++) {
        auto one = heard(scenario, n, 0.0, -800.0);
        one.paths.push_back({one.paths[0].delay + 9.0, std::polar(5.0, 1.0)});
        air.add(n, one, 3, 650.0, 5);
    }
    air.add_noise(5.0);
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, air.samples());
    EXPECT_EQ(numbers_of(taken.frames), (std::vector<std::uint64_t>{5, 6, 7}));
    EXPECT_EQ(taken.count(Kind::renumber), 0);
    for (const auto& frame : taken.frames) {
        EXPECT_NEAR(static_cast<double>(frame.start % timing.period), 650.0, 0.7);
    }
}

TEST(SynchronisationHeader, NumbersOfFramesThatAreTrackedFollowIt)
{
    // Transmitters that count otherwise from the third frame on, without a break.
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    struct Case {
        std::uint64_t before, after;
    };
    for (const auto [before, after] :
         {Case{900, 4}, Case{3, 70'000}, Case{2, 0xffff'fff0}}) {
        AntennaSamples air(scenario, antennas, 6 * timing.period, 23);
        // The clocks of the transmitters are 1500 Hz in 5.802 GHz fast.
        const double later =
            2.0 * static_cast<double>(timing.period) * (1.0 - 1500.0 / timing.center_hz);
        add_unequal(air, scenario, 12.0, 6.0, 2, 800.0, before);
        add_unequal(air, scenario, 12.0, 6.0, 4, 800.0 + later, after);
        air.add_noise(0.03);
        Synchroniser synchroniser(scenario, 0, {});
        const auto taken = run(synchroniser, air.samples());
        // Two headers in a row are believed.
        EXPECT_EQ(numbers_of(taken.frames),
                  (std::vector<std::uint64_t>{
                      before, before + 1, before + 2, after + 1, after + 2, after + 3}));
        EXPECT_EQ(taken.count(Kind::renumber), 1);
        EXPECT_EQ(synchroniser.counts().locks, 1u);
    }
}

TEST(SynchronisationHeader, NumbersGoOnWhereItsBitsEnd)
{
    const auto scenario = radio_scenario();
    const FrameTiming timing(scenario);
    AntennaSamples air(scenario, antennas, 4 * timing.period, 24);
    add_unequal(air, scenario, 3.0, 0.0, 4, 600.0, 0xffff'fffe);
    air.add_noise(0.03);
    Synchroniser synchroniser(scenario, 0, {});
    const auto taken = run(synchroniser, air.samples());
    EXPECT_EQ(numbers_of(taken.frames),
              (std::vector<std::uint64_t>{
                  0xffff'fffe, 0xffff'ffff, 0x1'0000'0000, 0x1'0000'0001}));
    EXPECT_EQ(taken.count(Kind::renumber), 0);
}

TEST(Synchronisation, PlacesThatDifferByARepetitionAreToldApartBelowTheNoise)
{
    // At -12 dB the frequency is not known well enough at first to add all repetitions.
    const auto scenario = radio_scenario();
    const PreambleMeter meter(FrameTiming(scenario), antennas, 1e-6);
    for (int trial = 0; trial < 100; trial++) {
        AntennaSamples air(scenario, antennas, 6000, 2000 + trial);
        air.add(0, {}, 1, 1000.0);
        air.add_noise(std::pow(10.0, 1.2));
        const auto guess = 900 + 2 * trial;
        const auto measured = meter.measure(air.samples(), 0, {guess, 256, 0.0, false});
        ASSERT_TRUE(measured.seen) << trial;
        EXPECT_NEAR(measured.place, 1000.0, 2.0) << trial;
    }
}

} // namespace
} // namespace cfisac::signal
