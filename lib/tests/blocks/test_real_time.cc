/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chain.h"
#include "real_time.h"

#include <gnuradio/sync_block.h>

namespace gr {
namespace isac {
namespace test {

//! Takes an item and then its time.
class slow_sink : public gr::sync_block
{
public:
    slow_sink(std::size_t size, double seconds)
        : gr::sync_block("slow_sink",
                         gr::io_signature::make(1, 1, static_cast<int>(size)),
                         gr::io_signature::make(0, 0, 0)),
          d_time(seconds)
    {
    }

    int work(int, gr_vector_const_void_star&, gr_vector_void_star&) override
    {
        std::this_thread::sleep_for(d_time);
        d_items++;
        return 1;
    }

    std::uint64_t items() const { return d_items; }

private:
    const std::chrono::duration<double> d_time;
    std::atomic<std::uint64_t> d_items{0};
};

//! A channel in real time that gets frames as fast as it takes them.
struct paced_channel {
    explicit paced_channel(std::int64_t frames)
        : scenario(small_scenario()),
          top(gr::make_top_block("channel")),
          channel(bistatic_channel::make(scenario, 1, "cpu", true)),
          truth(blocks::vector_sink_f::make(8))
    {
        const auto sources =
            frame_sources(sent_frames(scenario, 1, 1)
                              .repeat(std::vector<std::int64_t>{frames, 1, 1, 1, 1}));
        for (int i = 0; i < 2; i++) {
            top->connect(sources[i], 0, channel, i);
        }
        top->connect(channel, 2, truth, 0);
    }

    std::size_t item_size() const
    {
        return scenario.receive_frame_size() * sizeof(gr_complex);
    }

    //! Connect the echoes to sinks that take `seconds` for each.
    std::vector<std::shared_ptr<slow_sink>> connect_sinks(double seconds)
    {
        std::vector<std::shared_ptr<slow_sink>> sinks;
        for (int m = 0; m < 2; m++) {
            sinks.push_back(gnuradio::make_block_sptr<slow_sink>(item_size(), seconds));
            top->connect(channel, m, sinks[m], 0);
        }
        return sinks;
    }

    //! Capture times in the tags of the truth, s.
    std::vector<double> times() const
    {
        std::vector<double> seconds;
        for (const auto& value : tag_values(truth->tags(), names::rx_time())) {
            seconds.push_back(
                static_cast<double>(pmt::to_uint64(pmt::tuple_ref(value, 0))) +
                pmt::to_double(pmt::tuple_ref(value, 1)));
        }
        return seconds;
    }

