// SPDX-License-Identifier: GPL-3.0-or-later
#include <qt/error_history.h>

#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace gr {
namespace isac {
namespace {

using std::chrono::milliseconds;

constexpr double infinity = std::numeric_limits<double>::infinity();

error_history::time at(int ms) { return error_history::time(milliseconds(ms)); }

TEST(MapErrorHistory, MedianOfAnOddAndOfAnEvenNumber)
{
    std::vector<float> odd{5, 1, 3}, even{4, 1, 3, 2}, one{7}, none;
    EXPECT_DOUBLE_EQ(median_of(odd), 3.0);
    EXPECT_DOUBLE_EQ(median_of(even), 2.5);
    EXPECT_DOUBLE_EQ(median_of(one), 7.0);
    EXPECT_TRUE(std::isnan(median_of(none)));
}

TEST(MapErrorHistory, APointForEachHalfSecond)
{
    error_history history;
    history.add(at(0), {1, 2});
    history.add(at(400), {3});   // the same half second
    history.add(at(500), {10});  // the next
    history.add(at(2100), {20}); // three later
    const auto points = history.points(at(2100));
    ASSERT_EQ(points.size(), 3u);
    EXPECT_DOUBLE_EQ(points[0].median, 2.0);
    EXPECT_NEAR(points[0].ago_s, 1.85, 1e-9); // from its middle at 0.25 s
    EXPECT_DOUBLE_EQ(points[1].median, 10.0);
    EXPECT_DOUBLE_EQ(points[2].median, 20.0);
}

TEST(MapErrorHistory, TheFigureIsOfFiveSecondsAndChangesTwiceASecond)
{
    error_history history;
    EXPECT_FALSE(history.recent());
    history.add(at(0), {100});
    EXPECT_DOUBLE_EQ(history.recent().value(), 100.0);
    history.add(at(100), {1}); // the first half second goes on
    EXPECT_DOUBLE_EQ(history.recent().value(), 100.0);
    history.add(at(500), {1, 1, 1});
    EXPECT_DOUBLE_EQ(history.recent().value(), 50.5); // of the first half second
    history.add(at(1000), {1});
    EXPECT_DOUBLE_EQ(history.recent().value(), 1.0);
    history.add(at(9000), {4, 6});
    history.add(at(9500), {0});
    EXPECT_DOUBLE_EQ(history.recent().value(), 5.0); // what is older counts no more
}

TEST(MapErrorHistory, WhatIsOlderThanTheWindowIsForgotten)
{
    error_history history;
    for (int ms = 0; ms <= 100000; ms += 500) {
        history.add(at(ms), {1});
    }
    EXPECT_EQ(history.points(at(100000)).size(), 60u);
    EXPECT_TRUE(history.points(at(200000)).empty());
    history.clear();
    EXPECT_TRUE(history.points(at(100000)).empty());
}

TEST(MapErrorHistory, NotANumberIsLargerThanAnyOther)
{
    error_history history;
    history.add(at(0), {std::numeric_limits<double>::quiet_NaN(), 2, 1});
    EXPECT_DOUBLE_EQ(history.points(at(0))[0].median, 2.0);
    history.add(at(500), {infinity});
    EXPECT_EQ(history.points(at(500)).size(), 1u); // no point at infinity
}

} // namespace
} // namespace isac
} // namespace gr
