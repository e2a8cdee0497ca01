// SPDX-License-Identifier: GPL-3.0-or-later
#include <qt/map_frames.h>

#include "map_scenario.h"

#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace gr {
namespace isac {
namespace {

using std::chrono::milliseconds;
using test::map_scenario;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

//! Two targets of small.yml: locations (m), velocities (m/s).
std::vector<float> truth() { return {10, 20, 80, 70, 1, 2, -3, 4}; }

//! The truth with the first target off by (dx, dy) m, in the other order.
std::vector<float> estimate(float dx, float dy)
{
    return {80, 70, 10 + dx, 20 + dy, -3, 4, 1, 2};
}

error_history::time at(int ms) { return error_history::time(milliseconds(1000 + ms)); }

std::vector<std::uint64_t> numbers(const map_frames& frames)
{
    std::vector<std::uint64_t> all;
    for (const auto& each : frames.settled()) {
        all.push_back(each->frame);
    }
    return all;
}

TEST(MapFrames, TruthThatRunsAheadIsPairedByFrame)
{
    map_frames frames(map_scenario(), 1, true, false);
    for (std::uint64_t f = 0; f < 100; f++) {
        frames.add_truth(f, truth().data());
    }
    EXPECT_TRUE(frames.settled().empty());
    for (std::uint64_t f = 0; f < 100; f++) {
        frames.add_estimate(0, f, estimate(3, 4).data(), at(0));
        EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{f});
    }
    EXPECT_EQ(frames.frames(), 100u);
    EXPECT_EQ(frames.frames_incomplete(), 0u);
    // Matched with the other order, the errors are 5 m and nothing, in the median 2.5 m.
    EXPECT_EQ(frames.settled()[0]->estimates[0].match, (std::vector<std::size_t>{1, 0}));
    EXPECT_DOUBLE_EQ(frames.location(0).recent().value(), 2.5);
    EXPECT_DOUBLE_EQ(frames.velocity(0).recent().value(), 0.0);
}

TEST(MapFrames, EstimatesThatComeBeforeTheTruthWaitForIt)
{
    map_frames frames(map_scenario(), 1, true, true);
    const std::vector<float> bound{0.5f, 1.5f, 2.0f, 4.0f};
    frames.add_estimate(0, 7, estimate(0, 0).data(), at(0));
    frames.add_bound(7, bound.data());
    EXPECT_TRUE(frames.settled().empty());
    frames.add_truth(7, truth().data());
    EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{7});
    EXPECT_DOUBLE_EQ(frames.location(1).recent().value(), 1.0);
    EXPECT_DOUBLE_EQ(frames.velocity(1).recent().value(), 3.0);
}

TEST(MapFrames, WhatIsDrawnIsWhatAllStreamsHave)
{
    map_frames frames(map_scenario(), 2, true, false);
    frames.set_trail(2);
    for (std::uint64_t f = 0; f < 10; f++) {
        frames.add_truth(f, truth().data());
        frames.add_estimate(0, f, estimate(0, 0).data(), at(0));
    }
    EXPECT_TRUE(frames.settled().empty());
    for (std::uint64_t f = 0; f < 5; f++) {
        frames.add_estimate(1, f, estimate(1, 0).data(), at(1));
    }
    EXPECT_EQ(numbers(frames), (std::vector<std::uint64_t>{2, 3, 4}));
    EXPECT_EQ(frames.frames(), 5u);
    frames.set_trail(0);
    EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{4});
}

TEST(MapFrames, FramesThatAStreamLeavesOutAreDrawnWithoutIt)
{
    // One has the even frames, the other the odd ones.
    map_frames frames(map_scenario(), 2, false, false);
    frames.set_trail(10);
    for (std::uint64_t f = 0; f < 6; f++) {
        frames.add_estimate(f % 2, f, estimate(0, 0).data(), at(0));
    }
    EXPECT_EQ(numbers(frames), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(frames.frames(), 0u);
    EXPECT_EQ(frames.frames_incomplete(), 5u);
    EXPECT_TRUE(frames.settled()[1]->estimates[0].values.empty());
    EXPECT_FALSE(frames.settled()[1]->estimates[1].values.empty());
}

TEST(MapFrames, LostFramesAreCounted)
{
    map_frames frames(map_scenario(), 1, true, false);
    for (std::uint64_t f = 0; f < 10; f++) {
        frames.add_truth(f, truth().data());
    }
    frames.add_estimate(0, 3, estimate(0, 0).data(), at(0));
    frames.add_estimate(0, 9, estimate(0, 0).data(), at(0));
    EXPECT_EQ(frames.frames(), 2u);
    EXPECT_EQ(frames.frames_incomplete(), 8u);
}

TEST(MapFrames, AStreamThatIsSilentOrHasEndedIsNotWaitedFor)
{
    for (const bool ended : {false, true}) {
        map_frames frames(map_scenario(), 2, false, false);
        frames.add_estimate(0, 0, estimate(0, 0).data(), at(0));
        frames.add_estimate(1, 0, estimate(0, 0).data(), at(0));
        if (ended) {
            frames.end(1);
        }
        frames.add_estimate(0, 1, estimate(0, 0).data(), at(9000));
        EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{ended ? 1u : 0u});
        frames.add_estimate(0, 2, estimate(0, 0).data(), at(11000));
        EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{2});
    }
}

