/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which packets the central unit puts together, and who is left out, in the fusion decoder.

#include "captured_log.h"
#include "live_decoder.h"

#include <limits>

namespace gr {
namespace isac {
namespace test {
namespace {

TEST_F(PacketAlignment, DeadlineChangesNothingWhereAllCome)
{
    const auto frames = range(0, 6);
    for (const double deadline_s : {0.0, never_s}) {
        const auto decoder = make(deadline_s);
        const auto result =
            run_decoder(decoder, {packets(0, frames), packets(1, frames)});
        EXPECT_EQ(result.frames, frames);
        EXPECT_EQ(result.estimates, wanted(frames, {0, 1}));
        EXPECT_EQ(result.access_points(), lists(6, {0, 1}));
        EXPECT_EQ(decoder->frames_incomplete(), 0u);
        EXPECT_EQ(decoder->packets_late() + decoder->duplicates(), 0u);
    }
}

TEST_F(PacketAlignment, MissingAccessPointIsMasked)
{
    for (const int batch : {1, 4}) {
        captured_log log;
        const auto decoder = make(never_s, {}, batch);
        auto damaged = packets(1, {0, 1, 3, 4, 5});
        damaged[3 * decoder->packet_size() + 60] ^= 0x10; // frame 4
        const auto result = run_decoder(decoder, {packets(0, range(0, 6)), damaged});
        EXPECT_EQ(result.frames, range(0, 6));
        if (batch == 1) {
            expect_made_of(
                result, range(0, 6), {{0, 1}, {0, 1}, {0}, {0, 1}, {0}, {0, 1}});
        }
        EXPECT_EQ(decoder->frames_incomplete(), 2u);
        EXPECT_EQ(decoder->frames_lost(), 0u);
        EXPECT_EQ(decoder->refusals().at("bad_crc"), 1u);
        EXPECT_TRUE(log.has("receive access point 1 is missing from frame 2 on"));
        EXPECT_TRUE(log.has("receive access point 1 is back at frame 3"));
        EXPECT_FALSE(log.has("receive access point 0"));
    }
}

TEST_F(PacketAlignment, PacketsThatComeTwiceOrBehindTheirSuccessorAreDropped)
{
    for (const double deadline_s : {0.0, never_s}) {
        const auto decoder = make(deadline_s);
        const auto result = run_decoder(
            decoder, {packets(0, {0, 1, 1, 1, 2, 4, 3, 5}), packets(1, range(0, 6))});
        if (deadline_s > 0.0) {
            EXPECT_EQ(result.frames, range(0, 6));
            expect_made_of(
                result, range(0, 6), {{0, 1}, {0, 1}, {0, 1}, {1}, {0, 1}, {0, 1}});
            EXPECT_EQ(decoder->frames_incomplete(), 1u);
            EXPECT_EQ(decoder->items_unmatched(), 0u);
        } else {
            EXPECT_EQ(result.frames, (numbers{0, 1, 2, 4, 5}));
            EXPECT_EQ(decoder->frames_lost(), 1u);
            EXPECT_EQ(decoder->items_unmatched(), 1u);
        }
        EXPECT_EQ(decoder->duplicates(), 2u);
        EXPECT_EQ(decoder->packets_late(), 1u);
        EXPECT_EQ(decoder->packets_refused(), 0u);
    }
}

TEST_F(PacketAlignment, LatePacketIsNotWaitedForAndDropped)
{
    live_decoder live(make(0.5));
    live.feeds[0]->push(packets(0, {0}));
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 1; }));
    live.feeds[1]->push(packets(1, {0}));
    EXPECT_TRUE(wait_for([&] { return live.decoder->packets_late() == 1; }));
    live.feeds[1]->push(packets(1, {1}));
    live.feeds[0]->push(packets(0, {1}));
    const auto result = live.end();
    EXPECT_EQ(result.frames, range(0, 2));
    expect_made_of(result, range(0, 2), {{0}, {0, 1}});
    EXPECT_EQ(live.decoder->frames_incomplete(), 1u);
}

TEST_F(PacketAlignment, StalledStreamHoldsNothingUpAndIsTakenBack)
{
    captured_log log;
    live_decoder live(make(0.1));
    live.feeds[0]->push(packets(0, range(0, 5)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 5; }));
    // What it has kept back is late, but for the last.
    live.feeds[1]->push(packets(1, range(0, 6)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->packets_late() == 5; }));
    live.feeds[0]->push(packets(0, {5}));
    const auto result = live.end();
    ASSERT_EQ(result.frames.size(), 6u);
    EXPECT_EQ(numbers(result.frames.begin(), result.frames.begin() + 5), range(0, 5));
    EXPECT_EQ(live.decoder->packets_late(), 5u + (result.access_points()[5].size() == 1));
    EXPECT_GE(live.decoder->frames_incomplete(), 5u);
    EXPECT_TRUE(log.has("receive access point 1 is missing from frame 0 on"));
    EXPECT_TRUE(log.has("receive access point 1 is back at frame 5"));
}

