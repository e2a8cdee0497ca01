// SPDX-License-Identifier: GPL-3.0-or-later
// MUSIC and compressed sensing on frames: the closed forms of a target's path, without and
// with noise.
#include "frames_of_targets.h"
#include <cfisac/estimators/compressed_sensing.h>
#include <cfisac/estimators/geometry.h>
#include <cfisac/estimators/music.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::estimators;

template <typename Estimator>
class PathEstimator : public testing::Test
{
};
using Estimators = testing::Types<MusicEstimator, CompressedSensingEstimator>;
TYPED_TEST_SUITE(PathEstimator, Estimators);

// lite.yml for one target or more
signal::Layout layout_for(int targets)
{
    auto scenario = test::example_scenario("lite");
    scenario.targets.count = targets;
    return signal::Layout(scenario);
}

const std::vector<test::Target> places = {{61.3, 33.7, 12.0, -7.0, {}},
                                          {18.2, 57.9, -15.0, 4.0, {}},
                                          {40.0, 20.5, 0.0, 0.0, {}},
                                          {88.1, 71.2, 3.0, 19.0, {}},
                                          {52.6, 49.4, -19.0, -19.0, {}}};

// Without noise and with one path, everything adds up in phase at the path's own angle,
// range and rate: the error is that of the interpolation.
TYPED_TEST(PathEstimator, OnePathWithoutNoise)
{
    const auto layout = layout_for(1);
    const auto& scenario = layout.scenario;
    const test::Cells cells(scenario);
    for (std::int64_t m = 0; m < layout.receivers(); m++) {
        TypeParam estimator(layout, m);
        for (const int n : {0, 1}) {
            for (auto target : places) {
                target.reflection = {n == 0 ? 1.0 : 0.0, n == 1 ? 1.0 : 0.0};
                const test::Frame frame(layout, {target}, 3 + n);
                const auto paths = estimator(frame.echo[m], frame.transmit);
                ASSERT_EQ(paths.size(), 1u) << target.x << ", " << target.y;
                const test::ClosedForm expected(
                    scenario.transmit[static_cast<std::size_t>(n)],
                    scenario.receive[static_cast<std::size_t>(m)],
                    target);
                EXPECT_EQ(paths[0].transmitter, n);
                EXPECT_NEAR(paths[0].cosine, expected.cosine, 1e-3 * cells.cosine);
                EXPECT_NEAR(paths[0].range_m, expected.range_m, 1e-3 * cells.range_m);
                EXPECT_NEAR(paths[0].range_rate_mps,
                            expected.range_rate_mps,
                            1e-3 * cells.rate_mps);
            }
        }
    }
}

// The grid alone: half a step of the delays; angle and rate by a parabola through lines half
// of the resolution apart, whose error is below a hundredth of it.
TEST(CompressedSensing, GridWithoutRefinement)
{
    const auto layout = layout_for(1);
    const test::Cells cells(layout.scenario);
    for (const int oversampling : {4, 16}) {
        CsOptions options;
        options.oversampling = oversampling;
        options.refinement = false;
        CompressedSensingEstimator estimator(layout, 1, options);
        for (auto target : places) {
            target.reflection = {0.0, 1.0};
            const test::Frame frame(layout, {target}, 8);
            const auto paths = estimator(frame.echo[1], frame.transmit);
            ASSERT_EQ(paths.size(), 1u);
            const test::ClosedForm expected(
                layout.scenario.transmit[1], layout.scenario.receive[1], target);
            EXPECT_EQ(paths[0].transmitter, 1);
            EXPECT_NEAR(paths[0].range_m,
                        expected.range_m,
                        (0.5 + 0.1) * cells.range_m / oversampling);
            EXPECT_NEAR(paths[0].cosine, expected.cosine, 0.02 * cells.cosine);
            EXPECT_NEAR(
                paths[0].range_rate_mps, expected.range_rate_mps, 0.05 * cells.rate_mps);
        }
    }
}

// In weak noise the path is as good as the noise lets it: a hundredth of the resolutions.
TYPED_TEST(PathEstimator, OnePathAtHighSignalToNoiseRatio)
{
    const auto layout = layout_for(1);
    const test::Cells cells(layout.scenario);
    TypeParam estimator(layout, 0);
    for (std::int64_t number = 0; number < 5; number++) {
        auto target = places[static_cast<std::size_t>(number)];
        target.reflection = {1.0, 0.0};
        const test::Frame frame(layout, {target}, number, -140.0);
        const auto paths = estimator(frame.echo[0], frame.transmit);
        ASSERT_EQ(paths.size(), 1u);
        const test::ClosedForm expected(
            layout.scenario.transmit[0], layout.scenario.receive[0], target);
        EXPECT_NEAR(paths[0].cosine, expected.cosine, 0.01 * cells.cosine);
        EXPECT_NEAR(paths[0].range_m, expected.range_m, 0.01 * cells.range_m);
        EXPECT_NEAR(
            paths[0].range_rate_mps, expected.range_rate_mps, 0.01 * cells.rate_mps);
    }
}

