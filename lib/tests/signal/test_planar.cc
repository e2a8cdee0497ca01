// SPDX-License-Identifier: GPL-3.0-or-later
// Planar arrays and targets in space, against closed forms written out here.
#include "sample_streams.h"
#include "signal/path_tables.h"
#include "small_scenario.h"

#include <array>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/calibration.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/direct_path.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using Complex = std::complex<double>;

//! lite_3d.yml with 3 by 2 transmit and 2 by 3 receive antennas, no two alike.
Scenario in_space()
{
    auto scenario = test::example_scenario("lite_3d");
    scenario.waveform.subcarrier_step = 16;
    scenario.waveform.symbol_step = 16;
    for (auto& point : scenario.transmit) {
        point.antennas = 3;
        point.planar->antennas = 2;
        point.planar->spacing_wavelengths = 0.6;
    }
    for (auto& point : scenario.receive) {
        point.antennas = 2;
        point.planar->antennas = 3;
        point.planar->axis = {0.48, 0.64, 0.6};
        point.spacing_wavelengths = 0.4;
    }
    return scenario;
}

//! From an array to a place, written out.
struct Sight {
    Sight(const AccessPoint& point_, const std::array<double, 3>& place) : point(point_)
    {
        for (int d = 0; d < 3; d++) {
            unit[d] = place[d] - point.position_m[d];
            length += unit[d] * unit[d];
        }
        length = std::sqrt(length);
        for (int d = 0; d < 3; d++) {
            unit[d] /= length;
            first += unit[d] * point.axis[d];
            second += unit[d] * point.planar->axis[d];
        }
    }
    //! Element of the steering vector (1), (2).
    Complex steering(int element) const
    {
        const int a = element % point.antennas;
        const int b = element / point.antennas;
        return std::polar(1.0 / std::sqrt(point.total_antennas()),
                          -2.0 * M_PI *
                              (a * point.spacing_wavelengths * first +
                               b * point.planar->spacing_wavelengths * second));
    }

    const AccessPoint& point;
    std::array<double, 3> unit{};
    double length = 0.0, first = 0.0, second = 0.0;
};

Complex number(const at::Tensor& value)
{
    const auto z = value.item<c10::complex<double>>();
    return {z.real(), z.imag()};
}

const std::array<double, 3> place = {12.0, 21.0, 9.0};
const std::array<double, 3> velocity = {7.0, -11.0, 4.0};

Scene one_target(const Layout& layout)
{
    return {
        at::tensor(at::ArrayRef<double>(place.data(), 3), at::kDouble).view({1, 1, 3}),
        at::tensor(at::ArrayRef<double>(velocity.data(), 3), at::kDouble).view({1, 1, 3}),
        at::full({1, layout.transmitters(), layout.receivers(), 1},
                 c10::complex<double>(0.4, -0.7),
                 at::kComplexDouble)};
}

at::Tensor random_signal(const Layout& layout)
{
    return Random(9, {4}).complex_normal(Purpose::payload,
                                         {layout.transmitters(),
                                          layout.scenario.transmit_antennas(),
                                          layout.subcarriers(),
                                          layout.symbols()},
                                         at::kDouble);
}

TEST(PlanarSteering, IsTheClosedForm)
{
    const Layout layout(in_space());
    const auto scene = one_target(layout);
    const auto paths = bistatic_paths(layout, scene.position, scene.velocity);
    const auto departing = steering_vectors(layout.transmit, paths.transmit);
    const auto arriving = steering_vectors(layout.receive, paths.receive);
    ASSERT_EQ(departing.sizes(), at::IntArrayRef({1, 2, 1, 6}));
    ASSERT_EQ(arriving.sizes(), at::IntArrayRef({1, 3, 1, 6}));
    const auto table =
        host::steering_table<double>(paths.transmit, layout.scenario.transmit, -1.0);
    for (int n = 0; n < 2; n++) {
        const Sight sight(layout.scenario.transmit[n], place);
        for (int a = 0; a < 6; a++) {
            EXPECT_LT(std::abs(number(departing[0][n][0][a]) - sight.steering(a)), 1e-14);
            const Complex conjugate(table.re[n * 6 + a], table.im[n * 6 + a]);
            EXPECT_LT(std::abs(conjugate - std::conj(sight.steering(a))), 1e-14);
        }
    }
    for (int m = 0; m < 3; m++) {
        const Sight sight(layout.scenario.receive[m], place);
        for (int a = 0; a < 6; a++) {
            EXPECT_LT(std::abs(number(arriving[0][m][0][a]) - sight.steering(a)), 1e-14);
        }
    }
}

