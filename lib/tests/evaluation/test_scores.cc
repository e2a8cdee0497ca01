// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cfisac/evaluation/scores.h>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using cfisac::evaluation::ScoreKeeper;
using cfisac::evaluation::Scores;

//! Areas of 100 m and velocities of ±20 m/s.
cfisac::Scenario scenario(int targets, int dimensions = 2)
{
    cfisac::Scenario s;
    s.dimensions = dimensions;
    const auto d = static_cast<std::size_t>(dimensions);
    s.targets.count = targets;
    s.targets.area_m = {cfisac::Coordinates(d, 0.0), cfisac::Coordinates(d, 100.0)};
    s.targets.velocity_mps = {cfisac::Coordinates(d, -20.0),
                              cfisac::Coordinates(d, 20.0)};
    return s;
}

//! One target at the origin, estimated `x` metres and `v` metres per second off.
void add_error(ScoreKeeper& keeper, float x, float v)
{
    const std::array<float, 4> truth{};
    const std::array<float, 4> estimate{x, 0, 0, v};
    keeper.add(truth.data(), estimate.data());
}

TEST(Scores, EqualHandComputedNumbers)
{
    ScoreKeeper keeper(scenario(1));
    // Location errors 1, 2, 3, 4, 5 (by a 3-4-5 triangle), velocity errors all 2.
    for (int i = 1; i <= 4; ++i) {
        add_error(keeper, static_cast<float>(i), -2);
    }
    const std::array<float, 4> truth{10, 10, 5, 5};
    const std::array<float, 4> estimate{13, 14, 5, 7};
    keeper.add(truth.data(), estimate.data());
    keeper.add_lost();

    const auto s = keeper.scores();
    EXPECT_EQ(s.frames, 5u);
    EXPECT_EQ(s.frames_lost, 1u);
    EXPECT_NEAR(s.location_rmse_m, std::sqrt(11.0), 1e-12);
    EXPECT_NEAR(s.location_median_m, 3.0, 1e-12);
    EXPECT_NEAR(s.location_p90_m, 4.6, 1e-12); // numpy.percentile([1, 2, 3, 4, 5], 90)
    EXPECT_NEAR(s.location_within_1m, 0.2, 1e-12);
    EXPECT_NEAR(s.velocity_rmse_mps, 2.0, 1e-12);
    EXPECT_NEAR(s.velocity_median_mps, 2.0, 1e-12);
    EXPECT_NEAR(s.velocity_p90_mps, 2.0, 1e-12);
    EXPECT_TRUE(std::isnan(s.root_crlb_location_rms_m));
}

TEST(Scores, MedianIsTheMeanOfTheTwoMiddleErrors)
{
    ScoreKeeper keeper(scenario(1));
    for (const float error : {7.0f, 1.0f, 4.0f, 2.0f}) {
        add_error(keeper, error, error);
    }
    const auto s = keeper.scores();
    EXPECT_NEAR(s.location_median_m, 3.0, 1e-12);
    EXPECT_NEAR(s.velocity_p90_mps, 6.1, 1e-12); // numpy.percentile([1, 2, 4, 7], 90)
}

TEST(Scores, OneErrorIsItsOwnQuantiles)
{
    ScoreKeeper keeper(scenario(1));
    add_error(keeper, 0.5f, 3.0f);
    const auto s = keeper.scores();
    EXPECT_DOUBLE_EQ(s.location_median_m, 0.5);
    EXPECT_DOUBLE_EQ(s.location_p90_m, 0.5);
    EXPECT_DOUBLE_EQ(s.location_within_1m, 1.0);
    EXPECT_DOUBLE_EQ(s.velocity_p90_mps, 3.0);
}

TEST(Scores, MatchTargetsInAnyOrder)
{
    ScoreKeeper keeper(scenario(2));
    const std::array<float, 8> truth{10, 10, 90, 90, 1, 2, 3, 4};
    const std::array<float, 8> swapped{90, 90, 10, 10, 3, 4, 1, 2};
    keeper.add(truth.data(), swapped.data());
    EXPECT_EQ(keeper.scores().location_rmse_m, 0.0);
    EXPECT_EQ(keeper.scores().velocity_rmse_mps, 0.0);
}

