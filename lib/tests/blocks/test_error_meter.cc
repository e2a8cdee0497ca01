/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cmath>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/skiphead.h>
#include <gnuradio/isac/error_meter.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace gr {
namespace isac {
namespace test {

//! Frames of two targets at (10, 20) and (70, 80) m with (1, 2) and (-3, 4) m/s.
std::vector<float> make_truth(std::size_t frames)
{
    std::vector<float> truth;
    for (std::size_t i = 0; i < frames; i++) {
        truth.insert(truth.end(), {10, 20, 70, 80, 1, 2, -3, 4});
    }
    return truth;
}

//! Tags `frame` with these numbers on items 0, 1, …
std::vector<tag_t> numbered(const std::vector<std::uint64_t>& frames)
{
    std::vector<tag_t> tags;
    for (std::size_t i = 0; i < frames.size(); i++) {
        tags.push_back(make_tag(i, names::frame(), pmt::from_uint64(frames[i])));
    }
    return tags;
}

void run_meter(error_meter::sptr meter,
               const std::vector<float>& truth,
               const std::vector<float>& estimates,
               const std::vector<tag_t>& tags = {},
               const std::vector<float>& bound = {},
               const std::vector<float>& confidence = {})
{
    auto flowgraph = gr::make_top_block("meter");
    flowgraph->connect(blocks::vector_source_f::make(truth, false, 8), 0, meter, 0);
    flowgraph->connect(
        blocks::vector_source_f::make(estimates, false, 8, tags), 0, meter, 1);
    if (!bound.empty()) {
        flowgraph->connect(blocks::vector_source_f::make(bound, false, 4), 0, meter, 2);
    }
    if (!confidence.empty()) {
        flowgraph->connect(
            blocks::vector_source_f::make(confidence, false, 2), 0, meter, 3);
    }
    flowgraph->run();
}

//! The confidence stays with its estimate: in matching, and where a frame is missing.
TEST(ErrorMeter, PairsConfidenceWithEstimates)
{
    auto meter = error_meter::make(small_scenario());
    const std::vector<float> swapped{70, 80, 10, 20, -3, 4, 1, 2};
    const std::vector<float> far{40, 20, 70, 80, 1, 2, -3, 4};
    std::vector<float> estimates = swapped;
    estimates.insert(estimates.end(), far.begin(), far.end());
    run_meter(meter,
              make_truth(4),
              estimates,
              numbered({1, 3}),
              std::vector<float>(16, 1.0f),
              {0.5f, 1.0f, 0.25f, 0.75f});
    EXPECT_EQ(meter->scores().at("frames"), 2.0);
    const auto calibration = meter->calibration();
    EXPECT_DOUBLE_EQ(calibration.at("confidence_mean"), 0.625);
    EXPECT_DOUBLE_EQ(calibration.at("location_within_5m"), 0.75);
    EXPECT_DOUBLE_EQ(calibration.at("confidence_mean_within_5m"), 0.75);
    EXPECT_DOUBLE_EQ(calibration.at("confidence_mean_beyond_5m"), 0.25);
    meter->clear();
    EXPECT_TRUE(std::isnan(meter->calibration().at("confidence_mean")));
}

TEST(ErrorMeter, MeasuresDistancesAfterMatching)
{
    auto meter = error_meter::make(small_scenario());
    // The targets in the other order; the first is 5 m and 1 m/s off.
    const std::vector<float> estimate{70, 80, 13, 24, -3, 4, 1, 3};
    run_meter(meter, make_truth(1), estimate, {}, {0.3f, 0.4f, 1.0f, 2.0f});
    const auto scores = meter->scores();
    EXPECT_EQ(scores.at("frames"), 1.0);
    EXPECT_EQ(scores.at("frames_lost"), 0.0);
    EXPECT_NEAR(scores.at("location_rmse_m"), std::sqrt(12.5), 1e-5);
    EXPECT_NEAR(scores.at("location_median_m"), 2.5, 1e-5);
    EXPECT_EQ(scores.at("location_within_1m"), 0.5);
    EXPECT_NEAR(scores.at("velocity_rmse_mps"), std::sqrt(0.5), 1e-5);
    EXPECT_NEAR(scores.at("root_crlb_location_rms_m"), std::sqrt(0.125), 1e-6);
    EXPECT_NEAR(scores.at("root_crlb_velocity_median_mps"), 1.5, 1e-6);
}

TEST(ErrorMeter, CountsTruthsThatNoEstimateCameFor)
{
    auto meter = error_meter::make(small_scenario());
    run_meter(meter, make_truth(9), make_truth(6), numbered({1, 2, 3, 6, 7, 8}));
    const auto scores = meter->scores();
    EXPECT_EQ(scores.at("frames"), 6.0);
    EXPECT_EQ(scores.at("frames_lost"), 3.0); // 0, 4 and 5
    EXPECT_EQ(scores.at("location_rmse_m"), 0.0);
    EXPECT_EQ(meter->estimates_unmatched(), 0u);
}

TEST(ErrorMeter, TruthsLeftOverAtTheEndAreLost)
{
    auto meter = error_meter::make(small_scenario());
    auto flowgraph = gr::make_top_block("meter");
    auto truth = blocks::vector_source_f::make(make_truth(5), false, 8);
    auto head = blocks::head::make(8 * sizeof(float), 2);
    flowgraph->connect(truth, 0, meter, 0);
    flowgraph->connect(truth, 0, head, 0);
    flowgraph->connect(head, 0, meter, 1);
    flowgraph->run();
    EXPECT_EQ(meter->scores().at("frames"), 2.0);
    EXPECT_EQ(meter->scores().at("frames_lost"), 3.0);
}

TEST(ErrorMeter, EstimatesThatStayAwayDoNotHoldUpTheTruth)
{
    // Many more truths than their buffer holds, and one estimate, for the last of them.
    constexpr std::size_t frames = 50000;
    auto meter = error_meter::make(small_scenario());
    auto flowgraph = gr::make_top_block("meter");
    auto truth = blocks::vector_source_f::make(make_truth(frames), false, 8);
    auto late = blocks::skiphead::make(8 * sizeof(float), frames - 1);
    flowgraph->connect(truth, 0, meter, 0);
    flowgraph->connect(truth, 0, late, 0);
    flowgraph->connect(late, 0, meter, 1);
    flowgraph->run();
    const auto scores = meter->scores();
    EXPECT_EQ(scores.at("frames_lost") + scores.at("frames"), frames);
    EXPECT_GT(scores.at("frames_lost"), frames / 2.0);
}

TEST(ErrorMeter, CountsEstimatesThatNoTruthBelongsTo)
{
    auto meter = error_meter::make(small_scenario());
    auto flowgraph = gr::make_top_block("meter");
    flowgraph->connect(
        blocks::vector_source_f::make(make_truth(2), false, 8, numbered({5, 6})),
        0,
        meter,
        0);
    flowgraph->connect(
        blocks::vector_source_f::make(make_truth(3), false, 8, numbered({3, 5, 6})),
        0,
        meter,
        1);
    flowgraph->run();
    EXPECT_EQ(meter->estimates_unmatched(), 1u);
    EXPECT_EQ(meter->scores().at("frames"), 2.0);
}

TEST(ErrorMeter, EstimateThatIsNotFiniteIsALostFrame)
{
    auto meter = error_meter::make(small_scenario());
    auto estimates = make_truth(3);
    estimates[8] = std::numeric_limits<float>::quiet_NaN();
    run_meter(meter, make_truth(3), estimates);
    EXPECT_EQ(meter->scores().at("frames"), 2.0);
    EXPECT_EQ(meter->scores().at("frames_lost"), 1.0);
}

TEST(ErrorMeter, HandlesMoreFramesThanWait)
{
    auto meter = error_meter::make(small_scenario());
    run_meter(meter, make_truth(20000), make_truth(20000));
    EXPECT_EQ(meter->scores().at("frames"), 20000.0);
    EXPECT_EQ(meter->scores().at("frames_lost"), 0.0);
}

TEST(ErrorMeter, TellsScoresAsJsonAndTable)
{
    auto meter = error_meter::make(small_scenario());
    run_meter(meter, make_truth(2), make_truth(2));
    const auto json = nlohmann::json::parse(meter->to_json());
    EXPECT_EQ(json.at("frames").get<int>(), 2);
    EXPECT_EQ(json.at("location_p90_m").get<double>(), 0.0);
    EXPECT_TRUE(json.at("root_crlb_location_rms_m").is_null());
    for (const auto& [name, value] : meter->scores()) {
        EXPECT_TRUE(json.contains(name)) << name;
    }
    EXPECT_NE(meter->table().find("location"), std::string::npos);
    meter->clear();
    EXPECT_EQ(meter->scores().at("frames"), 0.0);
}

} // namespace test
} // namespace isac
} // namespace gr