TEST_F(PacketAlignment, NumbersGoOnAfterTheLargest)
{
    const std::uint64_t start = 3; // its frame 0 has the number 2^64 - 3
    for (const double deadline_s : {0.0, never_s}) {
        const auto decoder = make(deadline_s);
        const auto result = run_decoder(
            decoder,
            {packets(0, range(0, 8), start), packets(1, {0, 1, 3, 4, 6, 7}, start)});
        if (deadline_s > 0.0) {
            const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
            EXPECT_EQ(result.frames,
                      (numbers{largest - 2, largest - 1, largest, 0, 1, 2, 3, 4}));
            expect_made_of(result,
                           range(0, 8),
                           {{0, 1}, {0, 1}, {0}, {0, 1}, {0, 1}, {0}, {0, 1}, {0, 1}});
            EXPECT_EQ(decoder->frames_lost(), 0u);
        } else {
            EXPECT_EQ(result.estimates.size(), 6u);
            expect_made_of(result, {0, 1, 3, 4, 6, 7}, lists(6, {0, 1}));
            EXPECT_EQ(decoder->frames_lost(), 2u);
        }
        EXPECT_EQ(decoder->packets_late(), 0u);
    }
}

//! Access point 1 is gone for frames 8 and 9 and then counts from 0 again.
TEST_F(PacketAlignment, RestartedCounterIsTakenBackByItsCaptureTimes)
{
    for (const double deadline_s : {0.0, never_s}) {
        captured_log log;
        const auto decoder = make(deadline_s);
        const auto result =
            run_decoder(decoder,
                        {packets(0, range(0, 20)),
                         concat(packets(1, range(0, 8)), packets(1, range(10, 20), 10))});
        lists access_points(20, {0, 1});
        numbers frames = range(0, 20);
        if (deadline_s > 0.0) {
            std::fill(access_points.begin() + 8,
                      access_points.begin() + 13,
                      std::vector<std::int32_t>{0});
            EXPECT_EQ(decoder->frames_incomplete(), 5u);
            EXPECT_EQ(decoder->frames_lost(), 0u);
        } else {
            access_points.resize(15);
            frames.erase(frames.begin() + 8, frames.begin() + 13);
            EXPECT_EQ(decoder->frames_lost(), 5u);
        }
        EXPECT_EQ(result.frames, frames);
        expect_made_of(result, frames, access_points);
        EXPECT_EQ(decoder->packets_late(), 3u); // until it was sure
        EXPECT_TRUE(
            log.has("receive access point 1 counts anew, and takes part again: its "
                    "frame 3 is frame 13"));
    }
}

//! As when the transmitters have started anew: frames 8 and 9 were not sent.
TEST_F(PacketAlignment, FramesAreNumberedAnewWhenAllAccessPointsDo)
{
    for (const double deadline_s : {0.0, never_s}) {
        captured_log log;
        const auto decoder = make(deadline_s);
        std::vector<bytes> streams;
        for (int m = 0; m < 2; m++) {
            streams.push_back(
                concat(packets(m, range(0, 8)), packets(m, range(10, 20), 10)));
        }
        const auto result = run_decoder(decoder, streams);
        auto frames = range(0, 8);
        auto contents = range(0, 8);
        for (std::uint64_t i = 3; i < 10; i++) { // after those that make it sure
            frames.push_back(i);
            contents.push_back(10 + i);
        }
        EXPECT_EQ(result.frames, frames);
        expect_made_of(result, contents, lists(15, {0, 1}));
        EXPECT_EQ(decoder->packets_late(), 6u);
        EXPECT_EQ(decoder->frames_lost(), 0u);
        EXPECT_EQ(decoder->frames_incomplete(), 0u);
        EXPECT_TRUE(log.has("numbered by the new count of the access points"));
    }
}

//! As when a recording is played again: its capture times start again, too.
TEST_F(PacketAlignment, RepeatedRecordingIsTakenUpAgain)
{
    for (const double deadline_s : {0.0, never_s}) {
        const auto decoder = make(deadline_s);
        std::vector<bytes> streams;
        for (int m = 0; m < 2; m++) {
            streams.push_back(concat(packets(m, range(0, 12)), packets(m, range(0, 12))));
        }
        const auto result = run_decoder(decoder, streams);
        auto frames = range(0, 12);
        const auto second = range(7, 12);
        frames.insert(frames.end(), second.begin(), second.end());
        EXPECT_EQ(result.frames, frames);
        expect_made_of(result, frames, lists(17, {0, 1}));
        EXPECT_EQ(decoder->packets_late(), 14u);
    }
}

