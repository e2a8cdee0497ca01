/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cfisac/signal/direct_path.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/static_echo.h>
#include <cmath>
#include <gnuradio/blocks/message_debug.h>
#include <gnuradio/isac/direct_path_canceller.h>
#include <limits>

namespace gr {
namespace isac {
namespace test {

namespace {

using cfisac::signal::ClockOffset;

double energy(const at::Tensor& values)
{
    return at::view_as_real(values.to(at::kComplexDouble)).square().sum().item<double>();
}

//! Frames of access point 0 with direct paths and a target, whose clocks are off.
struct frames_over_the_air {
    explicit frames_over_the_air(std::int64_t count) : scenario(small_scenario())
    {
        scenario.sensing_noise_dbm = -125.0;
        scenario.targets.reflection_variance = 1e-3; // far below the direct paths
        const cfisac::signal::Layout layout(scenario);
        transmit = sent_frames(scenario, 5, count);
        std::vector<at::Tensor> all;
        for (std::int64_t k = 0; k < count; k++) {
            const cfisac::signal::Random random(5, {k});
            truth.push_back({ClockOffset{3e-9, 150.0 + 10.0 * static_cast<double>(k)},
                             ClockOffset{-2e-9, -90.0}});
            turned.push_back(
                cfisac::signal::with_offsets(layout, transmit[k], truth.back()));
            targets.push_back(cfisac::signal::echo(
                layout,
                turned.back().unsqueeze(0),
                cfisac::signal::draw_targets(layout, scenario.targets, random))[0][0]);
            std::vector<cfisac::signal::DirectPath> paths(2);
            for (std::size_t n = 0; n < 2; n++) {
                paths[n].seen = true;
                paths[n].offset = truth.back()[n];
                paths[n].gain = {std::cos(0.7 * static_cast<double>(n + 1)),
                                 std::sin(0.7 * static_cast<double>(n + 1))};
            }
            all.push_back(cfisac::signal::direct_echo(layout, transmit[k], 0, paths) +
                          targets.back() +
                          cfisac::signal::sensing_noise(
                              layout, scenario.sensing_noise_dbm, random)[0][0]);
        }
        echo = at::stack(all);
    }

