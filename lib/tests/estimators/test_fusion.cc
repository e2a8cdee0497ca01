// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_scenario.h"
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/fusion.h>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace cfisac;
using namespace cfisac::estimators;

namespace {

using Engine = std::mt19937_64;

double uniform(Engine& engine, double low, double high)
{
    return std::uniform_real_distribution<double>(low, high)(engine);
}

State random_state(const Scenario& scenario, Engine& engine)
{
    State state;
    for (std::size_t d = 0; d < 2; d++) {
        state.location.push_back(uniform(engine,
                                         scenario.targets.area_m.min[d] + 5,
                                         scenario.targets.area_m.max[d] - 5));
        state.velocity.push_back(uniform(engine,
                                         scenario.targets.velocity_mps.min[d],
                                         scenario.targets.velocity_mps.max[d]));
    }
    return state;
}

// Access points anywhere around the area, with arrays along its nearest side.
Scenario random_geometry(Engine& engine)
{
    auto scenario = test::small_scenario();
    const std::vector<Coordinates> sides{{0, -1}, {0, 101}, {-1, 0}, {101, 0}};
    std::size_t side = static_cast<std::size_t>(uniform(engine, 0.0, 4.0)) % 4;
    for (auto* points : {&scenario.transmit, &scenario.receive}) {
        points->push_back(points->front());
        points->back().name += "more";
        for (auto& point : *points) {
            const double along = uniform(engine, 10.0, 90.0);
            const bool horizontal = side < 2;
            point.position_m = horizontal ? Coordinates{along, sides[side][1]}
                                          : Coordinates{sides[side][0], along};
            point.axis = horizontal ? Coordinates{1, 0} : Coordinates{0, 1};
            side = (side + 1) % 4;
        }
    }
    validate(scenario);
    return scenario;
}

Report report(const Scenario& scenario,
              Report::Kind kind,
              std::size_t m,
              std::size_t n,
              const State& state,
              const at::Tensor& information,
              double gain = 100.0)
{
    Report result;
    result.kind = kind;
    result.receiver = m;
    result.transmitter = n;
    result.value = predict(scenario, result, state).value;
    result.information = information;
    result.gain = gain;
    return result;
}

at::Tensor values_of(const State& state)
{
    auto values = state.location;
    values.insert(values.end(), state.velocity.begin(), state.velocity.end());
    return at::tensor(values, at::kDouble);
}

double distance(const State& one, const State& other)
{
    return (values_of(one) - values_of(other)).abs().max().item<double>();
}

} // namespace

TEST(Prediction, DerivativesAreThoseOfFiniteDifferences)
{
    Engine engine(1);
    for (int round = 0; round < 20; round++) {
        const auto scenario = random_geometry(engine);
        const auto state = random_state(scenario, engine);
        for (const auto kind : {Report::Kind::path, Report::Kind::target}) {
            Report what;
            what.kind = kind;
            what.receiver = round % scenario.receive.size();
            what.transmitter = round % scenario.transmit.size();
            const auto jacobian = predict(scenario, what, state).jacobian;
            for (std::int64_t k = 0; k < 4; k++) {
                const double step = 1e-5;
                auto moved = [&](double by) {
                    auto other = state;
                    (k < 2 ? other.location : other.velocity)[k % 2] += by;
                    return predict(scenario, what, other).value;
                };
                const auto numeric = (moved(step) - moved(-step)) / (2.0 * step);
                EXPECT_LT((numeric - jacobian.select(1, k)).abs().max().item<double>(),
                          1e-7)
                    << "coordinate " << k;
            }
        }
    }
}

TEST(Fusion, ReturnsTheTruthWithoutNoise)
{
    Engine engine(2);
    for (int round = 0; round < 200; round++) {
        const auto scenario = random_geometry(engine);
        const auto state = random_state(scenario, engine);
        std::vector<Report> paths, targets;
        for (std::size_t m = 0; m < scenario.receive.size(); m++) {
            for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
                paths.push_back(report(scenario,
                                       Report::Kind::path,
                                       m,
                                       n,
                                       state,
                                       unit_information(scenario, m)));
            }
            targets.push_back(report(scenario,
                                     Report::Kind::target,
                                     m,
                                     0,
                                     state,
                                     at::eye(2 + scenario.transmit.size(), at::kDouble)));
        }
        for (const auto& reports : {paths, targets}) {
            const auto found = locate(scenario, reports);
            EXPECT_LT(distance(found.state, state), 1e-6) << "round " << round;
            EXPECT_LT(found.mismatch, 1e-12);
        }
    }
}