TEST(PlanarSteering, HasItsNumericDerivatives)
{
    const Layout layout(in_space());
    const auto scene = one_target(layout);
    const auto rays = bistatic_paths(layout, scene.position, scene.velocity).receive;
    const auto all = steering_derivatives(layout.receive, rays);
    ASSERT_EQ(all.sizes(), at::IntArrayRef({1, 3, 1, 3, 6}));
    constexpr double step = 1e-6;
    for (const int axis : {0, 1}) {
        auto ahead = rays, behind = rays;
        (axis == 0 ? ahead.cosine : ahead.second_cosine) =
            (axis == 0 ? rays.cosine : rays.second_cosine) + step;
        (axis == 0 ? behind.cosine : behind.second_cosine) =
            (axis == 0 ? rays.cosine : rays.second_cosine) - step;
        const auto numeric = (steering_vectors(layout.receive, ahead) -
                              steering_vectors(layout.receive, behind)) /
                             (2.0 * step);
        EXPECT_LT((all.select(3, 1 + axis) - numeric).abs().max().item<double>(), 1e-8);
    }
    EXPECT_TRUE(at::equal(at::view_as_real(all.select(3, 0)),
                          at::view_as_real(steering_vectors(layout.receive, rays))));
}

TEST(PlanarEcho, IsTheClosedForm)
{
    const Layout layout(in_space());
    const auto& scenario = layout.scenario;
    const auto scene = one_target(layout);
    const auto x = random_signal(layout);
    const auto exact = echo_by_tensor_operations(layout, x, scene, std::nullopt);
    const auto by_loops = echo(layout, x.to(at::kComplexFloat), scene); // the kernel
    const auto& w = scenario.waveform;
    double largest = 0.0, error = 0.0, loop_error = 0.0;
    for (int m = 0; m < 3; m++) {
        const Sight in(scenario.receive[m], place);
        for (const auto& [s, t] :
             std::vector<std::pair<int, int>>{{0, 0}, {3, 7}, {15, 15}, {9, 1}}) {
            const double frequency = s * w.subcarrier_step * w.subcarrier_spacing_hz;
            const double time = (1 + t * w.symbol_step) * w.symbol_duration_s();
            Complex sum = 0.0;
            for (int n = 0; n < 2; n++) {
                const Sight out(scenario.transmit[n], place);
                Complex lit = 0.0;
                for (int a = 0; a < 6; a++) {
                    lit += std::conj(out.steering(a)) * number(x[0][n][a][s][t]);
                }
                double rate = 0.0;
                for (int d = 0; d < 3; d++) {
                    rate += (in.unit[d] + out.unit[d]) * velocity[d];
                }
                const double range = in.length + out.length;
                sum += Complex(0.4, -0.7) * 1e-3 / range * lit *
                       std::polar(1.0,
                                  -2.0 * M_PI * frequency * range / speed_of_light -
                                      2.0 * M_PI * rate * w.carrier_hz / speed_of_light *
                                          time);
            }
            for (int a = 0; a < 6; a++) {
                const auto expected = sum * in.steering(a);
                largest = std::max(largest, std::abs(expected));
                error =
                    std::max(error, std::abs(number(exact[0][m][a][s][t]) - expected));
                loop_error = std::max(
                    loop_error,
                    std::abs(number(by_loops[0][m][a][s][t].to(at::kComplexDouble)) -
                             expected));
            }
        }
    }
    EXPECT_LT(error, 1e-10 * largest);
    EXPECT_LT(loop_error, 1e-5 * largest);
}

