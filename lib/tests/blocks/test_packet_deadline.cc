// SPDX-License-Identifier: GPL-3.0-or-later
#include "packet_deadline.h"

#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>

namespace gr {
namespace isac {
namespace {

using heads = std::vector<std::optional<std::uint64_t>>;

const frame_clock::time_point start{std::chrono::seconds(100)};
const std::vector<bool> running{false, false};

frame_clock::time_point after(int milliseconds)
{
    return start + std::chrono::milliseconds(milliseconds);
}

TEST(PacketDeadline, CompleteFramesDoNotWait)
{
    packet_deadline deadline(0.05, 2);
    const auto turn = deadline.due(heads{7, 7}, running, start);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->frame, 7u);
    EXPECT_EQ(turn->present, (std::vector<bool>{true, true}));
}

TEST(PacketDeadline, MissingPacketIsWaitedForUntilTheDeadline)
{
    packet_deadline deadline(0.05, 2);
    EXPECT_FALSE(deadline.due(heads{std::nullopt, std::nullopt}, running, start));
    EXPECT_FALSE(deadline.due(heads{3, std::nullopt}, running, after(10)));
    EXPECT_FALSE(deadline.due(heads{3, std::nullopt}, running, after(59)));
    const auto turn = deadline.due(heads{3, std::nullopt}, running, after(60));
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->frame, 3u);
    EXPECT_EQ(turn->present, (std::vector<bool>{true, false}));
    deadline.note_used(3);

    EXPECT_TRUE(deadline.late(3));
    EXPECT_FALSE(deadline.late(4));
    deadline.note_used(5000);
    EXPECT_TRUE(deadline.late(0));

    // Every frame has its own time.
    deadline.note_heard(1, after(70));
    EXPECT_FALSE(deadline.due(heads{5001, std::nullopt}, running, after(70)));
    EXPECT_FALSE(deadline.due(heads{5001, std::nullopt}, running, after(110)));
    EXPECT_TRUE(deadline.due(heads{5001, std::nullopt}, running, after(120)));
}

TEST(PacketDeadline, DeadStreamIsWaitedForOnce)
{
    packet_deadline deadline(0.05, 2);
    EXPECT_FALSE(deadline.due(heads{0, std::nullopt}, running, start));
    for (std::uint64_t frame = 0; frame < 100; frame++) {
        ASSERT_TRUE(deadline.due(heads{frame, std::nullopt}, running, after(50)));
        deadline.note_used(frame);
    }
    // Something has come, if late: the next frame is waited for.
    deadline.note_heard(1, after(60));
    EXPECT_FALSE(deadline.due(heads{100, std::nullopt}, running, after(60)));
    const auto turn = deadline.due(heads{100, 100}, running, after(61));
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->present, (std::vector<bool>{true, true}));
    deadline.note_used(100);
    EXPECT_FALSE(deadline.due(heads{101, std::nullopt}, running, after(62)));
}

TEST(PacketDeadline, StreamThatIsAlwaysLateIsWaitedForOnceASecond)
{
    packet_deadline deadline(0.05, 2);
    int waits = 0;
    std::uint64_t frame = 0;
    for (int ms = 0; ms < 5000; ms++) { // a frame every millisecond, if nothing waits
        deadline.note_heard(1, after(ms));
        if (deadline.due(heads{frame, std::nullopt}, running, after(ms))) {
            deadline.note_used(frame++);
        } else {
            waits++;
        }
    }
    // Two at first, then one in each of the 4.9 s.
    EXPECT_EQ(waits, 6 * 50);
}

TEST(PacketDeadline, LaterFrameOrEndOfAStreamIsNotWaitedFor)
{
    packet_deadline deadline(3600.0, 2);
    auto turn = deadline.due(heads{4, 6}, running, start);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->frame, 4u);
    EXPECT_EQ(turn->present, (std::vector<bool>{true, false}));
    turn = deadline.due(heads{std::nullopt, 6}, {true, false}, start);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->present, (std::vector<bool>{false, true}));
}

TEST(PacketDeadline, FramesGoOnAfterTheLargestNumber)
{
    const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    packet_deadline deadline(0.05, 2);
    const auto turn = deadline.due(heads{0, largest}, running, start);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->frame, largest);
    EXPECT_EQ(turn->present, (std::vector<bool>{false, true}));
    deadline.note_used(largest);
    EXPECT_TRUE(deadline.late(largest));
    EXPECT_FALSE(deadline.late(0));
    deadline.start(); // anew
    EXPECT_FALSE(deadline.late(5));
}

TEST(PacketDeadline, RefusesWhatIsNoDeadline)
{
    EXPECT_FALSE(packet_deadline(0.0, 2).limited());
    EXPECT_TRUE(packet_deadline(1e-3, 2).limited());
    for (const double wrong : {-1.0, 3601.0, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(packet_deadline(wrong, 2), std::invalid_argument) << wrong;
    }
}

} // namespace
} // namespace isac
} // namespace gr
