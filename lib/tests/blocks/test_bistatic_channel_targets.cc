/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Targets that last and move, and targets that are switched off.

#include "channel_run.h"

#include <cfisac/signal/scene.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {
namespace test {

namespace {

//! Where a coordinate is that is thrown back by walls at 0 and 100 m.
double folded(double x)
{
    const double into = std::fmod(std::fmod(x, 200.0) + 200.0, 200.0);
    return into < 100.0 ? into : 200.0 - into;
}

//! Tags that number the items.
std::vector<tag_t> frame_tags(const std::vector<std::uint64_t>& frames)
{
    std::vector<tag_t> tags;
    for (std::size_t item = 0; item < frames.size(); item++) {
        tags.push_back(make_tag(item, names::frame(), pmt::from_uint64(frames[item])));
    }
    return tags;
}

bistatic_channel::sptr moving(const cfisac::Scenario& scenario)
{
    return bistatic_channel::make(scenario, 11, "cpu", false, true);
}

pmt::pmt_t count_message(double count)
{
    return pmt::dict_add(
        pmt::make_dict(), pmt::intern("target_count"), pmt::from_double(count));
}

} // namespace

TEST(BistaticChannelTargets, MoveOnFromThoseOfTheFirstFrame)
{
    auto scenario = small_scenario();
    scenario.clutter.scatterers = 3; // drawn anew, whatever the targets do
    const cfisac::signal::Layout layout(scenario);
    const auto first = cfisac::signal::draw_targets(
        layout, scenario.targets, cfisac::signal::Random(11, {0}));
    const double interval_s = 256 * (1 / 960e3 + 1.0416666666666667e-6);

    // The tag tells that a frame is one of a long time after: they have met the walls.
    const std::vector<std::uint64_t> frames{0, 1, 2, 60000, 60001};
    const auto result = run_channel(
        moving(scenario), sent_frames(scenario, 11, 5), false, frame_tags(frames));
    for (std::size_t k = 0; k < frames.size(); k++) {
        const double time_s = static_cast<double>(frames[k]) * interval_s;
        for (std::int64_t i = 0; i < 4; i++) {
            const double start = first.position.flatten()[i].item<double>();
            const double speed = first.velocity.flatten()[i].item<double>();
            EXPECT_NEAR(result.truth[8 * k + i], folded(start + speed * time_s), 1e-4);
            EXPECT_NEAR(std::abs(result.truth[8 * k + 4 + i]), std::abs(speed), 1e-5);
            const double a_moment_later = folded(start + speed * (time_s + 1e-6));
            EXPECT_GT((a_moment_later - folded(start + speed * time_s)) *
                          result.truth[8 * k + 4 + i],
                      0.0);
        }
    }
}

TEST(BistaticChannelTargets, EchoIsThatOfWhereTheyAre)
{
    const auto scenario = small_scenario();
    const auto sent = sent_frames(scenario, 11, 3);
    const auto tags = frame_tags({7, 8, 9});
    auto channel = moving(scenario);
    channel->set_noise_dbm(silent_dbm);
    const auto result = run_channel(channel, sent, true, tags);
    auto still = bistatic_channel::make(scenario, 11, "cpu");
    still->set_noise_dbm(silent_dbm);
    for (std::int64_t k = 0; k < 3; k++) {
        const auto* truth = result.truth.data() + 8 * k;
        still->set_targets({truth, truth + 4}, {truth + 4, truth + 8});
        const auto same = run_channel(still,
                                      sent.narrow(0, k, 1),
                                      true,
                                      frame_tags({7 + static_cast<std::uint64_t>(k)}));
        EXPECT_LT(relative_error(result.frames[k], same.frames[0]), 1e-3);
        for (std::int64_t i = 0; i < 4; i++) {
            EXPECT_NEAR(result.bound[4 * k + i] / same.bound[i], 1.0, 1e-3);
        }
    }
}

TEST(BistaticChannelTargets, MoveOnFromWhereTheyArePut)
{
    auto scenario = one_target();
    auto channel = moving(scenario);
    channel->set_targets({50.0, 60.0}, {-20.0, 10.0});
    const auto result = run_channel(channel, single_antenna(2));
    const float interval_s = 256 * (1 / 960e3 + 1.0416666666666667e-6);
    const std::vector<float> wanted{
        50, 60, -20, 10, 50 - 20 * interval_s, 60 + 10 * interval_s, -20, 10};
    for (std::size_t i = 0; i < wanted.size(); i++) {
        EXPECT_NEAR(result.truth[i], wanted[i], 1e-4);
    }
    EXPECT_THROW(channel->set_targets({101.0, 60.0}, {0.0, 0.0}), std::invalid_argument);
    channel->set_targets({}, {});
    EXPECT_EQ(run_channel(channel, single_antenna()).truth,
              run_channel(moving(scenario), single_antenna()).truth);
}

TEST(BistaticChannelTargets, ThoseSwitchedOffReflectNothing)
{
    const auto scenario = small_scenario();
    const auto sent = sent_frames(scenario, 11, 2);
    const auto with_count = [&](int count) {
        auto channel = bistatic_channel::make(scenario, 11, "cpu");
        channel->set_noise_dbm(silent_dbm);
        channel->set_target_count(count);
        EXPECT_EQ(channel->target_count(), count);
        return run_channel(channel, sent, true);
    };
    const auto both = with_count(2);
    const auto one = with_count(1);
    const auto none = with_count(0);

    // The echo of the first alone, by the library.
    const cfisac::signal::Layout layout(scenario);
    for (std::int64_t k = 0; k < 2; k++) {
        const cfisac::signal::Random random(11, {k});
        auto scene = cfisac::signal::draw_targets(layout, scenario.targets, random);
        scene.position = scene.position.narrow(1, 0, 1);
        scene.velocity = scene.velocity.narrow(1, 0, 1);
        scene.reflection = scene.reflection.narrow(3, 0, 1).contiguous();
        cfisac::signal::Impairments silent = cfisac::signal::Impairments::of(scenario);
        silent.noise_dbm = silent_dbm;
        const auto wanted = cfisac::signal::received_echo(
            layout, sent.narrow(0, k, 1), scene, silent, random);
        EXPECT_LT(relative_error(one.frames[k], wanted[0]), 1e-4);
        const auto rest = none.frames[k].abs().max().item<float>();
        EXPECT_LT(rest, 1e-3 * wanted.abs().max().item<float>());
        for (std::int64_t i = 0; i < 8; i++) {
            if (i % 4 < 2) {
                EXPECT_EQ(one.truth[8 * k + i], both.truth[8 * k + i]);
            } else {
                EXPECT_TRUE(std::isnan(one.truth[8 * k + i]));
            }
            EXPECT_TRUE(std::isnan(none.truth[8 * k + i]));
        }
        for (std::int64_t i = 0; i < 4; i++) {
            EXPECT_EQ(std::isnan(one.bound[4 * k + i]), i % 2 == 1);
            EXPECT_TRUE(std::isnan(none.bound[4 * k + i]));
        }
        // Nothing else is there that it could be taken for.
        EXPECT_LE(one.bound[4 * k], both.bound[4 * k] * 1.001f);
    }
}

TEST(BistaticChannelTargets, RefuseNumbersThatTheScenarioDoesNotHave)
{
    auto channel = bistatic_channel::make(small_scenario(), 11, "cpu");
    for (const int wrong : {-1, 3}) {
        try {
            channel->set_target_count(wrong);
            FAIL() << wrong;
        } catch (const std::invalid_argument& error) {
            EXPECT_EQ(error.what(),
                      "target count: " + std::to_string(wrong) +
                          " is not between 0 and 2");
        }
    }
    channel->_post(names::command_port(), count_message(1.0));
    channel->_post(names::command_port(), count_message(0.5));
    channel->_post(names::command_port(), count_message(3.0));
    run_channel(channel, single_antenna());
    EXPECT_EQ(channel->target_count(), 1);
    EXPECT_EQ(channel->messages_refused(), 2u);
}

} // namespace test
} // namespace isac
} // namespace gr
