/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/signal/user_receiver.h>
#include <cmath>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/user_receiver.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

namespace {

//! Frames [B, S, T] as a user receives them: its payload over a channel, with noise.
struct user_frames {
    user_frames(const cfisac::Scenario& scenario,
                std::int64_t user,
                std::int64_t count,
                double snr_db)
    {
        const cfisac::signal::Layout layout(scenario);
        std::vector<at::Tensor> all;
        for (std::int64_t k = 0; k < count; k++) {
            const cfisac::signal::Random random(5, {10 + k});
            sent.push_back(cfisac::signal::payload(layout, random)[0][user]);
            all.push_back(sent.back() * c10::complex<float>(0.0f, 1e-4f) +
                          cfisac::signal::user_noise(
                              layout, -80.0 + 30.0 - snr_db, random)[0][user]);
            tags.push_back(
                make_tag(static_cast<std::uint64_t>(k),
                         names::frame(),
                         pmt::from_uint64(static_cast<std::uint64_t>(10 + k))));
        }
        received = at::stack(all);
    }

    at::Tensor received;
    std::vector<at::Tensor> sent; //!< [S, T] each
    std::vector<tag_t> tags;
};

struct received_symbols {
    samples symbols;
    std::vector<tag_t> tags;
    blocks::message_debug::sptr messages;
};

received_symbols run_receiver(user_receiver::sptr receiver, const user_frames& frames)
{
    auto flowgraph = gr::make_top_block("receiver");
    auto sink = blocks::vector_sink_c::make();
    auto messages = blocks::message_debug::make();
    flowgraph->connect(
        blocks::vector_source_c::make(to_samples(frames.received),
                                      false,
                                      static_cast<unsigned>(frames.received[0].numel()),
                                      frames.tags),
        0,
        receiver,
        0);
    flowgraph->connect(receiver, 0, sink, 0);
    flowgraph->msg_connect(receiver, "scores", messages, "store");
    flowgraph->run();
    return {sink->data(), sink->tags(), messages};
}

} // namespace

TEST(UserReceiverBlock, GivesTheSymbolsAndTheScoresOfTheLibrary)
{
    const auto scenario = small_scenario();
    const user_frames frames(scenario, 2, 3, 20.0);
    auto receiver = user_receiver::make(scenario, 2, 5, 4);
    EXPECT_TRUE(std::isnan(receiver->scores()["evm_db"]));
    const auto got = run_receiver(receiver, frames);
    ASSERT_EQ(got.symbols.size(), 3u * 256u);

    const cfisac::signal::Layout layout(scenario);
    const cfisac::signal::UserReceiver library(layout, 2, 4);
    cfisac::signal::UserScores scores;
    std::vector<double> evm_db;
    for (std::int64_t k = 0; k < 3; k++) {
        const auto frame = library(frames.received[k], frames.sent[k]);
        EXPECT_TRUE(at::equal(to_tensor(got.symbols, {3, 16, 16})[k], frame.symbols));
        scores.add(frame.scores);
        evm_db.push_back(frame.scores.evm_db());
        if (k == 2) {
            EXPECT_EQ(receiver->channel(), frame.channel);
            EXPECT_NEAR(
                std::abs(frame.channel[3] - gr_complex(0.0f, 1e-4f)), 0.0, 1e-4 / 4);
            EXPECT_EQ(receiver->subcarrier_sinr_db().size(), 16u);
            EXPECT_EQ(receiver->last_frame()["evm_db"], frame.scores.evm_db());
            EXPECT_EQ(receiver->last_frame()["frame"], 12.0);
        }
    }
    auto all = receiver->scores();
    EXPECT_EQ(all["frames"], 3.0);
    EXPECT_EQ(all["bits"], 3.0 * 16 * 12 * 4);
    EXPECT_DOUBLE_EQ(all["evm_db"], scores.evm_db());
    EXPECT_DOUBLE_EQ(all["evm_percent"], 100.0 * scores.evm());
    EXPECT_DOUBLE_EQ(all["sinr_db"], scores.sinr_db());
    EXPECT_DOUBLE_EQ(all["bit_error_rate"], scores.bit_error_rate());
    EXPECT_NEAR(all["sinr_db"], 20.0, 1.0);
    EXPECT_NEAR(all["evm_db"], -20.0 + 10 * std::log10(1.25), 1.0);

    const auto numbers = tag_values(got.tags, names::frame());
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_EQ(pmt::to_uint64(numbers[2]), 12u);
    const auto tagged = tag_values(got.tags, pmt::intern("evm_db"));
    ASSERT_EQ(tagged.size(), 3u);
    for (std::size_t k = 0; k < 3; k++) {
        EXPECT_DOUBLE_EQ(pmt::to_double(tagged[k]), evm_db[k]);
    }
    for (const auto& tag : got.tags) {
        EXPECT_EQ(tag.offset % 256, 0u);
    }
    ASSERT_GE(got.messages->num_messages(), 1u);
    const auto message = got.messages->get_message(0);
    for (const char* key : {"frames",
                            "evm_db",
                            "sinr_db",
                            "bit_error_rate",
                            "frame",
                            "frame_evm_db",
                            "frame_bit_errors"}) {
        EXPECT_TRUE(pmt::is_real(pmt::dict_ref(message, pmt::intern(key), pmt::PMT_NIL)))
            << key;
    }

    receiver->reset();
    EXPECT_EQ(receiver->scores()["frames"], 0.0);
    EXPECT_TRUE(std::isnan(receiver->scores()["sinr_db"]));
    EXPECT_EQ(receiver->frames(), 3u);
}