//! Two targets, of which the first is estimated 3 m off and the second 30 m; the estimates
//! come in the other order.
TEST(Scores, CalibrationFollowsTheMatching)
{
    ScoreKeeper keeper(scenario(2));
    EXPECT_TRUE(std::isnan(keeper.calibration().confidence_mean));
    EXPECT_TRUE(std::isnan(keeper.calibration().location_within_5m));
    const std::array<float, 8> truth{10, 10, 90, 50, 1, 2, 3, 4};
    const std::array<float, 8> estimate{90, 80, 13, 10, 3, 4, 1, 2};
    const std::array<float, 2> confidence{0.25f, 0.75f};
    keeper.add(truth.data(), estimate.data(), nullptr, confidence.data());
    auto c = keeper.calibration();
    EXPECT_DOUBLE_EQ(c.confidence_mean, 0.5);
    EXPECT_DOUBLE_EQ(c.location_within_5m, 0.5);
    EXPECT_DOUBLE_EQ(c.confidence_mean_within_5m, 0.75);
    EXPECT_DOUBLE_EQ(c.confidence_mean_beyond_5m, 0.25);

    // A frame without confidence says nothing of it.
    keeper.add(truth.data(), truth.data());
    EXPECT_DOUBLE_EQ(keeper.calibration().location_within_5m, 0.5);
    const std::array<float, 2> sure{1.0f, 1.0f};
    keeper.add(truth.data(), truth.data(), nullptr, sure.data());
    c = keeper.calibration();
    EXPECT_DOUBLE_EQ(c.confidence_mean, 0.75);
    EXPECT_DOUBLE_EQ(c.location_within_5m, 0.75);
    EXPECT_DOUBLE_EQ(c.confidence_mean_within_5m, 2.75 / 3);
    keeper.clear();
    EXPECT_TRUE(std::isnan(keeper.calibration().confidence_mean));
}

// The locations alone prefer the given order by 1 m, the velocities the swapped one
// clearly.
TEST(Scores, MatchLocationAndVelocityTogether)
{
    ScoreKeeper keeper(scenario(2));
    const std::array<float, 8> truth{50, 50, 52, 50, 15, 0, -15, 0};
    const std::array<float, 8> estimate{50.5, 50, 51.5, 50, -15, 0, 15, 0};
    keeper.add(truth.data(), estimate.data());
    const auto s = keeper.scores();
    EXPECT_EQ(s.velocity_rmse_mps, 0.0);
    EXPECT_NEAR(s.location_rmse_m, 1.5, 1e-6);
}

// In metres and metres per second the velocity would win here; by the priors' widths
// (100 m, 40 m/s) it must not decide alone: (30/100)^2 beats (11/40)^2.
TEST(Scores, ScaleCoordinatesByTheirPrior)
{
    ScoreKeeper keeper(scenario(2));
    const std::array<float, 8> truth{20, 50, 50, 50, 0, 0, 11, 0};
    const std::array<float, 8> estimate{20, 50, 50, 50, 11, 0, 0, 0};
    keeper.add(truth.data(), estimate.data());
    EXPECT_EQ(keeper.scores().location_rmse_m, 0.0);

    // The same with a velocity prior of ±5 m/s: (11/10)^2 decides.
    auto narrow = scenario(2);
    narrow.targets.velocity_mps = {{-5, -5}, {5, 5}};
    ScoreKeeper other(narrow);
    other.add(truth.data(), estimate.data());
    EXPECT_EQ(other.scores().velocity_rmse_mps, 0.0);
}

TEST(Scores, LeaveCoordinatesOfZeroWidthOutOfTheMatching)
{
    auto flat = scenario(2);
    flat.targets.velocity_mps = {{0, 0}, {0, 0}};
    ScoreKeeper keeper(flat);
    const std::array<float, 8> truth{10, 10, 90, 90, 0, 0, 1, 0};
    const std::array<float, 8> estimate{90, 90, 10, 10, 0, 0, 1, 0};
    keeper.add(truth.data(), estimate.data());
    EXPECT_EQ(keeper.scores().location_rmse_m, 0.0);
    EXPECT_NEAR(keeper.scores().velocity_rmse_mps, 1.0, 1e-12);
}

TEST(Scores, CountBoundsOfTheSameTargets)
{
    ScoreKeeper keeper(scenario(2));
    const std::array<float, 8> truth{10, 10, 90, 90, 1, 2, 3, 4};
    const std::array<float, 4> first{0.3f, 0.4f, 1.0f, 2.0f};
    const std::array<float, 4> second{0.1f, 0.2f, 1.0f, 4.0f};
    keeper.add(truth.data(), truth.data(), first.data());
    keeper.add(truth.data(), truth.data(), second.data());
    auto s = keeper.scores();
    EXPECT_NEAR(s.root_crlb_location_rms_m, std::sqrt(0.30 / 4), 1e-6);
    EXPECT_NEAR(s.root_crlb_location_median_m, 0.25, 1e-6);
    EXPECT_NEAR(s.root_crlb_velocity_rms_mps, std::sqrt(22.0 / 4), 1e-6);
    EXPECT_NEAR(s.root_crlb_velocity_median_mps, 1.5, 1e-6);

    // A frame without a bound: its targets would be missing in the mean.
    keeper.add(truth.data(), truth.data());
    s = keeper.scores();
    EXPECT_EQ(s.frames, 3u);
    EXPECT_TRUE(std::isnan(s.root_crlb_location_median_m));
}

