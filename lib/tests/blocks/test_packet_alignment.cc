/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which packets the central unit puts together, and who is left out, in the fusion decoder.

#include "captured_log.h"
#include "decoder_flow.h"

#include <condition_variable>
#include <deque>
#include <gnuradio/sync_block.h>
#include <limits>
#include <mutex>

namespace gr {
namespace isac {
namespace test {
namespace {

using numbers = std::vector<std::uint64_t>;
using lists = std::vector<std::vector<std::int32_t>>;

//! Longer than any test: what is left out was never waited for.
constexpr double never_s = 3600.0;

numbers range(std::uint64_t from, std::uint64_t to)
{
    numbers values;
    for (std::uint64_t i = from; i < to; i++) {
        values.push_back(i);
    }
    return values;
}

bytes concat(bytes first, const bytes& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

//! Brings packets when the test hands them over.
class packet_feed : public gr::sync_block
{
public:
    using sptr = std::shared_ptr<packet_feed>;

    explicit packet_feed(std::size_t size)
        : gr::sync_block("packet_feed",
                         gr::io_signature::make(0, 0, 0),
                         gr::io_signature::make(1, 1, static_cast<int>(size))),
          d_size(size)
    {
    }

    void push(const bytes& packets)
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_bytes.insert(d_bytes.end(), packets.begin(), packets.end());
        d_changed.notify_one();
    }
    void close()
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        d_closed = true;
        d_changed.notify_one();
    }

    int work(int noutput_items,
             gr_vector_const_void_star&,
             gr_vector_void_star& output_items) override
    {
        std::unique_lock<std::mutex> lock(d_mutex);
        d_changed.wait_for(lock, std::chrono::milliseconds(20), [this] {
            return d_closed || !d_bytes.empty();
        });
        const auto count =
            std::min(d_bytes.size() / d_size, static_cast<std::size_t>(noutput_items));
        if (count == 0) {
            return d_closed ? WORK_DONE : 0;
        }
        const auto end = d_bytes.begin() + static_cast<std::ptrdiff_t>(count * d_size);
        std::copy(d_bytes.begin(), end, static_cast<std::uint8_t*>(output_items[0]));
        d_bytes.erase(d_bytes.begin(), end);
        return static_cast<int>(count);
    }

private:
    const std::size_t d_size;
    std::mutex d_mutex;
    std::condition_variable d_changed;
    std::deque<std::uint8_t> d_bytes;
    bool d_closed = false;
};

//! A decoder whose packets come when the test says so.
struct live_decoder {
    explicit live_decoder(fusion_decoder::sptr made)
        : decoder(std::move(made)),
          top(gr::make_top_block("live")),
          sink(blocks::vector_sink_f::make(8)),
          messages(blocks::message_debug::make())
    {
        for (int m = 0; m < 2; m++) {
            feeds.push_back(
                gnuradio::make_block_sptr<packet_feed>(decoder->packet_size()));
            top->connect(feeds[m], 0, decoder, m);
        }
        top->connect(decoder, 0, sink, 0);
        top->msg_connect(decoder, "estimates", messages, "store");
        top->start();
    }

    //! End all streams and wait for what comes out.
    decoded end()
    {
        for (const auto& feed : feeds) {
            feed->close();
        }
        top->wait();
        return decoded_of(sink, messages);
    }

    fusion_decoder::sptr decoder;
    gr::top_block_sptr top;
    std::vector<packet_feed::sptr> feeds;
    blocks::vector_sink_f::sptr sink;
    blocks::message_debug::sptr messages;
};

class PacketAlignment : public testing::Test
{
protected:
    const cfisac::Scenario scenario = small_scenario();
    const std::string file = small_model(small_grid(), "pilot");
    const cfisac::nn::Model model = cfisac::nn::Model::load(file);

    fusion_decoder::sptr make(double deadline_s,
                              const std::vector<int>& absent = {},
                              int batch = 1) const
    {
        return fusion_decoder::make(
            scenario, file, "cpu", absent, "float32", false, batch, deadline_s);
    }
    bytes packets(int access_point, const numbers& frames, std::uint64_t start = 0) const
    {
        return make_packets(model, access_point, frames, start);
    }

    //! Estimates of these frames by these access points, by a decoder without a deadline.
    std::vector<std::vector<float>> wanted(const numbers& frames,
                                           const std::vector<int>& access_points) const
    {
        std::vector<int> absent;
        std::vector<bytes> streams;
        for (int m = 0; m < 2; m++) {
            if (std::count(access_points.begin(), access_points.end(), m) > 0) {
                streams.push_back(packets(m, frames));
            } else {
                absent.push_back(m);
            }
        }
        return run_decoder(make(0.0, absent), streams).estimates;
    }
    //! Every estimate is that of its frame's packets, bit by bit.
    void expect_made_of(const decoded& result,
                        const numbers& contents,
                        const lists& access_points) const
    {
        ASSERT_EQ(result.estimates.size(), contents.size());
        ASSERT_EQ(result.access_points(), access_points);
        for (std::size_t i = 0; i < contents.size(); i++) {
            EXPECT_EQ(
                result.estimates[i],
                wanted({contents[i]}, {access_points[i].begin(), access_points[i].end()})
                    .at(0))
                << "item " << i;
        }
    }
};

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
