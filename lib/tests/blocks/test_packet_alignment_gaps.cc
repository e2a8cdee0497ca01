/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Frames far ahead of the one that comes next: who has them is wrong, or all were silent.

#include "live_decoder.h"

#include <thread>

namespace gr {
namespace isac {
namespace test {
namespace {

//! The clock of access point 1, which its frame numbers follow, is wrong for two frames.
TEST_F(PacketAlignment, FrameFarAheadHoldsNobodyUpAndIsLeftBehind)
{
    live_decoder live(make(0.05));
    std::uint64_t frame = 0;
    const auto both = [&] {
        for (int m = 0; m < 2; m++) {
            live.feeds[m]->push(packets(m, {frame}));
        }
        frame++;
        return wait_for([&] { return live.decoder->frames() == frame; });
    };
    while (frame < 5) {
        ASSERT_TRUE(both());
    }
    live.feeds[1]->push(packets(1, {5000, 5001}));
    // The others are silent for less than a second: nobody believes it.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(live.decoder->frames(), 5u);
    EXPECT_TRUE(wait_for([&] {
        EXPECT_TRUE(both());
        return frame - live.decoder->frames_incomplete() >= 15; // complete ones
    }));
    const auto result = live.end();
    EXPECT_EQ(result.frames, range(0, frame));
    EXPECT_EQ(live.decoder->items_unmatched(), 2u);
    EXPECT_EQ(live.decoder->frames_lost(), 0u);
    const auto access_points = result.access_points();
    EXPECT_EQ(access_points[5], (std::vector<std::int32_t>{0}));
    EXPECT_EQ(access_points.back(), (std::vector<std::int32_t>{0, 1}));
}

//! All were silent meanwhile: nobody is waited for.
TEST_F(PacketAlignment, GapOfAllAccessPointsIsNoReasonToWait)
{
    const auto decoder = make(never_s);
    auto frames = range(0, 3);
    frames.push_back(5000);
    frames.push_back(5001);
    const auto result = run_decoder(decoder, {packets(0, frames), packets(1, frames)});
    EXPECT_EQ(result.frames, frames);
    EXPECT_EQ(result.access_points(), lists(5, {0, 1}));
    EXPECT_EQ(decoder->frames_lost(), 4997u);
}

//! Access point 0 is gone, and access point 1 comes back after a while.
TEST_F(PacketAlignment, WhoIsAloneAndFarAheadIsFollowedAfterASecond)
{
    live_decoder live(make(0.05));
    for (int m = 0; m < 2; m++) {
        live.feeds[m]->push(packets(m, range(0, 5)));
    }
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 5; }));
    live.feeds[1]->push(packets(1, range(5000, 5010)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 15; }));
    const auto result = live.end();
    EXPECT_EQ(result.frames.back(), 5009u);
    EXPECT_EQ(result.access_points().back(), (std::vector<std::int32_t>{1}));
}

} // namespace
} // namespace test
} // namespace isac
} // namespace gr
