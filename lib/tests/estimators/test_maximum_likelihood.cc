// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_scenario.h"
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

using namespace cfisac;
using namespace cfisac::estimators;
using namespace cfisac::signal;

namespace {

Scenario scenario_of(int targets, double noise_dbm)
{
    auto scenario = test::small_scenario();
    scenario.targets.count = targets;
    scenario.sensing_noise_dbm = noise_dbm;
    return scenario;
}

//! Access points and central unit of the scheme.
struct Chain {
    explicit Chain(const Scenario& scenario) : layout(scenario)
    {
        for (std::size_t m = 0; m < scenario.receive.size(); m++) {
            access_points.push_back(make_access_point_estimator(
                Scheme::ml, layout, static_cast<std::int64_t>(m)));
        }
        central = make_central_estimator(Scheme::ml, scenario);
    }
    TargetEstimates operator()(const at::Tensor& echo, const at::Tensor& transmit)
    {
        std::vector<Message> messages;
        for (std::size_t m = 0; m < access_points.size(); m++) {
            messages.push_back((*access_points[m])(echo[m], transmit));
        }
        return (*central)(messages);
    }

    Layout layout;
    std::vector<std::unique_ptr<AccessPointEstimator>> access_points;
    std::unique_ptr<CentralEstimator> central;
};

} // namespace

TEST(MaximumLikelihood, ErrorIsNeitherBelowTheBoundNorFarAboveIt)
{
    // Errors squared, normalised with the bound (24): 4 degrees of freedom a draw. Below the
    // 0.1 % quantile of chi-square with 800 degrees (SciPy: chi2.ppf(0.001, 800)) the errors
    // would be smaller than they can be; those normalised with the covariance that comes with
    // the estimates must be consistent, too.
    constexpr int draws = 200;
    constexpr double low = 682.07;
    const auto scenario = scenario_of(1, -125.0);
    Chain chain(scenario);
    const double noise = dbm_to_watt(scenario.sensing_noise_dbm);
    double with_bound = 0.0, with_covariance = 0.0;
    int gross = 0;
    for (int draw = 0; draw < draws; draw++) {
        const Random random(21, {draw});
        const auto x =
            signal::transmit(chain.layout, scenario.transmit_power_dbm, random).signal;
        const auto scene = draw_targets(chain.layout, scenario.targets, random);
        const auto echo =
            received_echo(chain.layout, x, scene, Impairments::of(scenario), random);
        const auto bound = cramer_rao_bound(chain.layout, x, scene, noise)[0];
        const auto found = chain(echo[0], x[0]);
        const auto error = at::cat({found.location[0], found.velocity[0]}) -
                           at::cat({scene.position[0][0], scene.velocity[0][0]});
        const auto squared = [&](const at::Tensor& covariance) {
            return at::dot(error, at::mv(at::linalg_inv(covariance), error))
                .item<double>();
        };
        if (error.slice(0, 0, 2).norm().item<double>() > 5.0) {
            gross++;
            continue;
        }
        with_bound += squared(bound);
        with_covariance += squared(found.covariance[0]);
        EXPECT_GT(found.confidence[0].item<double>(), 0.99);
    }
    EXPECT_LE(gross, draws / 50);
    EXPECT_GT(with_bound, low);
    EXPECT_LT(with_bound, 1.5 * 4 * draws);
    EXPECT_GT(with_covariance, low);
    EXPECT_LT(with_covariance, 1.5 * 4 * draws);
}

TEST(MaximumLikelihood, FindsSeveralTargetsAtOnce)
{
    const auto scenario = scenario_of(3, -125.0);
    const Layout layout(scenario);
    const Random random(22, {0});
    const auto x = signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
    auto scene = draw_targets(layout, scenario.targets, random);
    scene.position =
        at::tensor({20.0, 30.0, 70.0, 40.0, 45.0, 75.0}, at::kDouble).view({1, 3, 2});
    const auto echo = received_echo(layout, x, scene, Impairments::of(scenario), random);
    const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
    for (const std::int64_t m : {0, 1}) {
        const auto found = MaximumLikelihood(layout, m)(echo[0][m], x[0]);
        ASSERT_EQ(found.size(), 5u);
        for (std::int64_t q = 0; q < 3; q++) {
            double nearest = 1e9;
            for (const auto& one : found) {
                const double dx =
                    one.location[0] - scene.position[0][q][0].item<double>();
                const double dy =
                    one.location[1] - scene.position[0][q][1].item<double>();
                nearest = std::min(nearest, std::hypot(dx, dy));
            }
            EXPECT_LT(nearest, 1.0) << "target " << q << " at access point " << m;
        }
    }
    const auto fused = Chain(scenario)(echo[0], x[0]);
    for (std::int64_t q = 0; q < 3; q++) {
        const auto errors = (fused.location - scene.position[0][q]).norm(2, 1);
        const auto k = errors.argmin().item<std::int64_t>();
        EXPECT_LT(errors[k].item<double>(), 0.5);
        EXPECT_LT((fused.velocity[k] - scene.velocity[0][q]).norm().item<double>(), 3.0);
    }
}

