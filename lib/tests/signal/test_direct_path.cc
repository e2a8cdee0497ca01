// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/direct_path.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/static_echo.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gtest/gtest.h>
#include <stdexcept>

namespace cfisac::signal {
namespace {

using Complex = std::complex<double>;

Scenario example()
{
    return load_scenario(std::string(CFISAC_SOURCE_DIR) +
                         "/examples/scenarios/sdr_2x2.yml");
}

at::Tensor transmitted(const Layout& layout, std::int64_t frame)
{
    return transmit(layout,
                    layout.scenario.transmit_power_dbm,
                    Random(5, {frame}),
                    at::kDouble)
        .signal;
}

// The direct paths, written out: path loss, arrays, delay, offsets of each access point.
at::Tensor direct(const Layout& layout,
                  const at::Tensor& signal,
                  std::int64_t m,
                  const std::vector<ClockOffset>& offsets)
{
    const auto& scenario = layout.scenario;
    const auto& receiver = scenario.receive[m];
    auto sum = at::zeros({receiver.antennas, layout.subcarriers(), layout.symbols()},
                         at::kComplexDouble);
    for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
        const auto& transmitter = scenario.transmit[n];
        const double dx = receiver.position_m[0] - transmitter.position_m[0];
        const double dy = receiver.position_m[1] - transmitter.position_m[1];
        const double d = std::hypot(dx, dy);
        const double departing =
            (dx * transmitter.axis[0] + dy * transmitter.axis[1]) / d;
        const double arriving = -(dx * receiver.axis[0] + dy * receiver.axis[1]) / d;
        const double gain = std::sqrt(std::pow(10.0, -47.7 / 10.0)) / d;
        auto field =
            at::zeros({layout.subcarriers(), layout.symbols()}, at::kComplexDouble);
        for (int a = 0; a < transmitter.antennas; a++) {
            const Complex weight = std::polar(1.0 / std::sqrt(2.0), M_PI * a * departing);
            field += signal[0][static_cast<std::int64_t>(n)][a] *
                     c10::complex<double>(weight.real(), weight.imag());
        }
        const auto i = at::arange(layout.subcarriers(), at::kDouble).unsqueeze(1);
        const auto t = at::arange(1, layout.symbols() + 1, at::kDouble).unsqueeze(0);
        const auto phase = t * 20e-6 * offsets[n].frequency_hz -
                           i * 62.5e3 * (d / speed_of_light + offsets[n].timing_s);
        field = field * at::polar(at::ones_like(phase), phase * (2.0 * M_PI)) * gain;
        for (int r = 0; r < receiver.antennas; r++) {
            const Complex weight = std::polar(1.0 / std::sqrt(2.0), -M_PI * r * arriving);
            sum[r] += field * c10::complex<double>(weight.real(), weight.imag());
        }
    }
    return sum;
}

TEST(DirectPath, EchoIsThatOfTheClosedForm)
{
    const Layout layout(example());
    const auto signal = transmitted(layout, 0);
    const std::vector<ClockOffset> offsets{{30e-9, 40.0}, {-55e-9, -12.0}};
    std::vector<DirectPath> paths(2);
    for (int n = 0; n < 2; n++) {
        paths[n].seen = true;
        paths[n].offset = offsets[n];
        paths[n].gain = 1.0;
    }
    const auto expected = direct(layout, signal, 1, offsets);
    const auto found = direct_echo(layout, signal[0], 1, paths);
    EXPECT_LT((found - expected).abs().max().item<double>(),
              1e-9 * expected.abs().max().item<double>());
}

TEST(DirectPath, OffsetsAreMeasuredWithinTheirBound)
{
    auto scenario = example();
    const Layout layout(scenario);
    double timing = 0.0;
    double frequency = 0.0;
    double bias = 0.0;
    constexpr int frames = 40;
    for (int k = 0; k < frames; k++) {
        const auto signal = transmitted(layout, k);
        const std::vector<ClockOffset> offsets{{(k - 20) * 9e-9, 20.0 * (k % 7 - 3)},
                                               {(10 - k) * 7e-9, 15.0 * (k % 5 - 2)}};
        // At a noise 15 dB above that of the scenario paths are clear but not without error.
        const auto echo = direct(layout, signal, k % 2, offsets) +
                          sensing_noise(layout,
                                        scenario.sensing_noise_dbm + 15.0,
                                        Random(6, {k}),
                                        at::kDouble)[0][k % 2];
        // As synchronisation leaves them: within a fifth of a sample and of a Doppler line.
        std::vector<ClockOffset> expected = offsets;
        for (int n = 0; n < 2; n++) {
            expected[n].timing_s += (k % 3 - 1) * 40e-9;
            expected[n].frequency_hz += (k % 4 - 1.5) * 25.0;
        }
        const auto paths =
            measure_direct_paths(layout, echo, signal[0], k % 2, expected, 0.0);
        for (int n = 0; n < 2; n++) {
            ASSERT_TRUE(paths[n].seen) << k;
            EXPECT_GT(paths[n].snr_db, detection_snr_db(layout));
            const double dt = (paths[n].offset.timing_s - offsets[n].timing_s) /
                              paths[n].deviation.timing_s;
            const double df = (paths[n].offset.frequency_hz - offsets[n].frequency_hz) /
                              paths[n].deviation.frequency_hz;
            timing += dt * dt / (2 * frames);
            frequency += df * df / (2 * frames);
            bias += dt / (2 * frames);
        }
    }
    // Mean of 80 squared normal errors: 1 ± 0.16, four deviations of it.
    EXPECT_NEAR(timing, 1.0, 0.64);
    EXPECT_NEAR(frequency, 1.0, 0.64);
    EXPECT_LT(std::abs(bias), 4.0 / std::sqrt(80.0));
}

TEST(DirectPath, UnknownOffsetsAreSearched)
{
    // One access point alone, so that there is nothing to take its path for.
    auto scenario = example();
    scenario.transmit.pop_back();
    scenario.users.count = 1;
    const Layout layout(scenario);
    for (int k = 0; k < 8; k++) {
        const auto signal = transmitted(layout, k);
        const std::vector<ClockOffset> offsets{{(k - 4) * 600e-9, 1900.0 * (k % 3 - 1)}};
        const auto echo = direct(layout, signal, 0, offsets);
        const auto paths = measure_direct_paths(
            layout, echo, signal[0], 0, std::vector<ClockOffset>(1), 4e-6);
        ASSERT_TRUE(paths[0].seen);
        EXPECT_NEAR(paths[0].offset.timing_s, offsets[0].timing_s, 1e-14);
        EXPECT_NEAR(paths[0].offset.frequency_hz, offsets[0].frequency_hz, 1e-6);
        EXPECT_NEAR(std::abs(paths[0].gain - 1.0), 0.0, 1e-6);
    }
}

TEST(DirectPath, NoiseIsNotTakenForAPath)
{
    auto scenario = example();
    const Layout layout(scenario);
    int seen = 0;
    for (int k = 0; k < 30; k++) {
        const auto signal = transmitted(layout, k);
        const auto echo = sensing_noise(layout, -90.0, Random(7, {k}), at::kDouble)[0][0];
        const std::vector<ClockOffset> expected{{1e-8, 2.0}, {2e-8, 3.0}};
        const auto paths =
            measure_direct_paths(layout, echo, signal[0], 0, expected, 1e-6);
        for (int n = 0; n < 2; n++) {
            seen += paths[n].seen ? 1 : 0;
            EXPECT_EQ(paths[n].offset.timing_s, expected[n].timing_s);
            EXPECT_EQ(paths[n].offset.frequency_hz, expected[n].frequency_hz);
        }
    }
    EXPECT_EQ(seen, 0);
}

// Echo (6) of one target with the offsets (30), the same for all symbols.
at::Tensor target_echo(const Layout& layout,
                       const at::Tensor& signal,
                       const Scene& scene,
                       const std::vector<ClockOffset>& offsets)
{
    const std::vector<std::int64_t> shape{1, 2, 2, layout.symbols()};
    Offsets all{at::zeros(shape, at::kDouble), at::zeros(shape, at::kDouble)};
    for (int n = 0; n < 2; n++) {
        all.timing_s.select(1, n).fill_(offsets[n].timing_s);
        all.frequency_hz.select(1, n).fill_(offsets[n].frequency_hz);
    }
    return echo(layout, signal, scene, all)[0];
}

Scene target(double vx, double vy)
{
    return {at::tensor({120.0, 140.0}, at::kDouble).view({1, 1, 2}),
            at::tensor({vx, vy}, at::kDouble).view({1, 1, 2}),
            at::ones({1, 2, 2, 1}, at::kComplexDouble)};
}

TEST(DirectPath, OffsetsInTheReferenceMakeTheEchoThatOfTheModel)
{
    const Layout layout(example());
    const auto signal = transmitted(layout, 3);
    const std::vector<ClockOffset> offsets{{80e-9, 25.0}, {-40e-9, -60.0}};
    const auto expected = target_echo(layout, signal, target(7.0, -4.0), offsets);
    const auto turned = with_offsets(layout, signal[0], offsets);
    const auto found = echo(layout, turned.unsqueeze(0), target(7.0, -4.0))[0];
    EXPECT_LT((found - expected).abs().max().item<double>(),
              1e-9 * expected.abs().max().item<double>());
}

TEST(DirectPath, ProjectionRemovesWhatStandsStill)
{
    const Layout layout(example());
    const auto signal = transmitted(layout, 4);
    const std::vector<ClockOffset> offsets{{80e-9, 25.0}, {-40e-9, -60.0}};
    const auto turned = with_offsets(layout, signal[0], offsets);
    auto still = target_echo(layout, signal, target(0.0, 0.0), offsets)[0] +
                 direct(layout, signal, 0, offsets);
    const auto rest = without_static(still, static_subspace(turned));
    EXPECT_LT(rest.abs().max().item<double>(), 1e-9 * still.abs().max().item<double>());

    // The share of a target's energy that stays, averaged over frames: closed form, and
    // the rank of X (2 x 2, as the two clocks differ) of 256 symbols of the rest.
    for (const double speed : {1.0, 2.5, 4.0, 15.0}) {
        double before = 0.0;
        double after = 0.0;
        double expected = 0.0;
        for (int k = 0; k < 6; k++) {
            const auto x = transmitted(layout, 10 + k);
            const auto scene = target(0.0, speed);
            // One path, so that there is one Doppler frequency: access point 0 alone.
            auto lone = scene;
            lone.reflection = scene.reflection.clone();
            lone.reflection.select(1, 1).zero_();
            const auto moving = echo(layout, x, lone)[0][0];
            before += moving.abs().square().sum().item<double>();
            after += without_static(moving, static_subspace(x[0]))
                         .abs()
                         .square()
                         .sum()
                         .item<double>();
        }
        const auto paths = bistatic_paths(
            layout, target(0.0, speed).position, target(0.0, speed).velocity);
        const double phase =
            M_PI * paths.doppler_hz[0][0][0][0].item<double>() * layout.symbols() * 20e-6;
        const double coherent =
            std::sin(phase) / (layout.symbols() * std::sin(phase / layout.symbols()));
        expected = (1.0 - coherent * coherent) * (1.0 - 2.0 / 256.0);
        EXPECT_NEAR(after / before, expected, 0.03) << speed;
    }
}

TEST(DirectPath, RefusesWrongShapesByName)
{
    const Layout layout(example());
    const auto signal = transmitted(layout, 0)[0];
    const auto echo = at::zeros({2, 64, 256}, at::kComplexDouble);
    const std::vector<ClockOffset> offsets(2);
    const auto message = [&](const at::Tensor& y,
                             const at::Tensor& x,
                             std::int64_t m,
                             const std::vector<ClockOffset>& expected) -> std::string {
        try {
            measure_direct_paths(layout, y, x, m, expected, 1e-6);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(message(echo[0], signal, 0, offsets).find("echo must have shape"),
              std::string::npos);
    EXPECT_NE(message(echo, signal[0], 0, offsets).find("transmit must have shape"),
              std::string::npos);
    EXPECT_NE(message(echo, signal, 2, offsets).find("access point 2"),
              std::string::npos);
    EXPECT_NE(message(echo, signal, 0, std::vector<ClockOffset>(3)).find("3 offsets"),
              std::string::npos);
    EXPECT_THROW(with_offsets(layout, signal, std::vector<ClockOffset>(1)),
                 std::invalid_argument);
}

} // namespace
} // namespace cfisac::signal
