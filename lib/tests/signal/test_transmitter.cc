// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_scenario.h"
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

at::Tensor power_per_access_point(const Transmission& sent, std::int64_t access_points)
{
    return at::view_as_real(sent.precoder)
        .square()
        .reshape({sent.precoder.size(0), sent.precoder.size(1), access_points, -1})
        .sum({1, 3});
}

TEST(Transmitter, StrongestAccessPointMeetsThePowerLimitAndNoneExceedsIt)
{
    for (const char* name : {"lite", "paper"}) {
        const Layout layout(test::example_scenario(name));
        const auto sent = transmit(layout, 30.0, Random::range(1, 0, 3), at::kDouble);
        // 1 W per access point over all subcarriers; a comb has its share.
        const double limit = layout.subcarriers() / 256.0;
        const auto power = power_per_access_point(sent, 2);
        EXPECT_TRUE(at::allclose(power.amax(1), at::full({3}, limit, at::kDouble)));
        EXPECT_LE(power.max().item<double>(), limit * (1 + 1e-12));
        EXPECT_GT(power.min().item<double>(), 0.0);
    }
}

TEST(Transmitter, SignalHasThePowerOfItsPrecoder)
{
    // E‖W s‖² = ‖W‖² for independent symbols of unit power; over many elements the mean
    // comes close.
    const Layout layout(test::example_scenario("lite"));
    const auto sent = transmit(layout, 30.0, Random::range(4, 0, 8), at::kDouble);
    const double signal =
        at::view_as_real(sent.signal).square().sum().item<double>() / layout.symbols();
    EXPECT_NEAR(signal / power_per_access_point(sent, 2).sum().item<double>(), 1.0, 0.03);
}

TEST(Transmitter, ConstellationsHaveUnitPowerAndGrayNeighbours)
{
    for (const auto modulation :
         {Modulation::qpsk, Modulation::qam16, Modulation::qam64}) {
        const auto points = constellation(modulation);
        const auto count = points.size(0);
        EXPECT_EQ(count, 1 << static_cast<int>(modulation));
        EXPECT_NEAR(points.abs().square().mean().item<double>(), 1.0, 1e-12);
        const auto distance = (points.unsqueeze(0) - points.unsqueeze(1)).abs();
        const double nearest =
            (distance + at::eye(count, at::kDouble) * 10).min().item<double>();
        for (std::int64_t a = 0; a < count; a++) {
            for (std::int64_t b = a + 1; b < count; b++) {
                if (distance[a][b].item<double>() < nearest * 1.001) {
                    EXPECT_EQ(__builtin_popcountll(a ^ b), 1) << a << " and " << b;
                }
            }
        }
    }
}

TEST(Transmitter, MmseBeatsMatchedFilterInTheWorstSinr)
{
    const Layout layout(test::example_scenario("lite"));
    const auto sent = transmit(layout, 30.0, Random::range(9, 0, 4), at::kDouble);
    const double noise = dbm_to_watt(layout.scenario.users.noise_dbm);
    const auto scale = (power_per_access_point(sent, 2).amax(1) /
                        at::view_as_real(sent.channel)
                            .square()
                            .reshape({4, layout.subcarriers(), 2, -1})
                            .sum({1, 3})
                            .amax(1))
                           .sqrt();
    const auto matched = sent.channel * scale.view({-1, 1, 1, 1});
    const auto worst = [&](const at::Tensor& precoder) {
        return sinr(sent.channel, precoder, noise).amin(2).mean().item<double>();
    };
    EXPECT_GT(worst(sent.precoder), worst(matched));
}

TEST(Transmitter, ReceivedSignalHasTheSinrOfTheClosedForm)
{
    // A strong noise, so that both interference and noise count.
    auto scenario = test::example_scenario("lite");
    scenario.waveform.symbol_step = 1; // 256 symbols to average over
    const Layout layout(scenario);
    const auto random = Random::range(6, 0, 1);
    const auto sent = transmit(layout, 30.0, random, at::kDouble);
    const double noise_dbm = -62.0;
    const auto received = received_at_users(sent.channel, sent.signal) +
                          user_noise(layout, noise_dbm, random, at::kDouble);
    const auto gain = at::matmul(sent.channel.mH(), sent.precoder)
                          .diagonal(0, -2, -1)
                          .transpose(1, 2); // h_k^H w_k, [B, K, S]
    const auto error = received - gain.unsqueeze(-1) * sent.symbols;
    const auto measured =
        gain.abs().square() / error.abs().square().mean(-1); // [B, K, S]
    const auto expected =
        sinr(sent.channel, sent.precoder, dbm_to_watt(noise_dbm)).transpose(1, 2);
    // 256 symbols leave 6 % in each of 128 ratios, and 0.6 % in their mean.
    EXPECT_NEAR((expected / measured).mean().item<double>(), 1.0, 0.03);
    EXPECT_LT((expected / measured - 1.0).abs().max().item<double>(), 0.4);
}

