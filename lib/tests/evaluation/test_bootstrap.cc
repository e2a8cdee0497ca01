// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/bootstrap.h>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>

namespace {

using cfisac::evaluation::bootstrap;
using cfisac::evaluation::BootstrapOptions;
using cfisac::evaluation::FrameErrors;
using cfisac::evaluation::Interval;

//! Frames of two targets with errors |N(0, 2²)| and |N(0, 3²)|.
std::vector<FrameErrors> gaussian_errors(std::size_t frames, unsigned seed)
{
    std::mt19937 words(seed);
    std::normal_distribution<double> location(0.0, 2.0), velocity(0.0, 3.0);
    std::vector<FrameErrors> errors(frames);
    for (auto& frame : errors) {
        for (int q = 0; q < 2; q++) {
            frame.location_m.push_back(std::abs(location(words)));
            frame.velocity_mps.push_back(std::abs(velocity(words)));
        }
    }
    return errors;
}

bool holds(const Interval& interval, double value)
{
    return interval.low <= value && value <= interval.high;
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays)
{
    // Known of the normal distribution: root mean square σ, median of |x| 0.67449 σ.
    const int rounds = 400;
    int location_rmse = 0, location_median = 0, velocity_rmse = 0, velocity_median = 0;
    for (int round = 0; round < rounds; round++) {
        const auto intervals =
            bootstrap(gaussian_errors(120, 1000 + round), {300, 0.9, 7});
        location_rmse += holds(intervals.location_rmse_m, 2.0);
        location_median += holds(intervals.location_median_m, 2.0 * 0.674490);
        velocity_rmse += holds(intervals.velocity_rmse_mps, 3.0);
        velocity_median += holds(intervals.velocity_median_mps, 3.0 * 0.674490);
    }
    // Binomial: 360 ± 6; four of these deviations, and the bootstrap's own bias.
    for (const int covered :
         {location_rmse, location_median, velocity_rmse, velocity_median}) {
        EXPECT_GT(covered, 330);
        EXPECT_LT(covered, 384);
    }
}

TEST(Bootstrap, WidthIsThatOfTheNormalLimit)
{
    // The mean square of n errors N(0, σ²) has the standard deviation σ² sqrt(2/n), and so
    // its root σ/sqrt(2n); n = 2 · 2000.
    const auto intervals = bootstrap(gaussian_errors(2000, 3), {4000, 0.95, 1});
    const double deviation = 2.0 / std::sqrt(2.0 * 4000.0);
    const double width = intervals.location_rmse_m.high - intervals.location_rmse_m.low;
    EXPECT_NEAR(width, 2.0 * 1.95996 * deviation, 0.12 * width);
}

TEST(Bootstrap, ResamplesWholeFrames)
{
    // Both targets of a frame have the same error: half as many independent errors, so the
    // interval is wider by sqrt(2) than that of as many single errors.
    auto pairs = gaussian_errors(1000, 4);
    std::vector<FrameErrors> singles;
    for (auto& frame : pairs) {
        for (const double error : frame.location_m) {
            singles.push_back({{error}, {error}, {0}});
        }
        frame.location_m[1] = frame.location_m[0];
    }
    const BootstrapOptions options{3000, 0.95, 2};
    const auto together = bootstrap(pairs, options).location_rmse_m;
    const auto apart = bootstrap(singles, options).location_rmse_m;
    EXPECT_NEAR(
        (together.high - together.low) / (apart.high - apart.low), std::sqrt(2.0), 0.15);
}

TEST(Bootstrap, IsAFunctionOfTheSeed)
{
    const auto errors = gaussian_errors(50, 5);
    const auto one = bootstrap(errors, {200, 0.95, 11}).velocity_median_mps;
    const auto same = bootstrap(errors, {200, 0.95, 11}).velocity_median_mps;
    const auto other = bootstrap(errors, {200, 0.95, 12}).velocity_median_mps;
    EXPECT_EQ(one.low, same.low);
    EXPECT_EQ(one.high, same.high);
    EXPECT_TRUE(one.low != other.low || one.high != other.high);
}

TEST(Bootstrap, EqualErrorsLeaveNoDoubt)
{
    const std::vector<FrameErrors> errors(20, FrameErrors{{2.5}, {}, {0}});
    const auto intervals = bootstrap(errors, {50, 0.95, 1});
    EXPECT_DOUBLE_EQ(intervals.location_rmse_m.low, 2.5);
    EXPECT_DOUBLE_EQ(intervals.location_median_m.high, 2.5);
    EXPECT_TRUE(std::isnan(intervals.velocity_rmse_mps.low)); // locations alone
    EXPECT_TRUE(std::isnan(bootstrap({}).location_rmse_m.high));
}

TEST(Bootstrap, RefusesWhatCannotBe)
{
    const auto errors = gaussian_errors(4, 6);
    EXPECT_THROW(bootstrap(errors, {0, 0.95, 1}), std::invalid_argument);
    EXPECT_THROW(bootstrap(errors, {10, 1.0, 1}), std::invalid_argument);
    EXPECT_THROW(bootstrap(errors, {10, 0.0, 1}), std::invalid_argument);
    auto uneven = errors;
    uneven[2].location_m.pop_back();
    EXPECT_THROW(bootstrap(uneven, {10, 0.9, 1}), std::invalid_argument);
}

} // namespace
