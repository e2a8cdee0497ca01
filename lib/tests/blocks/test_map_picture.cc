// SPDX-License-Identifier: GPL-3.0-or-later
#include <qt/map_picture.h>
#include <qt/map_screen.h>

#include "map_scenario.h"

#include <QColor>
#include <QImage>
#include <QPainter>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>

namespace gr {
namespace isac {
namespace {

using test::map_scenario;

class MapPicture : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        setenv("QT_QPA_PLATFORM", "offscreen", 1);
        require_application();
    }

    static map_description about(const cfisac::Scenario& scenario = map_scenario(),
                                 bool truth = true)
    {
        return {scenario, {"one", "two"}, truth, false, std::nullopt};
    }

    //! A frame of two targets and two streams, of which only the first has estimates.
    static map_snapshot shown(std::vector<float> truth, std::vector<float> estimate)
    {
        auto frame = std::make_shared<map_frame>();
        frame->truth = std::move(truth);
        frame->estimates.resize(2);
        frame->estimates[0].values = std::move(estimate);
        map_snapshot all;
        all.settings.theme = map_theme::dark;
        all.frames.push_back(frame);
        all.location.resize(3);
        all.velocity.resize(3);
        return all;
    }

    static QImage paint(const map_picture& picture, int width, int height)
    {
        QImage image(width, height, QImage::Format_RGB32);
        QPainter painter(&image);
        picture.paint(painter);
        return image;
    }

    static QColor at(const QImage& image, const map_point& point)
    {
        return image.pixelColor(static_cast<int>(std::lround(point.x)),
                                static_cast<int>(std::lround(point.y)));
    }
};

TEST_F(MapPicture, EstimatesHaveTheirColourWhereTheyAre)
{
    const auto description = about();
    const auto snapshot = shown({}, {20, 30, 70, 85, 0, 0, 0, 0});
    for (const auto& [width, height] :
         {std::pair{1200, 800}, std::pair{400, 300}, std::pair{500, 1000}}) {
        const map_picture picture(description, snapshot, {}, width, height);
        const QImage image = paint(picture, width, height);
        const QColor colour = map_colours::dark().streams[0];
        EXPECT_EQ(at(image, picture.plan().pixel(20, 30)), colour) << width;
        EXPECT_EQ(at(image, picture.plan().pixel(70, 85)), colour) << width;
        EXPECT_NE(at(image, picture.plan().pixel(50, 50)), colour) << width;
    }
}

TEST_F(MapPicture, TargetsAreRingsWithAnArrow)
{
    const auto description = about();
    // 20 m/s to the right; the arrow is the way of half a second, 10 m.
    const auto snapshot = shown({20, 30, 70, 80, 20, 0, 0, 0}, {});
    const map_picture picture(description, snapshot, {}, 1200, 800);
    const QImage image = paint(picture, 1200, 800);
    const QColor text = map_colours::dark().text;
    EXPECT_EQ(at(image, picture.plan().pixel(24, 30)), text);
    EXPECT_NE(at(image, picture.plan().pixel(31, 30)), text);
    EXPECT_NE(at(image, picture.plan().pixel(70, 80)), text); // the ring is open
    const auto middle = picture.plan().pixel(70, 80);
    int ring = 0;
    for (int dx = 1; dx < 20; dx++) {
        ring += at(image, {middle.x + dx, middle.y}) == text;
    }
    EXPECT_GE(ring, 1);
}

TEST_F(MapPicture, WithoutConfidenceAnEstimateIsFaint)
{
    const auto description = about();
    auto snapshot = shown({}, {20, 30, 70, 85, 0, 0, 0, 0});
    auto frame = std::make_shared<map_frame>(*snapshot.frames[0]);
    frame->estimates[0].confidence = {1.0f, 0.0f};
    snapshot.frames[0] = frame;
    const map_picture picture(description, snapshot, {}, 1200, 800);
    const QImage image = paint(picture, 1200, 800);
    const QColor sure = at(image, picture.plan().pixel(20, 30));
    const QColor unsure = at(image, picture.plan().pixel(70, 85));
    EXPECT_EQ(sure, map_colours::dark().streams[0]);
    EXPECT_LT(unsure.lightness(), sure.lightness());
    EXPECT_GT(unsure.lightness(), map_colours::dark().area.lightness());
}

TEST_F(MapPicture, ZoomAndMoveChangeWhatIsShown)
{
    const auto description = about();
    const auto snapshot = shown({}, {20, 30, 70, 85, 0, 0, 0, 0});
    map_view view;
    view.zoom = 4.0;
    view.across_m = -30.0;
    view.up_m = -20.0;
    const map_picture all(description, snapshot, {}, 1200, 800);
    const map_picture part(description, snapshot, view, 1200, 800);
    EXPECT_NEAR(part.plan().scale_across(), 4.0 * all.plan().scale_across(), 1e-9);
    EXPECT_NEAR(part.plan().across().middle(), all.plan().across().middle() - 30, 1e-9);
    const QImage image = paint(part, 1200, 800);
    EXPECT_EQ(at(image, part.plan().pixel(20, 30)), map_colours::dark().streams[0]);
}

TEST_F(MapPicture, ThreeDimensionsHaveAStripOfHeights)
{
    auto scenario = map_scenario();
    scenario.dimensions = 3;
    for (auto* list : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *list) {
            point.position_m.push_back(20);
            point.axis.push_back(0);
        }
    }
    for (auto* box : {&scenario.targets.area_m, &scenario.targets.velocity_mps}) {
        box->min.push_back(0);
        box->max.push_back(40);
    }
    const auto description = about(scenario);
    const auto snapshot = shown({}, {20, 30, 10, 70, 85, 35, 0, 0, 0, 0, 0, 0});
    const map_picture picture(description, snapshot, {}, 1200, 800);
    ASSERT_TRUE(picture.strip());
    const QImage image = paint(picture, 1200, 800);
    const QColor colour = map_colours::dark().streams[0];
    EXPECT_EQ(at(image, picture.plan().pixel(20, 30)), colour);
    EXPECT_EQ(at(image, picture.plan().pixel(70, 85)), colour);
    EXPECT_EQ(at(image, picture.strip()->pixel(20, 10)), colour);
    EXPECT_EQ(at(image, picture.strip()->pixel(70, 35)), colour);
    EXPECT_FALSE(map_picture(about(), snapshot, {}, 1200, 800).strip());
}

