/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/model.h>
#include <cmath>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/fusion_decoder.h>

namespace gr {
namespace isac {
namespace test {

using bytes = std::vector<std::uint8_t>;

//! Packets of one access point for some frames; their indices follow from frame and
//! place.
bytes make_packets(const cfisac::nn::Model& model,
                   int access_point,
                   const std::vector<std::uint64_t>& frames)
{
    cfisac::fronthaul::Packet packet;
    packet.access_point = static_cast<std::uint16_t>(access_point);
    packet.bits_per_index = static_cast<std::uint8_t>(model.bits_per_index());
    packet.scale = 1.0f;
    packet.scenario_fingerprint = cfisac::fingerprint(model.scenario());
    packet.model_fingerprint = model.fingerprint();
    packet.indices.resize(model.index_count());
    const auto size =
        cfisac::fronthaul::packet_size(packet.bits_per_index, model.index_count());
    bytes stream(frames.size() * size);
    for (std::size_t i = 0; i < frames.size(); i++) {
        packet.frame = frames[i];
        packet.capture_time_ns = static_cast<std::int64_t>(frames[i]) * 500000000;
        for (std::size_t k = 0; k < packet.indices.size(); k++) {
            packet.indices[k] =
                (k * k + 3 * frames[i] + access_point) % model.codewords();
        }
        cfisac::fronthaul::encode(packet, stream.data() + i * size, size);
    }
    return stream;
}

struct decoded {
    std::vector<std::uint64_t> frames;         //!< from the tags
    std::vector<std::vector<float>> estimates; //!< one entry per frame
    std::vector<pmt::pmt_t> pdus;
};

decoded run_decoder(fusion_decoder::sptr decoder,
                    const std::vector<bytes>& packets,
                    const at::Tensor& sent = {})
{
    auto flowgraph = gr::make_top_block("decoder");
    int port = 0;
    for (const bytes& stream : packets) {
        flowgraph->connect(
            blocks::vector_source_b::make(stream, false, decoder->packet_size()),
            0,
            decoder,
            port++);
    }
    if (sent.defined()) {
        for (const auto& source : frame_sources(sent)) {
            flowgraph->connect(source, 0, decoder, port++);
        }
    }
    auto sink = blocks::vector_sink_f::make(8);
    flowgraph->connect(decoder, 0, sink, 0);
    auto messages = blocks::message_debug::make();
    flowgraph->msg_connect(decoder, "estimates", messages, "store");
    flowgraph->run();

    decoded result;
    const auto values = sink->data();
    for (std::size_t i = 0; i + 8 <= values.size(); i += 8) {
        result.estimates.emplace_back(values.begin() + i, values.begin() + i + 8);
    }
    for (const auto& number : tag_values(sink->tags(), names::frame())) {
        result.frames.push_back(pmt::to_uint64(number));
    }
    EXPECT_TRUE(
        wait_for([&] { return messages->num_messages() >= result.frames.size(); }));
    for (std::size_t i = 0; i < messages->num_messages(); i++) {
        result.pdus.push_back(messages->get_message(i));
    }
    return result;
}

class FusionDecoder : public testing::Test
{
protected:
    const cfisac::Scenario scenario = small_scenario();
    const std::string file = small_model(small_grid(), "pilot");
    const cfisac::nn::Model model = cfisac::nn::Model::load(file);
    const fusion_decoder::sptr decoder = fusion_decoder::make(scenario, file, "cpu");

    std::vector<bytes> clean_packets()
    {
        const std::vector<std::uint64_t> frames{0, 1, 2, 3, 4, 5};
        return {make_packets(model, 0, frames), make_packets(model, 1, frames)};
    }
};

TEST_F(FusionDecoder, DecodesWhatTheModelDecodes)
{
    const auto result = run_decoder(decoder, clean_packets());
    ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
    ASSERT_EQ(result.estimates.size(), 6u);
    for (std::int64_t frame = 0; frame < 6; frame++) {
        std::vector<at::Tensor> indices;
        for (std::int64_t m = 0; m < 2; m++) {
            const at::Tensor k = at::arange(model.index_count(), at::kLong);
            indices.push_back(
                (k * k + 3 * frame + m).remainder(model.codewords()).unsqueeze(0));
        }
        const auto wanted = model.decode(indices, {});
        const at::Tensor values =
            at::cat({wanted.location.flatten(), wanted.velocity.flatten()});
        for (std::int64_t i = 0; i < 8; i++) {
            EXPECT_FLOAT_EQ(result.estimates[frame][i], values[i].item<float>());
        }
    }
    EXPECT_EQ(decoder->frames(), 6u);
    EXPECT_EQ(decoder->frames_lost(), 0u);
    EXPECT_EQ(decoder->packets_refused(), 0u);
}

TEST_F(FusionDecoder, SendsAPduPerFrame)
{
    const auto result = run_decoder(decoder, clean_packets());
    ASSERT_EQ(result.pdus.size(), 6u);
    const auto about = pmt::car(result.pdus[3]);
    auto entry = [&](const char* key) {
        return pmt::dict_ref(about, pmt::intern(key), pmt::PMT_NIL);
    };
    EXPECT_EQ(pmt::to_uint64(entry("frame")), 3u);
    EXPECT_DOUBLE_EQ(pmt::to_double(entry("time")), 1.5);
    const auto confidence = pmt::f32vector_elements(entry("confidence"));
    ASSERT_EQ(confidence.size(), 2u);
    for (const float share : confidence) {
        EXPECT_GE(share, 0.0f);
        EXPECT_LE(share, 1.0f);
    }
    EXPECT_EQ(pmt::f32vector_elements(pmt::cdr(result.pdus[3])), result.estimates[3]);
}

TEST_F(FusionDecoder, FlippedByteLosesItsFrameOnly)
{
    const auto clean = run_decoder(decoder, clean_packets());
    auto packets = clean_packets();
    packets[1][2 * decoder->packet_size() + 60] ^= 0x10;
    auto second = fusion_decoder::make(scenario, file, "cpu");
    const auto result = run_decoder(second, packets);
    ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 3, 4, 5}));
    for (std::size_t i = 0; i < 5; i++) {
        EXPECT_EQ(result.estimates[i], clean.estimates[result.frames[i]]);
    }
    EXPECT_EQ(second->packets_refused(), 1u);
    EXPECT_EQ(second->refusals().at("bad_crc"), 1u);
    EXPECT_EQ(second->items_unmatched(), 1u); // what access point 0 sent for frame 2
    EXPECT_EQ(second->frames_lost(), 1u);
    EXPECT_EQ(second->frames(), 5u);
}

