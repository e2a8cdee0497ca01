/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/nn/model.h>
#include <cmath>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/centralized_cnn.h>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

//! Sizes of the centralized network that are quick to run.
const char* small_cnn()
{
    return R"({"read_out": "cnn", "cnn": {"first_channels": 4, "second_channels": 8,
                                          "fully_connected": 16}})";
}

//! Echo frames of noise, [B, M, M_r, S, T].
at::Tensor noise_frames_of_all(std::int64_t count)
{
    const cfisac::signal::Random random(2, {0});
    return random
        .complex_normal(
            cfisac::signal::Purpose::training, {count, 2, 4, 16, 16}, at::kFloat)
        .squeeze(0);
}

struct located {
    std::vector<std::uint64_t> frames;         //!< from the tags
    std::vector<std::vector<float>> estimates; //!< one entry per frame
    std::vector<float> confidence;             //!< two per frame
    std::vector<pmt::pmt_t> pdus;
};

//! \param first_tags of the items of access point 0
located run_cnn(centralized_cnn::sptr cnn,
                const at::Tensor& echoes,
                const at::Tensor& sent = {},
                const std::vector<tag_t>& first_tags = {})
{
    auto flowgraph = gr::make_top_block("cnn");
    const std::int64_t receivers = echoes.size(1);
    for (std::int64_t m = 0; m < receivers; m++) {
        flowgraph->connect(
            blocks::vector_source_c::make(to_samples(echoes.select(1, m)),
                                          false,
                                          4 * 16 * 16,
                                          m == 0 ? first_tags : std::vector<tag_t>{}),
            0,
            cnn,
            static_cast<int>(m));
    }
    if (sent.defined()) {
        int port = static_cast<int>(receivers);
        for (const auto& source : frame_sources(sent)) {
            flowgraph->connect(source, 0, cnn, port++);
        }
    }
    auto sink = blocks::vector_sink_f::make(8);
    auto confidence = blocks::vector_sink_f::make(2);
    flowgraph->connect(cnn, 0, sink, 0);
    flowgraph->connect(cnn, 1, confidence, 0);
    auto messages = blocks::message_debug::make();
    flowgraph->msg_connect(cnn, "estimates", messages, "store");
    flowgraph->run();

    located result;
    result.confidence = confidence->data();
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

void expect_same(const std::vector<float>& values, const cfisac::nn::Estimates& wanted)
{
    const at::Tensor expected =
        at::cat({wanted.location.flatten(), wanted.velocity.flatten()});
    for (std::int64_t i = 0; i < 8; i++) {
        const float value = expected[i].item<float>();
        EXPECT_NEAR(values[i], value, 1e-4 * (1.0 + std::abs(value)));
    }
}

TEST(CentralizedCnn, EstimatesWhatTheModelEstimates)
{
    const auto scenario = small_scenario();
    const at::Tensor echoes = noise_frames_of_all(5);
    const at::Tensor sent = sent_frames(scenario, 4, 5);
    for (const char* reference : {"raw", "reference"}) {
        const std::string file = small_model(small_cnn(), reference);
        const auto model = cfisac::nn::Model::load(file);
        const bool reads = std::string(reference) == "reference";
        for (const int batch : {1, 3}) {
            auto cnn = centralized_cnn::make(scenario, file, "cpu", false, batch);
            const auto result = run_cnn(cnn, echoes, reads ? sent : at::Tensor());
            ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
            for (std::int64_t i = 0; i < 5; i++) {
                expect_same(result.estimates[i],
                            model.estimate(echoes.narrow(0, i, 1),
                                           reads ? sent.narrow(0, i, 1) : at::Tensor()));
            }
            EXPECT_EQ(result.confidence, std::vector<float>(10, 1.0f));
            EXPECT_EQ(cnn->frames(), 5u);
            EXPECT_EQ(cnn->error(), "");
        }
    }
}

TEST(CentralizedCnn, SendsAPduPerFrame)
{
    const std::string file = small_model(small_cnn(), "raw");
    const auto result =
        run_cnn(centralized_cnn::make(small_scenario(), file, "cpu"),
                noise_frames_of_all(2),
                {},
                {make_tag(1,
                          names::rx_time(),
                          pmt::make_tuple(pmt::from_uint64(3), pmt::from_double(0.5)))});
    ASSERT_EQ(result.pdus.size(), 2u);
    const auto about = pmt::car(result.pdus[1]);
    const auto entry = [&](const char* key) {
        return pmt::dict_ref(about, pmt::intern(key), pmt::PMT_NIL);
    };
    EXPECT_EQ(pmt::to_uint64(entry("frame")), 1u);
    EXPECT_DOUBLE_EQ(pmt::to_double(entry("time")), 3.5);
    EXPECT_TRUE(pmt::is_null(entry("covariance"))); // the network gives none
    EXPECT_EQ(pmt::f32vector_elements(pmt::cdr(result.pdus[1])), result.estimates[1]);
}

TEST(CentralizedCnn, PairsTheEchoesOfAllAccessPointsByNumber)
{
    const std::string file = small_model(small_cnn(), "raw");
    const auto model = cfisac::nn::Model::load(file);
    const at::Tensor echoes = noise_frames_of_all(4);
    auto cnn = centralized_cnn::make(small_scenario(), file, "cpu");
    // Frame 1 of access point 0 is missing.
    const auto result = run_cnn(cnn,
                                echoes,
                                {},
                                {make_tag(1, names::frame(), pmt::from_uint64(2)),
                                 make_tag(2, names::frame(), pmt::from_uint64(3)),
                                 make_tag(3, names::frame(), pmt::from_uint64(4))});
    ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 2, 3}));
    const at::Tensor second =
        at::stack({echoes[1][0], echoes[2][1]}).unsqueeze(0); // both of number 2
    expect_same(result.estimates[1], model.estimate(second, {}));
    EXPECT_EQ(cnn->frames_unmatched(), 1u);
}

