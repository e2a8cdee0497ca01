// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames_of_targets.h"
#include <cfisac/estimators/monostatic.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::estimators;

// lite.yml without its comb of subcarriers, which makes two-way ranges ambiguous
Scenario station(int targets)
{
    auto scenario = test::example_scenario("lite");
    scenario.waveform.subcarrier_step = 4;
    scenario.targets.count = targets;
    return monostatic_scenario(scenario);
}

TEST(MonostaticScenario, IsOneStation)
{
    const auto given = test::example_scenario("lite");
    const auto scenario = monostatic_scenario(given, {40.0, -2.0});
    ASSERT_EQ(scenario.transmit.size(), 1u);
    ASSERT_EQ(scenario.receive.size(), 1u);
    EXPECT_EQ(scenario.transmit[0].position_m, (Coordinates{40.0, -2.0}));
    EXPECT_EQ(scenario.receive[0].position_m, (Coordinates{40.0, -2.0}));
    EXPECT_EQ(scenario.receive[0].axis, scenario.transmit[0].axis);
    EXPECT_EQ(scenario.receive[0].antennas, given.receive[0].antennas);
    EXPECT_EQ(monostatic_scenario(given).transmit[0].position_m,
              (Coordinates{50.0, 0.0}));
    const auto random = signal::Random::range(9, 4, 3);
    const auto own =
        signal::draw_targets(signal::Layout(scenario), scenario.targets, random);
    const auto together =
        signal::draw_targets(signal::Layout(given), given.targets, random);
    EXPECT_TRUE(at::equal(own.position, together.position));
    EXPECT_TRUE(at::equal(own.velocity, together.velocity));
}

TEST(MonostaticScenario, Refusals)
{
    auto scenario = test::example_scenario("lite");
    EXPECT_THROW(monostatic_scenario(scenario, {1.0, 2.0, 3.0}), std::invalid_argument);
    scenario.users.count = 12; // more than one station has antennas
    EXPECT_THROW(monostatic_scenario(scenario), ScenarioError);
    scenario.receive.clear();
    EXPECT_THROW(monostatic_scenario(scenario), std::invalid_argument);
}

// Closed forms of a target seen from (50, 0).
void expect_target(const TargetEstimates& estimates,
                   std::int64_t row,
                   const test::Target& target,
                   double location_m,
                   double speed_mps)
{
    const double x = target.x - 50.0, y = target.y, distance = std::hypot(x, y);
    const double radial = (target.vx * x + target.vy * y) / distance;
    EXPECT_NEAR(estimates.location[row][0].item<double>(), target.x, location_m);
    EXPECT_NEAR(estimates.location[row][1].item<double>(), target.y, location_m);
    EXPECT_NEAR(
        estimates.velocity[row][0].item<double>(), radial * x / distance, speed_mps);
    EXPECT_NEAR(
        estimates.velocity[row][1].item<double>(), radial * y / distance, speed_mps);
    EXPECT_GT(estimates.confidence[row].item<double>(), 0.99);
}

TEST(Monostatic, OneTargetWithoutNoise)
{
    const signal::Layout layout(station(1));
    MonostaticEstimator estimator(layout);
    const std::vector<test::Target> targets = {{61.3, 33.7, 12.0, -7.0, {1.0}},
                                               {18.2, 57.9, -15.0, 4.0, {1.0}},
                                               {50.0, 80.0, 6.0, 18.0, {1.0}},
                                               {88.1, 41.2, -20.0, -20.0, {1.0}}};
    for (const auto& target : targets) {
        const test::Frame frame(layout, {target}, 2);
        const auto estimates = estimator(frame.echo[0], frame.transmit);
        ASSERT_EQ(estimates.location.sizes(), (std::vector<std::int64_t>{1, 2}));
        ASSERT_EQ(estimates.velocity.sizes(), (std::vector<std::int64_t>{1, 2}));
        EXPECT_FALSE(estimates.covariance.defined());
        // A thousandth of the resolutions: 2.4 m, a quarter of the distance, 3.7 m/s.
        expect_target(estimates, 0, target, 0.025, 0.01);
    }
}