TEST(Transmitter, RicianFactorSplitsThePower)
{
    auto scenario = test::example_scenario("lite");
    const Layout layout(scenario);
    const auto random = Random::range(3, 0, 400);
    auto users = scenario.users;
    users.multipath_components = 0;
    const auto line = user_channel(layout, users, random, at::kDouble);
    users.multipath_components = 5;
    users.rician_factor_db = 3.0;
    const auto both = user_channel(layout, users, random, at::kDouble);
    const double factor = std::pow(10.0, 0.3);
    // The line of sight is the same draw, scaled by sqrt(K/(K+1)); the rest has 1/(K+1).
    const auto rest = both - line * std::sqrt(factor / (factor + 1));
    const auto share = rest.abs().square().sum({1, 2}) / line.abs().square().sum({1, 2});
    EXPECT_NEAR(share.mean().item<double>(), 1 / (factor + 1), 0.05 / (factor + 1));
}

TEST(Transmitter, SinglePrecisionIsCloseToDouble)
{
    // 3 and 5 users do not fill what the loops take at a time; 40 go another way.
    for (const int users : {1, 3, 4, 5, 40}) {
        auto scenario = test::example_scenario("paper");
        scenario.waveform.subcarriers = 10;
        scenario.waveform.symbols = 13;
        for (auto* side : {&scenario.transmit, &scenario.receive}) {
            for (auto& point : *side) {
                point.antennas = 23;
            }
        }
        scenario.users.count = users;
        const Layout layout(scenario);
        const auto random = Random::range(2, 5, 3);
        const auto narrow = transmit(layout, {20.0, 30.0, 27.0}, random, at::kFloat);
        const auto wide = transmit(layout, {20.0, 30.0, 27.0}, random, at::kDouble);
        const auto close = [](const at::Tensor& a, const at::Tensor& b) {
            return ((a - b).abs().max() / b.abs().max()).item<double>();
        };
        EXPECT_EQ(narrow.signal.scalar_type(), at::kComplexFloat);
        EXPECT_LT(close(narrow.channel, wide.channel), 1e-6) << users;
        EXPECT_LT(close(narrow.symbols, wide.symbols), 1e-6) << users;
        // The same channel, as rounding it moves the precoder.
        const auto precoder = mmse_precoder(narrow.channel.to(at::kComplexDouble),
                                            dbm_to_watt(scenario.users.noise_dbm),
                                            layout.sensed_power_w(27.0),
                                            2);
        const auto single = mmse_precoder(narrow.channel,
                                          dbm_to_watt(scenario.users.noise_dbm),
                                          layout.sensed_power_w(27.0),
                                          2);
        EXPECT_LT(close(single, precoder), 1e-6) << users;
        EXPECT_LT(close(precode(single, narrow.symbols, 2),
                        precode(single.to(at::kComplexDouble),
                                narrow.symbols.to(at::kComplexDouble),
                                2)),
                  1e-6)
            << users;
        // A precoder of one frame serves all.
        EXPECT_TRUE(at::allclose(precode(single.slice(0, 1, 2), narrow.symbols, 2)[1],
                                 precode(single, narrow.symbols, 2)[1]));
    }
}

TEST(Transmitter, PrecoderInvertsTheRegularisedGram)
{
    // W ∝ H (H^H H + α I)^-1 means W (H^H H + α I) ∝ H, by the library's products.
    const Layout layout(test::example_scenario("lite"));
    const auto random = Random::range(6, 0, 2);
    const auto h = user_channel(layout, layout.scenario.users, random, at::kDouble);
    const double noise = dbm_to_watt(-60.0);
    const double power = 0.5;
    const auto w = mmse_precoder(h, noise, power, 2);
    const double alpha = 4 * noise * layout.subcarriers() / (2 * power);
    const auto bracket = at::matmul(h.mH(), h) + at::eye(4, h.options()) * alpha;
    const auto back = at::matmul(w, bracket);
    const auto scale = back.abs().sum({1, 2, 3}) / h.abs().sum({1, 2, 3});
    const auto difference = back - h * scale.view({-1, 1, 1, 1});
    EXPECT_LT((difference.abs().max() / back.abs().max()).item<double>(), 1e-12);
}

TEST(Transmitter, WrongArgumentsAreNamed)
{
    const auto channel = at::ones({1, 2, 5, 2}, at::kComplexDouble);
    EXPECT_THROW(mmse_precoder(channel, 1e-12, 1.0, 2), std::invalid_argument);
    EXPECT_THROW(mmse_precoder(channel, 0.0, 1.0, 1), std::invalid_argument);
    EXPECT_THROW(mmse_precoder(channel, 1e-12, NAN, 1), std::invalid_argument);
    EXPECT_THROW(precode(channel, at::ones({1, 3, 2, 4}, at::kComplexDouble), 1),
                 std::invalid_argument);
}

} // namespace
