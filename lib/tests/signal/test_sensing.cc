// SPDX-License-Identifier: GPL-3.0-or-later
// The echo, the bound and the front ends against closed forms.
#include "small_scenario.h"
#include <cfisac/signal/cell_filter.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/front_end.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

Scene one_target(const Layout& layout,
                 std::vector<double> position,
                 std::vector<double> velocity)
{
    return {
        at::tensor(position, at::kDouble).view({1, 1, -1}),
        at::tensor(velocity, at::kDouble).view({1, 1, -1}),
        at::ones({1, layout.transmitters(), layout.receivers(), 1}, at::kComplexDouble)};
}

// One transmit access point sends ones from its first antenna; the others are silent.
at::Tensor beacon(const Layout& layout, std::int64_t transmitter)
{
    auto x = at::zeros({1,
                        layout.transmitters(),
                        layout.scenario.transmit_antennas(),
                        layout.subcarriers(),
                        layout.symbols()},
                       at::kComplexDouble);
    x.select(1, transmitter).select(1, 0).fill_(1.0);
    return x;
}

TEST(Echo, RecedingTargetLowersTheFrequency)
{
    // Right between transmit and receive access point the legs cancel; behind both, a
    // target that moves away lengthens both: f_D = -2 v f_c / c.
    const Layout layout(test::example_scenario("lite"));
    const auto scene = one_target(layout, {25.0, 200.0}, {0.0, 15.0});
    const auto received = echo(layout, beacon(layout, 0), scene)[0][0][0][0]; // [T]
    const auto turn = received.slice(0, 1) * received.slice(0, 0, -1).conj();
    const double step = 8 * layout.scenario.waveform.symbol_duration_s();
    const double frequency = at::angle(turn.sum()).item<double>() / (2 * M_PI * step);
    EXPECT_NEAR(frequency, -2 * 15.0 * 30e9 / speed_of_light, 1e-6);
}

TEST(Echo, DelayIsTheSlopeOverSubcarriers)
{
    const Layout layout(test::example_scenario("paper"));
    const auto scene = one_target(layout, {40.0, 30.0}, {0.0, 0.0});
    const auto received =
        echo(layout, beacon(layout, 1), scene)[0][0][0].select(1, 0); // [S]
    const auto turn = received.slice(0, 1) * received.slice(0, 0, -1).conj();
    double delay = -at::angle(turn.sum()).item<double>() / (2 * M_PI * 240e3);
    const double expected =
        (std::hypot(40.0 - 75.0, 30.0) + std::hypot(40.0 - 25.0, 70.0)) / speed_of_light;
    EXPECT_NEAR(delay, expected, 1e-15);
}

TEST(Echo, PowerFollowsThePathLoss)
{
    const Layout layout(test::example_scenario("paper"));
    const auto scene = one_target(layout, {40.0, 30.0}, {3.0, -2.0});
    const auto received = echo(layout, beacon(layout, 0), scene)[0][0]; // [M_r, S, T]
    const double distance = std::hypot(15.0, 30.0) + std::hypot(15.0, 70.0);
    // α_0 d^-2, and 1/16 from the norm of each steering vector.
    const double expected = 1e-6 / (distance * distance) / (16.0 * 16.0);
    EXPECT_NEAR(received.abs().square().mean().item<double>() / expected, 1.0, 1e-9);
}

TEST(Echo, ShapesAreChecked)
{
    const Layout layout(test::small_scenario());
    const auto scene = one_target(layout, {40.0, 30.0}, {0.0, 0.0});
    EXPECT_THROW(echo(layout, beacon(layout, 0).slice(3, 1), scene),
                 std::invalid_argument);
    auto wrong = scene;
    wrong.reflection = wrong.reflection.slice(1, 1);
    EXPECT_THROW(echo(layout, beacon(layout, 0), wrong), std::invalid_argument);
}

TEST(SensingNoise, HasTheVarianceOfTheScenario)
{
    const Layout layout(test::example_scenario("paper"));
    const auto noise = sensing_noise(layout, -90.0, Random(2, {7}));
    const double power = at::view_as_real(noise).square().sum(-1).mean().item<double>();
    EXPECT_NEAR(power / 1e-12, 1.0, 0.005); // two million samples
}