TEST(Scores, TakeABoundThatDoesNotExistAsInfinite)
{
    ScoreKeeper keeper(scenario(1));
    const std::array<float, 4> truth{};
    constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
    for (const float bound : {0.5f, nan, 1.5f}) {
        const std::array<float, 2> bounds{bound, bound};
        keeper.add(truth.data(), truth.data(), bounds.data());
    }
    const auto s = keeper.scores();
    EXPECT_DOUBLE_EQ(s.root_crlb_location_median_m, 1.5);
    EXPECT_TRUE(std::isinf(s.root_crlb_location_rms_m));
    const auto json = nlohmann::json::parse(to_json(s));
    EXPECT_TRUE(json["root_crlb_location_rms_m"].is_null());
}

TEST(Scores, RefuseValuesThatAreNotFiniteAndKeepWhatWasCounted)
{
    ScoreKeeper keeper(scenario(1));
    add_error(keeper, 1, 1);
    const std::array<float, 4> good{};
    auto wrong = good;
    wrong[2] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(keeper.add(good.data(), wrong.data()), std::invalid_argument);
    EXPECT_THROW(keeper.add(wrong.data(), good.data()), std::invalid_argument);
    EXPECT_EQ(keeper.scores().frames, 1u);
    EXPECT_DOUBLE_EQ(keeper.scores().location_median_m, 1.0);
}

TEST(Scores, WorkInThreeDimensions)
{
    ScoreKeeper keeper(scenario(5, 3));
    std::array<float, 30> truth{};
    std::array<float, 30> estimate{};
    for (std::size_t q = 0; q < 5; ++q) {
        for (std::size_t d = 0; d < 3; ++d) {
            truth[3 * q + d] = static_cast<float>(20 * q);
            estimate[3 * (4 - q) + d] = static_cast<float>(20 * q + 1);
        }
    }
    keeper.add(truth.data(), estimate.data());
    EXPECT_NEAR(keeper.scores().location_rmse_m, std::sqrt(3.0), 1e-6);
}

TEST(Scores, RefuseAScenarioWithoutTargets)
{
    EXPECT_THROW(ScoreKeeper(scenario(0)), std::invalid_argument);
    auto wrong = scenario(1);
    wrong.targets.area_m.min.pop_back();
    EXPECT_THROW(ScoreKeeper{wrong}, std::invalid_argument);
}

TEST(Scores, AreNotNumbersBeforeTheFirstFrame)
{
    ScoreKeeper keeper(scenario(1));
    add_error(keeper, 1, 1);
    keeper.add_lost();
    keeper.clear();
    const auto s = keeper.scores();
    EXPECT_EQ(s.frames, 0u);
    EXPECT_EQ(s.frames_lost, 0u);
    for (const auto score : {s.location_rmse_m,
                             s.location_within_1m,
                             s.velocity_p90_mps,
                             s.root_crlb_velocity_median_mps}) {
        EXPECT_TRUE(std::isnan(score));
    }
    EXPECT_EQ(to_table(s).find("nan"), std::string::npos);
}

TEST(Scores, PrintAlignedColumns)
{
    ScoreKeeper keeper(scenario(1));
    add_error(keeper, 0.25f, 12.5f);
    const auto table = to_table(keeper.scores());
    EXPECT_EQ(
        table,
        "                       RMSE      median   90th pct.  within 1 m    CRLB rms"
        " CRLB median\n"
        "location [m]          0.250       0.250       0.250     100.0 %           -"
        "           -\n"
        "velocity [m/s]       12.500      12.500      12.500                       -"
        "           -\n");
}

TEST(Scores, HaveTheKeysOfTheCommandLine)
{
    ScoreKeeper keeper(scenario(1));
    add_error(keeper, 3, 4);
    const auto json = nlohmann::ordered_json::parse(to_json(keeper.scores()));
    EXPECT_EQ(json["frames"], 1);
    EXPECT_EQ(json["frames_lost"], 0);
    EXPECT_EQ(json["location_rmse_m"], 3.0);
    EXPECT_EQ(json["velocity_p90_mps"], 4.0);
    EXPECT_TRUE(json["root_crlb_location_median_m"].is_null());
    EXPECT_EQ(json.size(), 13u);
}

