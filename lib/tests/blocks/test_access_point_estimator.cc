/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/estimators/access_point.h>
#include <cfisac/fronthaul/packet.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <gnuradio/isac/cs_estimator.h>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/ml_estimator.h>
#include <gnuradio/isac/music_estimator.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

using cfisac::estimators::Scheme;
using cfisac::fronthaul::Packet;

//! A block of a scheme.
access_point_estimator::sptr make_estimator(const std::string& scheme,
                                            int access_point,
                                            const std::string& device = "cpu",
                                            bool real_time = false)
{
    const auto scenario = small_scenario();
    return scheme == "music" ? access_point_estimator::sptr(music_estimator::make(
                                   scenario, access_point, device, real_time))
           : scheme == "cs"
               ? access_point_estimator::sptr(
                     cs_estimator::make(scenario, access_point, device, real_time))
               : access_point_estimator::sptr(
                     ml_estimator::make(scenario, access_point, device, real_time));
}

//! What is received of the frames 0 … count-1 of `sent_frames`: Y [count, M, M_r, S, T].
at::Tensor received_frames_of(const at::Tensor& sent, std::uint64_t seed)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    std::vector<at::Tensor> frames;
    for (std::int64_t frame = 0; frame < sent.size(0); frame++) {
        const cfisac::signal::Random random(seed, {frame});
        frames.push_back(cfisac::signal::received_echo(
            layout,
            sent.narrow(0, frame, 1),
            cfisac::signal::draw_targets(layout, scenario.targets, random),
            cfisac::signal::Impairments::of(scenario),
            random));
    }
    return at::cat(frames);
}

std::vector<Packet> run_estimator(access_point_estimator::sptr estimator,
                                  const std::string& scheme,
                                  const at::Tensor& echoes,
                                  const at::Tensor& sent,
                                  const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("estimator");
    flowgraph->connect(
        blocks::vector_source_c::make(to_samples(echoes), false, 4 * 16 * 16, tags),
        0,
        estimator,
        0);
    const auto sources = frame_sources(sent);
    for (std::size_t n = 0; n < sources.size(); n++) {
        flowgraph->connect(sources[n], 0, estimator, static_cast<int>(1 + n));
    }
    auto sink = blocks::vector_sink_b::make(estimator->packet_size());
    flowgraph->connect(estimator, 0, sink, 0);
    flowgraph->run();

    const auto scenario = small_scenario();
    const auto kind = cfisac::estimators::scheme_from_string(scheme);
    const cfisac::fronthaul::PacketFormat format(
        65536,
        static_cast<std::uint32_t>(cfisac::estimators::message_words(kind, scenario)),
        cfisac::fingerprint(scenario),
        cfisac::estimators::fingerprint(kind));
    EXPECT_EQ(estimator->packet_size(), format.size());
    const auto bytes = sink->data();
    std::vector<Packet> packets(bytes.size() / format.size());
    for (std::size_t i = 0; i < packets.size(); i++) {
        EXPECT_EQ(
            cfisac::fronthaul::decode(
                bytes.data() + i * format.size(), format.size(), format, packets[i]),
            cfisac::fronthaul::PacketStatus::ok);
    }
    return packets;
}

class AccessPointEstimator : public testing::TestWithParam<const char*>
{
protected:
    const std::string scheme = GetParam();
    const cfisac::Scenario scenario = small_scenario();
    const at::Tensor sent = sent_frames(scenario, 3, 3);
    const at::Tensor echoes = received_frames_of(sent, 3);
};

TEST_P(AccessPointEstimator, PacketsCarryTheWordsOfTheEstimator)
{
    auto block = make_estimator(scheme, 1);
    const auto packets = run_estimator(block, scheme, echoes.select(1, 1), sent);
    ASSERT_EQ(packets.size(), 3u);
    const auto kind = cfisac::estimators::scheme_from_string(scheme);
    const auto estimator = cfisac::estimators::make_access_point_estimator(
        kind, cfisac::signal::Layout(scenario), 1);
    for (std::size_t i = 0; i < 3; i++) {
        const auto frame = static_cast<std::int64_t>(i);
        const auto words = (*estimator)(echoes[frame][1], sent[frame]);
        EXPECT_EQ(packets[i].indices,
                  std::vector<std::uint32_t>(words.begin(), words.end()));
        EXPECT_EQ(packets[i].frame, i);
        EXPECT_EQ(packets[i].access_point, 1u);
        EXPECT_EQ(packets[i].bits_per_index, 16u);
        EXPECT_EQ(packets[i].capture_time_ns,
                  std::llround(i * scenario.waveform.interval_s() * 1e9));
        EXPECT_NEAR(packets[i].scale /
                        std::sqrt(echoes[frame][1].abs().square().mean().item<double>()),
                    1.0,
                    1e-4);
    }
    EXPECT_EQ(block->frames(), 3u);
    EXPECT_EQ(block->frames_unmatched(), 0u);
    EXPECT_EQ(block->error(), "");
    EXPECT_EQ(block->name(), scheme + "_estimator");
}

