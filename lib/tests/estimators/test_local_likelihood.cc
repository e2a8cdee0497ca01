// SPDX-License-Identifier: GPL-3.0-or-later
#include "estimators/local_likelihood.h"
#include "small_scenario.h"
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/static_echo.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

using namespace cfisac;
using namespace cfisac::estimators;
using namespace cfisac::signal;

namespace {

// One frame of the small scenario, and what access point m may know of its targets.
struct Frame {
    explicit Frame(int targets, std::int64_t number = 0, double noise_dbm = -140.0)
        : scenario(make(targets, noise_dbm)), layout(scenario)
    {
        const Random random(7, {number});
        transmit = signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        scene = draw_targets(layout, scenario.targets, random);
        echo = received_echo(layout, transmit, scene, Impairments::of(scenario), random);
        paths = bistatic_paths(layout, scene.position, scene.velocity);
    }
    static Scenario make(int targets, double noise_dbm)
    {
        auto scenario = test::small_scenario();
        scenario.targets.count = targets;
        scenario.sensing_noise_dbm = noise_dbm;
        return scenario;
    }
    LocalTargets truth(std::int64_t m) const
    {
        return {scene.position[0].clone(),
                paths.range_rate[0].select(1, m).t().contiguous(),
                at::ones({scene.count(), layout.transmitters()}, at::kBool)};
    }

    Scenario scenario;
    Layout layout;
    at::Tensor transmit; // [1, N, N_t, S, T]
    Scene scene;
    at::Tensor echo; // [1, M, M_r, S, T]
    BistaticPaths paths;
};

double energy(const at::Tensor& samples)
{
    return at::view_as_real(samples).square().sum().item<double>();
}

} // namespace

TEST(LocalLikelihood, TruthExplainsTheWholeEchoWithItsGains)
{
    for (const std::int64_t m : {0, 1}) {
        const Frame frame(2, m, -200.0);
        const LocalLikelihood likelihood(frame.layout, m, frame.transmit[0]);
        const auto fit = likelihood.fit(frame.echo[0][m], frame.truth(m));
        EXPECT_NEAR(fit.explained / energy(frame.echo[0][m]), 1.0, 1e-5);
        const auto amplitude =
            (frame.scene.reflection * frame.paths.amplitude)[0].select(1, m).t();
        const auto error = at::view_as_real((fit.amplitude - amplitude).contiguous());
        EXPECT_LT(error.abs().max().item<double>(),
                  1e-4 * amplitude.abs().max().item<double>());
        const auto rest =
            frame.echo[0][m] - likelihood.echo_of(frame.truth(m), fit.amplitude);
        EXPECT_LT(energy(rest), 1e-6 * energy(frame.echo[0][m]));
    }
}

TEST(LocalLikelihood, GradientIsThatOfFiniteDifferences)
{
    const Frame frame(2, 3, -110.0);
    const LocalLikelihood likelihood(frame.layout, 1, frame.transmit[0]);
    auto targets = frame.truth(1);
    targets.location += 0.4;
    targets.range_rate -= 0.5;
    for (const bool all : {true, false}) {
        if (!all) {
            targets = targets.without(0, 1);
        }
        const auto fit = likelihood.fit(frame.echo[0][1], targets);
        for (std::int64_t k = 0; k < 8; k++) {
            const double step = 0.05;
            const auto explained = [&](double by) {
                auto change = at::zeros({8}, at::kDouble);
                change[k] = by;
                return likelihood.fit(frame.echo[0][1], targets.moved(change)).explained;
            };
            // Five points, since float32 sums call for a long step.
            const double slope = (8.0 * (explained(step) - explained(-step)) -
                                  (explained(2 * step) - explained(-2 * step))) /
                                 (12.0 * step);
            EXPECT_NEAR(2.0 * fit.gradient[k].item<double>(),
                        slope,
                        2e-3 * fit.gradient.abs().max().item<double>())
                << "parameter " << k;
        }
        EXPECT_EQ(fit.information.select(0, 3).abs().sum().item<double>() == 0.0, !all);
        EXPECT_EQ(fit.amplitude[0][1].abs().item<double>() == 0.0, !all);
    }
}