TEST_F(FusionDecoder, MissingPacketsAreLostFrames)
{
    const auto result = run_decoder(decoder,
                                    {make_packets(model, 0, {1, 2, 3, 5, 6, 9}),
                                     make_packets(model, 1, {0, 2, 3, 4, 6, 7, 8, 9})});
    EXPECT_EQ(result.frames, (std::vector<std::uint64_t>{2, 3, 6, 9}));
    EXPECT_EQ(decoder->frames_lost(), 6u); // 0, 1, 4, 5, 7, 8
    EXPECT_EQ(decoder->items_unmatched(), 6u);
}

TEST_F(FusionDecoder, RefusesForeignAndMisdirectedPackets)
{
    const auto other = cfisac::nn::Model::load(small_model(small_grid(), "pilot", 2));
    const auto foreign = run_decoder(
        decoder, {make_packets(model, 0, {0, 1}), make_packets(other, 1, {0, 1})});
    EXPECT_TRUE(foreign.frames.empty());
    EXPECT_EQ(decoder->refusals().at("foreign"), 2u);

    auto swapped = fusion_decoder::make(scenario, file, "cpu");
    const auto result = run_decoder(
        swapped, {make_packets(model, 1, {0, 1}), make_packets(model, 0, {0, 1})});
    EXPECT_TRUE(result.frames.empty());
    EXPECT_GE(swapped->refusals().at("wrong_access_point"), 2u);
}

TEST_F(FusionDecoder, GarbageIsCountedAndNeverDecoded)
{
    auto packets = clean_packets();
    bytes garbage(decoder->packet_size() * 3);
    for (std::size_t i = 0; i < garbage.size(); i++) {
        garbage[i] = static_cast<std::uint8_t>(i * 37 + 11);
    }
    packets[0].insert(packets[0].begin(), garbage.begin(), garbage.end());
    const auto result = run_decoder(decoder, packets);
    EXPECT_EQ(result.frames.size(), 6u);
    EXPECT_EQ(decoder->refusals().at("bad_magic"), 3u);
    EXPECT_EQ(decoder->frames_lost(), 0u);
}

TEST_F(FusionDecoder, ReadsTheTransmitFramesWhenTheModelDoes)
{
    const std::string dense = small_model(small_dense(), "raw");
    const auto dense_model = cfisac::nn::Model::load(dense);
    const at::Tensor sent = sent_frames(scenario, 1, 4);
    auto reader = fusion_decoder::make(scenario, dense, "cpu");
    const std::vector<std::uint64_t> frames{1, 3};
    const auto result = run_decoder(
        reader,
        {make_packets(dense_model, 0, frames), make_packets(dense_model, 1, frames)},
        sent);
    EXPECT_EQ(result.frames, frames);
    EXPECT_EQ(reader->items_unmatched(), 4u); // frames 0 and 2 of both transmit streams
    EXPECT_ANY_THROW(run_decoder(
        fusion_decoder::make(scenario, dense, "cpu"),
        {make_packets(dense_model, 0, frames), make_packets(dense_model, 1, frames)}));
}

TEST_F(FusionDecoder, RefusesAModelOfAnotherScenario)
{
    auto other = scenario;
    other.targets.count = 3;
    try {
        fusion_decoder::make(other, file, "cpu");
        FAIL() << "the model is for two targets";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find(file), std::string::npos);
    }
}

TEST_F(FusionDecoder, InfoTellsHowToConnectIt)
{
    const auto info = load_model_info(file);
    EXPECT_EQ(info.packet_size, decoder->packet_size());
    EXPECT_EQ(info.reference, "pilot");
    EXPECT_FALSE(info.encoder_reads_transmit);
    EXPECT_FALSE(info.decoder_reads_transmit);
    EXPECT_EQ(info.reference_bits, 0u);
    EXPECT_EQ(info.fronthaul_bits, model.fronthaul_bits());
    EXPECT_EQ(info.scenario.name, "small");
    EXPECT_TRUE(
        load_model_info(small_model(small_dense(), "raw")).decoder_reads_transmit);
}

} // namespace test
} // namespace isac
} // namespace gr
