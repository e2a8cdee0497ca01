/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cmath>
#include <gnuradio/blocks/head.h>
#include <gnuradio/isac/mmse_precoder.h>
#include <gnuradio/isac/payload_source.h>
#include <gnuradio/isac/user_channel.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

namespace {

struct at_users {
    at::Tensor frames; //!< [B, K, S, T]
    std::vector<tag_t> tags;
};

//! What a channel makes of X [B, N, N_t, S, T].
at_users run_channel(user_channel::sptr channel,
                     const at::Tensor& frames,
                     const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("users");
    const auto sources = frame_sources(frames, tags);
    for (std::size_t n = 0; n < sources.size(); n++) {
        flowgraph->connect(sources[n], 0, channel, static_cast<int>(n));
    }
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (int user = 0; user < 4; user++) {
        sinks.push_back(blocks::vector_sink_c::make(16 * 16));
        flowgraph->connect(channel, user, sinks.back(), 0);
    }
    flowgraph->run();
    std::vector<at::Tensor> streams;
    for (const auto& sink : sinks) {
        streams.push_back(to_tensor(sink->data(), {frames.size(0), 16, 16}));
    }
    return {at::stack(streams, 1), sinks[3]->tags()};
}

constexpr double no_noise = -std::numeric_limits<double>::infinity();

} // namespace

TEST(UserChannel, IsTheChannelThatThePrecoderKnows)
{
    // The MMSE precoder of this channel nearly gives every user its own symbols: what comes
    // is that of another channel otherwise.
    auto scenario = small_scenario();
    scenario.users.noise_dbm = -150.0;
    const cfisac::signal::Layout layout(scenario);
    auto channel = user_channel::make(scenario, 5, "cpu");
    EXPECT_EQ(channel->noise_dbm(), -150.0);
    channel->set_noise_dbm(no_noise);
    const auto got = run_channel(channel,
                                 sent_frames(scenario, 5, 4).slice(0, 2, 4),
                                 {make_tag(0, names::frame(), pmt::from_uint64(2)),
                                  make_tag(1, names::frame(), pmt::from_uint64(3))});
    for (std::int64_t k = 0; k < 2; k++) {
        const cfisac::signal::Random random(5, {2 + k});
        const auto sent = cfisac::signal::payload(layout, random)[0];
        const auto gain = (got.frames[k] * sent.conj()).sum(-1, true) /
                          sent.abs().square().sum(-1, true);
        const auto rest = got.frames[k] - gain * sent;
        EXPECT_LT(rest.abs().square().mean().item<double>(),
                  1e-3 * got.frames[k].abs().square().mean().item<double>());
    }
    EXPECT_EQ(pmt::to_uint64(tag_values(got.tags, names::frame()).at(1)), 3u);
}

TEST(UserChannel, AddsItsNoise)
{
    const auto scenario = small_scenario();
    const auto sent = sent_frames(scenario, 5, 3);
    auto channel = user_channel::make(scenario, 5, "cpu");
    channel->set_noise_dbm(no_noise);
    const auto clean = run_channel(channel, sent).frames;
    channel = user_channel::make(scenario, 5, "cpu");
    channel->_post(names::command_port(), command("noise_dbm", pmt::from_double(-80.0)));
    const auto noise = run_channel(channel, sent).frames - clean;
    EXPECT_EQ(channel->noise_dbm(), -80.0);
    // 3072 samples: 5 standard deviations.
    EXPECT_NEAR(noise.abs().square().mean().item<double>() / 1e-11, 1.0, 5.0 / 55.0);
    EXPECT_LT(std::abs((noise * noise).mean().item<c10::complex<float>>()), 1e-12);
    EXPECT_FALSE(at::equal(noise[0], noise[1]));
}

TEST(UserChannel, UsesTheChannelOfAMessage)
{
    // Antenna a of all reaches user k with 1 where a = k alone: the users hear antennas 0 … 3.
    const auto scenario = small_scenario();
    auto state = at::zeros({16, 8, 4}, at::kComplexFloat);
    for (std::int64_t k = 0; k < 4; k++) {
        state.select(1, k).select(1, k).fill_(c10::complex<float>(0.0f, 1.0f));
    }
    const samples flat = to_samples(state);
    auto channel = user_channel::make(scenario, 5, "cpu");
    channel->set_noise_dbm(no_noise);
    channel->_post(names::csi_port(),
                   command("channel", pmt::init_c32vector(flat.size(), flat.data())));
    const auto sent = sent_frames(scenario, 5, 2);
    const auto got = run_channel(channel, sent).frames;
    // h^H x with h = j
    const auto wanted = sent.select(1, 0) * c10::complex<float>(0.0f, -1.0f);
    EXPECT_LT(relative_error(got, wanted), 1e-6);
    EXPECT_EQ(channel->messages_refused(), 0u);
}

TEST(UserChannel, FramesStayBetweenOurBlocks)
{
    const auto scenario = small_scenario();
    auto flowgraph = gr::make_top_block("users");
    auto payload = payload_source::make(scenario, 5);
    auto precoder = mmse_precoder::make(scenario, 5, "cpu");
    auto channel = user_channel::make(scenario, 5, "cpu");
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (int k = 0; k < 4; k++) {
        auto head = blocks::head::make(sizeof(gr_complex), 3 * 16 * 16);
        flowgraph->connect(payload, k, head, 0);
        flowgraph->connect(head, 0, precoder, k);
        sinks.push_back(blocks::vector_sink_c::make(16 * 16));
        flowgraph->connect(channel, k, sinks.back(), 0);
    }
    flowgraph->connect(precoder, 0, channel, 0);
    flowgraph->connect(precoder, 1, channel, 1);
    flowgraph->run();
    EXPECT_EQ(precoder->host_copies(), 0u);
    EXPECT_EQ(channel->host_copies(), 4u * 3u); // to the sinks
    EXPECT_EQ(channel->host_copied_bytes(), 4u * 3u * 256u * sizeof(gr_complex));
    const auto again =
        run_channel(user_channel::make(scenario, 5, "cpu"), sent_frames(scenario, 5, 3));
    EXPECT_TRUE(
        at::equal(to_tensor(sinks[2]->data(), {3, 16, 16}), again.frames.select(1, 2)));
}

TEST(UserChannel, RefusesBadMessagesAndValues)
{
    const auto scenario = small_scenario();
    const samples few(3);
    auto channel = user_channel::make(scenario, 5, "cpu");
    channel->_post(names::command_port(), command("noise_dbm", pmt::intern("much")));
    channel->_post(names::command_port(), command("noise", pmt::from_double(0.0)));
    channel->_post(names::csi_port(),
                   command("channel", pmt::init_c32vector(few.size(), few.data())));
    run_channel(channel, sent_frames(scenario, 5, 1));
    EXPECT_EQ(channel->messages_refused(), 3u);
    EXPECT_THROW(channel->set_noise_dbm(NAN), std::invalid_argument);
    EXPECT_THROW(channel->set_noise_dbm(INFINITY), std::invalid_argument);
    EXPECT_THROW(channel->set_channel(few), std::invalid_argument);
    EXPECT_THROW(user_channel::make(scenario, 5, "gpu"), std::invalid_argument);
}

} // namespace test
} // namespace isac
} // namespace gr
