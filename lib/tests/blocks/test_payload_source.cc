/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "flowgraph.h"

#include <gnuradio/blocks/head.h>
#include <gnuradio/isac/payload_source.h>
#include <set>

namespace gr {
namespace isac {
namespace test {

//! Symbols of every user in the first `frames` frames.
std::vector<samples> run_source(const cfisac::Scenario& scenario,
                                std::uint64_t seed,
                                int frames)
{
    auto flowgraph = gr::make_top_block("payload");
    auto source = payload_source::make(scenario, seed);
    std::vector<blocks::vector_sink_c::sptr> sinks;
    for (int user = 0; user < scenario.users.count; user++) {
        auto head = blocks::head::make(sizeof(gr_complex), frames * 16 * 16);
        sinks.push_back(blocks::vector_sink_c::make());
        flowgraph->connect(source, user, head, 0);
        flowgraph->connect(head, 0, sinks.back(), 0);
    }
    flowgraph->run();
    std::vector<samples> result;
    for (const auto& sink : sinks) {
        result.push_back(sink->data());
    }
    return result;
}

TEST(PayloadSource, GivesThePayloadOfSeedAndFrame)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    const auto users = run_source(scenario, 7, 3);
    ASSERT_EQ(users.size(), 4u);
    for (std::int64_t frame = 0; frame < 3; frame++) {
        const at::Tensor wanted =
            cfisac::signal::payload(layout, cfisac::signal::Random(7, {frame}));
        for (std::size_t user = 0; user < users.size(); user++) {
            ASSERT_EQ(users[user].size(), 3u * 256u);
            const samples part(users[user].begin() + frame * 256,
                               users[user].begin() + (frame + 1) * 256);
            EXPECT_EQ(part, to_samples(wanted[0][static_cast<std::int64_t>(user)]));
        }
    }
}

TEST(PayloadSource, SendsSixteenPointsOfUnitMeanPower)
{
    const auto users = run_source(small_scenario(), 1, 16);
    std::set<std::pair<float, float>> points;
    double power = 0.0;
    for (const auto& symbol : users[0]) {
        points.insert({symbol.real(), symbol.imag()});
        power += std::norm(symbol);
    }
    EXPECT_EQ(points.size(), 16u);
    // The power of a 16-QAM symbol has a standard deviation of 0.57, so that of 4096 has
    // 0.009.
    EXPECT_NEAR(power / users[0].size(), 1.0, 0.05);
    EXPECT_NE(users[0], users[1]);
}

TEST(PayloadSource, RepeatsWithItsSeedOnly)
{
    const auto first = run_source(small_scenario(), 3, 1);
    EXPECT_EQ(first, run_source(small_scenario(), 3, 1));
    EXPECT_NE(first, run_source(small_scenario(), 4, 1));
}

} // namespace test
} // namespace isac
} // namespace gr
