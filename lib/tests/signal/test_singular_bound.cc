// SPDX-License-Identifier: GPL-3.0-or-later
// The bound where a single access point sees the radial component of a velocity only.
#include "small_scenario.h"
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;

constexpr double noise_w = 1e-13;

//! One base station that transmits and receives.
Scenario one_base_station(int targets)
{
    auto scenario = test::small_scenario();
    scenario.transmit.resize(1);
    scenario.receive.resize(1);
    scenario.transmit[0].position_m = {50.0, 0.0};
    scenario.receive[0].position_m = {50.0, 0.0};
    scenario.targets.count = targets;
    return scenario;
}

//! Targets by location (2 values), radial velocity and reflection coefficient (2 values)
//! each, [5 Q]: parameters that one base station can estimate.
Scene scene_of(const std::vector<double>& parameters)
{
    const auto targets = static_cast<std::int64_t>(parameters.size()) / 5;
    Scene scene{at::empty({1, targets, 2}, at::kDouble),
                at::empty({1, targets, 2}, at::kDouble),
                at::empty({1, 1, 1, targets}, at::kComplexDouble)};
    for (std::int64_t q = 0; q < targets; q++) {
        const auto* p = parameters.data() + 5 * q;
        const double distance = std::hypot(p[0] - 50.0, p[1]);
        scene.position[0][q][0] = p[0];
        scene.position[0][q][1] = p[1];
        // Along the line from the base station to the target.
        scene.velocity[0][q][0] = p[2] * (p[0] - 50.0) / distance;
        scene.velocity[0][q][1] = p[2] * p[1] / distance;
        scene.reflection[0][0][0][q] = c10::complex<double>(p[3], p[4]);
    }
    return scene;
}

//! Root bounds of the locations from numeric derivatives of the echo, [Q].
std::vector<double> location_bounds(const Layout& layout,
                                    const at::Tensor& sent,
                                    const std::vector<double>& parameters)
{
    const double steps[] = {1e-4, 1e-4, 1e-3, 1e-4, 1e-4};
    std::vector<at::Tensor> derivatives;
    for (std::size_t k = 0; k < parameters.size(); k++) {
        auto ahead = parameters;
        auto behind = parameters;
        ahead[k] += steps[k % 5];
        behind[k] -= steps[k % 5];
        const auto difference =
            echo(layout, sent, scene_of(ahead)) - echo(layout, sent, scene_of(behind));
        derivatives.push_back((difference / (2.0 * steps[k % 5])).flatten());
    }
    const auto rows = at::stack(derivatives);
    const auto information =
        at::real(at::matmul(rows.conj(), rows.t())) * (2.0 / noise_w);
    const auto scale = information.diagonal().rsqrt();
    const auto inverse =
        at::linalg_inv(information * scale.unsqueeze(0) * scale.unsqueeze(1)) *
        scale.unsqueeze(0) * scale.unsqueeze(1);
    std::vector<double> bounds;
    for (std::size_t k = 0; k < parameters.size(); k += 5) {
        const auto i = static_cast<std::int64_t>(k);
        bounds.push_back(std::sqrt(inverse[i][i].item<double>() +
                                   inverse[i + 1][i + 1].item<double>()));
    }
    return bounds;
}

TEST(SingularBound, LocationsOfAMonostaticBaseStationAreThoseOfNumericDerivatives)
{
    const std::vector<double> both{
        30.0, 60.0, 7.0, 0.8, -0.4, 71.0, 35.0, -11.0, 0.3, 0.9};
    for (const int targets : {1, 2}) {
        const Layout layout(one_base_station(targets));
        const auto sent =
            transmit(layout, 30.0, Random(6, {0})).signal.to(at::kComplexDouble);
        const std::vector<double> parameters(both.begin(), both.begin() + 5 * targets);
        const auto bound = root_bound(
            cramer_rao_bound(layout, sent, scene_of(parameters), noise_w), targets);
        const auto expected = location_bounds(layout, sent, parameters);
        for (int q = 0; q < targets; q++) {
            EXPECT_NEAR(bound.location_m[0][q].item<double>() / expected[q], 1.0, 1e-3);
            EXPECT_FALSE(std::isfinite(bound.velocity_mps[0][q].item<double>()));
        }
    }
}

TEST(SingularBound, NothingIsKnownOfTwoTargetsInOnePlace)
{
    const Layout layout(one_base_station(2));
    const auto sent = transmit(layout, 30.0, Random(6, {0})).signal;
    const auto bound = root_bound(
        cramer_rao_bound(layout,
                         sent,
                         scene_of({30.0, 60.0, 7.0, 1.0, 0.0, 30.0, 60.0, 7.0, 1.0, 0.0}),
                         noise_w),
        2);
    EXPECT_FALSE(bound.location_m.isfinite().any().item<bool>());
}

TEST(SingularBound, SilenceTellsNothing)
{
    const Layout layout(one_base_station(1));
    const auto sent = at::zeros_like(transmit(layout, 30.0, Random(6, {0})).signal);
    const auto bound = root_bound(
        cramer_rao_bound(layout, sent, scene_of({30.0, 60.0, 7.0, 1.0, 0.0}), noise_w),
        1);
    EXPECT_FALSE(bound.location_m.isfinite().any().item<bool>());
    EXPECT_FALSE(bound.velocity_mps.isfinite().any().item<bool>());
}

} // namespace
