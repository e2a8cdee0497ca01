/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_LIVE_DECODER_H
#define INCLUDED_ISAC_TEST_LIVE_DECODER_H

#include "decoder_flow.h"

#include <boost/thread/thread.hpp>
#include <condition_variable>
#include <deque>
#include <gnuradio/sync_block.h>
#include <mutex>

namespace gr {
namespace isac {
namespace test {

using numbers = std::vector<std::uint64_t>;
using lists = std::vector<std::vector<std::int32_t>>;

//! Longer than any test: what is left out was never waited for.
constexpr double never_s = 3600.0;

inline numbers range(std::uint64_t from, std::uint64_t to)
{
    numbers values;
    for (std::uint64_t i = from; i < to; i++) {
        values.push_back(i);
    }
    return values;
}

inline bytes concat(bytes first, const bytes& second)
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
        // GNU Radio asks a source that has returned nothing after a quarter of a second.
        while (!d_closed && d_bytes.empty()) {
            d_changed.wait_for(lock, std::chrono::milliseconds(20));
            boost::this_thread::interruption_point();
        }
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

} // namespace test
} // namespace isac
} // namespace gr

#endif
