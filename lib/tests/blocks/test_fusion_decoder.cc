/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "decoder_flow.h"

#include <cmath>
#include <gnuradio/isac/dvqvae_encoder.h>

namespace gr {
namespace isac {
namespace test {

void expect_estimates(const std::vector<float>& values,
                      const cfisac::nn::Estimates& wanted)
{
    const at::Tensor expected =
        at::cat({wanted.location.flatten(), wanted.velocity.flatten()});
    for (std::int64_t i = 0; i < 8; i++) {
        // The engine's float32 sums are in another order than the network's.
        const float value = expected[i].item<float>();
        EXPECT_NEAR(values[i], value, 1e-4 * (1.0 + std::abs(value)));
    }
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
        expect_estimates(result.estimates[frame],
                         model.decode({row_of(make_indices(model, 0, frame)),
                                       row_of(make_indices(model, 1, frame))},
                                      {}));
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
    ASSERT_EQ(result.confidence.size(), 12u); // the second output
    EXPECT_EQ(
        confidence,
        std::vector<float>(result.confidence.begin() + 6, result.confidence.begin() + 8));
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

//! Write other indices into the packet of a frame, with a right CRC.
void replace_indices(bytes& stream,
                     std::size_t frame,
                     const cfisac::nn::Model& model,
                     const std::vector<std::uint32_t>& indices)
{
    const cfisac::fronthaul::PacketFormat format(model.index_range(),
                                                 model.index_count(),
                                                 cfisac::fingerprint(model.scenario()),
                                                 model.fingerprint());
    auto* packet = stream.data() + frame * format.size();
    cfisac::fronthaul::Packet content;
    ASSERT_EQ(cfisac::fronthaul::decode(packet, format.size(), format, content),
              cfisac::fronthaul::PacketStatus::ok);
    content.indices = indices;
    cfisac::fronthaul::encode(content, packet, format.size());
}

//! Intact packets whose positions do not ascend, or with an index that is a position but
//! no codeword.
TEST_F(FusionDecoder, RefusesIndicesThatNoEncoderGives)
{
    const std::string path = small_model(small_sparse_grid(), "pilot", 3);
    const auto sparse = cfisac::nn::Model::load(path);
    ASSERT_GT(sparse.index_range(), sparse.codewords());
    const std::vector<std::uint64_t> frames{0, 1, 2, 3};
    std::vector<bytes> packets{make_packets(sparse, 0, frames),
                               make_packets(sparse, 1, frames)};
    auto indices = make_indices(sparse, 0, 1);
    std::swap(indices[0], indices[1]);
    replace_indices(packets[0], 1, sparse, indices);
    indices = make_indices(sparse, 1, 2);
    indices.back() = static_cast<std::uint32_t>(sparse.codewords());
    replace_indices(packets[1], 2, sparse, indices);

    auto receiver = fusion_decoder::make(scenario, path, "cpu");
    const auto result = run_decoder(receiver, packets);
    ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 3}));
    EXPECT_EQ(receiver->refusals().at("bad_indices"), 2u);
    EXPECT_EQ(receiver->packets_refused(), 2u);
    EXPECT_EQ(receiver->frames_lost(), 2u);
    EXPECT_TRUE(receiver->error().empty());
    expect_estimates(result.estimates[1],
                     sparse.decode({row_of(make_indices(sparse, 0, 3)),
                                    row_of(make_indices(sparse, 1, 3))},
                                   {}));
}

TEST_F(FusionDecoder, EstimatesWithoutAnAbsentAccessPoint)
{
    for (const int absent : {0, 1}) {
        const int left = 1 - absent;
        auto receiver =
            fusion_decoder::make(scenario, file, "cpu", std::vector<int>{absent});
        const auto result = run_decoder(receiver, {make_packets(model, left, {0, 1, 2})});
        ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 2}));
        for (const std::uint64_t frame : result.frames) {
            std::vector<at::Tensor> indices(2);
            indices[left] = row_of(make_indices(model, left, frame));
            expect_estimates(result.estimates[frame], model.decode(indices, {}));
        }
        EXPECT_EQ(receiver->packets_refused(), 0u);
        // Its packets are not those of the access point that is left.
        auto misled =
            fusion_decoder::make(scenario, file, "cpu", std::vector<int>{absent});
        EXPECT_TRUE(
            run_decoder(misled, {make_packets(model, absent, {0, 1})}).frames.empty());
        EXPECT_EQ(misled->refusals().at("wrong_access_point"), 2u);
        EXPECT_ANY_THROW(run_decoder(
            fusion_decoder::make(scenario, file, "cpu", std::vector<int>{absent}),
            clean_packets()));
    }
}

TEST_F(FusionDecoder, AbsentAccessPointsLeaveTheTransmitFrames)
{
    const std::string dense = small_model(small_dense(), "raw");
    const auto dense_model = cfisac::nn::Model::load(dense);
    auto reader = fusion_decoder::make(scenario, dense, "cpu", std::vector<int>{0});
    const auto result = run_decoder(
        reader, {make_packets(dense_model, 1, {0, 1})}, sent_frames(scenario, 1, 2));
    EXPECT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(FusionDecoder, NamesAbsentAccessPointsThatCannotBe)
{
    const auto refused = [&](const std::vector<int>& absent, const char* part) {
        try {
            fusion_decoder::make(scenario, file, "cpu", absent);
            ADD_FAILURE() << "accepted: " << part;
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << error.what();
        }
    };
    refused({2}, "access point 2");
    refused({-1}, "access point -1");
    refused({1, 1}, "access point 1 is named twice");
    refused({1, 0}, "all 2 access points");
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

TEST_F(FusionDecoder, CentralizedNetworkIsRefusedByName)
{
    const auto cnn = small_model("cnn", "pilot");
    const auto info = load_model_info(cnn);
    EXPECT_EQ(info.read_out, "cnn");
    EXPECT_EQ(info.packet_size, 0u);
    EXPECT_EQ(info.reference_bits, 0u);
    EXPECT_EQ(static_cast<std::size_t>(info.fronthaul_bits),
              small_scenario().raw_echo_bits());
    EXPECT_FALSE(info.encoder_reads_transmit);
    EXPECT_TRUE(info.decoder_reads_transmit);
    const auto expect_refused = [&](const auto& make) {
        try {
            make();
            FAIL() << "it has no encoders and no decoder";
        } catch (const std::runtime_error& error) {
            for (const auto& part : {cnn, std::string("read-out cnn")}) {
                EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                    << error.what();
            }
        }
    };
    expect_refused([&] { fusion_decoder::make(small_scenario(), cnn, "cpu"); });
    expect_refused([&] { dvqvae_encoder::make(small_scenario(), cnn, 0, 0, "cpu"); });
}

} // namespace test
} // namespace isac
} // namespace gr