TEST(CramerRaoBound, FallsWithTheSquareRootOfThePower)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(5, 0, 3);
    const auto targets = draw_targets(layout, layout.scenario.targets, random);
    const auto strong = transmit(layout, 30.0, random, at::kDouble);
    const auto root = [&](const at::Tensor& x) {
        return root_bound(cramer_rao_bound(layout, x, targets, 1e-13), 2);
    };
    const auto one = root(strong.signal);
    const auto ten = root(strong.signal * std::sqrt(10.0));
    EXPECT_TRUE(at::allclose(one.location_m, ten.location_m * std::sqrt(10.0), 1e-6));
    EXPECT_TRUE(at::allclose(one.velocity_mps, ten.velocity_mps * std::sqrt(10.0), 1e-6));
}

TEST(CramerRaoBound, SizeAtThePaper)
{
    // An independent computation over 32 targets gave medians of 0.18 m and 0.71 m/s;
    // with other users and beams it is of this size.
    const Layout layout(test::example_scenario("paper"));
    const auto random = Random::range(77, 0, 40);
    const auto targets = draw_targets(layout, layout.scenario.targets, random);
    const auto sent = transmit(layout, 30.0, random, at::kFloat);
    const auto root =
        root_bound(cramer_rao_bound(layout, sent.signal, targets, dbm_to_watt(-90.0)), 2);
    const double location = root.location_m.flatten().median().item<double>();
    const double velocity = root.velocity_mps.flatten().median().item<double>();
    EXPECT_GT(location, 0.09);
    EXPECT_LT(location, 0.36);
    EXPECT_GT(velocity, 0.355);
    EXPECT_LT(velocity, 1.42);
}

TEST(FrontEnd, ChannelsHaveUnitPowerPerSample)
{
    const Layout layout(test::small_scenario());
    const auto sent = transmit(layout, 30.0, Random::range(1, 0, 2));
    const auto noise = sensing_noise(layout, -100.0, Random::range(1, 0, 2));
    const auto raw = echo_channels(noise.select(1, 0));
    EXPECT_EQ(raw.sizes(), at::IntArrayRef({2, 2, 4, 16, 16}));
    EXPECT_NEAR(raw.square().mean().item<double>(), 0.5, 1e-5);
    const auto correlated = correlated_channels(noise.select(1, 0), sent.signal);
    EXPECT_EQ(correlated.sizes(), at::IntArrayRef({2, 16, 4, 16, 16}));
    EXPECT_NEAR(correlated.square().mean().item<double>(), 0.5, 1e-5);
    // Channel a is the real part of y conj(x_a), up to the scale.
    const auto product =
        at::real(noise[0][0] * sent.signal[0][1][2].conj()).to(at::kFloat); // [M_r, S, T]
    const auto channel = correlated[0][4 + 2];
    const auto ratio = (channel * product).sum() / product.square().sum();
    EXPECT_TRUE(at::allclose(channel, product * ratio, 1e-3, 1e-5));
}

TEST(FrontEnd, ReferenceBits)
{
    const auto paper = test::example_scenario("paper");
    EXPECT_EQ(reference_bits(paper, Reference::raw), 0U);
    EXPECT_EQ(reference_bits(paper, Reference::pilot), 0U);
    // 64 · 32 antennas · 4 users · 256 subcarriers, and 4 · 65,536 symbols of 4 bits.
    EXPECT_EQ(reference_bits(paper, Reference::reference), 2097152U + 1048576U);
    EXPECT_THROW(reference_from_string("pilots"), std::invalid_argument);
}

