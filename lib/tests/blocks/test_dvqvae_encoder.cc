/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/model.h>
#include <cmath>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

using cfisac::fronthaul::Packet;

//! Echo frames of noise, [B, M_r, S, T].
at::Tensor noise_frames(std::int64_t count)
{
    const cfisac::signal::Random random(1, {0});
    return random
        .complex_normal(cfisac::signal::Purpose::training, {count, 4, 16, 16}, at::kFloat)
        .squeeze(0);
}

//! Packets that an encoder made of echoes and, unless undefined, X [B, N, N_t, S, T].
std::vector<std::uint8_t> run_encoder(dvqvae_encoder::sptr encoder,
                                      const at::Tensor& echoes,
                                      const at::Tensor& sent = {},
                                      const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("encoder");
    flowgraph->connect(
        blocks::vector_source_c::make(to_samples(echoes), false, 4 * 16 * 16, tags),
        0,
        encoder,
        0);
    if (sent.defined()) {
        const auto sources = frame_sources(sent);
        for (std::size_t n = 0; n < sources.size(); n++) {
            flowgraph->connect(sources[n], 0, encoder, static_cast<int>(1 + n));
        }
    }
    auto sink = blocks::vector_sink_b::make(encoder->packet_size());
    flowgraph->connect(encoder, 0, sink, 0);
    flowgraph->run();
    return sink->data();
}

std::vector<Packet> read_packets(const std::vector<std::uint8_t>& bytes,
                                 const cfisac::nn::Model& model)
{
    const cfisac::fronthaul::PacketFormat format(model.index_range(),
                                                 model.index_count(),
                                                 cfisac::fingerprint(model.scenario()),
                                                 model.fingerprint());
    EXPECT_EQ(bytes.size() % format.size(), 0u);
    std::vector<Packet> packets(bytes.size() / format.size());
    for (std::size_t i = 0; i < packets.size(); i++) {
        EXPECT_EQ(
            cfisac::fronthaul::decode(
                bytes.data() + i * format.size(), format.size(), format, packets[i]),
            cfisac::fronthaul::PacketStatus::ok);
    }
    return packets;
}

//! Indices that the model itself finds.
std::vector<std::uint32_t> indices_of(const cfisac::nn::Model& model,
                                      int access_point,
                                      const at::Tensor& echo,
                                      const at::Tensor& transmit = {})
{
    const at::Tensor indices = model.encode(access_point, echo, transmit).flatten();
    std::vector<std::uint32_t> values;
    for (std::int64_t i = 0; i < indices.numel(); i++) {
        values.push_back(static_cast<std::uint32_t>(indices[i].item<std::int64_t>()));
    }
    return values;
}

TEST(DvqvaeEncoder, PacketsCarryTheIndicesOfTheModel)
{
    const auto scenario = small_scenario();
    const std::string file = small_model(small_dense(), "raw");
    const auto model = cfisac::nn::Model::load(file);
    auto encoder = dvqvae_encoder::make(scenario, file, 1, 0, "cpu");
    const at::Tensor echoes = 3.0 * noise_frames(3);
    const auto packets = read_packets(run_encoder(encoder, echoes), model);
    ASSERT_EQ(packets.size(), 3u);
    for (std::size_t i = 0; i < 3; i++) {
        const at::Tensor echo = echoes.narrow(0, i, 1);
        EXPECT_EQ(packets[i].frame, i);
        EXPECT_EQ(packets[i].access_point, 1u);
        EXPECT_EQ(packets[i].indices, indices_of(model, 1, echo));
        EXPECT_NEAR(
            packets[i].scale, std::sqrt(echo.abs().square().mean().item<double>()), 1e-4);
        EXPECT_EQ(packets[i].capture_time_ns,
                  std::llround(i * scenario.waveform.interval_s() * 1e9));
    }
    EXPECT_EQ(encoder->frames(), 3u);
    EXPECT_EQ(encoder->error(), "");
}

TEST(DvqvaeEncoder, TagsGiveFrameNumberAndTime)
{
    const std::string file = small_model(small_dense(), "raw");
    auto encoder = dvqvae_encoder::make(small_scenario(), file, 0, 0, "cpu");
    const auto time = pmt::make_tuple(pmt::from_uint64(12), pmt::from_double(0.25));
    const auto packets =
        read_packets(run_encoder(encoder,
                                 noise_frames(1),
                                 {},
                                 {make_tag(0, names::frame(), pmt::from_uint64(40)),
                                  make_tag(0, names::rx_time(), time)}),
                     cfisac::nn::Model::load(file));
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].frame, 40u);
    EXPECT_EQ(packets[0].capture_time_ns, 12250000000);
}

TEST(DvqvaeEncoder, FrameWithABadSampleIsLeftOut)
{
    const std::string file = small_model(small_dense(), "raw");
    auto encoder = dvqvae_encoder::make(small_scenario(), file, 0, 0, "cpu");
    at::Tensor echoes = noise_frames(4);
    at::view_as_real(echoes)[1][2][3][4][0] = std::numeric_limits<double>::quiet_NaN();
    at::view_as_real(echoes)[2][0][0][0][1] = std::numeric_limits<double>::infinity();
    const auto packets =
        read_packets(run_encoder(encoder, echoes), cfisac::nn::Model::load(file));
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_EQ(packets[0].frame, 0u);
    EXPECT_EQ(packets[1].frame, 3u);
    EXPECT_EQ(encoder->frames_refused(), 2u);
    EXPECT_EQ(encoder->error(), "");
}