TEST(Monostatic, OneTargetAtHighSignalToNoiseRatio)
{
    const signal::Layout layout(station(1));
    MonostaticEstimator estimator(layout);
    const test::Target target{61.3, 33.7, 12.0, -7.0, {1.0}};
    for (std::int64_t number = 0; number < 5; number++) {
        const test::Frame frame(layout, {target}, number, -125.0);
        expect_target(estimator(frame.echo[0], frame.transmit), 0, target, 0.25, 0.1);
    }
}

TEST(Monostatic, TwoTargetsStrongestFirst)
{
    const signal::Layout layout(station(2));
    MonostaticEstimator estimator(layout);
    const test::Target strong{30.0, 40.0, 3.0, 9.0, {1.0}};
    const test::Target weak{75.0, 55.0, -8.0, 2.0, {0.4}};
    const test::Frame frame(layout, {weak, strong}, 1);
    const auto estimates = estimator(frame.echo[0], frame.transmit);
    expect_target(estimates, 0, strong, 0.5, 0.5);
    expect_target(estimates, 1, weak, 0.5, 0.5);
}

TEST(Monostatic, PriorWhereNothingIsFound)
{
    const auto scenario = station(2);
    const signal::Layout layout(scenario);
    MonostaticEstimator estimator(layout);
    const test::Frame frame(layout, {{50.0, 50.0, 0.0, 0.0, {0.0}}}, 0, -102.0);
    const auto prior = prior_estimates(scenario);
    for (const auto& echo : {frame.echo[0], at::zeros_like(frame.echo[0])}) {
        const auto estimates = estimator(echo, frame.transmit);
        EXPECT_TRUE(at::equal(estimates.location, prior.location));
        EXPECT_TRUE(at::equal(estimates.velocity, prior.velocity));
        EXPECT_EQ(estimates.confidence.sum().item<double>(), 0.0);
    }
    const auto silent = estimator(frame.echo[0], at::zeros_like(frame.transmit));
    EXPECT_EQ(silent.confidence.sum().item<double>(), 0.0);
}

// On a comb, ranges repeat: of a place in the area and one nearer, the farther is taken.
TEST(Monostatic, OfAmbiguousRangesTheLongest)
{
    auto scenario = test::example_scenario("lite");
    scenario.targets.count = 1;
    const signal::Layout layout(monostatic_scenario(scenario));
    MonostaticEstimator estimator(layout);
    const double period = 0.5 * speed_of_light / (8 * 240e3); // of distances, m
    const test::Target far{50.0, 95.0, 0.0, 4.0, {1.0}};
    const test::Target near{50.0, 95.0 - period, 0.0, 4.0, {1.0}};
    for (const auto& target : {far, near}) {
        const test::Frame frame(layout, {target});
        expect_target(estimator(frame.echo[0], frame.transmit), 0, far, 0.05, 0.05);
    }
}

template <typename Call>
void expect_refused(const Call& call, const std::string& part)
{
    try {
        call();
        FAIL() << "not refused: " << part;
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
            << error.what();
    }
}

TEST(Monostatic, Refusals)
{
    const auto scenario = station(1);
    const signal::Layout layout(scenario);
    const test::Frame frame(layout, {{61.3, 33.7, 12.0, -7.0, {1.0}}});
    MonostaticEstimator estimator(layout);
    expect_refused([&] { estimator(frame.echo, frame.transmit); }, "echo");
    auto broken = frame.echo[0].clone();
    broken[0][0][0] = NAN;
    expect_refused([&] { estimator(broken, frame.transmit); }, "finite");
    expect_refused(
        [&] { MonostaticEstimator(signal::Layout(test::example_scenario("lite"))); },
        "got 2 and 2");
    auto apart = scenario;
    apart.receive[0].position_m[0] += 1.0;
    expect_refused([&] { MonostaticEstimator{signal::Layout(apart)}; }, "differ");
    apart = scenario;
    apart.receive[0].axis = {1.0, 0.0};
    expect_refused([&] { MonostaticEstimator{signal::Layout(apart)}; }, "differ");
    const auto refused = [&](auto change, const std::string& part) {
        MonostaticOptions options;
        change(options);
        expect_refused([&] { MonostaticEstimator(layout, options); }, part);
    };
    refused([](auto& o) { o.angle_oversampling = 0; }, "angle_oversampling");
    refused([](auto& o) { o.oversampling = 0; }, "oversampling");
    refused([](auto& o) { o.regularisation = 0.0; }, "regularisation");
    refused([](auto& o) { o.false_alarm = 2.0; }, "false_alarm");
}

} // namespace