TEST(CellFilter, EqualsTheSumOverAllSamples)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(8, 0, 2);
    const auto x = transmit(layout, 30.0, random).signal;
    const auto y = echo(layout, x, draw_targets(layout, layout.scenario.targets, random));
    const CellFilter filter(layout, 1, 6, 5, 900.0);
    const auto found = filter(y.select(1, 1), x);
    const auto centres = cell_centres(layout.scenario, 6);
    const auto lines = doppler_lines(5, 900.0);
    // What the interpolation over delay may be off by.
    const double tolerance = 0.005 * found.power.max().item<double>();
    for (const auto [n, row, column, line] :
         {std::array{0, 0, 0, 0}, std::array{1, 4, 2, 3}, std::array{0, 5, 5, 4}}) {
        const auto place = centres[row][column].view({1, 1, 2});
        const auto paths = bistatic_paths(layout, place, at::zeros_like(place));
        const auto departing = steering_vector(
            paths.transmit.cosine[0][n], layout.transmit.spacing[n], 4)[0];
        const auto arriving =
            steering_vector(paths.receive.cosine[0][1], layout.receive.spacing[1], 4)[0];
        const double delay = paths.delay_s[0][n][1][0].item<double>();
        const auto reference =
            at::einsum("a,ast->st", {departing.conj(), x[1][n].to(at::kComplexDouble)});
        const auto beam =
            at::einsum("r,rst->st", {arriving.conj(), y[1][1].to(at::kComplexDouble)});
        const auto phase = layout.frequency_hz.unsqueeze(1) * delay -
                           layout.time_s.unsqueeze(0) * lines[line];
        const auto sum = (beam * reference.conj() * phasor(phase * (2 * M_PI))).sum();
        const double energy = reference.abs().square().sum().item<double>();
        const double power = y[1][1].abs().square().mean().item<double>();
        const double expected =
            std::norm(sum.item<c10::complex<double>>()) / (energy * power);
        EXPECT_NEAR(found.power[1][n][line][row][column].item<double>(),
                    expected,
                    std::max(tolerance, 0.01 * expected));
        EXPECT_NEAR(
            found.illumination[1][n][row][column].item<double>() / energy, 1.0, 1e-4);
    }
}

TEST(CellFilter, NoiseHasMeanOne)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(8, 0, 64);
    const auto x = transmit(layout, 30.0, random).signal;
    for (const double noise_dbm : {-60.0, -120.0}) {
        const auto noise = sensing_noise(layout, noise_dbm, random);
        const auto found = CellFilter(layout, 0, 8, 5, 900.0)(noise.select(1, 0), x);
        EXPECT_NEAR(found.power.mean().item<double>(), 1.0, 0.06);
    }
}

TEST(CellFilter, TargetStandsInItsCellAndOnItsDopplerLine)
{
    const Layout layout(test::example_scenario("lite"));
    const auto random = Random::range(21, 0, 1);
    const auto x = transmit(layout, 30.0, random).signal;
    const auto centre = cell_centres(layout.scenario, 40)[13][22];
    const auto scene = one_target(
        layout, {centre[0].item<double>(), centre[1].item<double>()}, {9.0, -4.0});
    const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
    const auto lines = doppler_lines(24, 500.0);
    const CellFilter filter(layout, 0, 40, 24, 500.0);
    for (int n = 0; n < 2; n++) {
        // One access point at a time: both send the same symbols, so that each leaks into
        // the other's filter.
        auto alone = at::zeros_like(x);
        alone.select(1, n).copy_(x.select(1, n));
        const auto power =
            filter(echo(layout, alone, scene).select(1, 0), alone).power[0][n];
        const double frequency = lines[power.amax({1, 2}).argmax()].item<double>();
        EXPECT_NEAR(frequency, paths.doppler_hz[0][n][0][0].item<double>(), 375.0);
        // Its own cell is within 1 dB of the highest of all cells.
        EXPECT_GT(power.amax(0)[13][22].item<double>(),
                  0.79 * power.max().item<double>());
    }
}

TEST(CellFilter, WrongArgumentsAreNamed)
{
    const Layout layout(test::small_scenario());
    EXPECT_THROW(CellFilter(layout, 2, 8, 5, 900.0), std::invalid_argument);
    EXPECT_THROW(CellFilter(layout, 0, 0, 5, 900.0), std::invalid_argument);
    EXPECT_THROW(CellFilter(layout, 0, 8, 5, -1.0), std::invalid_argument);
}

} // namespace