    cfisac::Scenario scenario;
    at::Tensor transmit; //!< [B, N, N_t, S, T] as sent
    at::Tensor echo;     //!< [B, M_r, S, T]
    std::vector<std::vector<ClockOffset>> truth;
    std::vector<at::Tensor> turned;  //!< with the clocks' offsets
    std::vector<at::Tensor> targets; //!< their echo alone
};

struct cancelled {
    at::Tensor echo;     //!< [B, M_r, S, T]
    at::Tensor transmit; //!< [B, N, N_t, S, T]
    std::vector<tag_t> echo_tags, transmit_tags;
    blocks::message_debug::sptr messages;
};

cancelled run_canceller(direct_path_canceller::sptr block,
                        const frames_over_the_air& frames,
                        const std::vector<tag_t>& echo_tags = {},
                        const std::vector<tag_t>& transmit_tags = {})
{
    auto flowgraph = gr::make_top_block("canceller");
    const auto size = static_cast<unsigned>(frames.echo[0].numel());
    flowgraph->connect(
        blocks::vector_source_c::make(to_samples(frames.echo), false, size, echo_tags),
        0,
        block,
        0);
    const auto sources = frame_sources(frames.transmit, transmit_tags);
    for (std::size_t n = 0; n < sources.size(); n++) {
        flowgraph->connect(sources[n], 0, block, static_cast<int>(1 + n));
    }
    auto echo = blocks::vector_sink_c::make(size);
    flowgraph->connect(block, 0, echo, 0);
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (std::size_t n = 0; n < sources.size(); n++) {
        sinks.push_back(blocks::vector_sink_c::make(
            static_cast<unsigned>(frames.transmit[0][0].numel())));
        flowgraph->connect(block, static_cast<int>(1 + n), sinks.back(), 0);
    }
    cancelled result;
    result.messages = blocks::message_debug::make();
    flowgraph->msg_connect(block, "offsets", result.messages, "store");
    flowgraph->run();
    const auto count = static_cast<std::int64_t>(echo->data().size() / size);
    auto shape = frames.echo.sizes().vec();
    shape[0] = count;
    result.echo = to_tensor(echo->data(), shape);
    auto of_stream = frames.transmit[0].sizes().vec();
    of_stream[0] = count;
    std::vector<at::Tensor> streams;
    for (const auto& sink : sinks) {
        streams.push_back(to_tensor(sink->data(), of_stream));
    }
    result.transmit = at::stack(streams, 1);
    result.echo_tags = echo->tags();
    result.transmit_tags = sinks[1]->tags();
    return result;
}

pmt::pmt_t f64vector(const std::vector<double>& values)
{
    return pmt::init_f64vector(values.size(), values);
}

//! Tags that tell the offsets to within a quarter of what a frame resolves.
std::vector<tag_t> coarse_offsets(const frames_over_the_air& frames)
{
    const auto& waveform = frames.scenario.waveform;
    const double timing_s =
        0.25 / (waveform.subcarriers * waveform.subcarrier_spacing_hz);
    const double frequency_hz = 0.25 / waveform.interval_s();
    std::vector<tag_t> tags;
    for (std::uint64_t k = 0; k < frames.truth.size(); k++) {
        const auto& truth = frames.truth[k];
        tags.push_back(make_tag(
            k,
            names::timing_offset_s(),
            f64vector({truth[0].timing_s + timing_s, truth[1].timing_s - timing_s})));
        tags.push_back(make_tag(k,
                                names::frequency_offset_hz(),
                                f64vector({truth[0].frequency_hz - frequency_hz,
                                           truth[1].frequency_hz + frequency_hz})));
    }
    return tags;
}

} // namespace

TEST(DirectPathCanceller, PutsTheOffsetsIntoTheTransmitFramesAndRemovesWhatStandsStill)
{
    const frames_over_the_air frames(3);
    auto block = direct_path_canceller::make(frames.scenario, 0);
    EXPECT_EQ(block->removal(), "projection");
    const auto time = pmt::make_tuple(pmt::from_uint64(3), pmt::from_double(0.5));
    auto tags = coarse_offsets(frames);
    tags.push_back(make_tag(1, names::rx_time(), time));
    const auto out = run_canceller(block, frames, tags);
    ASSERT_EQ(out.echo.size(0), 3);
    EXPECT_EQ(block->error(), "");
    EXPECT_EQ(block->frames(), 3u);
    EXPECT_EQ(block->frames_without_direct_path(), 0u);
    const cfisac::signal::Layout layout(frames.scenario);
    for (std::int64_t k = 0; k < 3; k++) {
        // Offsets are measured to some 1e-2 of a turn; the target moves with the frames.
        EXPECT_LT(energy(out.transmit[k] - frames.turned[k]),
                  1e-3 * energy(frames.turned[k]));
        const auto wanted = cfisac::signal::without_static(
            frames.targets[k], cfisac::signal::static_subspace(frames.turned[k]));
        const double noise = cfisac::dbm_to_watt(frames.scenario.sensing_noise_dbm) *
                             static_cast<double>(frames.echo[k].numel());
        EXPECT_LT(energy(out.echo[k] - wanted), 1.2 * noise + 1e-2 * energy(wanted));
        EXPECT_GT(energy(frames.echo[k]), 30.0 * energy(out.echo[k]));
    }
    // Tags and messages tell the offsets that were found.
    const auto timing = tag_values(out.echo_tags, names::timing_offset_s());
    const auto frequency = tag_values(out.echo_tags, names::frequency_offset_hz());
    ASSERT_EQ(timing.size(), 3u);
    ASSERT_EQ(out.messages->num_messages(), 3u);
    const auto message = out.messages->get_message(2);
    const auto in_message = [&](const char* key) {
        return pmt::f64vector_elements(
            pmt::dict_ref(message, pmt::intern(key), pmt::PMT_NIL));
    };
    EXPECT_EQ(pmt::to_uint64(pmt::dict_ref(message, pmt::intern("frame"), pmt::PMT_NIL)),
              2u);
    for (std::size_t n = 0; n < 2; n++) {
        const double timing_error =
            pmt::f64vector_elements(timing[2])[n] - frames.truth[2][n].timing_s;
        const double frequency_error =
            pmt::f64vector_elements(frequency[2])[n] - frames.truth[2][n].frequency_hz;
        // The targets count as noise there and are not.
        EXPECT_LT(std::abs(timing_error), 6 * in_message("timing_deviation_s")[n]);
        EXPECT_LT(std::abs(frequency_error), 6 * in_message("frequency_deviation_hz")[n]);
        EXPECT_GT(in_message("snr_db")[n], cfisac::signal::detection_snr_db(layout));
        EXPECT_EQ(in_message("timing_offset_s")[n],
                  pmt::f64vector_elements(timing[2])[n]);
        EXPECT_EQ(in_message("frequency_offset_hz")[n],
                  pmt::f64vector_elements(frequency[2])[n]);
    }
    const auto times = tag_values(out.echo_tags, names::rx_time());
    ASSERT_EQ(times.size(), 1u);
    EXPECT_TRUE(pmt::equal(times[0], time));
    EXPECT_EQ(tag_values(out.transmit_tags, names::rx_time()).size(), 1u);
    EXPECT_EQ(pmt::to_uint64(tag_values(out.transmit_tags, names::frame()).at(2)), 2u);
}

TEST(DirectPathCanceller, TakesTheTagsAsTheyAreWhereNothingIsMeasured)
{
    const frames_over_the_air frames(1);
    const auto& truth = frames.truth[0];
    auto block = direct_path_canceller::make(frames.scenario, 0, "none", false);
    const auto out = run_canceller(
        block,
        frames,
        {make_tag(0, names::timing_offset_s(), f64vector({truth[0].timing_s, NAN})),
         make_tag(
             0, names::frequency_offset_hz(), f64vector({truth[0].frequency_hz, NAN}))});
    EXPECT_TRUE(at::equal(out.echo, frames.echo));
    EXPECT_LT(energy(out.transmit[0][0] - frames.turned[0][0]),
              1e-10 * energy(frames.turned[0][0]));
    EXPECT_TRUE(at::equal(out.transmit[0][1], frames.transmit[0][1])); // not known
    EXPECT_EQ(block->frames_without_direct_path(), 0u);
}

TEST(DirectPathCanceller, EveryRemovalDoesWhatItSays)
{
    const frames_over_the_air frames(1);
    const cfisac::signal::Layout layout(frames.scenario);
    const auto paths =
        cfisac::signal::measure_direct_paths(layout,
                                             frames.echo[0],
                                             frames.transmit[0],
                                             0,
                                             std::vector<ClockOffset>(2),
                                             frames.scenario.waveform.cyclic_prefix_s);
    const auto turned = cfisac::signal::with_offsets(
        layout, frames.transmit[0], {paths[0].offset, paths[1].offset});
    const std::vector<std::pair<std::string, at::Tensor>> wanted{
        {"none", frames.echo[0]},
        {"direct",
         frames.echo[0] -
             cfisac::signal::direct_echo(layout, frames.transmit[0], 0, paths)},
        {"projection",
         cfisac::signal::without_static(frames.echo[0],
                                        cfisac::signal::static_subspace(turned))}};
    for (const auto& [word, echo] : wanted) {
        auto block = direct_path_canceller::make(frames.scenario, 0, "none");
        block->_post(names::command_port(), command("removal", pmt::intern(word)));
        const auto out = run_canceller(block, frames);
        EXPECT_EQ(block->removal(), word);
        EXPECT_LT(energy(out.echo[0] - echo), 1e-10 * energy(frames.echo)) << word;
        EXPECT_EQ(block->messages_refused(), 0u);
    }
}

TEST(DirectPathCanceller, AFrameWithoutDirectPathIsCountedAndKeepsItsTags)
{
    frames_over_the_air frames(1);
    frames.echo = cfisac::signal::sensing_noise(cfisac::signal::Layout(frames.scenario),
                                                -90.0,
                                                cfisac::signal::Random(8, {0}))
                      .select(1, 0);
    auto block = direct_path_canceller::make(frames.scenario, 0, "projection");
    const auto out =
        run_canceller(block,
                      frames,
                      {make_tag(0, names::timing_offset_s(), f64vector({1e-9, 2e-9})),
                       make_tag(0, names::frequency_offset_hz(), f64vector({3.0, NAN}))});
    EXPECT_EQ(block->frames_without_direct_path(), 1u);
    EXPECT_EQ(pmt::f64vector_elements(
                  tag_values(out.echo_tags, names::timing_offset_s()).at(0)),
              (std::vector<double>{1e-9, 2e-9}));
    EXPECT_EQ(pmt::f64vector_elements(
                  tag_values(out.echo_tags, names::frequency_offset_hz()).at(0)),
              (std::vector<double>{3.0, 0.0}));
    const auto deviation = pmt::f64vector_elements(pmt::dict_ref(
        out.messages->get_message(0), pmt::intern("timing_deviation_s"), pmt::PMT_NIL));
    EXPECT_TRUE(std::isnan(deviation.at(0)) && std::isnan(deviation.at(1)));
}

TEST(DirectPathCanceller, PairsByFrameNumberAndLeavesOutBadFrames)
{
    frames_over_the_air frames(4);
    frames.echo[2][0][0][0] = std::numeric_limits<float>::quiet_NaN();
    std::vector<tag_t> echo_tags, transmit_tags;
    for (std::uint64_t k = 0; k < 4; k++) {
        echo_tags.push_back(make_tag(k, names::frame(), pmt::from_uint64(10 + k)));
        transmit_tags.push_back(
            make_tag(k, names::frame(), pmt::from_uint64(k == 0 ? 9 : 10 + k)));
    }
    auto block = direct_path_canceller::make(frames.scenario, 0);
    const auto out = run_canceller(block, frames, echo_tags, transmit_tags);
    ASSERT_EQ(out.echo.size(0), 2);
    EXPECT_EQ(block->frames(), 2u);
    EXPECT_EQ(block->frames_unmatched(), 3u); // one echo, two transmit frames
    EXPECT_EQ(block->frames_refused(), 1u);
    const auto numbers = tag_values(out.echo_tags, names::frame());
    EXPECT_EQ(pmt::to_uint64(numbers.at(0)), 11u);
    EXPECT_EQ(pmt::to_uint64(numbers.at(1)), 13u);
}

TEST(DirectPathCanceller, RefusesWrongValuesMessagesAndTags)
{
    const frames_over_the_air frames(1);
    EXPECT_THROW(direct_path_canceller::make(frames.scenario, 2), std::invalid_argument);
    EXPECT_THROW(direct_path_canceller::make(frames.scenario, 0, "all"),
                 std::invalid_argument);
    auto block = direct_path_canceller::make(frames.scenario, 0);
    block->_post(names::command_port(), command("removal", pmt::intern("all")));
    block->_post(names::command_port(), command("removal", pmt::from_double(1.0)));
    block->_post(names::command_port(), command("remove", pmt::intern("none")));
    run_canceller(block, frames);
    EXPECT_EQ(block->messages_refused(), 3u);
    EXPECT_EQ(block->removal(), "projection");

    auto wrong = direct_path_canceller::make(frames.scenario, 0);
    const auto out =
        run_canceller(wrong,
                      frames,
                      {make_tag(0, names::timing_offset_s(), f64vector({1e-9})),
                       make_tag(0, names::frequency_offset_hz(), f64vector({1.0, 2.0}))});
    EXPECT_EQ(out.echo.size(0), 0);
    EXPECT_NE(wrong->error().find("timing_offset_s"), std::string::npos)
        << wrong->error();
}

} // namespace test
} // namespace isac
} // namespace gr