TEST(LocalLikelihood, InformationIsThatOfTheBound)
{
    // With one receive access point, location and range rates are location and velocity in
    // other coordinates: the bound (24) must be that of the local information.
    for (const int count : {1, 2}) {
        auto scenario = Frame::make(count, -130.0);
        scenario.receive.pop_back();
        const Layout layout(scenario);
        const Random random(11, {count});
        const auto transmit =
            signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        const auto scene = draw_targets(layout, scenario.targets, random);
        const auto echo = signal::echo(layout, transmit, scene);
        const double noise = dbm_to_watt(scenario.sensing_noise_dbm);
        const auto bound = cramer_rao_bound(layout, transmit, scene, noise)[0];

        const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
        const LocalTargets truth{scene.position[0].clone(),
                                 paths.range_rate[0].select(1, 0).t().contiguous(),
                                 at::ones({count, 2}, at::kBool)};
        const auto fit = LocalLikelihood(layout, 0, transmit[0]).fit(echo[0][0], truth);
        // d (location, rates) / d (location, velocity) of all targets, by differences
        const auto size = 4 * count;
        auto jacobian = at::zeros({size, size}, at::kDouble);
        for (std::int64_t k = 0; k < size; k++) {
            const auto target = k % (2 * count) / 2;
            const auto rates = [&](double by) {
                auto place = scene.position.clone(), speed = scene.velocity.clone();
                (k < 2 * count ? place : speed)[0][target][k % 2] += by;
                return bistatic_paths(layout, place, speed)
                    .range_rate[0]
                    .select(1, 0)
                    .t();
            };
            const auto slope = (rates(1e-4) - rates(-1e-4)) / 2e-4; // [C, N]
            for (std::int64_t n = 0; n < 2; n++) {
                jacobian[4 * target + 2 + n][k] = slope[target][n];
            }
            if (k < 2 * count) {
                jacobian[4 * target + k % 2][k] = 1.0;
            }
        }
        const auto information = at::matmul(
            jacobian.t(), at::matmul(fit.information * (2.0 / noise), jacobian));
        const auto scale = bound.diag().rsqrt();
        const auto covariance = at::linalg_inv(information);
        const auto error = (covariance - bound) * scale.unsqueeze(1) * scale;
        EXPECT_LT(error.abs().max().item<double>(), 5e-3) << count << " targets";
    }
}

TEST(LocalLikelihood, DelayAndDopplerBoundsAreThoseOfASingleTone)
{
    // One antenna at each end and a flat signal: over symbols the echo is a tone of frequency
    // f_D, over subcarriers one of "frequency" -delay. Rife and Boorstyn, "Single-tone
    // parameter estimation from discrete-time observations", 1974: with the amplitude
    // unknown, var f >= 6 / ((2 pi)^2 spacing^2 snr (n^2 - 1)), snr the energy of all samples
    // over the noise power of one.
    auto scenario = Frame::make(1, -100.0);
    scenario.transmit.pop_back();
    scenario.receive.pop_back();
    scenario.transmit[0].antennas = scenario.receive[0].antennas = 1;
    scenario.users.count = 1;
    const Layout layout(scenario);
    const auto s = layout.subcarriers(), t = layout.symbols();
    const auto transmit = at::ones({1, 1, s, t}, at::kComplexFloat) * 0.01;
    const auto location = at::tensor({30.0, 60.0}, at::kDouble).view({1, 1, 2});
    const auto velocity = at::tensor({4.0, -9.0}, at::kDouble).view({1, 1, 2});
    const Scene scene{
        location, velocity, at::full({1, 1, 1, 1}, c10::complex<double>(0.6, -0.8))};
    const auto echo = signal::echo(layout, transmit.unsqueeze(0), scene);
    const auto paths = bistatic_paths(layout, location, velocity);
    const LocalTargets truth{
        location[0], paths.range_rate.view({1, 1}), at::ones({1, 1}, at::kBool)};
    const auto fit = LocalLikelihood(layout, 0, transmit).fit(echo[0][0], truth);
    const double noise = dbm_to_watt(scenario.sensing_noise_dbm);
    const double snr = energy(echo) / noise;
    const auto tone = [&](double spacing, std::int64_t n) { // information of a frequency
        const double turn = 2.0 * M_PI * spacing;
        return turn * turn * snr * static_cast<double>(n * n - 1) / 6.0;
    };
    const auto& waveform = scenario.waveform;
    const double of_doppler =
        tone(waveform.symbol_step * waveform.symbol_duration_s(), t);
    const double of_delay =
        tone(waveform.subcarrier_step * waveform.subcarrier_spacing_hz, s);

    const auto information = fit.information * (2.0 / noise);
    const double per_rate =
        1.0 / waveform.wavelength_m(); // d f_D / d rate, squared below
    EXPECT_NEAR(
        information[2][2].item<double>() / (of_doppler * per_rate * per_rate), 1.0, 1e-4);
    const auto slope = (paths.transmit.direction + paths.receive.direction)
                           .view({2})
                           .div(speed_of_light); // d delay / d location
    const auto expected = slope.unsqueeze(1) * slope * of_delay;
    EXPECT_LT(
        (information.slice(0, 0, 2).slice(1, 0, 2) - expected).abs().max().item<double>(),
        1e-4 * expected.abs().max().item<double>());
    // Delay and Doppler frequency are told apart.
    const auto scale = information.diag().rsqrt();
    EXPECT_LT((information[0][2] * scale[0] * scale[2]).abs().item<double>(), 1e-4);
}