//! The scenario of the plane with a third coordinate that is zero.
Scenario lifted(Scenario scenario)
{
    scenario.dimensions = 3;
    const auto lift = [](Box& box) {
        box.min.push_back(0.0);
        box.max.push_back(0.0);
    };
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.position_m.push_back(0.0);
            point.axis.push_back(0.0);
        }
    }
    lift(scenario.users.area_m);
    lift(scenario.targets.area_m);
    lift(scenario.targets.velocity_mps);
    lift(scenario.clutter.area_m);
    lift(scenario.clutter.velocity_mps);
    return scenario;
}

TEST(ThreeDimensions, WithoutHeightAreThePlaneBitForBit)
{
    const Layout plane(test::small_scenario());
    const Layout space(lifted(test::small_scenario()));
    const Random random(5, {1});
    const auto targets = draw_targets(plane, plane.scenario.targets, random);
    const auto zero = at::zeros({1, 2, 1}, at::kDouble);
    const Scene same = {at::cat({targets.position, zero}, -1),
                        at::cat({targets.velocity, zero}, -1),
                        targets.reflection};
    const auto x = transmit(plane, 30.0, random).signal;
    const auto bits = [](const at::Tensor& value) { return at::view_as_real(value); };
    EXPECT_TRUE(at::equal(bits(echo(plane, x, targets)), bits(echo(space, x, same))));
    const auto exact = x.to(at::kComplexDouble);
    EXPECT_TRUE(
        at::equal(bits(echo_by_tensor_operations(plane, exact, targets, std::nullopt)),
                  bits(echo_by_tensor_operations(space, exact, same, std::nullopt))));
    // Nothing tells the third coordinates; the others are as well known as before.
    const auto known = at::tensor({0, 1, 3, 4, 6, 7, 9, 10}, at::kLong);
    const auto bound = cramer_rao_bound(space, x, same, 1e-13);
    const auto expected = cramer_rao_bound(plane, x, targets, 1e-13);
    EXPECT_TRUE(at::allclose(
        bound.index_select(1, known).index_select(2, known), expected, 1e-6, 1e-12));
    for (const int k : {2, 5, 8, 11}) {
        EXPECT_FALSE(std::isfinite(bound[0][k][k].item<double>()));
    }
}

TEST(PlanarBound, IsThatOfNumericDerivatives)
{
    const Layout layout(in_space());
    const auto& scenario = layout.scenario;
    const auto x = transmit(layout, 30.0, Random(6, {0}), at::kDouble).signal;
    constexpr double noise_w = 1e-13;
    Scene scene{
        at::tensor({12.0, 21.0, 9.0, 30.0, 11.0, 4.0}, at::kDouble).view({1, 2, 3}),
        at::tensor({7.0, -11.0, 4.0, -3.0, 2.0, -4.5}, at::kDouble).view({1, 2, 3}),
        Random(8, {0}).complex_normal(
            Purpose::target_reflection, {2, 3, 2}, at::kDouble)};
    std::vector<at::Tensor> derivatives;
    const auto add = [&](const at::Tensor& values, double step) {
        for (std::int64_t k = 0; k < values.numel(); k++) {
            const auto entry = values.view({-1})[k];
            const auto before = entry.clone();
            entry.copy_(before + step);
            const auto ahead = echo(layout, x, scene);
            entry.copy_(before - step);
            const auto behind = echo(layout, x, scene);
            entry.copy_(before);
            derivatives.push_back(((ahead - behind) / (2.0 * step)).flatten());
        }
    };
    add(scene.position, 1e-4);
    add(scene.velocity, 1e-3);
    const auto reflection = at::view_as_real(scene.reflection); // shares the memory
    add(reflection, 1e-4);
    const auto rows = at::stack(derivatives);
    const auto information =
        at::real(at::matmul(rows.conj(), rows.t())) * (2.0 / noise_w);
    const auto scale = information.diagonal().rsqrt();
    const auto inverse =
        at::linalg_inv(information * scale.unsqueeze(0) * scale.unsqueeze(1)) *
        scale.unsqueeze(0) * scale.unsqueeze(1);
    const auto expected = inverse.slice(0, 0, 12).slice(1, 0, 12);
    const auto bound = cramer_rao_bound(layout, x, scene, noise_w)[0];
    ASSERT_EQ(bound.sizes(), at::IntArrayRef({12, 12}));
    const auto deviation = expected.diagonal().sqrt();
    const auto difference =
        (bound - expected) / (deviation.unsqueeze(0) * deviation.unsqueeze(1));
    EXPECT_LT(difference.abs().max().item<double>(), 1e-4);
    const auto root = root_bound(bound.unsqueeze(0), 2);
    for (const int q : {0, 1}) {
        const auto own = expected.diagonal().slice(0, 3 * q, 3 * q + 3).sum().sqrt();
        EXPECT_NEAR(root.location_m[0][q].item<double>() / own.item<double>(), 1.0, 1e-4);
    }
    EXPECT_EQ(scenario.dimensions, 3);
}