TYPED_TEST(PathEstimator, TwoTargets)
{
    const auto layout = layout_for(2);
    TypeParam estimator(layout, 0);
    for (std::int64_t number = 0; number < 4; number++) {
        auto first = places[static_cast<std::size_t>(number)];
        auto second = places[static_cast<std::size_t>(number) + 1];
        first.reflection = {1.0, 0.7};
        second.reflection = {0.5, 0.8};
        const test::Frame frame(layout, {first, second}, number);
        const auto paths = estimator(frame.echo[0], frame.transmit);
        ASSERT_EQ(paths.size(), 2u);
        std::vector<std::array<double, 2>> found;
        for (const auto& path : paths) {
            found.push_back(*location_of_path(layout.scenario, 0, path));
        }
        const auto distance = [](const std::array<double, 2>& a, const test::Target& b) {
            return std::hypot(a[0] - b.x, a[1] - b.y);
        };
        const double straight =
            std::max(distance(found[0], first), distance(found[1], second));
        const double crossed =
            std::max(distance(found[0], second), distance(found[1], first));
        EXPECT_LT(std::min(straight, crossed), 2.0) << "frame " << number;
    }
}

// A target in one direction behind another.
TYPED_TEST(PathEstimator, TwoTargetsOfOneAngle)
{
    const auto layout = layout_for(2);
    TypeParam estimator(layout, 0);
    const test::Frame frame(
        layout,
        {{35.0, 80.0, 5.0, 5.0, {1.0, 1.0}}, {65.0, 20.0, -5.0, 3.0, {1.0, 1.0}}});
    const auto paths = estimator(frame.echo[0], frame.transmit);
    ASSERT_EQ(paths.size(), 2u);
    double low = 1e9, high = 0.0;
    for (const auto& path : paths) {
        const double y = (*location_of_path(layout.scenario, 0, path))[1];
        low = std::min(low, y);
        high = std::max(high, y);
    }
    EXPECT_NEAR(low, 20.0, 1.0);
    EXPECT_NEAR(high, 80.0, 1.0);
}

TYPED_TEST(PathEstimator, NothingIsFoundInNoiseAndInSilence)
{
    const auto layout = layout_for(2);
    TypeParam estimator(layout, 1);
    int found = 0;
    for (std::int64_t number = 0; number < 20; number++) {
        const test::Frame frame(
            layout, {{50.0, 50.0, 0.0, 0.0, {0.0, 0.0}}}, number, -102);
        found += static_cast<int>(estimator(frame.echo[1], frame.transmit).size());
    }
    EXPECT_LE(found, 1); // one in a thousand searches, at most
    auto target = places[0];
    target.reflection = {1.0, 1.0};
    const test::Frame frame(layout, {target}, 0, -102);
    EXPECT_TRUE(estimator(at::zeros_like(frame.echo[1]), frame.transmit).empty());
    EXPECT_TRUE(estimator(frame.echo[1], at::zeros_like(frame.transmit)).empty());
}

TYPED_TEST(PathEstimator, SameFrameSamePaths)
{
    const auto layout = layout_for(2);
    auto first = places[0], second = places[3];
    first.reflection = second.reflection = {1.0, 1.0};
    const test::Frame frame(layout, {first, second}, 5, -102.0);
    TypeParam one(layout, 0), other(layout, 0);
    const auto expected = one(frame.echo[0], frame.transmit);
    one(frame.echo[1], frame.transmit);
    const auto again = one(frame.echo[0], frame.transmit);
    const auto apart = other(frame.echo[0], frame.transmit);
    ASSERT_EQ(again.size(), expected.size());
    ASSERT_EQ(apart.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); k++) {
        EXPECT_EQ(again[k].range_m, expected[k].range_m);
        EXPECT_EQ(apart[k].cosine, expected[k].cosine);
    }
}

template <typename Call>
void expect_refused(const Call& call, const std::vector<std::string>& parts)
{
    try {
        call();
        FAIL() << "not refused: " << parts[0];
    } catch (const std::invalid_argument& error) {
        for (const auto& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << error.what();
        }
    }
}