    cfisac::Scenario scenario;
    gr::top_block_sptr top;
    bistatic_channel::sptr channel;
    blocks::vector_sink_f::sptr truth;
};

TEST(RealTime, ChannelReleasesFramesAtTheInterval)
{
    constexpr std::uint64_t frames = 200;
    paced_channel paced(frames);
    paced.connect_sinks(0.0);
    const double interval_s = paced.scenario.waveform.interval_s();
    const auto start = frame_clock::now();
    paced.top->run();
    const std::chrono::duration<double> elapsed = frame_clock::now() - start;
    ASSERT_EQ(paced.channel->error(), "");

    const auto times = paced.times();
    EXPECT_EQ(times.size() + paced.channel->frames_skipped(), frames);
    ASSERT_GT(times.size(), 10u);
    for (std::size_t i = 1; i < times.size(); i++) {
        const double steps = (times[i] - times[i - 1]) / interval_s;
        EXPECT_GT(steps, 0.5);
        EXPECT_NEAR(steps, std::round(steps), 1e-3); // on the grid, without drift
    }
    EXPECT_GE(elapsed.count(), times.back() - times.front());
    EXPECT_GE(elapsed.count(), interval_s * static_cast<double>(times.size()));
}

TEST(RealTime, ChannelSkipsFramesThatNobodyIsReadyFor)
{
    constexpr std::uint64_t frames = 300;
    paced_channel paced(frames);
    const double interval_s = paced.scenario.waveform.interval_s();
    const auto sinks = paced.connect_sinks(20 * interval_s);
    paced.top->run();
    const auto released = paced.times().size();
    EXPECT_GT(paced.channel->frames_skipped(), 0u);
    EXPECT_EQ(released + paced.channel->frames_skipped(), frames);
    EXPECT_EQ(sinks[0]->items(), released);

    // The numbers go on, so that whoever reads them sees the gaps.
    const auto numbers = tag_values(paced.truth->tags(), names::frame());
    ASSERT_EQ(numbers.size(), released);
    std::uint64_t last = 0;
    for (const auto& number : numbers) {
        EXPECT_GE(pmt::to_uint64(number), last);
        last = pmt::to_uint64(number) + 1;
    }
    EXPECT_EQ(last, frames); // what comes last is never skipped
}

TEST(RealTime, EncoderAndDecoderKeepTheLatestFrames)
{
    const auto scenario = small_scenario();
    const std::string model = small_model(small_grid(), "pilot");
    const at::Tensor echoes = at::randn({400, 4, 16, 16}, at::kComplexFloat);
    auto top = gr::make_top_block("receivers");
    auto decoder = fusion_decoder::make(scenario, model, "cpu", {}, "float32", true);
    std::vector<dvqvae_encoder::sptr> encoders;
    for (int m = 0; m < 2; m++) {
        encoders.push_back(
            dvqvae_encoder::make(scenario, model, m, 0, "cpu", false, "float32", true));
        top->connect(blocks::vector_source_c::make(
                         to_samples(echoes), false, scenario.receive_frame_size()),
                     0,
                     encoders[m],
                     0);
        top->connect(encoders[m], 0, decoder, m);
    }
    auto sink = blocks::vector_sink_f::make(8);
    top->connect(decoder, 0, sink, 0);
    top->run();
    for (const auto& encoder : encoders) {
        EXPECT_EQ(encoder->error(), "");
        EXPECT_GT(encoder->frames(), 0u);
        EXPECT_GT(encoder->frames_skipped(), 0u); // the source is far ahead
        EXPECT_EQ(encoder->frames() + encoder->frames_skipped(), 400u);
    }
    EXPECT_EQ(sink->data().size(), 8 * decoder->frames());
}

TEST(RealTime, WithoutItNothingIsSkippedOrMeasured)
{
    chain flow(small_scenario(), small_model(small_grid(), "reference"), 20);
    flow.top->run();
    EXPECT_EQ(flow.errors(), "");
    EXPECT_EQ(flow.decoder->frames(), 20u);
    EXPECT_EQ(flow.channel->frames_skipped() + flow.channel->intervals_missed() +
                  flow.decoder->frames_skipped() + flow.encoders[0]->frames_skipped(),
              0u);
    EXPECT_TRUE(std::isnan(flow.decoder->latency_s(0.5)));
    EXPECT_THROW(flow.decoder->latency_s(1.5), std::invalid_argument);
}

TEST(RealTime, ChainTellsItsLatency)
{
    chain_options options;
    options.real_time = true;
    for (const char* architecture : {small_grid(), small_dense()}) {
        chain flow(
            small_scenario(), small_model(architecture, "reference"), 100, options);
        flow.top->run();
        EXPECT_EQ(flow.errors(), "");
        ASSERT_GT(flow.decoder->frames(), 0u);
        const double median_s = flow.decoder->latency_s(0.5);
        EXPECT_GT(median_s, 0.0);
        EXPECT_LT(median_s, 60.0); // the same clock
        EXPECT_GE(flow.decoder->latency_s(0.99), median_s);
        EXPECT_EQ(flow.truth->data().size() / 8 + flow.channel->frames_skipped(), 100u);
    }
}

TEST(RealTime, QuantilesAreThoseOfTheSortedLatencies)
{
    latency_record record;
    EXPECT_TRUE(std::isnan(record.quantile(0.5)));
    for (int i = 0; i < 1000; i++) {
        record.add((i * 7919) % 1000); // every number from 0 to 999 once
    }
    EXPECT_EQ(record.quantile(0.0), 0.0);
    EXPECT_EQ(record.quantile(0.5), 499.0);
    EXPECT_EQ(record.quantile(0.99), 989.0);
    EXPECT_EQ(record.quantile(1.0), 999.0);
    for (int i = 0; i < 1 << 16; i++) {
        record.add(5.0); // the old ones are forgotten
    }
    EXPECT_EQ(record.quantile(0.0), 5.0);
    EXPECT_EQ(record.quantile(1.0), 5.0);
    record.clear();
    EXPECT_TRUE(std::isnan(record.quantile(0.5)));
}

TEST(RealTime, TicksThatAreOverAreLeftBehind)
{
    interval_ticks ticks(0.01);
    EXPECT_EQ(ticks.pass(), 0u); // the first interval begins
    const auto first = ticks.wait();
    const auto second = ticks.wait();
    EXPECT_EQ(second - first, ticks.interval());
    std::this_thread::sleep_for(std::chrono::milliseconds(55));
    const auto passed = ticks.pass();
    EXPECT_GE(passed, 4u);
    EXPECT_EQ(ticks.wait() - second, (passed + 1) * std::chrono::milliseconds(10));
}

} // namespace test
} // namespace isac
} // namespace gr
