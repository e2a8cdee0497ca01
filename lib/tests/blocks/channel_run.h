/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_TEST_CHANNEL_RUN_H
#define INCLUDED_ISAC_TEST_CHANNEL_RUN_H

#include "flowgraph.h"

#include <gnuradio/isac/bistatic_channel.h>
#include <vector>

namespace gr {
namespace isac {
namespace test {

constexpr double silent_dbm = -250.0;

//! What a channel made of frames X [B, N, N_t, S, T].
struct echoes {
    at::Tensor frames;        //!< [B, M, M_r, S, T]
    std::vector<float> truth; //!< [B, 2·D·Q]
    std::vector<float> bound; //!< [B, 2·Q]
    std::vector<tag_t> echo_tags, truth_tags;
};

inline echoes run_channel(bistatic_channel::sptr channel,
                          const at::Tensor& sent,
                          bool with_bound = false,
                          const std::vector<tag_t>& tags = {})
{
    auto flowgraph = gr::make_top_block("channel");
    const auto sources = frame_sources(sent, tags);
    const std::int64_t size = 4 * 16 * 16;
    const auto values =
        channel->output_signature()->sizeof_stream_item(2) / sizeof(float);
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (int i = 0; i < 2; i++) {
        flowgraph->connect(sources[i], 0, channel, i);
        sinks.push_back(blocks::vector_sink_c::make(size));
        flowgraph->connect(channel, i, sinks[i], 0);
    }
    auto truth = blocks::vector_sink_f::make(values);
    flowgraph->connect(channel, 2, truth, 0);
    auto bound = blocks::vector_sink_f::make(values / 2);
    if (with_bound) {
        flowgraph->connect(channel, 3, bound, 0);
    }
    flowgraph->run();
    std::vector<at::Tensor> streams;
    for (const auto& sink : sinks) {
        streams.push_back(to_tensor(sink->data(), {sent.size(0), 4, 16, 16}));
    }
    return {at::stack(streams, 1),
            truth->data(),
            bound->data(),
            sinks[1]->tags(),
            truth->tags()};
}

inline cfisac::Scenario one_target()
{
    auto scenario = small_scenario();
    scenario.targets.count = 1;
    return scenario;
}

//! Antenna 0 of access point 0 sends ones, everything else is silent.
inline at::Tensor single_antenna(std::int64_t frames = 1)
{
    at::Tensor sent = at::zeros({frames, 2, 4, 16, 16}, at::kComplexFloat);
    sent.select(1, 0).select(1, 0).fill_(1.0);
    return sent;
}

} // namespace test
} // namespace isac
} // namespace gr

#endif