TEST(Scores, LocationsAloneAreMatchedAndScoredWithoutVelocities)
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    // By location alone the first estimate is the second target's; the velocities say the
    // opposite.
    const std::array<float, 8> truth{10, 10, 30, 30, -20, -20, 20, 20};
    const std::array<float, 8> estimate{27, 26, 10, 11, -20, -20, 20, 20};
    const std::array<float, 4> bound{0.5f, 1.5f, 2.0f, 2.0f};
    ScoreKeeper both(scenario(2));
    ScoreKeeper locations(scenario(2), cfisac::evaluation::Scored::location);
    both.add(truth.data(), estimate.data(), bound.data());
    locations.add(truth.data(), estimate.data(), bound.data());
    EXPECT_GT(both.scores().location_rmse_m, 20.0);
    EXPECT_NEAR(locations.scores().location_rmse_m, std::sqrt((25.0 + 1.0) / 2.0), 1e-6);
    EXPECT_TRUE(std::isnan(locations.scores().velocity_rmse_mps));
    EXPECT_NEAR(locations.scores().root_crlb_location_rms_m, std::sqrt(1.25), 1e-6);

    auto without = estimate;
    std::fill(without.begin() + 4, without.end(), nan);
    locations.add(truth.data(), without.data(), bound.data());
    EXPECT_EQ(locations.scores().frames, 2u);
    EXPECT_THROW(both.add(truth.data(), without.data()), std::invalid_argument);
    const auto json = nlohmann::json::parse(to_json(locations.scores()));
    EXPECT_TRUE(json.at("velocity_rmse_mps").is_null());
    EXPECT_TRUE(json.at("location_rmse_m").is_number());
}

TEST(Scores, TargetsThatAreNotThereAreNotScored)
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    // Of three targets the second is not there; the estimate that is left belongs to none.
    const std::array<float, 12> truth{10, 10, nan, nan, 30, 30, 1, 1, nan, nan, 2, 2};
    const std::array<float, 12> estimate{30, 34, 12, 10, 90, 90, 2, 2, 1, 1, 0, 0};
    const std::array<float, 6> bound{1, nan, 3, 2, nan, 2};
    const std::array<float, 3> confidence{0.75f, 0.5f, 0.125f};
    ScoreKeeper keeper(scenario(3));
    keeper.add(truth.data(), estimate.data(), bound.data(), confidence.data());
    const auto s = keeper.scores();
    EXPECT_EQ(s.frames, 1u);
    EXPECT_NEAR(s.location_rmse_m, std::sqrt((2.0 * 2.0 + 4.0 * 4.0) / 2.0), 1e-6);
    EXPECT_NEAR(s.velocity_rmse_mps, 0.0, 1e-6);
    EXPECT_NEAR(s.root_crlb_location_rms_m, std::sqrt((1.0 + 9.0) / 2.0), 1e-6);
    EXPECT_NEAR(s.root_crlb_velocity_rms_mps, 2.0, 1e-6);
    EXPECT_NEAR(keeper.calibration().confidence_mean, 0.625, 1e-6);

    const auto errors =
        cfisac::evaluation::Matcher(scenario(3))(truth.data(), estimate.data());
    EXPECT_EQ(errors.target, (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(errors.match, (std::vector<std::size_t>{1, 0}));

    // Half a target is an error, and no target at all is a frame without errors.
    auto half = truth;
    half[2] = 5;
    EXPECT_THROW(keeper.add(half.data(), estimate.data()), std::invalid_argument);
    std::array<float, 12> nobody;
    nobody.fill(nan);
    keeper.add(nobody.data(), estimate.data(), bound.data());
    EXPECT_EQ(keeper.scores().frames, 2u);
    EXPECT_EQ(keeper.scores().location_rmse_m, s.location_rmse_m);
}

TEST(Scores, ErrorsOfAFrameCountAsTheFrame)
{
    const std::array<float, 8> truth{1, 2, 3, 4, 5, 6, 7, 8};
    const std::array<float, 8> estimate{3, 4, 2, 2, 7, 7, 5, 5};
    const cfisac::evaluation::Matcher match(scenario(2));
    const auto errors = match(truth.data(), estimate.data());
    EXPECT_EQ(errors.match, (std::vector<std::size_t>{1, 0}));
    EXPECT_NEAR(errors.location_m.at(0), 1.0, 1e-12);
    EXPECT_NEAR(errors.location_m.at(1), 0.0, 1e-12);
    EXPECT_NEAR(errors.velocity_mps.at(0), 1.0, 1e-12);
    EXPECT_NEAR(errors.velocity_mps.at(1), 1.0, 1e-12);
    ScoreKeeper one(scenario(2)), other(scenario(2));
    one.add(truth.data(), estimate.data());
    other.add(errors);
    EXPECT_EQ(to_json(one.scores()), to_json(other.scores()));
}

} // namespace
