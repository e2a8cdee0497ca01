/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "channel_run.h"

#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/scene.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>

namespace gr {
namespace isac {
namespace test {

//! Bin with the largest magnitude, as a signed number of bins from zero.
std::int64_t peak(const at::Tensor& spectrum)
{
    const auto bin = spectrum.abs().argmax().item<std::int64_t>();
    return bin > spectrum.numel() / 2 ? bin - spectrum.numel() : bin;
}

TEST(BistaticChannel, TargetAppearsAtItsDelayAndDopplerLine)
{
    auto channel = bistatic_channel::make(one_target(), 1);
    channel->set_noise_dbm(silent_dbm);
    channel->set_targets({50.0, 50.0}, {63.0, 0.0});
    const auto result = run_channel(channel, single_antenna());

    // From (25, 0) over (50, 50) to (25, 100) and (75, 100): two legs of 55.9 m each.
    const double leg_m = std::hypot(25.0, 50.0);
    const double delay_s = 2 * leg_m / cfisac::speed_of_light;
    const auto delay_bin = std::llround(delay_s * 16 * 960e3);
    // The target recedes from (25, 0) and (25, 100) alike, and closes in on (75, 100).
    const double rate_mps = 2 * 63.0 * 25.0 / leg_m;
    const double interval_s = 16 * (1 / 960e3 + 1.0416666666666667e-6);
    const auto doppler_bin =
        std::llround(-rate_mps * 30e9 / cfisac::speed_of_light * 16 * interval_s);
    ASSERT_EQ(delay_bin, 6);
    ASSERT_EQ(doppler_bin, -3);

    for (std::int64_t m = 0; m < 2; m++) {
        const at::Tensor antenna = result.frames[0][m][0]; // [S, T]
        EXPECT_EQ(peak(at::fft_ifft(antenna.select(1, 0))), delay_bin);
        EXPECT_EQ(peak(at::fft_fft(antenna.select(0, 0))), m == 0 ? doppler_bin : 0);
    }
    const std::vector<float> truth{50.0f, 50.0f, 63.0f, 0.0f};
    EXPECT_EQ(result.truth, truth);
}

TEST(BistaticChannel, EchoHasTheFrontOfItsDirection)
{
    auto channel = bistatic_channel::make(one_target(), 1);
    channel->set_noise_dbm(silent_dbm);
    channel->set_targets({60.0, 30.0}, {0.0, 0.0});
    const auto result = run_channel(channel, single_antenna());
    // Half a wavelength apart along x, seen from (25, 100).
    const double cosine = (60.0 - 25.0) / std::hypot(60.0 - 25.0, 30.0 - 100.0);
    const at::Tensor first = result.frames[0][0][0][3][5];
    const at::Tensor second = result.frames[0][0][1][3][5];
    const double step = at::angle(second / first).item<double>();
    EXPECT_NEAR(std::remainder(step + M_PI * cosine, 2 * M_PI), 0.0, 1e-4);
}

TEST(BistaticChannel, DrawsTargetsAndTellsTheTruth)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    auto channel = bistatic_channel::make(scenario, 11);
    channel->set_noise_dbm(silent_dbm);
    const at::Tensor sent = sent_frames(scenario, 11, 3);
    const auto result = run_channel(channel, sent);
    for (std::int64_t frame = 0; frame < 3; frame++) {
        const auto scene = cfisac::signal::draw_targets(
            layout, scenario.targets, cfisac::signal::Random(11, {frame}));
        const at::Tensor wanted =
            at::cat({scene.position.flatten(), scene.velocity.flatten()}).to(at::kFloat);
        for (std::int64_t i = 0; i < 8; i++) {
            EXPECT_EQ(result.truth[frame * 8 + i], wanted[i].item<float>());
        }
        EXPECT_LT(relative_error(
                      result.frames[frame],
                      cfisac::signal::echo(layout, sent.narrow(0, frame, 1), scene)[0]),
                  1e-4);
    }
    EXPECT_TRUE(
        at::equal(run_channel(bistatic_channel::make(scenario, 11), sent).frames,
                  run_channel(bistatic_channel::make(scenario, 11), sent).frames));
}

TEST(BistaticChannel, FrameNumberComesWithTheTag)
{
    const auto scenario = small_scenario();
    const at::Tensor sent = sent_frames(scenario, 2, 1).expand({6, -1, -1, -1, -1});
    const auto all = run_channel(bistatic_channel::make(scenario, 2), sent);
    const std::vector<tag_t> tags{make_tag(0, names::frame(), pmt::from_uint64(5)),
                                  make_tag(0, pmt::intern("other"), pmt::from_long(3))};
    const auto tagged = run_channel(
        bistatic_channel::make(scenario, 2), sent.narrow(0, 0, 1), false, tags);
    EXPECT_TRUE(at::equal(tagged.frames[0], all.frames[5]));
    ASSERT_EQ(tag_values(tagged.truth_tags, names::frame()).size(), 1u);
    EXPECT_EQ(pmt::to_uint64(tag_values(tagged.truth_tags, names::frame())[0]), 5u);
    ASSERT_EQ(tag_values(tagged.echo_tags, names::frame()).size(), 1u);
    EXPECT_EQ(tag_values(tagged.echo_tags, pmt::intern("other")).size(),
              2u); // one per input
}

TEST(BistaticChannel, NoiseHasThePowerThatWasSet)
{
    auto channel = bistatic_channel::make(small_scenario(), 1);
    const at::Tensor silence = at::zeros({8, 2, 4, 16, 16}, at::kComplexFloat);
    for (const double noise_dbm : {-112.0, -80.0}) {
        channel->set_noise_dbm(noise_dbm);
        EXPECT_EQ(channel->noise_dbm(), noise_dbm);
        const auto result = run_channel(channel, silence);
        const double power = result.frames.abs().square().mean().item<double>();
        EXPECT_NEAR(power / cfisac::dbm_to_watt(noise_dbm), 1.0, 0.05); // 16384 draws
    }
}

TEST(BistaticChannel, NoiseChangesWhileTheFlowgraphRuns)
{
    auto flowgraph = gr::make_top_block("running");
    auto channel = bistatic_channel::make(small_scenario(), 1);
    const std::size_t size = 4 * 16 * 16;
    auto sink = blocks::vector_sink_c::make(size);
    for (int i = 0; i < 2; i++) {
        auto silence = blocks::vector_source_c::make(samples(size), true, size);
        flowgraph->connect(silence, 0, channel, i);
    }
    flowgraph->connect(channel, 0, sink, 0);
    flowgraph->connect(channel, 1, blocks::vector_sink_c::make(size), 0);
    flowgraph->connect(channel, 2, blocks::vector_sink_f::make(8), 0);
    auto count = [&] { return sink->data().size(); };

    flowgraph->start();
    EXPECT_TRUE(wait_for([&] { return count() >= 4 * size; }));
    channel->set_noise_dbm(-92.0);
    const auto mark = count();
    EXPECT_TRUE(wait_for([&] { return count() >= mark + 32 * size; }));
    channel->_post(names::command_port(), command("noise_dbm", pmt::from_double(-72.0)));
    const auto second = count();
    EXPECT_TRUE(wait_for([&] { return count() >= second + 32 * size; }));
    flowgraph->stop();
    flowgraph->wait();

    const samples data = sink->data();
    auto level = [&](std::size_t frame) {
        double power = 0.0;
        for (std::size_t i = frame * size; i < (frame + 1) * size; i++) {
            power += std::norm(data[i]) / size;
        }
        return 10 * std::log10(power) + 30;
    };
    EXPECT_NEAR(level(0), -112.0, 1.0);
    EXPECT_NEAR(level(mark / size + 20), -92.0, 1.0); // some were under way at the change
    EXPECT_NEAR(level(data.size() / size - 1), -72.0, 1.0);
}

TEST(BistaticChannel, ClutterAddsPowerAndOffsetsTurnPhases)
{
    const at::Tensor sent = single_antenna(4);
    auto run = [&](auto change) {
        auto channel = bistatic_channel::make(one_target(), 3);
        channel->set_noise_dbm(silent_dbm);
        channel->set_targets({50.0, 50.0}, {0.0, 0.0});
        change(*channel);
        return run_channel(channel, sent).frames;
    };
    const at::Tensor clean = run([](auto&) {});
    // A static target: all symbols are the same.
    EXPECT_LT(relative_error(clean.select(-1, 0), clean.select(-1, 15)), 1e-5);

    const at::Tensor cluttered =
        run([](auto& channel) { channel.set_clutter(200, 1.0); });
    const at::Tensor added = (cluttered - clean).abs().square().mean();
    EXPECT_GT(added.item<double>(), clean.abs().square().mean().item<double>());
    EXPECT_TRUE(at::equal(run([](auto& c) { c.set_clutter(0, 1.0); }), clean));
    const at::Tensor alone = run([](auto& channel) {
        channel.set_clutter_scatterers(200);
        channel.set_clutter_variance(1.0);
    });
    EXPECT_TRUE(at::equal(alone, cluttered));

    const at::Tensor shifted =
        run([](auto& channel) { channel.set_offsets(20e-9, 0.0); });
    EXPECT_LT(relative_error(shifted.abs(), clean.abs()), 1e-4); // phases only
    EXPECT_TRUE(at::equal(run([](auto& c) { c.set_timing_offset(20e-9); }), shifted));
    const at::Tensor turned = run([](auto& c) { c.set_frequency_offset(1000.0); });
    EXPECT_LT(relative_error(turned.abs(), clean.abs()), 1e-4);
    EXPECT_GT(relative_error(turned.select(-2, 0), clean.select(-2, 0)), 0.1);
    EXPECT_LT(relative_error(shifted.select(-2, 0), clean.select(-2, 0)), 1e-4);
    EXPECT_GT(relative_error(shifted.select(-2, 15), clean.select(-2, 15)), 0.1);
}

TEST(BistaticChannel, GivesTheRootBound)
{
    const auto scenario = small_scenario();
    const cfisac::signal::Layout layout(scenario);
    const at::Tensor sent = sent_frames(scenario, 4, 2);
    auto channel = bistatic_channel::make(scenario, 4);
    const auto result = run_channel(channel, sent, true);
    ASSERT_EQ(result.bound.size(), 8u);
    for (std::int64_t frame = 0; frame < 2; frame++) {
        const auto scene = cfisac::signal::draw_targets(
            layout, scenario.targets, cfisac::signal::Random(4, {frame}));
        const auto bound = cfisac::signal::root_bound(
            cfisac::signal::cramer_rao_bound(
                layout, sent.narrow(0, frame, 1), scene, cfisac::dbm_to_watt(-112.0)),
            2);
        for (std::int64_t q = 0; q < 2; q++) {
            const float location = result.bound[frame * 4 + q];
            EXPECT_FLOAT_EQ(location, bound.location_m[0][q].item<float>());
            EXPECT_GT(location, 0.0f);
            EXPECT_FLOAT_EQ(result.bound[frame * 4 + 2 + q],
                            bound.velocity_mps[0][q].item<float>());
        }
    }
    // Ten times the noise, the square root of ten times the bound.
    channel->set_noise_dbm(-102.0);
    const auto worse = run_channel(channel, sent, true);
    EXPECT_NEAR(worse.bound[0] / result.bound[0], std::sqrt(10.0), 1e-3);
}

TEST(BistaticChannel, RefusesBadValuesAndMessages)
{
    auto channel = bistatic_channel::make(small_scenario(), 1);
    EXPECT_THROW(channel->set_noise_dbm(NAN), std::invalid_argument);
    EXPECT_THROW(channel->set_clutter(-1, 1.0), std::invalid_argument);
    EXPECT_THROW(channel->set_clutter(1, -1.0), std::invalid_argument);
    EXPECT_THROW(channel->set_clutter(1000000, 1.0), std::invalid_argument);
    EXPECT_THROW(channel->set_offsets(-1e-9, 0.0), std::invalid_argument);
    EXPECT_THROW(channel->set_offsets(0.0, INFINITY), std::invalid_argument);
    EXPECT_THROW(channel->set_targets({1.0}, {1.0}), std::invalid_argument);
    EXPECT_THROW(channel->set_targets({1, 2, 3, 4}, {}), std::invalid_argument);
    EXPECT_THROW(channel->set_targets({1, 2, 3, NAN}, {1, 2, 3, 4}),
                 std::invalid_argument);
    try {
        channel->set_clutter(-7, 1.0);
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "clutter scatterers: -7 is not between 0 and 65536");
    }

