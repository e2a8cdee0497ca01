// SPDX-License-Identifier: GPL-3.0-or-later
// What the samples of the channel depend on: cuts, needs, noise, arguments.
#include "sample_streams.h"

#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using namespace cfisac::test;

//! Everything at once: scenes that change, clutter, direct paths, clocks, noise.
SampleChannelOptions busy_options()
{
    SampleChannelOptions options;
    options.noise_dbm = -118.0;
    options.seed = 5;
    options.transmit_clocks = {{1e-5, 3.0}, {0.0, -1.0}};
    options.receive_clocks = {{}, {-2e-5, 2.0}};
    return options;
}

Scenario busy_scenario()
{
    auto scenario = example_scenario("sdr_2x2");
    scenario.clutter.scatterers = 3;
    return scenario;
}

TEST(SampleChannelCalls, SamplesAreTheSameHoweverCallsAreCut)
{
    const auto scenario = busy_scenario();
    const FrameTiming timing(scenario);
    const std::int64_t first = timing.period - 2345; // a new scene on the way
    constexpr std::int64_t count = 6000;
    const auto scenes = [&] { return std::make_shared<DrawnScenes>(scenario, 9); };
    for (int m = 0; m < 2; m++) {
        SampleChannel whole(scenario, scenes(), busy_options());
        auto sent = white(scenario);
        const auto expected = receive(whole, scenario, m, first, count, sent);
        SampleChannel cut(scenario, scenes(), busy_options());
        std::mt19937 random(m);
        for (std::int64_t done = 0; done < count;) {
            const std::int64_t some = std::min<std::int64_t>(
                count - done, std::uniform_int_distribution<int>(0, 400)(random));
            const auto part = receive(cut, scenario, m, first + done, some, sent);
            for (std::size_t a = 0; a < part.size(); a++) {
                ASSERT_TRUE(std::equal(
                    part[a].begin(), part[a].end(), expected[a].begin() + done))
                    << "from " << done << ", " << some << " samples";
            }
            done += some;
        }
        // And backwards, by the channel that has come to the end.
        const auto again = receive(cut, scenario, m, first + 17, 100, sent);
        EXPECT_TRUE(
            std::equal(again[0].begin(), again[0].end(), expected[0].begin() + 17));
    }
}

TEST(SampleChannelCalls, NewSceneFromTheFirstSampleOfAFrame)
{
    const auto scenario = example_scenario("sdr_2x2");
    const FrameTiming timing(scenario);
    SampleChannelOptions options;
    options.noise_dbm = no_noise_dbm;
    options.direct_path = false;
    auto sent = tone(scenario, 0.0);
    for (const double start_s : {0.0, 12.5e-6}) {
        SampleChannel channel(
            scenario, std::make_shared<DrawnScenes>(scenario, 3, start_s), options);
        const auto begin = std::llround(start_s * timing.sample_rate_hz);
        for (const std::int64_t frame : {0, 1, 2}) {
            const std::int64_t boundary = begin + frame * timing.period;
            const auto received =
                receive(channel, scenario, 0, boundary - 100, 200, sent)[0];
            // A tone over something that hardly moves jumps at the boundary only.
            const auto jump = [&](int k) {
                return std::abs(received[k] - received[k - 1]) / std::abs(received[150]);
            };
            EXPECT_GT(jump(100), 0.05) << "frame " << frame;
            for (int k = 1; k < 200; k++) {
                if (k != 100) {
                    ASSERT_LT(jump(k), 1e-2) << "frame " << frame << ", sample " << k;
                }
            }
            if (frame == 0) {
                EXPECT_LT(std::abs(received[99]), 1e-6 * std::abs(received[100]));
            }
        }
    }
}

