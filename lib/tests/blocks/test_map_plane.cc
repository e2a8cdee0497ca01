// SPDX-License-Identifier: GPL-3.0-or-later
#include <qt/map_plane.h>

#include "map_scenario.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace gr {
namespace isac {
namespace {

using test::map_scenario;

TEST(MapPlane, OneScaleForBothCoordinates)
{
    // 100 m x 50 m on 400 x 400 pixels: 4 pixels a metre, and 25 m more above and below.
    const map_plane plane({10, 20, 400, 400}, {0, 100}, {0, 50});
    EXPECT_DOUBLE_EQ(plane.scale_across(), 4.0);
    EXPECT_DOUBLE_EQ(plane.up().low, -25.0);
    EXPECT_DOUBLE_EQ(plane.up().high, 75.0);
    const auto low = plane.pixel(0, -25);
    EXPECT_DOUBLE_EQ(low.x, 10.0);
    EXPECT_DOUBLE_EQ(low.y, 420.0);
    const auto middle = plane.pixel(50, 25);
    EXPECT_DOUBLE_EQ(middle.x, 210.0);
    EXPECT_DOUBLE_EQ(middle.y, 220.0);
    EXPECT_LT(plane.pixel(50, 26).y, middle.y); // up is up
}

TEST(MapPlane, WhatAPixelShowsIsWhatIsDrawnThere)
{
    const map_plane plane({7, 3, 311, 173}, {-20, 130}, {5, 65});
    const auto pixel = plane.pixel(17.5, 42.25);
    const auto scene = plane.scene(pixel.x, pixel.y);
    EXPECT_NEAR(scene.x, 17.5, 1e-12);
    EXPECT_NEAR(scene.y, 42.25, 1e-12);
}

TEST(MapPlane, AStripHasTheRangeOfThePlaneAbove)
{
    const map_plane plan({0, 0, 400, 200}, {0, 100}, {0, 100});
    const auto strip = map_plane::strip({0, 210, 400, 60}, plan, {0, 30});
    EXPECT_DOUBLE_EQ(strip.pixel(33, 0).x, plan.pixel(33, 0).x);
    EXPECT_DOUBLE_EQ(strip.pixel(0, 0).y, 270.0);
    EXPECT_DOUBLE_EQ(strip.pixel(0, 30).y, 210.0);
}

TEST(MapPlane, ExtentHoldsAreaAndAccessPoints)
{
    auto scenario = map_scenario();
    scenario.receive[0].position_m = {-50, 100};
    const auto across = extent(scenario, 0);
    EXPECT_LT(across.low, -50.0);
    EXPECT_GT(across.high, 100.0);
    EXPECT_GT(across.low, -70.0);
}

TEST(MapPlane, TicksAreRound)
{
    EXPECT_EQ(round_ticks({0, 100}, 6), (std::vector<double>{0, 20, 40, 60, 80, 100}));
    EXPECT_EQ(round_ticks({-7, 107}, 5), (std::vector<double>{0, 50, 100}));
    EXPECT_EQ(round_ticks({0.01, 0.13}, 4), (std::vector<double>{0.05, 0.1}));
    EXPECT_TRUE(round_ticks({0, 1}, 0).empty());
    for (double size = 0.013; size < 1e5; size *= 1.37) {
        for (const std::size_t most : {3u, 5u, 8u}) {
            const auto ticks = round_ticks({-0.3 * size, 0.7 * size}, most);
            EXPECT_LE(ticks.size(), most + 1) << size;
            EXPECT_GE(ticks.size(), 1u) << size;
        }
    }
}

TEST(MapPlane, RoundNumbersBelow)
{
    EXPECT_DOUBLE_EQ(round_down(0.9), 0.5);
    EXPECT_DOUBLE_EQ(round_down(1.0), 1.0);
    EXPECT_DOUBLE_EQ(round_down(4.99), 2.0);
    EXPECT_DOUBLE_EQ(round_down(7000), 5000);
    // 20 m/s and 100 m: in half a second the way is a tenth of the area.
    EXPECT_DOUBLE_EQ(arrow_seconds(map_scenario()), 0.5);
    auto still = map_scenario();
    still.targets.velocity_mps = {{0, 0}, {0, 0}};
    EXPECT_DOUBLE_EQ(arrow_seconds(still), 1.0);
}

TEST(MapPlane, TheEllipseHoldsNinetyFivePercent)
{
    const auto round = ellipse_95(4, 0, 4);
    ASSERT_TRUE(round);
    // Of a circle, 1 - exp(-r²/2σ²) is inside.
    EXPECT_NEAR(1.0 - std::exp(-round->major * round->major / 8.0), 0.95, 1e-12);
    EXPECT_NEAR(round->minor, round->major, 1e-12);

    // Rotated by 30 degrees, with variances 9 and 1.
    const double c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
    const auto ellipse =
        ellipse_95(9 * c * c + s * s, (9 - 1) * c * s, 9 * s * s + c * c);
    ASSERT_TRUE(ellipse);
    EXPECT_NEAR(ellipse->angle, M_PI / 6, 1e-12);
    EXPECT_NEAR(ellipse->major, 3 * std::sqrt(-2 * std::log(0.05)), 1e-9);
    EXPECT_NEAR(ellipse->minor, std::sqrt(-2 * std::log(0.05)), 1e-9);
}

TEST(MapPlane, WhatIsNoCovarianceHasNoEllipse)
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(ellipse_95(nan, 0, 1));
    EXPECT_FALSE(ellipse_95(0, 0, 0));
    EXPECT_FALSE(ellipse_95(1, 5, 1));
    EXPECT_FALSE(ellipse_95(-1, 0, -1));
    EXPECT_FALSE(ellipse_95(std::numeric_limits<double>::infinity(), 0, 1));
}

} // namespace
} // namespace isac
} // namespace gr