TEST_F(MapPicture, AnAccessPointThatDidNotTakePartIsFaint)
{
    const auto description = about();
    auto snapshot = shown({}, {50, 50, 50, 50, 0, 0, 0, 0});
    auto frame = std::make_shared<map_frame>(*snapshot.frames[0]);
    frame->estimates[0].access_points = std::vector<std::int32_t>{1};
    snapshot.frames[0] = frame;
    const map_picture picture(description, snapshot, {}, 1200, 800);
    const QImage image = paint(picture, 1200, 800);
    const QColor missing = at(image, picture.plan().pixel(25, 100));
    const QColor present = at(image, picture.plan().pixel(75, 100));
    EXPECT_EQ(present, map_colours::dark().access_point);
    EXPECT_LT(missing.lightness(), present.lightness() - 50);
}

TEST_F(MapPicture, WhatIsFarOutsideOrNotANumberIsPaintedWithoutHarm)
{
    const auto description = about();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float huge = std::numeric_limits<float>::max();
    for (const float value : {nan, huge, -huge, 1e6f}) {
        const auto snapshot = shown({value, 30, 70, value, 0, value, 0, 0},
                                    {20, value, value, 85, value, 0, 0, 0});
        const map_picture picture(description, snapshot, {}, 1200, 800);
        EXPECT_FALSE(paint(picture, 1200, 800).isNull());
    }
}

TEST_F(MapPicture, WhatIsBesideTheMapNeedsRoom)
{
    const auto description = about();
    const auto snapshot = shown({}, {20, 30, 70, 85, 0, 0, 0, 0});
    EXPECT_TRUE(!map_picture(description, snapshot, {}, 1200, 800).side().is_empty());
    EXPECT_TRUE(!map_picture(description, snapshot, {}, 500, 1000).side().is_empty());
    EXPECT_TRUE(map_picture(description, snapshot, {}, 300, 250).side().is_empty());
}

} // namespace
} // namespace isac
} // namespace gr