TEST(SampleChannelCalls, NeedsAreWhatIsReadAndWhatMatters)
{
    const auto scenario = busy_scenario();
    auto options = busy_options();
    options.noise_dbm = no_noise_dbm;
    SampleChannel channel(scenario, std::make_shared<DrawnScenes>(scenario, 9), options);
    for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{1000, 3000},
                                       {1 << 30, 1},
                                       {777, 100},
                                       {-64, 200},
                                       {40000000000, 129}}) {
        auto sent = white(scenario);
        const auto all = receive(channel, scenario, 1, first, count, sent);
        for (int n = 0; n < 2; n++) {
            const auto needs = channel.needs(1, n, first, count);
            // Long calls are made of parts, which cover no more than the whole.
            EXPECT_EQ(sent.reads.at(n), needs);
            EXPECT_EQ(channel.needs(1, n, first, 0).first,
                      channel.needs(1, n, first, 0).second);
            // Without the first or the last of them the samples are others; without those
            // beyond they are the same.
            const auto without = [&](std::int64_t place) {
                auto full = white(scenario);
                SampleFunction gap(2, [&](int point, int a, std::int64_t k) -> Complex {
                    if (point == n && k == place) {
                        return 1e6;
                    }
                    std::complex<float> value;
                    std::complex<float>* rows[2];
                    std::complex<float> other;
                    rows[a] = &value;
                    rows[1 - a] = &other;
                    full.read(point, k, 1, rows);
                    return value;
                });
                return receive(channel, scenario, 1, first, count, gap) != all;
            };
            EXPECT_TRUE(without(needs.first)) << first;
            EXPECT_TRUE(without(needs.second - 1)) << first;
            EXPECT_FALSE(without(needs.first - 1)) << first;
            EXPECT_FALSE(without(needs.second)) << first;
        }
    }
}

TEST(SampleChannelCalls, ReachCoversWhateverIsNeeded)
{
    // A target on the direct path of one pair, which it makes no shorter, and others.
    auto scenario = busy_scenario();
    scenario.targets.area_m = {{75.0, 100.0}, {75.0, 200.0}};
    auto options = busy_options();
    for (const bool direct : {true, false}) {
        options.direct_path = direct;
        SampleChannel channel(
            scenario, std::make_shared<DrawnScenes>(scenario, 9), options);
        for (const std::int64_t start : {1000L, 1L << 30, 40000000000L}) {
            for (int m = 0; m < 2; m++) {
                for (int n = 0; n < 2; n++) {
                    auto before = channel.reach(m, n, start - 1);
                    for (std::int64_t k = start; k < start + 1000; k++) {
                        const auto reach = channel.reach(m, n, k);
                        const auto needs = channel.needs(m, n, k, 1);
                        ASSERT_LE(reach.first, needs.first) << k;
                        if (direct) {
                            ASSERT_EQ(reach.second, needs.second) << k;
                        } else {
                            ASSERT_GE(reach.second, needs.second) << k;
                        }
                        ASSERT_GE(reach.first, before.first) << k;
                        ASSERT_GE(reach.second, before.second) << k;
                        // The longest path is 10 ms long, 50000 samples.
                        ASSERT_NEAR(reach.second - reach.first, 50000, 30) << k;
                        before = reach;
                    }
                }
            }
        }
    }
}

TEST(SampleChannelCalls, NothingIsNeededWhereNoPathLeads)
{
    const auto scenario = example_scenario("sdr_2x2");
    SampleChannelOptions options;
    options.direct_path = false;
    SampleChannel channel(
        scenario, std::make_shared<MovingScene>(scenario, Scene{}, Scene{}), options);
    const auto needs = channel.needs(0, 1, 500, 1000);
    EXPECT_EQ(needs.first, needs.second);
    auto sent = white(scenario);
    receive(channel, scenario, 0, 500, 1000, sent);
    EXPECT_TRUE(sent.reads.empty());
}