    // Half of it is right, but a message is taken as a whole.
    auto mixed = command("noise_dbm", pmt::from_double(-50.0));
    mixed = pmt::dict_add(mixed, pmt::intern("timing_std_s"), pmt::from_double(-1.0));
    channel->_post(names::command_port(), mixed);
    channel->_post(names::command_port(), command("noise", pmt::from_double(-50.0)));
    channel->_post(names::command_port(),
                   command("clutter_scatterers", pmt::from_double(1.5)));
    channel->_post(names::command_port(),
                   command("target_positions", pmt::init_f32vector(2, {1.0f, 2.0f})));
    channel->_post(names::command_port(), pmt::PMT_T);
    run_channel(channel, single_antenna());
    EXPECT_EQ(channel->messages_refused(), 5u);
    EXPECT_EQ(channel->noise_dbm(), -112.0);
    EXPECT_EQ(channel->error(), "");
}

TEST(BistaticChannel, MessageMovesTheTargets)
{
    auto channel = bistatic_channel::make(one_target(), 1);
    auto message =
        command("target_positions", pmt::init_f64vector(2, std::vector<double>{10, 20}));
    message = pmt::dict_add(message,
                            pmt::intern("target_velocities"),
                            pmt::init_f32vector(2, std::vector<float>{-1, 2}));
    channel->_post(names::command_port(), message);
    const std::vector<float> truth{10.0f, 20.0f, -1.0f, 2.0f};
    EXPECT_EQ(run_channel(channel, single_antenna()).truth, truth);
    channel->set_targets({}, {});
    EXPECT_NE(run_channel(channel, single_antenna()).truth, truth);
}

} // namespace test
} // namespace isac
} // namespace gr
