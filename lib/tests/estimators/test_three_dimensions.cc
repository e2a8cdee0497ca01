// SPDX-License-Identifier: GPL-3.0-or-later
// Maximum likelihood and its fusion with planar arrays and targets in space.
#include "small_scenario.h"
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/compressed_sensing.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cfisac/estimators/monostatic.h>
#include <cfisac/estimators/music.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

using namespace cfisac;
using namespace cfisac::estimators;
using namespace cfisac::signal;

namespace {

//! lite_3d.yml with fewer symbols, and `along` antennas along each axis.
Scenario in_space(int targets, double noise_dbm, int along = 4)
{
    auto scenario = test::example_scenario("lite_3d");
    scenario.waveform.symbol_step = 16;
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.antennas = along;
            point.planar->antennas = along;
        }
    }
    scenario.targets.count = targets;
    scenario.sensing_noise_dbm = noise_dbm;
    return scenario;
}

std::string error_of(const std::function<void()>& action)
{
    try {
        action();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

//! Distance of two places or velocities over all coordinates of a state.
double distance(const Coordinates& one, const Coordinates& other)
{
    double square = 0.0;
    for (std::size_t d = 0; d < one.size(); d++) {
        square += (one[d] - other[d]) * (one[d] - other[d]);
    }
    return std::sqrt(square);
}

TEST(MaximumLikelihoodInSpace, ErrorIsNeitherBelowTheBoundNorFarAboveIt)
{
    // Errors squared, normalised with the bound (24): 6 degrees of freedom a draw. Below the
    // 0.1 % quantile of chi-square with 108 degrees (SciPy: chi2.ppf(0.001, 108)), those of 18
    // draws, the errors would be smaller than they can be.
    //
    // Where the estimate does not use all that was received (an access point took another
    // cell), its covariance says so: such draws are few, and are compared with that alone.
    constexpr int draws = 20;
    constexpr double low = 68.21;
    const auto scenario = in_space(1, -125.0, 3); // quicker to search than 4 by 4
    const Layout layout(scenario);
    std::vector<std::unique_ptr<AccessPointEstimator>> access_points;
    for (std::int64_t m = 0; m < 3; m++) {
        access_points.push_back(make_access_point_estimator(Scheme::ml, layout, m));
    }
    const auto central = make_central_estimator(Scheme::ml, scenario);
    double with_bound = 0.0, with_covariance = 0.0;
    int gross = 0, partial = 0;
    for (int draw = 0; draw < draws; draw++) {
        const Random random(21, {draw});
        const auto x =
            signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        const auto scene = draw_targets(layout, scenario.targets, random);
        const auto echo =
            received_echo(layout, x, scene, Impairments::of(scenario), random);
        const auto bound = cramer_rao_bound(
            layout, x, scene, dbm_to_watt(scenario.sensing_noise_dbm))[0];
        std::vector<Message> messages;
        for (std::size_t m = 0; m < 3; m++) {
            messages.push_back((*access_points[m])(echo[0][m], x[0]));
            EXPECT_EQ(messages.back().size(), message_words(Scheme::ml, scenario));
        }
        const auto found = (*central)(messages);
        ASSERT_EQ(found.location.sizes(), at::IntArrayRef({1, 3}));
        ASSERT_EQ(found.covariance.sizes(), at::IntArrayRef({1, 6, 6}));
        const auto error = at::cat({found.location[0], found.velocity[0]}) -
                           at::cat({scene.position[0][0], scene.velocity[0][0]});
        const auto squared = [&](const at::Tensor& covariance) {
            return at::dot(error, at::mv(at::linalg_inv(covariance), error))
                .item<double>();
        };
        if (error.slice(0, 0, 3).norm().item<double>() > 5.0) {
            gross++;
            continue;
        }
        with_covariance += squared(found.covariance[0]);
        const auto volume = [](const at::Tensor& covariance) {
            return at::linalg_slogdet(covariance);
        };
        const double wider =
            (std::get<1>(volume(found.covariance[0])) - std::get<1>(volume(bound)))
                .item<double>();
        if (wider > 1.0) {
            partial++;
            continue;
        }
        with_bound += squared(bound);
    }
    EXPECT_LE(gross + partial, 2);
    EXPECT_GT(with_bound, low);
    EXPECT_LT(with_bound, 1.5 * 6 * (draws - gross - partial));
    EXPECT_GT(with_covariance, low);
    EXPECT_LT(with_covariance, 1.5 * 6 * draws);
}

TEST(MaximumLikelihoodInSpace, OneAccessPointTellsThePlace)
{
    const auto scenario = in_space(2, -130.0);
    const Layout layout(scenario);
    const Random random(24, {1});
    const auto x = signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
    auto scene = draw_targets(layout, scenario.targets, random);
    scene.position =
        at::tensor({10.0, 12.0, 3.0, 29.0, 27.0, 12.0}, at::kDouble).view({1, 2, 3});
    const auto echo = received_echo(layout, x, scene, Impairments::of(scenario), random);
    const MaximumLikelihood estimator(layout, 2);
    ASSERT_EQ(estimator.cells().size(), 3u);
    for (const auto cells : estimator.cells()) {
        EXPECT_GE(cells, 8);
    }
    const auto found = estimator(echo[0][2], x[0]);
    for (const int q : {0, 1}) {
        const auto* place = scene.position[0][q].data_ptr<double>();
        double nearest = 1e9;
        for (const auto& one : found) {
            ASSERT_EQ(one.location.size(), 3u);
            ASSERT_EQ(one.information.sizes(), at::IntArrayRef({5, 5}));
            nearest =
                std::min(nearest, distance(one.location, Coordinates(place, place + 3)));
        }
        EXPECT_LT(nearest, 1.0) << "target " << q;
    }
}

TEST(MaximumLikelihoodInSpace, LinearArraysWorkToo)
{
    // A cone and two ellipsoids: the true place is among the maxima of the likelihood, and the
    // access points agree on it.
    auto scenario = in_space(1, -130.0);
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.planar.reset();
            point.antennas = 8;
        }
    }
    const Layout layout(scenario);
    int near = 0;
    for (const int draw : {0, 1, 2, 3, 4}) {
        const Random random(25, {draw});
        const auto x =
            signal::transmit(layout, scenario.transmit_power_dbm, random).signal;
        const auto scene = draw_targets(layout, scenario.targets, random);
        const auto echo =
            received_echo(layout, x, scene, Impairments::of(scenario), random);
        std::vector<Message> messages;
        for (std::int64_t m = 0; m < 3; m++) {
            messages.push_back(
                (*make_access_point_estimator(Scheme::ml, layout, m))(echo[0][m], x[0]));
        }
        const auto found = (*make_central_estimator(Scheme::ml, scenario))(messages);
        near += (found.location[0] - scene.position[0][0]).norm().item<double>() < 1.0;
    }
    EXPECT_GE(near, 3);
}