TYPED_TEST(PathEstimator, Refusals)
{
    const auto layout = layout_for(1);
    auto target = places[0];
    target.reflection = {1.0, 1.0};
    const test::Frame frame(layout, {target});
    TypeParam estimator(layout, 0);
    const auto echo = frame.echo[0];
    expect_refused([&] { estimator(echo.narrow(0, 0, 7), frame.transmit); },
                   {"echo", "[7, 32, 32]"});
    expect_refused([&] { estimator(echo, frame.transmit[0]); },
                   {"transmit", "[8, 32, 32]"});
    expect_refused([&] { estimator(at::real(echo), frame.transmit); }, {"echo"});
    expect_refused([&] { estimator({}, frame.transmit); }, {"echo", "nothing"});
    auto broken = echo.clone();
    broken[3][4][5] = NAN;
    expect_refused([&] { estimator(broken, frame.transmit); }, {"echo", "finite"});
    broken = frame.transmit.clone();
    broken[1][2][3][4] = INFINITY;
    expect_refused([&] { estimator(echo, broken); }, {"transmit", "finite"});
    expect_refused([&] { TypeParam(layout, 2); }, {"0 to 1", "got 2"});
    expect_refused([&] { TypeParam(layout, -1); }, {"got -1"});
    auto scenario = layout.scenario;
    scenario.dimensions = 3;
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.position_m.push_back(0.0);
            point.axis.push_back(0.0);
        }
    }
    for (auto* box : {&scenario.users.area_m,
                      &scenario.targets.area_m,
                      &scenario.targets.velocity_mps,
                      &scenario.clutter.area_m,
                      &scenario.clutter.velocity_mps}) {
        box->min.push_back(0.0);
        box->max.push_back(1.0);
    }
    expect_refused([&] { TypeParam(signal::Layout(scenario), 0); }, {"got 3"});
}

TEST(Music, OptionsOutOfRange)
{
    const auto layout = layout_for(1);
    const auto refused = [&](auto change, const std::string& part) {
        MusicOptions options;
        change(options);
        expect_refused([&] { MusicEstimator(layout, 0, options); }, {part});
    };
    refused([](auto& o) { o.subarray = 9; }, "subarray");
    refused([](auto& o) { o.subarray = 1; }, "subarray");
    refused([](auto& o) { o.smoothing = Smoothing::none, o.subarray = 6; }, "subarray");
    refused([](auto& o) { o.sources = 8; }, "sources");
    refused([](auto& o) { o.sources = -1; }, "sources");
    refused([](auto& o) { o.angle_oversampling = 0; }, "angle_oversampling");
    refused([](auto& o) { o.oversampling = 0; }, "oversampling");
    refused([](auto& o) { o.energy_share = 1.1; }, "energy_share");
    refused([](auto& o) { o.false_alarm = 0.0; }, "false_alarm");
}

// Every option that changes how angles come about still gives the angle of a target.
TEST(Music, OptionsOfAngles)
{
    const auto layout = layout_for(1);
    auto target = places[1];
    target.reflection = {1.0, 0.0};
    const test::Frame frame(layout, {target}, 6);
    const test::ClosedForm expected(
        layout.scenario.transmit[0], layout.scenario.receive[0], target);
    for (const auto smoothing :
         {Smoothing::none, Smoothing::forward, Smoothing::forward_backward}) {
        for (const int sources : {0, 1}) {
            MusicOptions options;
            options.smoothing = smoothing;
            options.sources = sources;
            options.subarray = smoothing == Smoothing::none ? 8 : 5;
            const auto paths =
                MusicEstimator(layout, 0, options)(frame.echo[0], frame.transmit);
            ASSERT_EQ(paths.size(), 1u);
            EXPECT_NEAR(paths[0].cosine, expected.cosine, 1e-4);
        }
    }
}

TEST(CompressedSensing, OptionsOutOfRange)
{
    const auto layout = layout_for(1);
    const auto refused = [&](auto change, const std::string& part) {
        CsOptions options;
        change(options);
        expect_refused([&] { CompressedSensingEstimator(layout, 0, options); }, {part});
    };
    refused([](auto& o) { o.oversampling = 0; }, "oversampling");
    refused([](auto& o) { o.rate_oversampling = 0; }, "rate_oversampling");
    refused([](auto& o) { o.blocks = -1; }, "blocks");
    refused([](auto& o) { o.energy_share = 0.0; }, "energy_share");
    refused([](auto& o) { o.false_alarm = 1.0; }, "false_alarm");
}

} // namespace
