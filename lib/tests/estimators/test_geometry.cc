// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames_of_targets.h"
#include <cfisac/estimators/geometry.h>
#include <cfisac/estimators/paths.h>
#include <gtest/gtest.h>
#include <random>

namespace {

using namespace cfisac;
using namespace cfisac::estimators;

using Place = std::array<double, 2>;

// Random places and arrays; the place is on the side of the array where the area is.
TEST(LocationOfPath, IsThePlaceThatGivesThePath)
{
    std::mt19937 generator(3);
    std::uniform_real_distribution<double> uniform(0.0, 100.0);
    auto scenario = test::example_scenario("lite");
    for (int k = 0; k < 200; k++) {
        scenario.transmit[1].position_m = {uniform(generator), -uniform(generator)};
        const double x = uniform(generator);
        scenario.receive[0].position_m = {x, -1.0}; // the area is on one side
        scenario.receive[0].axis = {k % 2 == 0 ? 1.0 : -1.0, 0.0};
        const Place truth{uniform(generator), uniform(generator)};
        const auto path = path_of_location(scenario, 0, 1, truth);
        const test::ClosedForm expected(scenario.transmit[1],
                                        scenario.receive[0],
                                        {truth[0], truth[1], 0.0, 0.0, {}});
        EXPECT_NEAR(path.cosine, expected.cosine, 1e-12);
        EXPECT_NEAR(path.range_m, expected.range_m, 1e-9);
        const auto place = location_of_path(scenario, 0, path);
        ASSERT_TRUE(place);
        EXPECT_NEAR((*place)[0], truth[0], 1e-6);
        EXPECT_NEAR((*place)[1], truth[1], 1e-6);
    }
}

TEST(LocationOfPath, OfOneStationIsHalfTheRangeAway)
{
    auto scenario = test::example_scenario("lite");
    scenario.transmit[0].position_m = scenario.receive[0].position_m = {50.0, 0.0};
    const auto place = location_of_path(scenario, 0, {0, 0.6, 100.0, 0.0});
    ASSERT_TRUE(place);
    EXPECT_NEAR((*place)[0], 50.0 + 30.0, 1e-12);
    EXPECT_NEAR((*place)[1], 40.0, 1e-12);
}

TEST(LocationOfPath, TakesTheSideOfTheArea)
{
    auto scenario = test::example_scenario("lite");
    scenario.transmit[0].position_m = scenario.receive[0].position_m = {50.0, 30.0};
    // 20 m to either side are both inside: y = 50 is nearer to the middle than y = 10.
    EXPECT_NEAR((*location_of_path(scenario, 0, {0, 0.0, 40.0, 0.0}))[1], 50.0, 1e-9);
    // 40 m: y = 70 is inside, y = -10 is not.
    EXPECT_NEAR((*location_of_path(scenario, 0, {0, 0.0, 80.0, 0.0}))[1], 70.0, 1e-9);
    // 90 m: y = 120 is 20 m outside, y = -60 is 60 m outside.
    EXPECT_NEAR((*location_of_path(scenario, 0, {0, 0.0, 180.0, 0.0}))[1], 120.0, 1e-9);
}

TEST(LocationOfPath, NoneWithinTheBaseline)
{
    const auto scenario = test::example_scenario("lite");
    EXPECT_FALSE(location_of_path(scenario, 0, {0, 0.3, 100.0, 0.0}));
    EXPECT_FALSE(location_of_path(scenario, 0, {0, 0.3, 60.0, 0.0}));
    EXPECT_TRUE(location_of_path(scenario, 0, {0, 0.3, 100.1, 0.0}));
}

void expect_refused(const Scenario& scenario,
                    std::size_t receiver,
                    const PathParameters& path,
                    const std::string& part)
{
    try {
        location_of_path(scenario, receiver, path);
        FAIL() << "not refused: " << part;
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
            << error.what();
    }
}

TEST(LocationOfPath, Refusals)
{
    auto scenario = test::example_scenario("lite");
    expect_refused(scenario, 2, {0, 0.0, 120.0, 0.0}, "0 to 1, got 2");
    expect_refused(scenario, 0, {2, 0.0, 120.0, 0.0}, "0 to 1, got 2");
    expect_refused(scenario, 0, {-1, 0.0, 120.0, 0.0}, "got -1");
    expect_refused(scenario, 0, {0, 1.5, 120.0, 0.0}, "1.5");
    expect_refused(scenario, 0, {0, NAN, 120.0, 0.0}, "nan");
    expect_refused(scenario, 0, {0, 0.0, INFINITY, 0.0}, "inf");
    scenario.dimensions = 3;
    expect_refused(scenario, 0, {0, 0.0, 120.0, 0.0}, "got 3");
}

TEST(PlausibleRanges, HoldAllPlacesOfTheArea)
{
    const auto scenario = test::example_scenario("lite");
    double shortest = 1e9, longest = 0.0;
    const auto ranges = plausible_ranges(scenario, 0, 1);
    for (double x = 0.0; x <= 100.0; x += 2.5) {
        for (double y = 0.0; y <= 100.0; y += 2.5) {
            const double range = path_of_location(scenario, 1, 0, {x, y}).range_m;
            shortest = std::min(shortest, range);
            longest = std::max(longest, range);
        }
    }
    EXPECT_LE(ranges.low, shortest);
    EXPECT_NEAR(ranges.low, std::hypot(50.0, 100.0), 1e-9);
    EXPECT_NEAR(ranges.high, longest, 1e-9);
    EXPECT_NEAR(largest_range_rate(scenario), 2.0 * std::hypot(20.0, 20.0), 1e-9);
}

TEST(StrongestOfTargets, KeepsOnePathOfEachTarget)
{
    const auto scenario = test::example_scenario("lite");
    const auto path = [&](int n, Place place, double rate) {
        auto result = path_of_location(scenario, 0, n, place);
        result.range_rate_mps = rate;
        return result;
    };
    const Place near{30.0, 40.0}, far{80.0, 60.0};
    const std::vector<FoundPath> found = {{path(0, near, 5.0), 10.0},
                                          {path(1, near, -3.0), 30.0},
                                          {path(0, far, 1.0), 20.0},
                                          {path(1, {30.3, 40.2}, -3.5), 25.0}};
    const auto kept = strongest_of_targets(scenario, 0, found, 4);
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].range_m, found[1].path.range_m);
    EXPECT_EQ(kept[1].range_m, found[2].path.range_m);
    EXPECT_EQ(strongest_of_targets(scenario, 0, found, 1).size(), 1u);
    // One transmit access point sees two rates in one place: two targets.
    EXPECT_EQ(strongest_of_targets(
                  scenario, 0, {{path(0, near, -9.0), 2.0}, {path(0, near, 9.0), 1.0}}, 4)
                  .size(),
              2u);
    EXPECT_TRUE(
        strongest_of_targets(scenario, 0, {{{0, 0.0, 50.0, 0.0}, 9.0}}, 4).empty());
}

} // namespace