TEST(MapFrames, WhenAStreamEndsWhatWaitedForItIsDrawn)
{
    map_frames frames(map_scenario(), 2, false, false);
    frames.set_trail(5);
    for (std::uint64_t f = 0; f < 3; f++) {
        frames.add_estimate(0, f, estimate(0, 0).data(), at(0));
    }
    frames.add_estimate(1, 0, estimate(0, 0).data(), at(0));
    EXPECT_EQ(numbers(frames), std::vector<std::uint64_t>{0});
    frames.end(1);
    EXPECT_EQ(numbers(frames), (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(MapFrames, NumbersThatFallBeginANewRun)
{
    map_frames frames(map_scenario(), 1, false, false);
    frames.set_trail(5);
    for (std::uint64_t f : {100, 101, 0, 1}) {
        frames.add_estimate(0, f, estimate(0, 0).data(), at(0));
    }
    EXPECT_EQ(numbers(frames), (std::vector<std::uint64_t>{0, 1}));
    EXPECT_EQ(frames.frames(), 4u);
}

TEST(MapFrames, WhatIsNotFiniteIsKeptButNotScored)
{
    map_frames frames(map_scenario(), 1, true, false);
    auto values = estimate(0, 0);
    values[0] = nan;
    frames.add_truth(0, truth().data());
    frames.add_estimate(0, 0, values.data(), at(0));
    ASSERT_EQ(numbers(frames), std::vector<std::uint64_t>{0});
    EXPECT_TRUE(frames.settled()[0]->estimates[0].match.empty());
    EXPECT_FALSE(frames.location(0).recent());
}

estimate_pdu pdu(std::uint64_t frame, std::vector<float> values)
{
    estimate_pdu all;
    all.frame = frame;
    all.values = std::move(values);
    all.confidence = {0.25f, 0.75f};
    all.covariance.assign(32, 2.0f);
    all.access_points = std::vector<std::int32_t>{1};
    return all;
}

TEST(MapFrames, APduGoesWithTheStreamOfItsValuesWheneverItComes)
{
    for (const int when : {0, 1, 2}) { // before, while the frame is open, after it
        map_frames frames(map_scenario(), 2, false, false);
        const auto add = [&](int now) {
            if (now == when) {
                frames.add_pdu(pdu(5, estimate(1, 1)));
            }
        };
        add(0);
        frames.add_estimate(1, 5, estimate(1, 1).data(), at(0));
        add(1);
        frames.add_estimate(0, 5, estimate(0, 0).data(), at(0));
        add(2);
        const map_frame& frame = *frames.settled().back();
        EXPECT_TRUE(frame.estimates[0].confidence.empty()) << when;
        EXPECT_EQ(frame.estimates[1].confidence, (std::vector<float>{0.25f, 0.75f}))
            << when;
        EXPECT_EQ(frame.estimates[1].covariance.size(), 32u) << when;
        EXPECT_EQ(frame.estimates[1].access_points, (std::vector<std::int32_t>{1}));
    }
}

TEST(MapFrames, AFrameThatIsPaintedDoesNotChange)
{
    map_frames frames(map_scenario(), 1, false, false);
    frames.add_estimate(0, 5, estimate(0, 0).data(), at(0));
    const auto painted = frames.settled().back();
    frames.add_pdu(pdu(5, estimate(0, 0)));
    EXPECT_TRUE(painted->estimates[0].confidence.empty());
    EXPECT_FALSE(frames.settled().back()->estimates[0].confidence.empty());
}

TEST(MapFrames, WhatWaitsIsBounded)
{
    map_frames frames(map_scenario(), 1, true, false);
    const auto most = map_frames::most_open;
    for (std::uint64_t f = 0; f < most + 10; f++) {
        frames.add_truth(f, truth().data());
    }
    EXPECT_EQ(frames.frames_incomplete(), 10u);
    frames.add_estimate(0, 10, estimate(0, 0).data(), at(0));
    EXPECT_EQ(frames.frames(), 1u);
}

TEST(MapFrames, AMapHasAStream)
{
    EXPECT_THROW(map_frames(map_scenario(), 0, true, false), std::invalid_argument);
}

} // namespace
} // namespace isac
} // namespace gr