TEST_P(AccessPointEstimator, StatesItsBits)
{
    auto block = make_estimator(scheme, 0);
    const auto info = describe_estimator(scheme, scenario);
    EXPECT_EQ(info.fronthaul_bits, block->fronthaul_bits());
    EXPECT_EQ(info.fronthaul_bits, 16 * info.word_count);
    EXPECT_EQ(info.packet_size, block->packet_size());
    if (scheme == "ml") {
        EXPECT_LE(info.fronthaul_bits, 2048u);
    } else {
        EXPECT_EQ(info.fronthaul_bits, 96u * 2u);
    }
    // Precoder 64 N N_t K S and payload K S T 4 bits.
    EXPECT_EQ(info.reference_bits, 64u * 2 * 4 * 4 * 16 + 4u * 16 * 16 * 4);
    EXPECT_EQ(describe_estimator(scheme, scenario, "pilot").reference_bits, 0u);
    EXPECT_THROW(describe_estimator(scheme, scenario, "raw"), std::invalid_argument);
    EXPECT_THROW(describe_estimator("esprit", scenario), std::invalid_argument);
}

TEST_P(AccessPointEstimator, PairsEchoesWithTransmitFramesByNumber)
{
    auto block = make_estimator(scheme, 0);
    const auto all =
        run_estimator(make_estimator(scheme, 0), scheme, echoes.select(1, 0), sent);
    const auto time = pmt::make_tuple(pmt::from_uint64(12), pmt::from_double(0.25));
    // The first echo that came is that of frame 1.
    const auto packets =
        run_estimator(block,
                      scheme,
                      echoes.select(1, 0).narrow(0, 1, 2),
                      sent,
                      {make_tag(0, names::frame(), pmt::from_uint64(1)),
                       make_tag(0, names::rx_time(), time),
                       make_tag(1, names::frame(), pmt::from_uint64(2))});
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0].capture_time_ns, 12250000000);
    for (std::size_t i = 0; i < 2; i++) {
        EXPECT_EQ(packets[i].frame, i + 1);
        EXPECT_EQ(packets[i].indices, all[i + 1].indices);
    }
    EXPECT_EQ(block->frames_unmatched(), 2u); // frame 0 of both transmit streams
}

TEST_P(AccessPointEstimator, FrameWithABadSampleIsLeftOut)
{
    auto block = make_estimator(scheme, 0);
    at::Tensor bad = echoes.select(1, 0).clone();
    at::view_as_real(bad)[0][2][3][4][0] = std::numeric_limits<double>::quiet_NaN();
    at::Tensor bad_sent = sent.clone();
    at::view_as_real(bad_sent)[2][1][0][0][0][1] =
        std::numeric_limits<double>::infinity();
    const auto packets = run_estimator(block, scheme, bad, bad_sent);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].frame, 1u);
    EXPECT_EQ(block->frames_refused(), 2u);
    EXPECT_EQ(block->error(), "");
}

TEST_P(AccessPointEstimator, InRealTimeTheLatestFramesAreKept)
{
    auto block = make_estimator(scheme, 0, "cpu", true);
    const at::Tensor many = sent.repeat({8, 1, 1, 1, 1});
    const auto packets =
        run_estimator(block, scheme, echoes.select(1, 0).repeat({8, 1, 1, 1}), many);
    ASSERT_FALSE(packets.empty());
    EXPECT_EQ(packets.size() + block->frames_skipped(), 24u);
    EXPECT_EQ(packets.back().frame, 23u);
}

TEST_P(AccessPointEstimator, RefusesWrongParametersAndFlowgraphs)
{
    const auto refused = [&](int access_point, const char* device, const char* part) {
        try {
            make_estimator(scheme, access_point, device);
            ADD_FAILURE() << "accepted: " << part;
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << error.what();
        }
    };
    refused(2, "cpu", "access point: 2 is not one of 0 … 1");
    refused(-1, "cpu", "access point: -1");
    refused(0, "tpu", "tpu");
    EXPECT_ANY_THROW(run_estimator(
        make_estimator(scheme, 0), scheme, echoes.select(1, 0), sent.narrow(1, 0, 1)));
}

INSTANTIATE_TEST_SUITE_P(Scheme,
                         AccessPointEstimator,
                         testing::Values("music", "cs", "ml"),
                         [](const auto& scheme) { return scheme.param; });

} // namespace test
} // namespace isac
} // namespace gr
