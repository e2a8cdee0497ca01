/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chain.h"
#include "frames.h"

#include <boost/any.hpp>
#include <filesystem>
#include <gnuradio/blocks/null_sink.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

constexpr std::uint64_t frame_count = 9;

//! The echo goes to the encoders, the transmit frames also to the decoder.
std::string dense_model() { return small_model(small_dense(), "raw"); }
//! The transmit frames also go to the encoders.
std::string grid_model() { return small_model(small_grid(), "reference"); }

//! A chain of our blocks alone, and with stock blocks in it.
void expect_same_bits(const std::string& model)
{
    const auto scenario = small_scenario();
    chain direct(scenario, model, frame_count);
    direct.top->run();
    ASSERT_EQ(direct.errors(), "");
    ASSERT_EQ(direct.estimates->data().size(), frame_count * 8);
    EXPECT_EQ(direct.host_copies(), 0u);

    for (const auto copies : {stock::after_precoder, stock::after_channel, stock::both}) {
        chain other(scenario, model, frame_count, {copies});
        other.top->run();
        ASSERT_EQ(other.errors(), "");
        EXPECT_EQ(other.estimates->data(), direct.estimates->data());
        EXPECT_EQ(other.truth->data(), direct.truth->data());
        for (std::size_t m = 0; m < 2; m++) {
            EXPECT_EQ(other.packets[m]->data(), direct.packets[m]->data());
        }
        // Two access points on either side, each frame once.
        const bool precoder = copies != stock::after_channel;
        const bool channel = copies != stock::after_precoder;
        EXPECT_EQ(other.precoder->host_copies(), precoder ? 2 * frame_count : 0);
        EXPECT_EQ(other.precoder->host_copied_bytes(),
                  precoder ? 2 * frame_count * scenario.transmit_frame_size() * 8 : 0);
        // To stack frames that lie in items takes a copy of each.
        EXPECT_EQ(other.channel->host_copies(),
                  (precoder ? 2 * frame_count : 0) + (channel ? 2 * frame_count : 0));
    }
}

TEST(DeviceFrames, SameBitsWithAStockBlockBetweenAndNoCopyWithout)
{
    expect_same_bits(dense_model());
    expect_same_bits(grid_model());
}

TEST(DeviceFrames, OneForeignReaderAmongOursHasTheItemsFilled)
{
    const auto scenario = small_scenario();
    const std::string model = grid_model();
    chain direct(scenario, model, frame_count);
    direct.top->run();

    chain watched(scenario, model, frame_count);
    const auto sink = blocks::vector_sink_c::make(scenario.receive_frame_size());
    watched.top->connect(watched.channel, 1, sink, 0);
    watched.top->run();
    ASSERT_EQ(watched.errors(), "");
    EXPECT_EQ(watched.estimates->data(), direct.estimates->data());
    EXPECT_EQ(watched.channel->host_copies(), frame_count); // output 1 alone
    EXPECT_EQ(watched.encoders[1]->host_copies(), 0u);      // reads the item in place
    for (const auto& tag : sink->tags()) {
        EXPECT_FALSE(pmt::eq(tag.key, names::device_frame()));
    }
    ASSERT_EQ(sink->data().size(), frame_count * scenario.receive_frame_size());

    // The echoes in the items are those of the channel alone.
    auto channel = bistatic_channel::make(scenario, 5, "cpu");
    auto top = gr::make_top_block("channel");
    const auto sources = frame_sources(sent_frames(scenario, 5, frame_count));
    auto echo = blocks::vector_sink_c::make(scenario.receive_frame_size());
    for (int i = 0; i < 2; i++) {
        top->connect(sources[i], 0, channel, i);
    }
    top->connect(
        channel,
        0,
        blocks::null_sink::make(scenario.receive_frame_size() * sizeof(gr_complex)),
        0);
    top->connect(channel, 1, echo, 0);
    top->connect(channel, 2, blocks::null_sink::make(8 * sizeof(float)), 0);
    top->run();
    EXPECT_EQ(echo->data(), sink->data());
}

TEST(DeviceFrames, TagsOfAForeignBlockAreNotTaken)
{
    const auto scenario = small_scenario();
    const std::string model = dense_model();
    const at::Tensor echoes = at::randn({3, 4, 16, 16}, at::kComplexFloat);
    const auto run = [&](const std::vector<tag_t>& tags) {
        auto top = gr::make_top_block("encoder");
        auto encoder = dvqvae_encoder::make(scenario, model, 0, 0, "cpu");
        auto sink = blocks::vector_sink_b::make(encoder->packet_size());
        top->connect(blocks::vector_source_c::make(
                         to_samples(echoes), false, scenario.receive_frame_size(), tags),
                     0,
                     encoder,
                     0);
        top->connect(encoder, 0, sink, 0);
        top->run();
        EXPECT_EQ(encoder->error(), "");
        return sink->data();
    };
    const auto wanted = run({});
    EXPECT_EQ(wanted.size() % 3, 0u);
    EXPECT_EQ(run({make_tag(0, names::device_frame(), pmt::make_any(boost::any(7))),
                   make_tag(1, names::device_frame(), pmt::from_long(1))}),
              wanted);
}

