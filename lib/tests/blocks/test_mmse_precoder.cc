/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <algorithm>
#include <cmath>
#include <gnuradio/isac/mmse_precoder.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

//! What a precoder made of symbols s [B, K, S, T].
struct precoded {
    at::Tensor frames; //!< X [B, N, N_t, S, T]
    std::vector<tag_t> tags;
};

precoded run_precoder(mmse_precoder::sptr precoder, const at::Tensor& symbols)
{
    auto flowgraph = gr::make_top_block("precoder");
    for (std::int64_t user = 0; user < symbols.size(1); user++) {
        flowgraph->connect(
            blocks::vector_source_c::make(to_samples(symbols.select(1, user))),
            0,
            precoder,
            static_cast<int>(user));
    }
    const std::int64_t size = 4 * 16 * 16;
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (int n = 0; n < 2; n++) {
        sinks.push_back(blocks::vector_sink_c::make(size));
        flowgraph->connect(precoder, n, sinks.back(), 0);
    }
    flowgraph->run();
    std::vector<at::Tensor> streams;
    for (const auto& sink : sinks) {
        const std::int64_t items = static_cast<std::int64_t>(sink->data().size()) / size;
        streams.push_back(to_tensor(sink->data(), {items, 4, 16, 16}));
    }
    return {at::stack(streams, 1), sinks[1]->tags()};
}

//! Symbols where user t mod K alone is active in symbol t: their frames show W itself.
at::Tensor one_user_at_a_time(std::int64_t frames)
{
    at::Tensor symbols = at::zeros({frames, 4, 16, 16}, at::kComplexFloat);
    for (std::int64_t t = 0; t < 16; t++) {
        symbols.select(1, t % 4).select(-1, t).fill_(1.0);
    }
    return symbols;
}

//! Power Σ_i ‖W_{i,n}‖² of every access point in frames of one_user_at_a_time(), [B, N].
at::Tensor precoder_power(const at::Tensor& frames)
{
    return frames.abs().square().sum({2, 3, 4}) / 4; // every user is active four times
}

TEST(MmsePrecoder, SendsWhatPilotsFollowFrom)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    std::vector<at::Tensor> symbols;
    for (std::int64_t frame = 0; frame < 3; frame++) {
        symbols.push_back(
            cfisac::signal::payload(layout, cfisac::signal::Random(5, {frame})));
    }
    const auto sent = run_precoder(mmse_precoder::make(scenario, 5), at::cat(symbols));
    EXPECT_TRUE(at::equal(sent.frames, sent_frames(scenario, 5, 3)));

    const auto numbers = tag_values(sent.tags, names::frame());
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_EQ(pmt::to_uint64(numbers[2]), 2u);
    ASSERT_EQ(tag_values(sent.tags, names::csi()).size(), 3u);
    EXPECT_EQ(pmt::symbol_to_string(tag_values(sent.tags, names::csi())[0]), "seed");
    EXPECT_EQ(pmt::to_uint64(tag_values(sent.tags, names::seed())[1]), 5u);
    EXPECT_EQ(pmt::to_double(tag_values(sent.tags, names::power_dbm())[0]), 30.0);
}

TEST(MmsePrecoder, StrongestAccessPointMeetsThePowerLimit)
{
    auto precoder = mmse_precoder::make(small_scenario(), 1);
    const at::Tensor power =
        precoder_power(run_precoder(precoder, one_user_at_a_time(4)).frames);
    for (std::int64_t frame = 0; frame < 4; frame++) {
        EXPECT_NEAR(power[frame].max().item<double>(), 1.0, 1e-4); // 30 dBm
        EXPECT_GT(power[frame].min().item<double>(), 0.0);
    }
    precoder->set_transmit_power_dbm(20.0);
    EXPECT_EQ(precoder->transmit_power_dbm(), 20.0);
    const at::Tensor lower =
        precoder_power(run_precoder(precoder, one_user_at_a_time(1)).frames);
    EXPECT_NEAR(lower.max().item<double>(), 0.1, 1e-5);
}