TEST(Fusion, OnePathPerAccessPointSufficesForTheTruth)
{
    // As the fully distributed schemes send them: one path for each target and access point.
    Engine engine(3);
    int well_posed = 0;
    for (int round = 0; round < 200; round++) {
        const auto scenario = random_geometry(engine);
        const auto state = random_state(scenario, engine);
        std::vector<Report> reports;
        for (std::size_t m = 0; m < scenario.receive.size(); m++) {
            reports.push_back(report(scenario,
                                     Report::Kind::path,
                                     m,
                                     (m + round) % scenario.transmit.size(),
                                     state,
                                     unit_information(scenario, m)));
        }
        // Where the range rates run nearly along one line, the prior has a say: a
        // direction with less than a hundredth of its information.
        auto information = at::zeros({4, 4}, at::kDouble);
        for (const auto& each : reports) {
            const auto jacobian = predict(scenario, each, state).jacobian;
            information +=
                at::matmul(jacobian.t(), at::matmul(each.information, jacobian));
        }
        const double place = 100.0 / std::sqrt(12.0), speed = 40.0 / std::sqrt(12.0);
        const auto deviation = at::tensor({place, place, speed, speed}, at::kDouble);
        const auto relative = information * deviation.unsqueeze(1) * deviation;
        const auto found = locate(scenario, reports);
        if (at::linalg_eigvalsh(relative).min().item<double>() > 0.02) {
            well_posed++;
            EXPECT_LT(distance(found.state, state), 1e-6) << "round " << round;
        }
    }
    EXPECT_GT(well_posed, 150);
}

TEST(Fusion, CovarianceIsConsistent)
{
    // Normalised errors squared, 4 degrees of freedom, over 500 draws: within the 95 %
    // interval of chi-square with 2000 degrees (SciPy: chi2.ppf([0.025, 0.975], 2000)).
    constexpr double low = 1877.946, high = 2125.843;
    constexpr int draws = 500;
    Engine engine(4);
    std::normal_distribution<double> normal;
    for (const auto kind : {Report::Kind::path, Report::Kind::target}) {
        double total = 0.0;
        for (int round = 0; round < draws; round++) {
            const auto scenario = random_geometry(engine);
            const auto state = random_state(scenario, engine);
            std::vector<Report> reports;
            for (std::size_t m = 0; m < scenario.receive.size(); m++) {
                for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
                    if (kind == Report::Kind::target && n > 0) {
                        continue;
                    }
                    const std::int64_t size =
                        kind == Report::Kind::path
                            ? 3
                            : 2 + static_cast<std::int64_t>(scenario.transmit.size());
                    // Correlated errors of some centimetres, 1e-3 of the cosine
                    auto factor = at::eye(size, at::kDouble);
                    std::vector<double> noise;
                    for (std::int64_t i = 0; i < size; i++) {
                        noise.push_back(normal(engine));
                        for (std::int64_t j = 0; j < i; j++) {
                            factor[i][j] = uniform(engine, -0.5, 0.5);
                        }
                        const bool cosine = kind == Report::Kind::path && i == 0;
                        factor[i] *= cosine ? 1e-3 : 0.05;
                    }
                    const auto covariance = at::matmul(factor, factor.t());
                    reports.push_back(
                        report(scenario, kind, m, n, state, at::linalg_inv(covariance)));
                    reports.back().value = reports.back().value +
                                           at::mv(factor, at::tensor(noise, at::kDouble));
                }
            }
            const auto found = locate(scenario, reports);
            const auto error = values_of(found.state) - values_of(state);
            total += at::dot(error, at::mv(at::linalg_inv(found.covariance), error))
                         .item<double>();
        }
        EXPECT_GT(total, low);
        EXPECT_LT(total, high);
    }
}