//! Access point 1 and its clock start again: which frames these are cannot be known.
TEST_F(PacketAlignment, UnknownFramesAreNotPairedUntilTheOthersAreGone)
{
    captured_log log;
    live_decoder live(make(0.5));
    for (int m = 0; m < 2; m++) {
        live.feeds[m]->push(packets(m, range(0, 12)));
    }
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 12; }));
    const auto incomplete = live.decoder->frames_incomplete();
    live.feeds[0]->push(packets(0, range(12, 16)));
    live.feeds[1]->push(packets(1, range(0, 10)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() == 16; }));
    EXPECT_EQ(live.decoder->frames_incomplete(), incomplete + 4);
    EXPECT_TRUE(
        log.has("receive access point 1 counts anew, and its capture times do not "
                "tell which frame its frame 7 is"));

    // Nobody else is there: its count is as good as any.
    live.feeds[1]->push(packets(1, range(10, 13)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->frames() >= 19; }));
    EXPECT_TRUE(log.has("numbered by the new count of the access points"));
    // Whoever goes on in the old count is left out, and taken back when it starts again.
    const auto late = live.decoder->packets_late();
    live.feeds[0]->push(packets(0, range(16, 18)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->packets_late() == late + 2; }));
    live.feeds[0]->push(packets(0, range(5, 14)));
    EXPECT_TRUE(wait_for([&] { return live.decoder->packets_late() >= late + 9; }));
    live.feeds[1]->push(packets(1, {13}));
    const auto result = live.end();
    const auto access_points = result.access_points();
    for (std::size_t i = 12; i < 16; i++) {
        EXPECT_EQ(result.frames[i], i);
        EXPECT_EQ(access_points[i], (std::vector<std::int32_t>{0}));
    }
    for (std::size_t i = 16; i < access_points.size(); i++) {
        const bool last = result.frames[i] == 13;
        EXPECT_TRUE(last || access_points[i] == (std::vector<std::int32_t>{1}));
    }
    EXPECT_EQ(result.frames.back(), 13u);
}

TEST_F(PacketAlignment, SameNumberAtTwoInputsIsRefusedNamingBoth)
{
    captured_log log;
    const auto decoder = make(never_s);
    const auto result =
        run_decoder(decoder, {packets(0, range(0, 4)), packets(0, range(0, 4))});
    EXPECT_EQ(decoder->refusals().at("wrong_access_point"), 4u);
    EXPECT_EQ(result.access_points(), lists(4, {0}));
    EXPECT_TRUE(log.has("packet at input 1 refused: wrong_access_point, it is of receive "
                        "access point 0, whose packets come at input 0, and not of 1"));
}

TEST_F(PacketAlignment, TransmitFramesAreThoseOfTheFrame)
{
    const std::string dense = small_model(small_dense(), "raw");
    const auto dense_model = cfisac::nn::Model::load(dense);
    const at::Tensor sent = sent_frames(scenario, 1, 6);
    const auto all = range(0, 6);
    const auto run = [&](const std::vector<int>& absent,
                         double deadline_s,
                         const std::vector<bytes>& streams,
                         const std::vector<tag_t>& tags = {}) {
        const auto decoder = fusion_decoder::make(
            scenario, dense, "cpu", absent, "float32", false, 1, deadline_s);
        const auto result = run_decoder(decoder, streams, sent, tags);
        EXPECT_EQ(decoder->error(), "");
        return std::make_pair(result, decoder);
    };
    const auto first = make_packets(dense_model, 0, all);
    const auto second = make_packets(dense_model, 1, all);
    const auto both = run({}, 0.0, {first, second}).first;
    const auto alone = run({1}, 0.0, {first}).first;
    ASSERT_EQ(both.frames, all);

    const auto masked =
        run({}, never_s, {first, make_packets(dense_model, 1, {0, 1, 3, 5})}).first;
    ASSERT_EQ(masked.frames, all);
    for (const std::uint64_t frame : all) {
        const bool complete = frame != 2 && frame != 4;
        EXPECT_EQ(masked.estimates[frame], (complete ? both : alone).estimates[frame]);
    }

    // Frame 2 was not sent: the third item is frame 3.
    std::vector<tag_t> tags;
    for (std::uint64_t item = 2; item < 6; item++) {
        tags.push_back(make_tag(item, names::frame(), pmt::from_uint64(item + 1)));
    }
    for (const double deadline_s : {0.0, never_s}) {
        const auto [result, decoder] = run({}, deadline_s, {first, second}, tags);
        EXPECT_EQ(result.frames, (numbers{0, 1, 3, 4, 5}));
        EXPECT_EQ(decoder->items_unmatched(), 2u); // its packets
        EXPECT_EQ(decoder->frames_lost(), 1u);
    }
}

TEST_F(PacketAlignment, RefusesWhatIsNoDeadline)
{
    for (const double wrong : {-1.0, 3601.0, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(make(wrong), std::invalid_argument) << wrong;
    }
}

} // namespace
} // namespace test
} // namespace isac
} // namespace gr
