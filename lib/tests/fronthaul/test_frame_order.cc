// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/frame_order.h>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <set>
#include <vector>

namespace cfisac::fronthaul {
namespace {

constexpr auto window = FrameOrder::window;

TEST(FrameOrder, CountsGapsLateOnesAndDuplicates)
{
    FrameOrder order;
    EXPECT_EQ(order.note(100, true), Arrival::next);
    EXPECT_EQ(order.note(101, false), Arrival::next);
    EXPECT_EQ(order.lost(), 0u);
    EXPECT_EQ(order.note(105, false), Arrival::next);
    EXPECT_EQ(order.lost(), 3u);
    EXPECT_EQ(order.note(103, false), Arrival::late);
    EXPECT_EQ(order.note(103, false), Arrival::duplicate);
    EXPECT_EQ(order.note(105, false), Arrival::duplicate);
    EXPECT_EQ(order.note(100, false), Arrival::duplicate);
    EXPECT_EQ(order.note(106, false), Arrival::next);
    EXPECT_EQ(order.lost(), 3u);
}

TEST(FrameOrder, Wraps)
{
    FrameOrder order;
    const auto last = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(order.note(last - 1, true), Arrival::next);
    EXPECT_EQ(order.note(last, false), Arrival::next);
    EXPECT_EQ(order.note(1, false), Arrival::next);
    EXPECT_EQ(order.lost(), 1u);
    EXPECT_EQ(order.note(0, false), Arrival::late);
    EXPECT_EQ(order.note(last, false), Arrival::duplicate);
}

TEST(FrameOrder, BeginsAnewWithAConnection)
{
    FrameOrder order;
    EXPECT_EQ(order.note(500, true), Arrival::next);
    EXPECT_EQ(order.note(0, true), Arrival::next); // has counted anew
    EXPECT_EQ(order.note(1, false), Arrival::next);
    EXPECT_EQ(order.lost(), 0u);
    EXPECT_EQ(order.note(4, true), Arrival::next); // has gone on counting
    EXPECT_EQ(order.lost(), 2u);
}

TEST(FrameOrder, BeginsAnewWithinAConnectionOnceConvinced)
{
    FrameOrder order;
    EXPECT_EQ(order.note(100000, true), Arrival::next);
    EXPECT_EQ(order.note(7, false), Arrival::late); // a single one: a replay
    EXPECT_EQ(order.note(100001, false), Arrival::next);
    for (std::uint64_t i = 0; i < FrameOrder::convincing; ++i) {
        EXPECT_EQ(order.note(i, false), Arrival::late);
    }
    EXPECT_EQ(order.note(FrameOrder::convincing, false), Arrival::next);
    EXPECT_EQ(order.note(FrameOrder::convincing + 1, false), Arrival::next);
    EXPECT_EQ(order.lost(), 0u);
    EXPECT_EQ(order.note(1 + (FrameOrder::farthest << 1), false), Arrival::next);
    EXPECT_EQ(order.lost(), 0u);
}

TEST(FrameOrder, WhoSkipsFramesIsBelievedToo)
{
    FrameOrder order;
    EXPECT_EQ(order.note(100000, true), Arrival::next);
    for (std::uint64_t i = 0; i < FrameOrder::convincing; ++i) {
        EXPECT_EQ(order.note(7 + i * FrameOrder::stride, false), Arrival::late);
    }
    EXPECT_EQ(order.note(7 + FrameOrder::convincing * FrameOrder::stride, false),
              Arrival::next);
    // Numbers here and there are no count.
    EXPECT_EQ(order.note(1000000, false), Arrival::next);
    for (std::uint64_t i = 0; i < 100; ++i) {
        EXPECT_EQ(order.note(i * 7919 % 97 * 1000, false), Arrival::late) << i;
    }
}

//! As of a clock that was wrong for a moment.
TEST(FrameOrder, GoesBackToNumbersWithinTheWindow)
{
    FrameOrder order;
    EXPECT_EQ(order.note(100, true), Arrival::next);
    EXPECT_EQ(order.note(600, false), Arrival::next);
    EXPECT_EQ(order.note(601, false), Arrival::next);
    std::uint64_t frame = 101;
    for (; frame < 101 + FrameOrder::overtaken; ++frame) {
        EXPECT_EQ(order.note(frame, false), Arrival::late);
    }
    EXPECT_EQ(order.note(frame, false), Arrival::next);
    EXPECT_EQ(order.note(++frame, false), Arrival::next);
    // Packets that come again convince nobody.
    for (std::uint64_t i = 0; i < 2 * FrameOrder::overtaken; ++i) {
        EXPECT_NE(
            order.note(frame - FrameOrder::overtaken + i % FrameOrder::overtaken, false),
            Arrival::next);
    }
    EXPECT_EQ(order.note(++frame, false), Arrival::next);
}

TEST(FrameOrder, AGapThatIsWiderThanTheWindow)
{
    FrameOrder order;
    EXPECT_EQ(order.note(0, true), Arrival::next);
    EXPECT_EQ(order.note(5 * window, false), Arrival::next);
    EXPECT_EQ(order.lost(), 5 * window - 1);
    EXPECT_EQ(order.note(5 * window - 1, false), Arrival::late);
    EXPECT_EQ(order.note(4 * window + 1, false), Arrival::late);
    EXPECT_EQ(order.note(0, false), Arrival::late); // too long ago to tell
}

TEST(FrameOrder, SameAsASetOfAllNumbers)
{
    // Losses, duplicates and reordering within less than the window, against a set.
    std::mt19937 engine(5);
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < 20000; ++i) {
        if (engine() % 50 != 0) {
            numbers.push_back(i);
        }
        if (engine() % 50 == 0) {
            numbers.push_back(i);
        }
        if (engine() % 5000 == 0) {
            i += window / 2; // a gap that a late one may fall into
        }
    }
    for (std::size_t i = 0; i + 64 < numbers.size(); ++i) {
        if (engine() % 50 == 0) {
            std::swap(numbers[i], numbers[i + engine() % 64]);
        }
    }
    FrameOrder order;
    std::set<std::uint64_t> seen;
    std::uint64_t first = numbers[0];
    std::uint64_t newest = first;
    std::uint64_t passed = 0;
    for (const auto number : numbers) {
        const bool fresh = seen.insert(number).second;
        const auto arrival = order.note(number, seen.size() == 1 && fresh);
        if (passed == 0 || number > newest) {
            EXPECT_EQ(arrival, Arrival::next);
            newest = number;
            ++passed;
        } else {
            ASSERT_LT(newest - number, window);
            EXPECT_EQ(arrival, fresh ? Arrival::late : Arrival::duplicate) << number;
        }
    }
    EXPECT_EQ(passed + order.lost(), newest - first + 1);
    EXPECT_GT(order.lost(), window);
}

} // namespace
} // namespace cfisac::fronthaul