TEST(UserReceiverBlock, AnotherPayloadIsNotUnderstood)
{
    const auto scenario = small_scenario();
    const user_frames frames(scenario, 0, 4, 30.0);
    auto right = user_receiver::make(scenario, 0, 5);
    run_receiver(right, frames);
    EXPECT_EQ(right->scores()["bit_errors"], 0.0);
    auto wrong = user_receiver::make(scenario, 0, 6);
    run_receiver(wrong, frames);
    EXPECT_GT(wrong->scores()["bit_error_rate"], 0.3);
    EXPECT_LT(wrong->scores()["sinr_db"], -5.0);
}

TEST(UserReceiverBlock, LeavesOutFramesThatAreNotFinite)
{
    const auto scenario = small_scenario();
    user_frames frames(scenario, 0, 3, 30.0);
    frames.received[1][4][4] = std::numeric_limits<float>::infinity();
    auto receiver = user_receiver::make(scenario, 0, 5);
    const auto got = run_receiver(receiver, frames);
    EXPECT_EQ(got.symbols.size(), 2u * 256u);
    EXPECT_EQ(receiver->frames_refused(), 1u);
    EXPECT_EQ(receiver->frames(), 2u);
    const auto numbers = tag_values(got.tags, names::frame());
    EXPECT_EQ(pmt::to_uint64(numbers.at(1)), 12u);
    EXPECT_EQ(receiver->error(), "");
}

TEST(UserReceiverBlock, TheSilentSubcarrierDoesNotCount)
{
    const auto scenario = cfisac::load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                                "/examples/scenarios/sdr_2x2.yml");
    user_frames frames(scenario, 1, 1, 30.0);
    frames.received.select(1, 32).zero_();
    auto receiver = user_receiver::make(scenario, 1, 5, 16);
    run_receiver(receiver, frames);
    EXPECT_EQ(receiver->scores()["bits"], 63.0 * 240 * 2);
    EXPECT_EQ(receiver->scores()["bit_errors"], 0.0);
    EXPECT_TRUE(std::isnan(receiver->subcarrier_sinr_db()[32]));
}

TEST(UserReceiverBlock, RefusesWrongValues)
{
    const auto scenario = small_scenario();
    EXPECT_THROW(user_receiver::make(scenario, 4, 5), std::invalid_argument);
    EXPECT_THROW(user_receiver::make(scenario, -1, 5), std::invalid_argument);
    EXPECT_THROW(user_receiver::make(scenario, 0, 5, 0), std::invalid_argument);
    EXPECT_THROW(user_receiver::make(scenario, 0, 5, 16), std::invalid_argument);
}

} // namespace test
} // namespace isac
} // namespace gr