TEST(CentralizedCnn, FrameWithABadSampleIsLeftOut)
{
    const std::string file = small_model(small_cnn(), "raw");
    at::Tensor echoes = noise_frames_of_all(3);
    at::view_as_real(echoes)[1][1][2][3][4][0] = std::numeric_limits<double>::quiet_NaN();
    auto cnn = centralized_cnn::make(small_scenario(), file, "cpu");
    EXPECT_EQ(run_cnn(cnn, echoes).frames, (std::vector<std::uint64_t>{0, 2}));
    EXPECT_EQ(cnn->frames_refused(), 1u);
    EXPECT_EQ(cnn->error(), "");
}

TEST(CentralizedCnn, InRealTimeTheLatestFramesAreKept)
{
    const std::string file = small_model(small_cnn(), "raw");
    auto cnn = centralized_cnn::make(small_scenario(), file, "cpu", true);
    const auto result = run_cnn(cnn, noise_frames_of_all(40));
    ASSERT_FALSE(result.frames.empty());
    EXPECT_EQ(result.frames.back(), 39u);
    // A frame that was skipped at one input is unmatched at the other, or skipped as well.
    EXPECT_GE(cnn->frames() + cnn->frames_skipped() + cnn->frames_unmatched(), 40u);
    EXPECT_FALSE(std::isnan(cnn->latency_s(0.5)));
}

TEST(CentralizedCnn, RefusesModelsAndFlowgraphsThatDoNotFit)
{
    const auto scenario = small_scenario();
    const std::string file = small_model(small_cnn(), "reference");
    const std::string other = small_model(small_grid(), "pilot");
    const auto refused = [](auto make, const std::string& part) {
        try {
            make();
            ADD_FAILURE() << "accepted: " << part;
        } catch (const std::exception& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << error.what();
        }
    };
    refused([&] { centralized_cnn::make(scenario, other, "cpu"); }, other);
    refused([&] { centralized_cnn::make(scenario, other, "cpu"); }, "read-out grid");
    refused([&] { dvqvae_encoder::make(scenario, file, 0, 0, "cpu"); }, "read-out cnn");
    refused([&] { centralized_cnn::make(scenario, file, "cpu", false, 65); },
            "batch: 65");
    EXPECT_ANY_THROW(
        run_cnn(centralized_cnn::make(scenario, file, "cpu"), noise_frames_of_all(1)));
}

} // namespace test
} // namespace isac
} // namespace gr