TEST(Fusion, AssociatesReportsAndDropsGhosts)
{
    Engine engine(5);
    std::normal_distribution<double> normal;
    for (const int count : {1, 2, 3, 5}) {
        for (int round = 0; round < 10; round++) {
            const auto scenario = random_geometry(engine);
            std::vector<State> truth;
            while (static_cast<int>(truth.size()) < count) {
                const auto next = random_state(scenario, engine);
                const bool apart =
                    std::all_of(truth.begin(), truth.end(), [&](const State& other) {
                        return std::hypot(next.location[0] - other.location[0],
                                          next.location[1] - other.location[1]) > 8.0;
                    });
                if (apart) {
                    truth.push_back(next);
                }
            }
            std::vector<Report> reports;
            for (std::size_t m = 0; m < scenario.receive.size(); m++) {
                std::vector<Report> own;
                for (const auto& state : truth) {
                    own.push_back(report(scenario,
                                         Report::Kind::target,
                                         m,
                                         0,
                                         state,
                                         at::eye(5, at::kDouble) * 100.0));
                    for (std::int64_t k = 0; k < 5; k++) {
                        own.back().value[k] += 0.1 * normal(engine);
                    }
                }
                own.push_back(report(scenario,
                                     Report::Kind::target,
                                     m,
                                     0,
                                     random_state(scenario, engine),
                                     at::eye(5, at::kDouble) * 10.0,
                                     14.0)); // a ghost of noise
                std::shuffle(own.begin(), own.end(), engine);
                reports.insert(reports.end(), own.begin(), own.end());
            }
            const auto found = fuse(scenario, reports, truth.size());
            ASSERT_EQ(found.size(), truth.size());
            for (const auto& state : truth) {
                double nearest = 1e9;
                for (const auto& target : found) {
                    nearest = std::min(nearest, distance(target.state, state));
                }
                EXPECT_LT(nearest, 1.0) << count << " targets, round " << round;
            }
            for (const auto& target : found) {
                EXPECT_EQ(target.reports.size(), scenario.receive.size());
            }
        }
    }
}

TEST(Fusion, LeavesOutOutliersAndWrongRates)
{
    Engine engine(6);
    for (int round = 0; round < 20; round++) {
        const auto scenario = random_geometry(engine);
        const auto state = random_state(scenario, engine);
        auto wrong = state;
        wrong.location[0] = 105.0 - wrong.location[0];
        wrong.location[1] = 105.0 - wrong.location[1];
        if (std::hypot(wrong.location[0] - state.location[0],
                       wrong.location[1] - state.location[1]) < 10.0) {
            continue;
        }
        std::vector<Report> reports;
        const auto information = at::eye(5, at::kDouble) * 100.0;
        for (std::size_t m = 0; m < 3; m++) {
            reports.push_back(report(scenario,
                                     Report::Kind::target,
                                     m,
                                     0,
                                     m == 2 ? wrong : state,
                                     information,
                                     m == 2 ? 30.0 : 100.0));
        }
        reports[1].value[3] += 12.0; // one Doppler line of something else
        const auto found = fuse(scenario, reports, 1);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].reports, (std::vector<std::size_t>{0, 1}));
        EXPECT_LT(distance(found[0].state, state), 1e-6);
    }
}

TEST(Fusion, WhatReportsLeaveOpenIsThePriors)
{
    const auto scenario = test::small_scenario();
    const State state{{40.0, 60.0}, {10.0, -5.0}};
    const auto found = locate(scenario,
                              {report(scenario,
                                      Report::Kind::path,
                                      0,
                                      1,
                                      state,
                                      unit_information(scenario, 0) * 1e6)});
    EXPECT_LT(std::hypot(found.state.location[0] - 40.0, found.state.location[1] - 60.0),
              0.01);
    // Across the path's gradient nothing is known: variance 40²/12 there.
    const auto velocity = found.covariance.slice(0, 2).slice(1, 2);
    EXPECT_NEAR(at::linalg_eigvalsh(velocity).max().item<double>(), 1600.0 / 12.0, 2.0);
    const auto estimates = to_estimates(scenario, {found});
    EXPECT_EQ(estimates.location.size(0), 2);
    EXPECT_EQ(estimates.confidence[1].item<double>(), 0.0);
    EXPECT_EQ(estimates.location[1][0].item<double>(), 50.0);
    EXPECT_NEAR(estimates.covariance[1][2][2].item<double>(), 1600.0 / 12.0, 1e-9);
}

