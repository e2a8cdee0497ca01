// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_streams.h"

#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using namespace cfisac::test;

constexpr double forever = std::numeric_limits<double>::infinity();

Scenario crowded_scenario()
{
    auto scenario = example_scenario("sdr_2x2");
    scenario.targets.count = 3;
    scenario.clutter.scatterers = 4;
    scenario.clutter.velocity_mps = {{-1.0, 0.0}, {1.0, 0.0}};
    return scenario;
}

at::Tensor position_at(const SceneAt& scene, double time_s)
{
    return scene.scene.position + scene.scene.velocity * (time_s - scene.time_s);
}

TEST(DrawnScenes, AreThoseOfSeedAndFrame)
{
    const auto scenario = crowded_scenario();
    const Layout layout(scenario);
    const FrameTiming timing(scenario);
    DrawnScenes scenes(scenario, 4, 2.5);
    for (const std::int64_t frame : {0, 1, 17, 100000}) {
        const double begin = 2.5 + frame * 0.1;
        for (const double within : {1e-9, 0.03, 0.1 - 1e-9}) {
            const auto at = scenes.at(begin + within);
            const Random random(4, {frame});
            const auto drawn = join(draw_targets(layout, scenario.targets, random),
                                    draw_clutter(layout, scenario.clutter, random));
            EXPECT_TRUE(at.scene.position.equal(drawn.position));
            EXPECT_TRUE(at.scene.velocity.equal(drawn.velocity));
            EXPECT_TRUE(at.scene.reflection.equal(drawn.reflection));
            EXPECT_TRUE(at.reference_position.equal(drawn.position));
            EXPECT_NEAR(at.from_s, begin, 1e-11);
            EXPECT_NEAR(at.until_s, begin + 0.1, 1e-11);
            // 2 · 2048 samples of preambles, 49 · 32 of the header, less 100 of a symbol
            EXPECT_NEAR(at.time_s, begin + (4096 + 1568 - 100) / 5e6, 1e-11);
            EXPECT_EQ(scenes.at(at.from_s).from_s, at.from_s);
            EXPECT_EQ(scenes.at(at.until_s).from_s, at.until_s);
        }
    }
    const auto before = scenes.at(2.4999);
    EXPECT_EQ(before.scene.count(), 0);
    EXPECT_EQ(before.from_s, -forever);
    EXPECT_EQ(before.until_s, 2.5);
}

TEST(DrawnScenes, TakeTargetsThatAreSet)
{
    const auto scenario = crowded_scenario();
    const Layout layout(scenario);
    DrawnScenes scenes(scenario, 4);
    const auto position = at::rand({1, 3, 2}, at::kDouble);
    const auto velocity = at::rand({1, 3, 2}, at::kDouble);
    scenes.set_targets(position, velocity);
    const auto drawn = draw_targets(layout, scenario.targets, Random(4, {1}));
    const auto at = scenes.at(0.15).scene;
    EXPECT_TRUE(at.position.slice(1, 0, 3).equal(position));
    EXPECT_TRUE(at.velocity.slice(1, 0, 3).equal(velocity));
    EXPECT_TRUE(at.reflection.slice(-1, 0, 3).equal(drawn.reflection));
    scenes.set_targets({}, {});
    EXPECT_TRUE(scenes.at(0.15).scene.position.slice(1, 0, 3).equal(drawn.position));

    EXPECT_THROW(scenes.set_targets(position, {}), std::invalid_argument);
    EXPECT_THROW(scenes.set_targets(position.slice(1, 0, 2), velocity),
                 std::invalid_argument);
    EXPECT_THROW(scenes.set_targets(position, velocity / 0.0), std::invalid_argument);
    EXPECT_THROW(DrawnScenes(scenario, 4, NAN), std::invalid_argument);
    EXPECT_THROW(DrawnScenes(scenario, 4, -1.1e9), std::invalid_argument);
}

TEST(MovingScene, StartsAsDrawnAndKeepsWhatReflects)
{
    const auto scenario = crowded_scenario();
    const Layout layout(scenario);
    MovingScene scenes(scenario, 6, 10.0);
    const Random random(6, {0});
    const auto drawn = join(draw_targets(layout, scenario.targets, random),
                            draw_clutter(layout, scenario.clutter, random));
    const auto at = scenes.at(10.0);
    EXPECT_LT((position_at(at, 10.0) - drawn.position).abs().max().item<double>(), 1e-9);
    EXPECT_TRUE(at.scene.velocity.equal(drawn.velocity));
    EXPECT_TRUE(scenes.at(9999.0).scene.reflection.equal(drawn.reflection));
    EXPECT_TRUE(scenes.at(9999.0).reference_position.equal(drawn.position));
}