TEST(DeviceFrames, ChannelDoesNotPassThemOn)
{
    const auto scenario = small_scenario();
    auto top = gr::make_top_block("channel");
    auto channel = bistatic_channel::make(scenario, 1, "cpu");
    const auto sources =
        frame_sources(sent_frames(scenario, 1, 2),
                      {make_tag(0, names::device_frame(), pmt::from_long(1)),
                       make_tag(0, pmt::intern("other"), pmt::from_long(2))});
    auto sink = blocks::vector_sink_c::make(scenario.receive_frame_size());
    for (int i = 0; i < 2; i++) {
        top->connect(sources[i], 0, channel, i);
    }
    top->connect(channel, 0, sink, 0);
    top->connect(
        channel,
        1,
        blocks::null_sink::make(scenario.receive_frame_size() * sizeof(gr_complex)),
        0);
    top->connect(channel, 2, blocks::null_sink::make(8 * sizeof(float)), 0);
    top->run();
    EXPECT_TRUE(tag_values(sink->tags(), names::device_frame()).empty());
    EXPECT_EQ(tag_values(sink->tags(), pmt::intern("other")).size(), 2u); // both inputs
}

TEST(DeviceFrames, FlowgraphRunsAgainAndChangesWhileItRuns)
{
    const auto scenario = small_scenario();
    chain flow(scenario, grid_model(), 4000);
    flow.top->start();
    ASSERT_TRUE(wait_for([&] { return flow.decoder->frames() > 20; }));
    EXPECT_EQ(flow.host_copies(), 0u);

    const auto sink =
        blocks::null_sink::make(scenario.receive_frame_size() * sizeof(gr_complex));
    flow.top->lock();
    flow.top->connect(flow.channel, 0, sink, 0);
    flow.top->unlock();
    const auto seen = flow.decoder->frames();
    ASSERT_TRUE(wait_for([&] {
        return flow.decoder->frames() > seen + 20 && flow.channel->host_copies() > 20;
    })) << flow.errors();

    flow.top->lock();
    flow.top->disconnect(flow.channel, 0, sink, 0);
    flow.top->unlock();
    const auto copied = flow.channel->host_copies();
    const auto before = flow.decoder->frames();
    ASSERT_TRUE(wait_for([&] { return flow.decoder->frames() > before + 20; }))
        << flow.errors();
    flow.top->stop();
    flow.top->wait();
    EXPECT_EQ(flow.errors(), "");
    EXPECT_LE(flow.channel->host_copies(), copied + 8); // what was under way
}

TEST(DeviceFrames, SeveralFramesAtOnceGiveTheSameEstimates)
{
    const auto scenario = small_scenario();
    const std::string model = grid_model();
    chain single(scenario, model, 40);
    single.top->run();
    chain_options options;
    options.batch = 8;
    chain batched(scenario, model, 40, options);
    batched.top->run();
    ASSERT_EQ(batched.errors(), "");
    const auto wanted = single.estimates->data();
    const auto found = batched.estimates->data();
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); i++) {
        EXPECT_NEAR(found[i], wanted[i], 1e-3) << i;
    }
    EXPECT_EQ(batched.truth->data(), single.truth->data());
}

TEST(DeviceFrames, ParametersThatCannotBeAreNamed)
{
    const auto scenario = small_scenario();
    const std::string model = dense_model();
    const auto message = [](auto make) {
        try {
            make();
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const auto batch = message([&] {
        dvqvae_encoder::make(scenario, model, 0, 0, "cpu", false, "float32", false, 65);
    });
    EXPECT_NE(batch.find("batch: 65"), std::string::npos) << batch;
    const auto precision =
        message([&] { fusion_decoder::make(scenario, model, "cpu", {}, "float8"); });
    EXPECT_NE(precision.find("'float8'"), std::string::npos) << precision;
    const auto half =
        message([&] { fusion_decoder::make(scenario, model, "cpu", {}, "float16"); });
    EXPECT_NE(half.find("float16"), std::string::npos) << half;
    const auto device = message([&] { mmse_precoder::make(scenario, 1, "tpu"); });
    EXPECT_NE(device.find("'tpu'"), std::string::npos) << device;
    EXPECT_NE(
        message([&] { bistatic_channel::make(scenario, 1, "cuda:77"); }).find("cuda:77"),
        std::string::npos);
}

} // namespace test
} // namespace isac
} // namespace gr