TEST(PlanarUsers, ChannelIsTheClosedFormOfTheLineOfSight)
{
    auto scenario = in_space();
    scenario.users.count = 2;
    scenario.users.multipath_components = 0;
    const Layout layout(scenario);
    const Random random(4, {2});
    const auto h = user_channel(layout, scenario.users, random, at::kDouble);
    const auto position =
        draw_in_box(scenario.users.area_m, random, Purpose::user_position, 2, at::kCPU);
    for (int k = 0; k < 2; k++) {
        const auto* user = position.data_ptr<double>() + 3 * k;
        for (int n = 0; n < 2; n++) {
            const Sight sight(scenario.transmit[n], {user[0], user[1], user[2]});
            // Between antennas there is the steering vector, whatever the carrier's phase.
            const auto first = number(h[0][3][n * 6][k]);
            EXPECT_NEAR(std::abs(first) * sight.length, 1e-3, 1e-12);
            for (int a = 1; a < 6; a++) {
                const auto turn = number(h[0][3][n * 6 + a][k]) / first;
                EXPECT_LT(std::abs(turn - sight.steering(a) / sight.steering(0)), 1e-9);
            }
        }
    }
}

TEST(PlanarUsers, MultipathComesFromAllDirectionsAlike)
{
    // The covariance of uniform directions is sinc(2 distance/λ) between antennas.
    auto scenario = in_space();
    scenario.users.count = 4;
    scenario.users.multipath_components = 40;
    scenario.users.rician_factor_db = -200;
    scenario.users.area_m = {{20, 20, 1}, {20.001, 20.001, 1.001}};
    const Layout layout(scenario);
    const auto h = user_channel(
        layout, scenario.users, Random::range(4, 0, 400), at::kDouble); // [B, S, A, K]
    const auto one = h.select(1, 0).slice(1, 0, 6).transpose(0, 1).flatten(1); // [6, B K]
    const auto covariance = at::matmul(one, one.mH());
    const double power = at::real(covariance.diagonal()).mean().item<double>();
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            const double distance =
                std::hypot((i % 3 - j % 3) * 0.5, (i / 3 - j / 3) * 0.6);
            const double angle = 2.0 * M_PI * distance;
            const double expected = i == j ? 1.0 : std::sin(angle) / angle;
            EXPECT_LT(std::abs(number(covariance[i][j]) / power - expected), 0.1)
                << i << " and " << j;
        }
    }
}

TEST(PlanarUsers, PrecoderServesThem)
{
    const auto scenario = test::example_scenario("lite_3d");
    const Layout layout(scenario);
    const auto sent = transmit(layout, 30.0, Random(3, {0}));
    ASSERT_EQ(sent.signal.sizes(), at::IntArrayRef({1, 2, 16, 32, 32}));
    // The strongest access point meets its power on the sensed subcarriers.
    const auto power = sent.signal[0].abs().square().sum({1, 2}).mean(1); // [N]
    EXPECT_NEAR(power.max().item<double>() / layout.sensed_power_w(30.0), 1.0, 0.1);
}