TEST(Fusion, RefusesWrongReportsByNumber)
{
    const auto scenario = test::small_scenario();
    const State state{{40.0, 60.0}, {10.0, -5.0}};
    const auto good =
        report(scenario, Report::Kind::path, 0, 1, state, unit_information(scenario, 0));
    EXPECT_THROW(locate(scenario, {}), std::invalid_argument);
    const auto refused = [&](auto change) {
        auto bad = good;
        change(bad);
        try {
            fuse(scenario, {good, bad}, 2);
            ADD_FAILURE() << "taken";
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find("report 1"), std::string::npos)
                << error.what();
        }
    };
    refused([](Report& bad) { bad.receiver = 2; });
    refused([](Report& bad) { bad.transmitter = 7; });
    refused([](Report& bad) { bad.value = at::zeros({4}, at::kDouble); });
    refused([](Report& bad) { bad.information = at::eye(4, at::kDouble); });
    refused([](Report& bad) { bad.value = bad.value * std::nan(""); });
    refused([](Report& bad) { bad.gain = INFINITY; });

    auto space = scenario;
    space.dimensions = 3;
    EXPECT_THROW(locate(space, {good}), std::invalid_argument);
}

TEST(CentralEstimator, WorksOnWhatComesAndRefusesTheRest)
{
    const auto scenario = test::small_scenario();
    const State state{{40.0, 60.0}, {0.0, 0.0}};
    auto central = make_central_estimator(Scheme::music, scenario);
    std::vector<Message> messages;
    for (std::size_t m = 0; m < 2; m++) {
        const auto value =
            report(
                scenario, Report::Kind::path, m, m, state, unit_information(scenario, m))
                .value;
        const auto* v = value.data_ptr<double>();
        messages.push_back(encode_paths({{static_cast<int>(m), v[0], v[1], v[2]}}, 2));
    }
    const auto both = (*central)(messages);
    EXPECT_NEAR(both.location[0][0].item<double>(), 40.0, 1e-2);
    EXPECT_NEAR(both.location[0][1].item<double>(), 60.0, 1e-2);
    const auto one = (*central)({messages[0], {}});
    EXPECT_NEAR(one.location[0][0].item<double>(), 40.0, 1e-2);
    const auto none = (*central)({{}, {}});
    EXPECT_EQ(none.confidence.sum().item<double>(), 0.0);
    EXPECT_THROW((*central)({messages[0]}), std::invalid_argument);
    EXPECT_THROW((*central)({messages[0], {1, 2, 3}}), std::invalid_argument);
}

TEST(Fusion, TakesWhatStandsStillForClutterWhereThereIsSome)
{
    // Two scatterers that are heard better than the targets, one of which is slow.
    auto scenario = test::small_scenario();
    const std::vector<State> places{{{30.0, 40.0}, {12.0, -7.0}},
                                    {{70.0, 60.0}, {-1.5, 2.0}},
                                    {{50.0, 20.0}, {0.0, 0.0}},
                                    {{20.0, 80.0}, {0.0, 0.0}}};
    Engine engine(8);
    std::normal_distribution<double> normal;
    std::vector<Report> reports;
    for (std::size_t m = 0; m < 2; m++) {
        for (std::size_t k = 0; k < places.size(); k++) {
            reports.push_back(report(scenario,
                                     Report::Kind::target,
                                     m,
                                     0,
                                     places[k],
                                     at::eye(4, at::kDouble) * 400.0,
                                     k < 2 ? 50.0 : 500.0));
            for (std::int64_t value = 0; value < 4; value++) {
                reports.back().value[value] += 0.05 * normal(engine);
            }
        }
    }
    const auto nearest = [&](const std::vector<FusedTarget>& found, std::size_t place) {
        double least = 1e9;
        for (const auto& target : found) {
            least = std::min(least, distance(target.state, places[place]));
        }
        return least;
    };
    auto found = fuse(scenario, reports, 2);
    EXPECT_LT(nearest(found, 2), 1.0) << "without clutter the strongest are targets";
    EXPECT_LT(nearest(found, 3), 1.0);
    scenario.clutter.scatterers = 2;
    scenario.clutter.reflection_variance = 1.0;
    found = fuse(scenario, reports, 2);
    EXPECT_LT(nearest(found, 0), 1.0);
    EXPECT_LT(nearest(found, 1), 1.0);
    EXPECT_EQ(fuse(scenario, reports, 4).size(), 4u) << "the rest is not withheld";
}