TEST(LocalLikelihood, DopplerLineIsWhereItMustBe)
{
    const Frame frame(1, 5, -200.0);
    const LocalLikelihood likelihood(frame.layout, 0, frame.transmit[0]);
    const auto truth = frame.truth(0);
    const auto fit = likelihood.fit(frame.echo[0][0], truth);
    const auto& waveform = frame.scenario.waveform;
    const std::int64_t lines = 4096;
    for (const std::int64_t n : {0, 1}) {
        // Without the other path there is one line, at f_D = -rate f_c / c.
        const auto own =
            frame.echo[0][0] - likelihood.echo_of(truth.without(0, n), fit.amplitude);
        const auto spectrum = likelihood.doppler_spectrum(own, truth, n, lines);
        const double frequency =
            -truth.range_rate[0][n].item<double>() / waveform.wavelength_m();
        const double line =
            frequency * lines * waveform.symbol_step * waveform.symbol_duration_s();
        const auto expected = (std::llround(line) + lines) % lines;
        EXPECT_NEAR(spectrum.argmax().item<std::int64_t>(), expected, 2);
        // On its own, the path explains its whole energy there.
        EXPECT_NEAR(spectrum.max().item<double>() / energy(own), 1.0, 1e-3);
    }
}

TEST(LocalLikelihood, EnergiesOfOrthogonalPathsAddUp)
{
    const Frame frame(1, 6, -200.0);
    const LocalLikelihood likelihood(frame.layout, 0, frame.transmit[0]);
    const auto truth = frame.truth(0);
    const auto fit = likelihood.fit(frame.echo[0][0], truth);
    EXPECT_NEAR(fit.target_energy[0].item<double>() / fit.explained, 1.0, 1e-9);
    // What a path adds is what is missing without it.
    for (const std::int64_t n : {0, 1}) {
        const auto without = likelihood.fit(frame.echo[0][0], truth.without(0, n));
        EXPECT_NEAR(fit.path_energy[0][n].item<double>() / fit.explained,
                    1.0 - without.explained / fit.explained,
                    1e-5);
    }
}

TEST(StaticClutter, IsProjectedOutWhateverItsChannelIs)
{
    const Frame frame(1, 2, -200.0);
    const auto still = static_subspace(frame.transmit[0]);
    const auto s = frame.layout.subcarriers(), t = frame.layout.symbols();
    ASSERT_EQ(still.sizes(), (at::IntArrayRef{s, frame.scenario.users.count, t}));
    // Any channel on every subcarrier: all of its echo goes.
    const auto channel = at::randn({s, 4, 8}, at::kComplexFloat);
    const auto x = frame.transmit[0].flatten(0, 1).transpose(0, 1); // [S, N N_t, T]
    const auto clutter = at::matmul(channel, x).transpose(0, 1).contiguous();
    EXPECT_LT(energy(without_static(clutter, still)), 1e-9 * energy(clutter));
    // Of white noise K of T dimensions go.
    const auto noise = at::randn({64, s, t}, at::kComplexFloat);
    EXPECT_NEAR(energy(without_static(noise, still)) / energy(noise),
                1.0 - 4.0 / static_cast<double>(t),
                0.02);
    // Once removed there is nothing left to remove.
    const auto rest = without_static(noise, still);
    EXPECT_LT(energy(without_static(rest, still) - rest), 1e-9 * energy(rest));
}

TEST(StaticClutter, LikelihoodWithoutItKeepsGainsAndGradient)
{
    const Frame frame(1, 3, -200.0);
    auto targets = frame.truth(0);
    const auto still = static_subspace(frame.transmit[0]);
    const LocalLikelihood likelihood(frame.layout, 0, frame.transmit[0], still);
    // The echo of the target in front of a wall that returns a hundred times as much.
    const auto wall = frame.transmit[0].flatten(0, 1).slice(0, 0, 4) * 1e-4;
    const auto echo = without_static(frame.echo[0][0] + wall, still);
    const auto fit = likelihood.fit(echo, targets);
    EXPECT_NEAR(fit.explained / energy(echo), 1.0, 1e-3);
    const auto amplitude =
        (frame.scene.reflection * frame.paths.amplitude)[0].select(1, 0).t();
    const auto error = at::view_as_real((fit.amplitude - amplitude).contiguous());
    EXPECT_LT(error.abs().max().item<double>(),
              2e-2 * amplitude.abs().max().item<double>());
    targets.location += 0.3;
    const auto moved = likelihood.fit(echo, targets);
    for (std::int64_t k = 0; k < 4; k++) {
        const double step = 0.05;
        const auto explained = [&](double by) {
            auto change = at::zeros({4}, at::kDouble);
            change[k] = by;
            return likelihood.fit(echo, targets.moved(change)).explained;
        };
        const double slope = (8.0 * (explained(step) - explained(-step)) -
                              (explained(2 * step) - explained(-2 * step))) /
                             (12.0 * step);
        EXPECT_NEAR(2.0 * moved.gradient[k].item<double>(),
                    slope,
                    2e-3 * moved.gradient.abs().max().item<double>());
    }
}