TEST(FusionInSpace, ReportsOfTheTruthGiveIt)
{
    const auto scenario = in_space(1, -125.0);
    const State truth{{12.0, 25.0, 6.0}, {-4.0, 9.0, 2.5}};
    std::vector<Report> reports;
    for (std::size_t m = 0; m < 3; m++) {
        Report report;
        report.kind = Report::Kind::target;
        report.receiver = m;
        report.gain = 50.0;
        report.value = predict(scenario, report, truth).value;
        ASSERT_EQ(report.value.numel(), 5);
        report.information = at::eye(5, at::kDouble) * 100.0;
        reports.push_back(report);
    }
    const auto found = locate(scenario, reports);
    EXPECT_LT(distance(found.state.location, truth.location), 1e-6);
    EXPECT_LT(distance(found.state.velocity, truth.velocity), 1e-6);
    EXPECT_LT(found.mismatch, 1e-9);
    // Two targets far apart are not taken for one.
    const State other{{33.0, 7.0, 13.0}, {4.0, -9.0, -2.5}};
    for (std::size_t m = 0; m < 3; m++) {
        auto report = reports[m];
        report.value = predict(scenario, report, other).value;
        reports.push_back(report);
    }
    const auto both = fuse(scenario, reports, 2);
    ASSERT_EQ(both.size(), 2u);
    for (const auto& target : both) {
        EXPECT_EQ(target.reports.size(), 3u);
        EXPECT_LT(std::min(distance(target.state.location, truth.location),
                           distance(target.state.location, other.location)),
                  1e-6);
    }
}

TEST(FusionInSpace, JacobianIsThatOfNumericDerivatives)
{
    const auto scenario = in_space(1, -125.0);
    Report report;
    report.kind = Report::Kind::target;
    report.receiver = 1;
    const State state{{12.0, 25.0, 6.0}, {-4.0, 9.0, 2.5}};
    const auto jacobian = predict(scenario, report, state).jacobian;
    ASSERT_EQ(jacobian.sizes(), at::IntArrayRef({5, 6}));
    for (std::size_t k = 0; k < 6; k++) {
        auto ahead = state, behind = state;
        (k < 3 ? ahead.location[k] : ahead.velocity[k - 3]) += 1e-5;
        (k < 3 ? behind.location[k] : behind.velocity[k - 3]) -= 1e-5;
        const auto numeric = (predict(scenario, report, ahead).value -
                              predict(scenario, report, behind).value) /
                             2e-5;
        EXPECT_LT((jacobian.select(1, static_cast<std::int64_t>(k)) - numeric)
                      .abs()
                      .max()
                      .item<double>(),
                  1e-7);
    }
}

TEST(PathsInSpace, AreRefusedByName)
{
    const auto scenario = in_space(1, -125.0);
    const Layout layout(scenario);
    for (const auto scheme : {Scheme::music, Scheme::cs}) {
        const auto at_access_point =
            error_of([&] { make_access_point_estimator(scheme, layout, 0); });
        EXPECT_NE(at_access_point.find("2 dimensions"), std::string::npos)
            << at_access_point;
        const auto at_central_unit =
            error_of([&] { make_central_estimator(scheme, scenario); });
        EXPECT_NE(at_central_unit.find(to_string(scheme)), std::string::npos)
            << at_central_unit;
    }
    EXPECT_NE(error_of([&] {
                  monostatic_scenario(scenario, {20.0, 0.0, 5.0});
              }).find("2 dimensions"),
              std::string::npos);
    const auto report = report_of(scenario, 0, PathParameters{0, 0.1, 60.0, 1.0});
    EXPECT_NE(error_of([&] { locate(scenario, {report}); }).find("2 dimensions"),
              std::string::npos);
}

} // namespace