TEST(DvqvaeEncoder, PilotMakesTheTransmitFramesItself)
{
    const auto scenario = small_scenario();
    const std::string file = small_model(small_grid(), "pilot");
    const auto model = cfisac::nn::Model::load(file);
    const at::Tensor echoes = noise_frames(2);
    auto encoder = dvqvae_encoder::make(scenario, file, 0, 21, "cpu");
    const auto packets = read_packets(run_encoder(encoder, echoes), model);
    ASSERT_EQ(packets.size(), 2u);
    const at::Tensor sent = sent_frames(scenario, 21, 2);
    for (std::int64_t i = 0; i < 2; i++) {
        EXPECT_EQ(packets[i].indices,
                  indices_of(model, 0, echoes.narrow(0, i, 1), sent.narrow(0, i, 1)));
    }
}

TEST(DvqvaeEncoder, PilotRefusesWhatItCannotKnow)
{
    const std::string file = small_model(small_grid(), "pilot");
    const auto scenario = small_scenario();
    auto refusal = [&](const tag_t& tag) {
        auto encoder = dvqvae_encoder::make(scenario, file, 0, 1, "cpu");
        EXPECT_TRUE(run_encoder(encoder, noise_frames(2), {}, {tag}).empty());
        return encoder->error();
    };
    const auto csi = refusal(make_tag(0, names::csi(), pmt::intern("message")));
    EXPECT_NE(csi.find("tag csi"), std::string::npos) << csi;
    EXPECT_NE(csi.find(file), std::string::npos) << csi;
    const auto seed = refusal(make_tag(0, names::seed(), pmt::from_uint64(2)));
    EXPECT_NE(seed.find("seed is 2, the encoder's 1"), std::string::npos) << seed;

    auto own = dvqvae_encoder::make(scenario, file, 0, 1, "cpu");
    EXPECT_FALSE(run_encoder(own,
                             noise_frames(2),
                             {},
                             {make_tag(0, names::csi(), pmt::intern("seed")),
                              make_tag(0, names::seed(), pmt::from_uint64(1))})
                     .empty());
    EXPECT_EQ(own->error(), "");
}

TEST(DvqvaeEncoder, ReferenceReadsTheTransmitFrames)
{
    const auto scenario = small_scenario();
    const std::string file = small_model(small_grid(), "reference");
    const auto model = cfisac::nn::Model::load(file);
    const at::Tensor echoes = noise_frames(3);
    const at::Tensor sent = sent_frames(scenario, 8, 3);
    auto encoder = dvqvae_encoder::make(scenario, file, 1, 0, "cpu");
    // The first echo that came is that of frame 1.
    const auto packets =
        read_packets(run_encoder(encoder,
                                 echoes.narrow(0, 1, 2),
                                 sent,
                                 {make_tag(0, names::frame(), pmt::from_uint64(1)),
                                  make_tag(1, names::frame(), pmt::from_uint64(2))}),
                     model);
    ASSERT_EQ(packets.size(), 2u);
    for (std::int64_t i = 0; i < 2; i++) {
        EXPECT_EQ(packets[i].frame, static_cast<std::uint64_t>(i + 1));
        EXPECT_EQ(
            packets[i].indices,
            indices_of(model, 1, echoes.narrow(0, i + 1, 1), sent.narrow(0, i + 1, 1)));
    }
    EXPECT_EQ(encoder->frames_unmatched(), 2u); // frame 0 of both transmit streams
}

TEST(DvqvaeEncoder, RefusesAFlowgraphThatDoesNotFitTheModel)
{
    const auto scenario = small_scenario();
    const std::string raw = small_model(small_dense(), "raw");
    const std::string reference = small_model(small_grid(), "reference");
    EXPECT_ANY_THROW(run_encoder(dvqvae_encoder::make(scenario, raw, 0, 0, "cpu"),
                                 noise_frames(1),
                                 sent_frames(scenario, 1, 1)));
    EXPECT_ANY_THROW(run_encoder(dvqvae_encoder::make(scenario, reference, 0, 0, "cpu"),
                                 noise_frames(1)));
}

TEST(DvqvaeEncoder, RefusesWrongParameters)
{
    const auto scenario = small_scenario();
    const std::string file = small_model(small_dense(), "raw");
    EXPECT_THROW(dvqvae_encoder::make(scenario, file, 2), std::invalid_argument);
    EXPECT_THROW(dvqvae_encoder::make(scenario, file, -1), std::invalid_argument);
    EXPECT_THROW(dvqvae_encoder::make(scenario, file, 0, 0, "tpu"),
                 std::invalid_argument);
    EXPECT_THROW(dvqvae_encoder::make(scenario, file, 0, 0, "cuda:77"),
                 std::invalid_argument);
    EXPECT_THROW(dvqvae_encoder::make(scenario, file + ".none", 0), std::runtime_error);
    auto other = scenario;
    other.receive[1].position_m[0] += 10.0;
    try {
        dvqvae_encoder::make(other, file, 0);
        FAIL() << "the model is for another scenario";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find(file), std::string::npos);
    }
}

} // namespace test
} // namespace isac
} // namespace gr
