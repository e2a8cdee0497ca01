/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/estimators/access_point.h>
#include <cfisac/fronthaul/packet.h>
#include <cmath>
#include <functional>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/parameter_fusion.h>
#include <numeric>

namespace gr {
namespace isac {
namespace test {

using bytes = std::vector<std::uint8_t>;
using cfisac::estimators::Message;
using cfisac::estimators::PathParameters;
using cfisac::estimators::Scheme;

//! A target of a frame: location and velocity.
struct target {
    double x, y, vx, vy;
};

//! Both targets of a frame, that move with its number: far enough from each other that every
//! path has only one partner.
std::vector<target> targets_of(std::uint64_t frame)
{
    const double step = static_cast<double>(frame);
    return {{22.0 + 0.5 * step, 30.0, 12.0, 15.0},
            {80.0, 70.0 - 0.5 * step, -14.0, -16.0}};
}

//! The path of a target by plane geometry.
PathParameters path_of(const cfisac::Scenario& scenario,
                       int transmitter,
                       std::size_t receiver,
                       const target& t)
{
    PathParameters path;
    path.transmitter = transmitter;
    const auto& from = scenario.transmit[transmitter];
    const auto& to = scenario.receive[receiver];
    for (const auto* point : {&from, &to}) {
        const double dx = t.x - point->position_m[0];
        const double dy = t.y - point->position_m[1];
        const double distance = std::hypot(dx, dy);
        path.range_m += distance;
        path.range_rate_mps += (dx * t.vx + dy * t.vy) / distance;
        path.cosine = (dx * point->axis[0] + dy * point->axis[1]) / distance;
    }
    return path;
}

//! The paths of a frame that an access point tells of: those over the other column's
//! transmit access point, which see the velocities from two sides.
Message message_of(const cfisac::Scenario& scenario,
                   std::size_t access_point,
                   std::uint64_t frame)
{
    std::vector<PathParameters> paths;
    for (const target& t : targets_of(frame)) {
        paths.push_back(
            path_of(scenario, static_cast<int>(1 - access_point), access_point, t));
    }
    return cfisac::estimators::encode_paths(paths, 2);
}

/*! Packets of one access point for some frames.
 * \param start the frame that has the number 0
 */
bytes make_packets(const cfisac::Scenario& scenario,
                   std::size_t access_point,
                   const std::vector<std::uint64_t>& frames,
                   const std::function<void(std::uint64_t, Message&)>& edit = {},
                   Scheme scheme = Scheme::music,
                   std::uint64_t start = 0)
{
    cfisac::fronthaul::Packet packet;
    packet.access_point = static_cast<std::uint16_t>(access_point);
    packet.bits_per_index = 16;
    packet.scale = 1.0f;
    packet.scenario_fingerprint = cfisac::fingerprint(scenario);
    packet.model_fingerprint = cfisac::estimators::fingerprint(scheme);
    const auto size = cfisac::fronthaul::packet_size(16, 12);
    bytes stream(frames.size() * size);
    for (std::size_t i = 0; i < frames.size(); i++) {
        packet.frame = frames[i] - start;
        packet.capture_time_ns = static_cast<std::int64_t>(frames[i]) * 500000000;
        auto message = message_of(scenario, access_point, frames[i]);
        if (edit) {
            edit(frames[i], message);
        }
        packet.indices.assign(message.begin(), message.end());
        cfisac::fronthaul::encode(packet, stream.data() + i * size, size);
    }
    return stream;
}

struct fused {
    std::vector<std::uint64_t> frames;         //!< from the tags
    std::vector<std::vector<float>> estimates; //!< one entry per frame
    std::vector<float> confidence;             //!< two per frame
    std::vector<float> covariance;             //!< 2·4·4 per frame
    std::vector<pmt::pmt_t> pdus;
};

fused run_fusion(parameter_fusion::sptr fusion, const std::vector<bytes>& packets)
{
    auto flowgraph = gr::make_top_block("fusion");
    int port = 0;
    for (const bytes& stream : packets) {
        flowgraph->connect(
            blocks::vector_source_b::make(stream, false, fusion->packet_size()),
            0,
            fusion,
            port++);
    }
    auto sink = blocks::vector_sink_f::make(8);
    auto confidence = blocks::vector_sink_f::make(2);
    auto covariance = blocks::vector_sink_f::make(32);
    flowgraph->connect(fusion, 0, sink, 0);
    flowgraph->connect(fusion, 1, confidence, 0);
    flowgraph->connect(fusion, 2, covariance, 0);
    auto messages = blocks::message_debug::make();
    flowgraph->msg_connect(fusion, "estimates", messages, "store");
    flowgraph->run();

    fused result;
    result.confidence = confidence->data();
    result.covariance = covariance->data();
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

//! Estimates are the targets of the frame, in any order.
void expect_targets(const std::vector<float>& values, std::uint64_t frame)
{
    for (const target& t : targets_of(frame)) {
        double best = 1e9;
        double speed = 1e9;
        for (std::size_t q = 0; q < 2; q++) {
            const double distance =
                std::hypot(values[2 * q] - t.x, values[2 * q + 1] - t.y);
            if (distance < best) {
                best = distance;
                speed = std::hypot(values[4 + 2 * q] - t.vx, values[5 + 2 * q] - t.vy);
            }
        }
        // Cosines come in steps of 2^-23, ranges and rates as binary32.
        EXPECT_LT(best, 1e-3) << "frame " << frame;
        EXPECT_LT(speed, 1e-3) << "frame " << frame;
    }
}

class ParameterFusion : public testing::Test
{
protected:
    // Its resolution tells the targets apart.
    const cfisac::Scenario scenario = cfisac::load_scenario(
        std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/paper.yml");
    const parameter_fusion::sptr fusion = parameter_fusion::make(scenario, "music");
    const std::vector<std::uint64_t> numbers{0, 1, 2, 3, 4, 5};

    std::vector<bytes> clean_packets()
    {
        return {make_packets(scenario, 0, numbers), make_packets(scenario, 1, numbers)};
    }
};

TEST_F(ParameterFusion, FindsTheTargetsOfExactPaths)
{
    for (const auto scheme : {Scheme::music, Scheme::cs}) {
        auto block =
            parameter_fusion::make(scenario, cfisac::estimators::to_string(scheme));
        const auto result = run_fusion(block,
                                       {make_packets(scenario, 0, numbers, {}, scheme),
                                        make_packets(scenario, 1, numbers, {}, scheme)});
        ASSERT_EQ(result.frames, numbers);
        for (std::size_t frame = 0; frame < 6; frame++) {
            expect_targets(result.estimates[frame], frame);
        }
        EXPECT_EQ(block->frames(), 6u);
        EXPECT_EQ(block->frames_lost(), 0u);
        EXPECT_EQ(block->packets_refused(), 0u);
        EXPECT_EQ(block->error(), "");
    }
}

TEST_F(ParameterFusion, CovariancesArePositiveAndInThePdu)
{
    const auto result = run_fusion(fusion, clean_packets());
    ASSERT_EQ(result.covariance.size(), 6u * 32);
    ASSERT_EQ(result.confidence.size(), 6u * 2);
    at::Tensor covariance =
        at::from_blob(const_cast<float*>(result.covariance.data()), {6, 2, 4, 4});
    EXPECT_TRUE(at::allclose(covariance, covariance.transpose(-1, -2), 1e-4));
    EXPECT_GT(at::linalg_eigvalsh(covariance.to(at::kDouble)).min().item<double>(), 0.0);
    ASSERT_EQ(result.pdus.size(), 6u);
    const auto about = pmt::car(result.pdus[3]);
    auto entry = [&](const char* key) {
        return pmt::dict_ref(about, pmt::intern(key), pmt::PMT_NIL);
    };
    EXPECT_EQ(pmt::to_uint64(entry("frame")), 3u);
    EXPECT_DOUBLE_EQ(pmt::to_double(entry("time")), 1.5);
    EXPECT_EQ(
        pmt::f32vector_elements(entry("confidence")),
        std::vector<float>(result.confidence.begin() + 6, result.confidence.begin() + 8));
    EXPECT_EQ(pmt::f32vector_elements(entry("covariance")),
              std::vector<float>(result.covariance.begin() + 96,
                                 result.covariance.begin() + 128));
    EXPECT_EQ(pmt::f32vector_elements(pmt::cdr(result.pdus[3])), result.estimates[3]);
    for (const float share : result.confidence) {
        EXPECT_GE(share, 0.0f);
        EXPECT_LE(share, 1.0f);
    }
}

TEST_F(ParameterFusion, WhatWasNotSeenIsThePrior)
{
    const auto nothing = [](std::uint64_t, Message& message) {
        message = cfisac::estimators::encode_paths({}, 2);
    };
    const auto result = run_fusion(fusion,
                                   {make_packets(scenario, 0, {0}, nothing),
                                    make_packets(scenario, 1, {0}, nothing)});
    ASSERT_EQ(result.estimates.size(), 1u);
    EXPECT_EQ(result.estimates[0], (std::vector<float>{50, 50, 50, 50, 0, 0, 0, 0}));
    EXPECT_EQ(result.confidence, (std::vector<float>{0, 0}));
}

TEST_F(ParameterFusion, FlippedByteLosesItsFrameOnly)
{
    auto packets = clean_packets();
    packets[1][2 * fusion->packet_size() + 60] ^= 0x10;
    const auto result = run_fusion(fusion, packets);
    ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 3, 4, 5}));
    for (std::size_t i = 0; i < 5; i++) {
        expect_targets(result.estimates[i], result.frames[i]);
    }
    EXPECT_EQ(fusion->packets_refused(), 1u);
    EXPECT_EQ(fusion->refusals().at("bad_crc"), 1u);
    EXPECT_EQ(fusion->items_unmatched(), 1u); // what access point 0 sent for frame 2
    EXPECT_EQ(fusion->frames_lost(), 1u);
    EXPECT_EQ(fusion->frames(), 5u);
}

TEST_F(ParameterFusion, MissingPacketsAreLostFrames)
{
    const auto result = run_fusion(fusion,
                                   {make_packets(scenario, 0, {1, 2, 3, 5, 6, 9}),
                                    make_packets(scenario, 1, {0, 2, 3, 4, 6, 7, 9})});
    EXPECT_EQ(result.frames, (std::vector<std::uint64_t>{2, 3, 6, 9}));
    EXPECT_EQ(fusion->frames_lost(), 6u); // 0, 1, 4, 5, 7, 8
    EXPECT_EQ(fusion->items_unmatched(), 5u);
}

TEST_F(ParameterFusion, RefusesForeignAndMisdirectedPackets)
{
    // Paths of another scheme are of the same size.
    const auto foreign = run_fusion(fusion,
                                    {make_packets(scenario, 0, {0, 1}),
                                     make_packets(scenario, 1, {0, 1}, {}, Scheme::cs)});
    EXPECT_TRUE(foreign.frames.empty());
    EXPECT_EQ(fusion->refusals().at("foreign"), 2u);

    auto swapped = parameter_fusion::make(scenario, "music");
    const auto result = run_fusion(
        swapped, {make_packets(scenario, 1, {0, 1}), make_packets(scenario, 0, {0, 1})});
    EXPECT_TRUE(result.frames.empty());
    EXPECT_GE(swapped->refusals().at("wrong_access_point"), 2u);
}

TEST_F(ParameterFusion, RefusesWordsThatNoAccessPointGives)
{
    const auto break_some = [](std::uint64_t frame, Message& message) {
        if (frame == 1) {
            message[0] = message[1] = 0x7f7f; // no such transmit access point
        } else if (frame == 2) {
            std::fill(message.begin(), message.end(), std::uint16_t{0x7fc0}); // NaN
        }
    };
    const auto result = run_fusion(fusion,
                                   {make_packets(scenario, 0, numbers, break_some),
                                    make_packets(scenario, 1, numbers)});
    EXPECT_EQ(result.frames, (std::vector<std::uint64_t>{0, 3, 4, 5}));
    EXPECT_EQ(fusion->refusals().at("bad_indices"), 2u);
    EXPECT_EQ(fusion->frames_lost(), 2u);
    EXPECT_EQ(fusion->error(), "");
}

TEST_F(ParameterFusion, EstimatesWithoutAnAbsentAccessPoint)
{
    for (const int absent : {0, 1}) {
        const auto left = static_cast<std::size_t>(1 - absent);
        const std::vector<int> missing{absent};
        auto block = parameter_fusion::make(scenario, "music", missing);
        const auto result = run_fusion(block, {make_packets(scenario, left, {0, 1, 2})});
        ASSERT_EQ(result.frames, (std::vector<std::uint64_t>{0, 1, 2}));
        const auto central = cfisac::estimators::make_central_estimator(
            cfisac::estimators::Scheme::music, scenario);
        for (std::size_t frame = 0; frame < 3; frame++) {
            std::vector<Message> messages(2);
            messages[left] = message_of(scenario, left, frame);
            const auto wanted = (*central)(messages);
            const at::Tensor values =
                at::cat({wanted.location.flatten(), wanted.velocity.flatten()})
                    .to(at::kFloat);
            EXPECT_EQ(result.estimates[frame],
                      std::vector<float>(values.data_ptr<float>(),
                                         values.data_ptr<float>() + 8));
        }
        auto misled = parameter_fusion::make(scenario, "music", missing);
        EXPECT_TRUE(
            run_fusion(misled,
                       {make_packets(scenario, static_cast<std::size_t>(absent), {0, 1})})
                .frames.empty());
        EXPECT_EQ(misled->refusals().at("wrong_access_point"), 2u);
        EXPECT_ANY_THROW(run_fusion(parameter_fusion::make(scenario, "music", missing),
                                    clean_packets()));
    }
}

TEST_F(ParameterFusion, RestartedAccessPointIsTakenBack)
{
    std::vector<std::uint64_t> frames(16);
    std::iota(frames.begin(), frames.end(), 0);
    // Access point 1 sends frame 2 twice, is gone after frame 5 and counts from 0 at 8.
    auto second = make_packets(scenario, 1, {0, 1, 2, 2, 3, 4, 5});
    const auto restarted = make_packets(
        scenario, 1, {frames.begin() + 8, frames.end()}, {}, Scheme::music, 8);
    second.insert(second.end(), restarted.begin(), restarted.end());
    auto block = parameter_fusion::make(scenario, "music", {}, false, 3600.0);
    const auto result = run_fusion(block, {make_packets(scenario, 0, frames), second});
    ASSERT_EQ(result.frames, frames);
    ASSERT_EQ(result.pdus.size(), 16u);
    for (std::size_t frame = 0; frame < 16; frame++) {
        const auto used = pmt::s32vector_elements(pmt::dict_ref(
            pmt::car(result.pdus[frame]), pmt::intern("access_points"), pmt::PMT_NIL));
        const bool alone = frame >= 6 && frame < 11; // four packets make it sure
        EXPECT_EQ(used,
                  alone ? std::vector<std::int32_t>{0}
                        : (std::vector<std::int32_t>{0, 1}))
            << frame;
        if (!alone) {
            expect_targets(result.estimates[frame], frame);
        }
    }
    EXPECT_EQ(block->frames_incomplete(), 5u);
    EXPECT_EQ(block->packets_late(), 3u);
    EXPECT_EQ(block->duplicates(), 1u);
    EXPECT_EQ(block->frames_lost(), 0u);
}

TEST_F(ParameterFusion, RefusesWrongParametersByName)
{
    const auto refused =
        [&](const char* scheme, const std::vector<int>& absent, const char* part) {
            try {
                parameter_fusion::make(scenario, scheme, absent);
                ADD_FAILURE() << "accepted: " << part;
            } catch (const std::invalid_argument& error) {
                EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                    << error.what();
            }
        };
    refused("esprit", {}, "esprit");
    refused("music", {2}, "access point 2");
    refused("music", {1, 1}, "access point 1 is named twice");
    refused("music", {1, 0}, "all 2 access points");
    EXPECT_THROW(fusion->latency_s(1.5), std::invalid_argument);
    EXPECT_TRUE(std::isnan(fusion->latency_s(0.5))); // not in real time
}

} // namespace test
} // namespace isac
} // namespace gr