TEST(MmsePrecoder, MessageSetsThePower)
{
    auto precoder = mmse_precoder::make(small_scenario(), 1);
    precoder->_post(names::command_port(), command("power_dbm", pmt::from_double(10.0)));
    const auto sent = run_precoder(precoder, one_user_at_a_time(1));
    EXPECT_NEAR(precoder_power(sent.frames).max().item<double>(), 0.01, 1e-6);
    EXPECT_EQ(pmt::to_double(tag_values(sent.tags, names::power_dbm())[0]), 10.0);
    EXPECT_EQ(precoder->messages_refused(), 0u);
}

TEST(MmsePrecoder, UsesTheChannelOfAMessage)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    const at::Tensor channel = cfisac::signal::user_channel(
        layout, scenario.users, cfisac::signal::Random(99, {0}));
    const samples flat = to_samples(channel);

    auto precoder = mmse_precoder::make(scenario, 1);
    precoder->_post(names::csi_port(),
                    command("channel", pmt::init_c32vector(flat.size(), flat.data())));
    const at::Tensor symbols = one_user_at_a_time(2);
    const auto sent = run_precoder(precoder, symbols);
    const at::Tensor wanted = cfisac::signal::precode(
        cfisac::signal::mmse_precoder(channel,
                                      cfisac::dbm_to_watt(-90.0),
                                      layout.sensed_power_w(scenario.transmit_power_dbm),
                                      2),
        symbols,
        2);
    EXPECT_LT(relative_error(sent.frames, wanted), 1e-6);
    EXPECT_TRUE(tag_values(sent.tags, names::seed()).empty());
    for (const auto& origin : tag_values(sent.tags, names::csi())) {
        EXPECT_EQ(pmt::symbol_to_string(origin), "message");
    }
}

TEST(MmsePrecoder, RefusesBadMessagesAndGoesOn)
{
    const samples short_channel(7);
    samples bad_channel(16 * 8 * 4);
    bad_channel[3] = {0.0f, std::numeric_limits<float>::quiet_NaN()};
    auto precoder = mmse_precoder::make(small_scenario(), 1);
    const std::vector<std::pair<pmt::pmt_t, pmt::pmt_t>> messages{
        {names::csi_port(),
         command("channel",
                 pmt::init_c32vector(short_channel.size(), short_channel.data()))},
        {names::csi_port(),
         command("channel", pmt::init_c32vector(bad_channel.size(), bad_channel.data()))},
        {names::csi_port(), command("channel", pmt::from_double(1.0))},
        {names::csi_port(), pmt::intern("channel")},
        {names::csi_port(), pmt::make_dict()},
        {names::command_port(), command("power_dbm", pmt::intern("much"))},
        {names::command_port(), command("power_dbm", pmt::from_double(NAN))},
        {names::command_port(), command("power", pmt::from_double(10.0))},
    };
    for (const auto& [port, message] : messages) {
        precoder->_post(port, message);
    }
    const auto sent = run_precoder(precoder, one_user_at_a_time(1));
    EXPECT_EQ(precoder->messages_refused(), messages.size());
    EXPECT_EQ(precoder->transmit_power_dbm(), 30.0);
    EXPECT_EQ(pmt::symbol_to_string(tag_values(sent.tags, names::csi()).at(0)), "seed");
}

TEST(MmsePrecoder, RefusesBadValues)
{
    auto precoder = mmse_precoder::make(small_scenario(), 1);
    EXPECT_THROW(precoder->set_transmit_power_dbm(INFINITY), std::invalid_argument);
    EXPECT_THROW(precoder->set_transmit_power_dbm(-INFINITY), std::invalid_argument);
    try {
        precoder->set_channel(samples(5));
        FAIL() << "five entries are not a channel";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("channel: 5 entries"),
                  std::string::npos);
    }
}

} // namespace test
} // namespace isac
} // namespace gr
