/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <cmath>
#include <gnuradio/isac/transmit_reference.h>

namespace gr {
namespace isac {
namespace test {

namespace {

struct references {
    at::Tensor frames; //!< X [B, N, N_t, S, T]
    std::vector<tag_t> tags;
};

//! What a reference makes for `count` items with these tags.
references run_reference(const cfisac::Scenario& scenario,
                         transmit_reference::sptr block,
                         std::int64_t count,
                         const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("reference");
    const auto size = scenario.receive_frame_size();
    flowgraph->connect(
        blocks::vector_source_c::make(
            samples(count * size), false, static_cast<unsigned>(size), tags),
        0,
        block,
        0);
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
        sinks.push_back(blocks::vector_sink_c::make(scenario.transmit_frame_size()));
        flowgraph->connect(block, static_cast<int>(n), sinks.back(), 0);
    }
    flowgraph->run();
    std::vector<at::Tensor> streams;
    for (const auto& sink : sinks) {
        streams.push_back(to_tensor(sink->data(),
                                    {count,
                                     scenario.transmit_antennas(),
                                     scenario.waveform.sensed_subcarriers(),
                                     scenario.waveform.sensed_symbols()}));
    }
    return {at::stack(streams, 1), sinks.back()->tags()};
}

} // namespace

TEST(TransmitReference, IsWhatThePrecoderSendsForTheFrameNumbers)
{
    const auto scenario = small_scenario();
    const auto time = pmt::make_tuple(pmt::from_uint64(12), pmt::from_double(0.25));
    const auto made = run_reference(scenario,
                                    transmit_reference::make(scenario, 5, "cpu"),
                                    3,
                                    {make_tag(0, names::frame(), pmt::from_uint64(4)),
                                     make_tag(1, names::frame(), pmt::from_uint64(0)),
                                     make_tag(2, names::frame(), pmt::from_uint64(2)),
                                     make_tag(1, names::rx_time(), time)});
    const auto sent = sent_frames(scenario, 5, 5);
    EXPECT_TRUE(at::equal(made.frames[0], sent[4]));
    EXPECT_TRUE(at::equal(made.frames[1], sent[0]));
    EXPECT_TRUE(at::equal(made.frames[2], sent[2]));
    const auto numbers = tag_values(made.tags, names::frame());
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_EQ(pmt::to_uint64(numbers[0]), 4u);
    EXPECT_EQ(pmt::to_uint64(tag_values(made.tags, names::seed()).at(2)), 5u);
    EXPECT_EQ(pmt::to_double(tag_values(made.tags, names::power_dbm()).at(0)), 30.0);
    EXPECT_EQ(pmt::symbol_to_string(tag_values(made.tags, names::csi()).at(0)), "seed");
    const auto times = tag_values(made.tags, names::rx_time());
    ASSERT_EQ(times.size(), 1u);
    EXPECT_TRUE(pmt::equal(times[0], time));
}

TEST(TransmitReference, NumbersItemsWithoutTags)
{
    const auto scenario = small_scenario();
    const auto made =
        run_reference(scenario, transmit_reference::make(scenario, 9, "cpu"), 2);
    EXPECT_TRUE(at::equal(made.frames, sent_frames(scenario, 9, 2)));
}

TEST(TransmitReference, TheCentreIsEmptyWhereTheModulatorLeavesItOut)
{
    auto scenario = cfisac::load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                          "/examples/scenarios/sdr_2x2.yml");
    auto sent = sent_frames(scenario, 5, 1);
    EXPECT_GT(sent.select(3, 32).abs().max().item<float>(), 0.0f);
    auto made = run_reference(scenario, transmit_reference::make(scenario, 5, "cpu"), 1);
    sent.select(3, 32).zero_();
    EXPECT_TRUE(at::equal(made.frames, sent));

    scenario.radio->null_dc = false;
    made = run_reference(scenario, transmit_reference::make(scenario, 5, "cpu"), 1);
    EXPECT_TRUE(at::equal(made.frames, sent_frames(scenario, 5, 1)));
    // A comb of every third subcarrier does not have the centre.
    scenario.radio->null_dc = true;
    scenario.waveform.subcarrier_step = 3;
    scenario.waveform.subcarriers = 63;
    made = run_reference(scenario, transmit_reference::make(scenario, 5, "cpu"), 1);
    EXPECT_TRUE(at::equal(made.frames, sent_frames(scenario, 5, 1)));
}

TEST(TransmitReference, PowerIsThatOfTheTransmitters)
{
    auto scenario = small_scenario();
    auto block = transmit_reference::make(scenario, 5, "cpu");
    block->_post(names::command_port(), command("power_dbm", pmt::from_double(17.0)));
    const auto made = run_reference(scenario, block, 1);
    EXPECT_EQ(block->transmit_power_dbm(), 17.0);
    scenario.transmit_power_dbm = 17.0;
    EXPECT_TRUE(at::equal(made.frames, sent_frames(scenario, 5, 1)));
    EXPECT_EQ(pmt::to_double(tag_values(made.tags, names::power_dbm()).at(0)), 17.0);
    block->set_transmit_power_dbm(20.0);
    EXPECT_EQ(block->transmit_power_dbm(), 20.0);
    EXPECT_THROW(block->set_transmit_power_dbm(NAN), std::invalid_argument);
    EXPECT_EQ(block->messages_refused(), 0u);
}

TEST(TransmitReference, RefusesBadMessagesAndTags)
{
    const auto scenario = small_scenario();
    auto block = transmit_reference::make(scenario, 5, "cpu");
    block->_post(names::command_port(), command("power_dbm", pmt::intern("much")));
    block->_post(names::command_port(), command("power", pmt::from_double(1.0)));
    run_reference(scenario, block, 1);
    EXPECT_EQ(block->messages_refused(), 2u);
    EXPECT_EQ(block->error(), "");
    EXPECT_THROW(transmit_reference::make(scenario, 5, "gpu"), std::invalid_argument);
}

} // namespace test
} // namespace isac
} // namespace gr