TEST(PlanarDirectPath, IsTheClosedForm)
{
    const Layout layout(in_space());
    const auto& scenario = layout.scenario;
    const auto x = random_signal(layout);
    const auto& to = scenario.receive[1].position_m;
    const Sight out(scenario.transmit[0], {to[0], to[1], to[2]});
    const auto& from = scenario.transmit[0].position_m;
    const Sight in(scenario.receive[1], {from[0], from[1], from[2]});
    auto expected =
        at::zeros({6, layout.subcarriers(), layout.symbols()}, at::kComplexDouble);
    auto lit = at::zeros({layout.subcarriers(), layout.symbols()}, at::kComplexDouble);
    for (int a = 0; a < 6; a++) {
        const auto weight = std::conj(out.steering(a));
        lit += x[0][0][a] * c10::complex<double>(weight.real(), weight.imag());
    }
    const auto ramp =
        phasor(layout.frequency_hz * (-2.0 * M_PI * out.length / speed_of_light));
    for (int a = 0; a < 6; a++) {
        const auto weight = in.steering(a) * 1e-3 / out.length;
        expected[a] =
            lit * ramp.unsqueeze(1) * c10::complex<double>(weight.real(), weight.imag());
    }
    std::vector<DirectPath> paths(2);
    paths[0].seen = true;
    paths[0].gain = 1.0;
    const auto found = direct_echo(layout, x[0], 1, paths).to(at::kComplexDouble);
    EXPECT_LT((found - expected).abs().max().item<double>(),
              1e-6 * expected.abs().max().item<double>());
    // With it, the channels of the array are what they are.
    auto alone = x[0].clone();
    alone[1].zero_();
    auto received = expected.clone();
    const std::vector<double> gains = {1.0, 1.2, 0.9, 1.1, 1.0, 0.8};
    for (int a = 0; a < 6; a++) {
        received[a] *= gains[a];
    }
    const auto estimate = estimate_calibration(layout, received, alone, 1, 0);
    for (int a = 0; a < 6; a++) {
        const auto& c = estimate.calibration;
        EXPECT_NEAR(c.gain_db[a] - c.gain_db[0], 20.0 * std::log10(gains[a]), 1e-2) << a;
        EXPECT_NEAR(c.phase_deg[a], 0.0, 0.1) << a;
    }
}

TEST(PlanarSamples, ToneThroughOneTarget)
{
    auto scenario = lifted(test::example_scenario("sdr_2x2"));
    scenario.targets.area_m.max[2] = 100.0;
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.planar = PlanarAxis{{0, 0, 1}, 3, 0.45};
            point.calibration = {};
        }
    }
    const std::array<double, 3> target = {110.0, 240.0, 60.0};
    SampleChannelOptions options;
    options.noise_dbm = test::no_noise_dbm;
    options.direct_path = false;
    const Complex beta(0.3, -0.2);
    SampleChannel channel(
        scenario,
        std::make_shared<MovingScene>(
            scenario,
            test::reflector(
                scenario, {target[0], target[1], target[2]}, {0.0, 0.0, 0.0}, beta),
            Scene{}),
        options);
    const FrameTiming timing(scenario);
    constexpr double frequency = 0.13;
    for (const int sender : {0, 3, 5}) {
        test::SampleFunction sent(
            scenario.transmit_antennas(), [&](int n, int a, std::int64_t k) {
                return n == 0 && a == sender ? test::phasor_of(frequency * k) : 0.0;
            });
        for (int m = 0; m < 2; m++) {
            const auto received = test::receive(channel, scenario, m, 0, 700, sent);
            ASSERT_EQ(received.size(), 6u);
            const Sight out(scenario.transmit[0], target);
            const Sight in(scenario.receive[m], target);
            const double tau = (out.length + in.length) / speed_of_light;
            const double from_carrier = timing.center_hz - scenario.waveform.carrier_hz +
                                        frequency * timing.sample_rate_hz;
            const auto gain = test::amplitude(scenario, out.length + in.length) * beta *
                              std::conj(out.steering(sender)) *
                              test::phasor_of(-from_carrier * tau);
            for (int a = 0; a < 6; a++) {
                EXPECT_LT(test::largest_error(received[a],
                                              [&](std::size_t k) {
                                                  return gain * in.steering(a) *
                                                         test::phasor_of(
                                                             frequency *
                                                             static_cast<double>(k));
                                              }),
                          1e-3)
                    << "sender " << sender << ", receiver " << m << ", antenna " << a;
            }
        }
    }
}

} // namespace