TEST(SampleChannelCalls, NoiseIsWhiteAndOfItsOwnAtEveryAntenna)
{
    const auto scenario = example_scenario("sdr_2x2");
    constexpr std::int64_t count = 1 << 18;
    constexpr double spread = 1.0 / 512.0; // standard deviation of a mean of so many
    SampleChannelOptions options;
    options.noise_dbm = -90.0;
    const auto scenes = std::make_shared<MovingScene>(scenario, Scene{}, Scene{});
    SampleFunction silence(2, [](int, int, std::int64_t) { return 0.0; });
    std::vector<at::Tensor> streams;
    for (const std::uint64_t seed : {1, 2}) {
        options.seed = seed;
        SampleChannel channel(scenario, scenes, options);
        for (int m = 0; m < 2; m++) {
            // Over a multiple of 2^20 samples, where a new stream of numbers starts.
            for (const auto& stream :
                 receive(channel, scenario, m, (1 << 20) - count / 2, count, silence)) {
                streams.push_back(at::empty({count}, at::kComplexFloat));
                std::copy(stream.begin(),
                          stream.end(),
                          reinterpret_cast<std::complex<float>*>(
                              streams.back().data_ptr<c10::complex<float>>()));
            }
        }
    }
    // fft_size ξ², so that a resource element has ξ²
    const double expected = 80.0 * 1e-12;
    const auto mean = [&](const at::Tensor& a, const at::Tensor& b) {
        return (a.conj() * b).sum().abs().item<double>() /
               (static_cast<double>(a.numel()) * expected);
    };
    for (std::size_t k = 0; k < streams.size(); k++) {
        EXPECT_NEAR(mean(streams[k], streams[k]), 1.0, 5.0 * spread);
        for (std::size_t other = 0; other < k; other++) {
            EXPECT_LT(mean(streams[k], streams[other]), 4.0 * spread);
        }
        for (const std::int64_t lag : {1, 2, 64, 128, 1 << 17}) {
            EXPECT_LT(mean(streams[k].slice(0, lag), streams[k].slice(0, 0, count - lag)),
                      6.0 * spread)
                << "lag " << lag;
        }
        // Circular
        EXPECT_LT((streams[k] * streams[k]).sum().abs().item<double>() /
                      (count * expected),
                  5.0 * spread);
    }
}

//! The text of the exception that `call` throws.
template <typename Call>
std::string refusal(Call call)
{
    try {
        call();
    } catch (const std::exception& cause) {
        return cause.what();
    }
    return "nothing was refused";
}

TEST(SampleChannelCalls, WrongArgumentsAreRefusedByName)
{
    const auto scenario = example_scenario("sdr_2x2");
    const auto scenes = std::make_shared<DrawnScenes>(scenario, 1);
    const auto with = [&](auto change) {
        SampleChannelOptions options;
        change(options);
        return refusal([&] { SampleChannel(scenario, scenes, options); });
    };
    using Options = SampleChannelOptions;
    const auto contains = [](const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    contains(with([](Options& o) { o.noise_dbm = NAN; }), "noise: nan");
    contains(with([](Options& o) { o.noise_dbm = 1e9; }), "noise: 1000000000");
    contains(with([](Options& o) { o.direct_path_gain_db = INFINITY; }),
             "direct path gain: inf");
    contains(with([](Options& o) { o.transmit_clocks.resize(3); }),
             "transmit clocks: 3 given for 2");
    contains(with([](Options& o) {
                 o.receive_clocks = {{}, {0.0, 51.0}};
             }),
             "receive clock of rx1: 51");
    contains(with([](Options& o) {
                 o.transmit_clocks = {{NAN, 0.0}, {}};
             }),
             "transmit clock of tx0: an offset of nan");
    contains(refusal([&] { SampleChannel(scenario, nullptr); }), "scenes");

    auto plain = scenario;
    plain.radio.reset();
    contains(refusal([&] { SampleChannel(plain, scenes); }), "radio");
    contains(refusal([&] { DrawnScenes(plain, 1); }), "radio");
    auto together = scenario;
    together.receive[1].position_m = together.transmit[0].position_m;
    contains(refusal([&] { SampleChannel(together, scenes); }), "tx0 and rx1");

    SampleChannel channel(scenario, scenes);
    auto sent = white(scenario);
    contains(refusal([&] { channel.receive(2, 0, 1, sent, nullptr); }),
             "receive access point: 2");
    contains(refusal([&] { channel.receive(0, 0, -1, sent, nullptr); }),
             "number of samples: -1");
    contains(refusal([&] { channel.needs(0, -1, 0, 1); }), "transmit access point: -1");
    contains(refusal([&] { channel.reach(0, 2, 0); }), "transmit access point: 2");
    contains(refusal([&] { channel.reach(-1, 0, 0); }), "receive access point: -1");
    contains(refusal([&] { channel.set_noise_dbm(-INFINITY); }), "noise: -inf");

    auto large = scenario;
    large.targets.area_m = {{0.0, 0.0}, {1e7, 1e7}};
    SampleChannel far(large,
                      std::make_shared<MovingScene>(
                          large, reflector(large, {9e6, 9e6}, {0.0, 0.0}, 1.0), Scene{}));
    contains(refusal([&] { far.needs(0, 0, 0, 1); }), "path from tx0 to rx0");
}

} // namespace