TEST(MaximumLikelihood, MissesNothingThatComesWithoutAnAccessPoint)
{
    const auto scenario = scenario_of(1, -130.0);
    Chain chain(scenario);
    const Random random(23, {4});
    const auto x =
        signal::transmit(chain.layout, scenario.transmit_power_dbm, random).signal;
    const auto scene = draw_targets(chain.layout, scenario.targets, random);
    const auto echo =
        received_echo(chain.layout, x, scene, Impairments::of(scenario), random);
    // One access point hears two transmitters: location and velocity follow from it alone.
    const auto message = (*chain.access_points[0])(echo[0][0], x[0]);
    const auto found = (*chain.central)({message, {}});
    EXPECT_LT((found.location[0] - scene.position[0][0]).norm().item<double>(), 1.0);
    EXPECT_LT((found.velocity[0] - scene.velocity[0][0]).norm().item<double>(), 3.0);
}

TEST(MaximumLikelihood, SilenceAndWrongFrames)
{
    const auto scenario = scenario_of(1, -130.0);
    const Layout layout(scenario);
    const auto x = signal::transmit(layout, 30.0, Random(1, {0})).signal[0];
    const auto silence =
        at::zeros({4, layout.subcarriers(), layout.symbols()}, at::kComplexFloat);
    const MaximumLikelihood estimator(layout, 0);
    EXPECT_TRUE(estimator(silence, x).empty());
    EXPECT_THROW(estimator(silence.slice(1, 1), x), std::invalid_argument);
    EXPECT_THROW(estimator(silence.to(at::kComplexDouble), x), std::invalid_argument);
    auto broken = silence.clone();
    broken[1][2][3] = std::nan("");
    try {
        estimator(broken, x);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("echo"), std::string::npos);
    }
    EXPECT_THROW(MaximumLikelihood(layout, 2), std::invalid_argument);
    MaximumLikelihoodOptions options;
    options.candidates = -1;
    EXPECT_THROW(MaximumLikelihood(layout, 0, options), std::invalid_argument);
    options = {};
    options.cells_per_resolution = 0.0;
    EXPECT_THROW(MaximumLikelihood(layout, 0, options), std::invalid_argument);
}

TEST(MaximumLikelihood, SeesMovingTargetsInStaticClutter)
{
    // A dozen scatterers as strong as the target. Kept, they are found in its place.
    auto scenario = scenario_of(1, -125.0);
    scenario.clutter.scatterers = 12;
    scenario.clutter.reflection_variance = 1.0;
    const Layout layout(scenario);
    int found_without = 0, found_with = 0;
    for (const int frame : {0, 1, 2, 3, 4, 5, 6, 7}) {
        const Random random(24, {frame});
        const auto x =
            signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        auto scene = draw_targets(layout, scenario.targets, random);
        scene.velocity = at::tensor({12.0, -9.0}, at::kDouble).view({1, 1, 2});
        const auto echo =
            received_echo(layout, x, scene, Impairments::of(scenario), random);
        const auto finds = [&](StaticClutter what) {
            MaximumLikelihoodOptions options;
            options.static_clutter = what;
            for (const auto& one :
                 MaximumLikelihood(layout, 0, options)(echo[0][0], x[0])) {
                const double dx =
                    one.location[0] - scene.position[0][0][0].item<double>();
                const double dy =
                    one.location[1] - scene.position[0][0][1].item<double>();
                if (std::hypot(dx, dy) < 3.0) {
                    return 1;
                }
            }
            return 0;
        };
        found_without += finds(StaticClutter::as_scenario);
        found_with += finds(StaticClutter::keep);
    }
    EXPECT_GE(found_without, 7);
    EXPECT_LT(found_with, found_without);
}

TEST(MaximumLikelihood, RefusesToRemoveClutterFromTooFewSymbols)
{
    auto scenario = scenario_of(1, -125.0);
    scenario.waveform.symbol_step = 32; // 8 symbols for 4 users
    MaximumLikelihoodOptions options;
    options.static_clutter = StaticClutter::remove;
    try {
        MaximumLikelihood(Layout(scenario), 0, options);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("8 symbols"), std::string::npos);
    }
}

TEST(MaximumLikelihood, CountsWhatClockOffsetsScatterAsNoise)
{
    // Offsets from symbol to symbol scatter a strong echo over all Doppler lines. Errors grow
    // with them, and so must the covariance: with access points that know of the offsets it is
    // not too small, and at most four times too large (what is scattered is not spread evenly
    // over the band); with others it is too small.
    auto scenario = scenario_of(1, -135.0);
    Chain unaware(scenario);
    scenario.clocks.timing_offset_std_s = 2e-9;
    Chain aware(scenario);
    constexpr int draws = 40;
    double normalised = 0.0, normalised_unaware = 0.0;
    for (int draw = 0; draw < draws; draw++) {
        const Random random(25, {draw});
        const auto x =
            signal::transmit(aware.layout, scenario.transmit_power_dbm, random).signal;
        const auto scene = draw_targets(aware.layout, scenario.targets, random);
        const auto echo =
            received_echo(aware.layout, x, scene, Impairments::of(scenario), random);
        const auto squared = [&](Chain& chain) {
            const auto found = chain(echo[0], x[0]);
            const auto error = at::cat({found.location[0], found.velocity[0]}) -
                               at::cat({scene.position[0][0], scene.velocity[0][0]});
            EXPECT_LT(error.slice(0, 0, 2).norm().item<double>(), 5.0) << "draw " << draw;
            return at::dot(error, at::mv(at::linalg_inv(found.covariance[0]), error))
                .item<double>();
        };
        normalised += squared(aware) / (4 * draws);
        normalised_unaware += squared(unaware) / (4 * draws);
    }
    EXPECT_GT(normalised, 0.25);
    EXPECT_LT(normalised, 1.5);
    EXPECT_GT(normalised_unaware, 3.0);
}
