// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_counter.h"

#include <gtest/gtest.h>
#include <vector>

namespace gr {
namespace isac {
namespace {

using order = frame_counter::order;

constexpr std::int64_t interval_ns = 10000000;

//! Packets of an access point that starts at some time, by a clock that goes on.
struct sender {
    frame_counter counter;

    //! The frames `from` … `to`, numbered from `start` on. \return order of each
    std::vector<order> send(std::uint64_t from,
                            std::uint64_t to,
                            std::uint64_t start = 0,
                            std::int64_t clock_ns = 0,
                            std::optional<std::uint64_t> due = std::nullopt)
    {
        std::vector<order> orders;
        for (std::uint64_t frame = from; frame != to + 1; frame++) {
            orders.push_back(
                counter.read(frame - start,
                             clock_ns + static_cast<std::int64_t>(frame) * interval_ns,
                             due));
        }
        return orders;
    }
};

TEST(FrameCounter, NumbersRiseAlsoBeyondTheLargest)
{
    EXPECT_EQ(frames_between(5, 7), 2);
    EXPECT_EQ(frames_between(7, 5), -2);
    EXPECT_EQ(frames_between(~std::uint64_t{0}, 1), 2);

    sender each;
    EXPECT_FALSE(each.counter.is_running());
    EXPECT_EQ(each.send(0, 5, 3), std::vector<order>(6, order::next)); // 2^64 - 3 … 2
    EXPECT_TRUE(each.counter.is_running());
    EXPECT_EQ(each.counter.frame(2), 2u);
}

TEST(FrameCounter, TellsWhatCameTwiceOrTooLate)
{
    sender each;
    each.send(0, 9);
    EXPECT_EQ(each.send(9, 9), (std::vector<order>{order::duplicate}));
    EXPECT_EQ(each.send(7, 7), (std::vector<order>{order::old}));
    EXPECT_EQ(each.send(7, 7), (std::vector<order>{order::duplicate}));
    EXPECT_EQ(each.send(9, 9), (std::vector<order>{order::old}));
    EXPECT_EQ(each.send(10, 10), (std::vector<order>{order::next}));
    // As many as never are in another order: their capture times are those of old frames.
    EXPECT_EQ(each.send(2, 8), std::vector<order>(7, order::old));
    EXPECT_EQ(each.send(11, 12), std::vector<order>(2, order::next));
    EXPECT_FALSE(each.counter.is_placed() || each.counter.is_unplaced());
}

TEST(FrameCounter, CaptureTimesPlaceANewCount)
{
    sender each;
    each.send(0, 99);
    auto orders = each.send(150, 153, 150);
    EXPECT_EQ(orders,
              (std::vector<order>{order::old, order::old, order::old, order::placed}));
    EXPECT_TRUE(each.counter.is_placed());
    EXPECT_EQ(each.counter.frame(3), 153u);
    EXPECT_EQ(each.counter.shift(), 150u);
    auto off = sender();
    off.send(0, 99);
    off.send(150, 153, 150, -2 * interval_ns / 5); // the nearest frame
    EXPECT_EQ(off.counter.frame(3), 153u);
    EXPECT_EQ(each.send(154, 160, 150), std::vector<order>(7, order::next));
    EXPECT_EQ(each.counter.frame(10), 160u);

    // And again, after a few frames, to the frame that is due and to one far from it.
    auto again = each;
    EXPECT_EQ(again.send(300, 303, 300, 0, 303).back(), order::placed);
    EXPECT_EQ(again.counter.frame(3), 303u);
    EXPECT_EQ(each.send(300, 303, 300, 0, 203).back(), order::unplaced);

    // The count is that of the frames from now on.
    again.counter.adopt();
    EXPECT_EQ(again.counter.frame(3), 3u);
    EXPECT_FALSE(again.counter.is_placed());
}

TEST(FrameCounter, ClocksThatDoNotFitPlaceNothing)
{
    const auto restarted = [](std::int64_t clock_ns) {
        sender each;
        each.send(0, 99);
        return each.send(150, 153, 150, clock_ns).back();
    };
    EXPECT_EQ(restarted(0), order::placed);
    EXPECT_EQ(restarted(interval_ns / 3), order::placed);
    EXPECT_EQ(restarted(-100 * interval_ns), order::unplaced); // before its last frame

    sender slower; // in the new count
    slower.send(0, 99);
    for (std::uint64_t i = 0; i < 3; i++) {
        const auto time_ns = static_cast<std::int64_t>(150 + 2 * i) * interval_ns;
        EXPECT_EQ(slower.counter.read(i, time_ns, std::nullopt), order::old);
    }
    EXPECT_EQ(slower.counter.read(3, 156 * interval_ns, std::nullopt), order::unplaced);

    // One frame tells no interval.
    sender brief;
    brief.send(40, 40);
    EXPECT_EQ(brief.send(50, 53, 50).back(), order::unplaced);
}

TEST(FrameCounter, RepeatedCaptureTimesNeedMorePackets)
{
    sender each;
    each.send(0, 99);
    auto orders = each.send(0, 7);
    EXPECT_EQ(orders.back(), order::unplaced);
    orders.pop_back();
    EXPECT_EQ(orders, std::vector<order>(7, order::old));
    EXPECT_EQ(each.counter.frame(7), 7u);
    EXPECT_EQ(each.send(8, 9), std::vector<order>(2, order::next));
    EXPECT_TRUE(each.counter.is_unplaced());
    each.counter.adopt();
    EXPECT_FALSE(each.counter.is_unplaced());
}

//! Numbers that follow a clock, which was wrong for a while.
TEST(FrameCounter, ClockThatWasWrongIsBelievedAgainWhereTheCentralUnitIs)
{
    for (const std::uint64_t wrong : {100000, 700}) {
        sender each;
        each.send(0, 99);
        each.send(wrong, wrong + 3);
        auto later = each; // the central unit is further on at first
        auto lost = each;
        auto orders = each.send(100, 106, 0, 0, 105);
        EXPECT_EQ(orders, std::vector<order>(7, order::old));
        EXPECT_EQ(each.send(107, 107, 0, 0, 105), (std::vector<order>{order::placed}));
        EXPECT_FALSE(each.counter.is_placed() || each.counter.is_unplaced());
        EXPECT_EQ(each.counter.frame(107), 107u);
        EXPECT_EQ(each.send(108, 110), std::vector<order>(3, order::next));

        later.send(100, 107, 0, 0, 120);
        EXPECT_TRUE(later.counter.is_unplaced());
        orders = later.send(108, 120, 0, 0, 120);
        EXPECT_EQ(orders.back(), order::placed);
        orders.pop_back();
        EXPECT_EQ(orders, std::vector<order>(12, order::next));
        EXPECT_FALSE(later.counter.is_placed() || later.counter.is_unplaced());

        // Elsewhere nothing is believed, nor with other capture times.
        lost.send(100, 107, 0, 0, 1000);
        lost.send(108, 120, 0, 5 * interval_ns, 120);
        EXPECT_TRUE(lost.counter.is_unplaced());
    }
}

//! As of a clock that was behind for a while.
TEST(FrameCounter, ClockThatWasBehindIsBelievedAgain)
{
    sender each;
    each.send(1000, 1099);
    each.send(0, 20, 0, 0, 1110);
    EXPECT_TRUE(each.counter.is_unplaced());
    EXPECT_EQ(each.send(1130, 1130, 0, 0, 1130).back(), order::placed);
    EXPECT_FALSE(each.counter.is_placed() || each.counter.is_unplaced());
}

TEST(FrameCounter, WhoHasNotCountedAnewIsLeftBehind)
{
    sender each;
    each.send(0, 99);
    each.counter.adopt();
    EXPECT_EQ(each.send(100, 101), std::vector<order>(2, order::old));
    EXPECT_EQ(each.send(150, 153, 150).back(), order::placed);
    EXPECT_EQ(each.counter.frame(3), 3u);
    EXPECT_EQ(each.send(154, 154, 150).back(), order::next);

    sender none; // nothing to be behind of
    none.counter.adopt();
    EXPECT_EQ(none.send(5, 5), (std::vector<order>{order::next}));
}

TEST(FrameCounter, NumbersFarAheadAreToBeConfirmed)
{
    sender each;
    each.send(0, 9);
    const std::uint64_t far = std::uint64_t{1} << 40;
    EXPECT_EQ(each.counter.read(far, 10 * interval_ns, std::nullopt), order::old);
    EXPECT_EQ(each.send(11, 12), std::vector<order>(2, order::next));
}

} // namespace
} // namespace isac
} // namespace gr