TEST(MovingScene, IsContinuousAndStaysInside)
{
    const auto scenario = crowded_scenario();
    MovingScene scenes(scenario, 8);
    for (const double start : {0.0, -40.0, 7200.0}) {
        double time = start;
        auto at = scenes.at(time);
        int reflections = 0;
        while (time < start + 100.0) {
            ASSERT_LE(at.from_s, time);
            ASSERT_GT(at.until_s, time);
            ASSERT_GE(at.until_s - at.from_s, 1e-6);
            // The same from anywhere in between
            const auto middle = scenes.at(0.5 * (at.from_s + at.until_s));
            ASSERT_TRUE(middle.scene.position.equal(at.scene.position));
            ASSERT_EQ(middle.time_s, at.time_s);
            const auto inside = position_at(at, 0.5 * (at.from_s + at.until_s));
            for (std::int64_t q = 0; q < 7; q++) {
                const auto& area =
                    q < 3 ? scenario.targets.area_m : scenario.clutter.area_m;
                for (int d = 0; d < 2; d++) {
                    ASSERT_GE(inside[0][q][d].item<double>(), area.min[d] - 1e-9);
                    ASSERT_LE(inside[0][q][d].item<double>(), area.max[d] + 1e-9);
                }
            }
            const auto next = scenes.at(at.until_s + 1e-9);
            ASSERT_LT((position_at(next, at.until_s) - position_at(at, at.until_s))
                          .abs()
                          .max()
                          .item<double>(),
                      1e-8);
            // One coordinate turns round
            ASSERT_EQ((next.scene.velocity + at.scene.velocity)
                          .eq(0.0)
                          .logical_and(at.scene.velocity.ne(0.0))
                          .sum()
                          .item<std::int64_t>(),
                      1);
            time = at.until_s + 1e-9;
            at = next;
            reflections++;
        }
        EXPECT_GT(reflections, 5);
    }
}

TEST(MovingScene, WhatStandsStillHoldsForever)
{
    const auto scenario = example_scenario("sdr_2x2");
    MovingScene scenes(
        scenario, reflector(scenario, {10.0, 160.0}, {0.0, 0.0}, 1.0), Scene{});
    const auto at = scenes.at(123.0);
    EXPECT_EQ(at.from_s, -forever);
    EXPECT_EQ(at.until_s, forever);
    EXPECT_EQ(at.scene.position[0][0][1].item<double>(), 160.0);
}

TEST(MovingScene, FromAWallInward)
{
    // In a corner, moving outward: thrown back at once.
    const auto scenario = example_scenario("sdr_2x2");
    MovingScene scenes(
        scenario, reflector(scenario, {300.0, 150.0}, {7.0, -3.0}, 1.0), Scene{});
    const auto place = position_at(scenes.at(2.0), 2.0);
    EXPECT_NEAR(place[0][0][0].item<double>(), 286.0, 1e-9);
    EXPECT_NEAR(place[0][0][1].item<double>(), 156.0, 1e-9);
}

TEST(MovingScene, TakesTargetsThatAreSetAtATime)
{
    const auto scenario = crowded_scenario();
    MovingScene scenes(scenario, 6);
    const auto before = scenes.at(50.0);
    const auto position = at::rand({1, 3, 2}, at::kDouble) * 100.0 + 150.0;
    const auto velocity = at::rand({1, 3, 2}, at::kDouble);
    scenes.set_targets(position, velocity, 50.0);
    const auto after = scenes.at(50.0);
    const auto place = position_at(after, 50.0);
    EXPECT_LT((place.slice(1, 0, 3) - position).abs().max().item<double>(), 1e-9);
    EXPECT_LT((place.slice(1, 3) - position_at(before, 50.0).slice(1, 3))
                  .abs()
                  .max()
                  .item<double>(),
              1e-9);
    EXPECT_TRUE(after.scene.velocity.slice(1, 0, 3).equal(velocity));
    EXPECT_TRUE(after.scene.reflection.equal(before.scene.reflection));
    EXPECT_TRUE(after.reference_position.slice(1, 0, 3).equal(position));
    EXPECT_THROW(scenes.set_targets(position, velocity.slice(1, 0, 2), 0.0),
                 std::invalid_argument);
    EXPECT_THROW(scenes.set_targets(position + 200.0, velocity, 0.0),
                 std::invalid_argument);
}

TEST(MovingScene, RefusesWhatIsOutside)
{
    const auto scenario = example_scenario("sdr_2x2");
    const auto outside = reflector(scenario, {10.0, 351.0}, {0.0, 0.0}, 1.0);
    try {
        MovingScene(scenario, outside, Scene{});
        FAIL();
    } catch (const std::invalid_argument& cause) {
        EXPECT_NE(std::string(cause.what()).find("coordinate 1 is 351 m"),
                  std::string::npos)
            << cause.what();
    }
    auto broken = reflector(scenario, {10.0, 200.0}, {0.0, NAN}, 1.0);
    EXPECT_THROW(MovingScene(scenario, broken, Scene{}), std::invalid_argument);
    auto narrow = reflector(scenario, {10.0, 200.0}, {0.0, 0.0}, 1.0);
    narrow.reflection = narrow.reflection.slice(1, 0, 1);
    EXPECT_THROW(MovingScene(scenario, narrow, Scene{}), std::invalid_argument);
}

} // namespace
