// SPDX-License-Identifier: GPL-3.0-or-later
// Channels of an array with known gains and phases, found again.
#include "small_scenario.h"
#include <cfisac/signal/calibration.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <complex>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using Complex = std::complex<double>;

const std::vector<double> gains_db{0.8, -0.1, -1.4, 0.7}; // of mean 0
const std::vector<double> phases_deg{0.0, 25.0, -170.0, 95.0};

Complex channel(std::size_t a)
{
    return std::polar(std::pow(10.0, gains_db[a] / 20.0), phases_deg[a] * M_PI / 180.0);
}

//! sdr_4x4 with fewer symbols.
Scenario short_scenario()
{
    auto scenario = test::example_scenario("sdr_4x4");
    scenario.waveform.symbols = 128;
    return scenario;
}

at::Tensor noise(at::IntArrayRef sizes, double power, unsigned seed)
{
    std::mt19937 engine(seed);
    std::normal_distribution<double> normal(0.0, std::sqrt(power / 2.0));
    const auto values = at::empty(sizes, at::kComplexDouble);
    auto* const entry = values.data_ptr<c10::complex<double>>();
    for (std::int64_t k = 0; k < values.numel(); k++) {
        const double real = normal(engine);
        entry[k] = {real, normal(engine)};
    }
    return values;
}

//! Direct paths of all access points at receive access point m, in plain arithmetic.
//! X [N, N_t, S, T] → [M_r, S, T]; that of n with the factor `path(n)`.
at::Tensor direct_paths(const Scenario& scenario,
                        const at::Tensor& transmit,
                        int m,
                        const std::function<Complex(int)>& path)
{
    const auto x = transmit.to(at::kComplexDouble).contiguous();
    const auto count = [&](int d) { return x.size(d); };
    const auto y =
        at::zeros({scenario.receive_antennas(), count(2), count(3)}, at::kComplexDouble);
    const auto in = x.accessor<c10::complex<double>, 4>();
    auto out = y.accessor<c10::complex<double>, 3>();
    const auto& to = scenario.receive[m];
    const double step_hz =
        scenario.waveform.subcarrier_step * scenario.waveform.subcarrier_spacing_hz;
    for (int n = 0; n < count(0); n++) {
        const auto& from = scenario.transmit[n];
        const double dx = to.position_m[0] - from.position_m[0];
        const double dy = to.position_m[1] - from.position_m[1];
        const double distance = std::hypot(dx, dy);
        const double leaving = (dx * from.axis[0] + dy * from.axis[1]) / distance;
        const double arriving = -(dx * to.axis[0] + dy * to.axis[1]) / distance;
        for (int i = 0; i < count(2); i++) {
            const auto turn =
                path(n) *
                std::polar(1.0, -2.0 * M_PI * i * step_hz * distance / speed_of_light);
            for (int t = 0; t < count(3); t++) {
                Complex sum = 0.0;
                for (int b = 0; b < count(1); b++) {
                    sum += std::polar(1.0, 2.0 * M_PI * 0.5 * b * leaving) *
                           Complex(in[n][b][i][t].real(), in[n][b][i][t].imag());
                }
                for (int a = 0; a < scenario.receive_antennas(); a++) {
                    const auto value = channel(a) * turn * sum *
                                       std::polar(1.0, -2.0 * M_PI * 0.5 * a * arriving);
                    out[a][i][t] += c10::complex<double>(value.real(), value.imag());
                }
            }
        }
    }
    return y;
}

at::Tensor frame(const Layout& layout, int number)
{
    return transmit(layout, 10.0, Random(3, {number})).signal[0];
}

double power(const at::Tensor& values)
{
    return at::view_as_real(values).square().sum(-1).mean().item<double>();
}

std::string error_of(const std::function<void()>& action)
{
    try {
        action();
    } catch (const CalibrationError& error) {
        return error.what();
    } catch (const std::invalid_argument& error) {
        return std::string("argument: ") + error.what();
    }
    return "";
}

void expect_channels(const CalibrationEstimate& found, double tolerance)
{
    for (std::size_t a = 0; a < gains_db.size(); a++) {
        EXPECT_NEAR(found.calibration.gain_db[a], gains_db[a], tolerance);
        EXPECT_NEAR(found.calibration.phase_deg[a], phases_deg[a], tolerance);
    }
}

//! Squares of errors over standard deviations, of all gains and of the phases but the first.
struct Normalised {
    double gain = 0.0;
    double phase = 0.0;
    int estimates = 0;

    void add(const CalibrationEstimate& found)
    {
        estimates++;
        for (std::size_t a = 0; a < gains_db.size(); a++) {
            gain += std::pow((found.calibration.gain_db[a] - gains_db[a]) /
                                 found.gain_deviation_db[a],
                             2) /
                    static_cast<double>(gains_db.size());
            if (a > 0) {
                phase += std::pow((found.calibration.phase_deg[a] - phases_deg[a]) /
                                      found.phase_deviation_deg[a],
                                  2) /
                         static_cast<double>(gains_db.size() - 1);
            }
        }
    }
    //! Their means are 1 within a few deviations, that of which is below sqrt(2/estimates).
    void expect_one() const
    {
        const double range = 4.0 * std::sqrt(2.0 / estimates);
        EXPECT_NEAR(gain / estimates, 1.0, range);
        EXPECT_NEAR(phase / estimates, 1.0, range);
    }
};

TEST(Calibration, WithoutNoiseTheChannelsAreExact)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    const auto x = frame(layout, 0);
    for (int m = 0; m < 2; m++) {
        const auto y = direct_paths(scenario, x, m, [](int n) {
            return n == 0 ? Complex(1e-4, 2e-4) : Complex(-3e-4, 1e-4);
        });
        for (int n = 0; n < 2; n++) {
            const auto found = estimate_calibration(layout, y, x, m, n);
            // The frame is of single precision.
            expect_channels(found, 1e-5);
            EXPECT_GT(found.snr_db, 100.0);
            EXPECT_LT(found.phase_deviation_deg[1], 1e-3);
        }
    }
}

TEST(Calibration, ErrorsAreThoseOfTheDeviations)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    Normalised errors;
    for (int k = 0; k < 60; k++) {
        const auto x = frame(layout, k);
        const auto y =
            direct_paths(scenario, x, 0, [](int n) { return Complex(1.0, n); });
        // 3 dB below the noise in each resource element.
        const auto found = estimate_calibration(
            layout, y + noise(y.sizes(), 2.0 * power(y), k), x, 0, k % 2);
        EXPECT_EQ(found.phase_deviation_deg[0], 0.0);
        errors.add(found);
    }
    errors.expect_one();
}

TEST(Calibration, SeveralFramesHavePhasesOfTheirOwn)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    Normalised errors;
    double single_deg = 0.0;
    double several_deg = 0.0;
    for (int k = 0; k < 30; k++) {
        std::vector<at::Tensor> echoes;
        std::vector<at::Tensor> frames;
        for (int b = 0; b < 4; b++) {
            frames.push_back(frame(layout, 4 * k + b));
            const auto y = direct_paths(scenario, frames.back(), 1, [b](int n) {
                return std::polar(1.0, 2.0 * b + n);
            });
            echoes.push_back(y + noise(y.sizes(), 2.0 * power(y), 100 + 4 * k + b));
        }
        const auto found =
            estimate_calibration(layout, at::stack(echoes), at::stack(frames), 1, 0);
        errors.add(found);
        several_deg += found.phase_deviation_deg[2];
        single_deg += estimate_calibration(layout, echoes[0], frames[0], 1, 0)
                          .phase_deviation_deg[2];
    }
    errors.expect_one();
    EXPECT_NEAR(single_deg / several_deg, 2.0, 0.2);
}

TEST(Calibration, ClocksAreMeasuredInTurnsWithTheChannels)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    const std::vector<ClockOffset> clocks{{40e-9, 60.0}, {-25e-9, -45.0}};
    Normalised errors;
    for (int k = 0; k < 30; k++) {
        const auto x = frame(layout, k);
        auto y = direct_paths(scenario, with_offsets(layout, x, clocks), 0, [](int n) {
            return Complex(1.0, n);
        });
        y = y + noise(y.sizes(), 0.1 * power(y), k);
        // What a preamble may tell: off by less than half of a resolution.
        auto thought = clocks;
        for (auto& clock : thought) {
            clock.timing_s += 10e-9 * std::cos(k);
            clock.frequency_hz += 8.0 * std::sin(k);
        }
        const auto found = estimate_calibration(layout, y, x, 0, k % 2, {thought});
        errors.add(found);
        const auto exact =
            estimate_calibration(layout, y, with_offsets(layout, x, clocks), 0, k % 2);
        EXPECT_NEAR(found.snr_db, exact.snr_db, 0.01);
    }
    errors.expect_one();
    const auto x = frame(layout, 0);
    const auto y = direct_paths(scenario, x, 0, [](int) { return Complex(1.0); });
    EXPECT_EQ(error_of([&] { estimate_calibration(layout, y, x, 0, 0, {}); }),
              "argument: echo has 1 frames, transmit has 1, and offsets are of 0");
}

TEST(Calibration, SilentAccessPointsAndEmptySubcarriersAreLeftOut)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    const auto x = frame(layout, 0).clone();
    x[1].zero_();
    const auto y = direct_paths(scenario, x, 0, [](int) { return Complex(1.0); });
    const auto noisy = y + noise(y.sizes(), power(y), 7);
    const auto whole = estimate_calibration(layout, noisy, x, 0, 0);
    // The subcarrier at the centre, where the modulator sends nothing.
    const auto holed = noisy.clone();
    holed.select(1, layout.subcarriers() / 2).zero_();
    const auto found = estimate_calibration(layout, holed, x, 0, 0);
    EXPECT_LT(found.snr_db, whole.snr_db);
    EXPECT_NEAR(found.snr_db, whole.snr_db, 0.5);
    EXPECT_NEAR(found.calibration.phase_deg[3], 95.0, 5 * found.phase_deviation_deg[3]);
    EXPECT_EQ(error_of([&] { estimate_calibration(layout, noisy, x, 0, 1); }),
              "transmit access point tx1 sends nothing");
}

TEST(Calibration, RefusesWhatIsTooWeakByName)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    const auto x = frame(layout, 0);
    const auto y = direct_paths(scenario, x, 0, [](int) { return Complex(1.0); });
    const auto weak = [&] {
        estimate_calibration(layout, y + noise(y.sizes(), 3000.0 * power(y), 1), x, 0, 1);
    };
    EXPECT_NE(error_of(weak).find("the direct path of tx1 is "), std::string::npos);
    const auto dead = y + noise(y.sizes(), power(y), 1);
    dead[2].zero_();
    EXPECT_EQ(
        error_of([&] { estimate_calibration(layout, dead, x, 0, 1); }).substr(0, 10),
        "channel 2:");
    EXPECT_EQ(error_of([&] { estimate_calibration(layout, 0.0 * y, x, 0, 1); }),
              "the echo is empty");
    // Two access points at one place that send the same.
    auto doubled = scenario;
    doubled.transmit[1].position_m = doubled.transmit[0].position_m;
    const auto same = at::stack({x[0], x[0]});
    EXPECT_NE(error_of([&] {
                  estimate_calibration(Layout(doubled), y, same, 0, 1);
              }).find("cannot be told apart"),
              std::string::npos);
}

TEST(Calibration, RefusesWrongArgumentsByName)
{
    const auto scenario = short_scenario();
    const Layout layout(scenario);
    const auto x = frame(layout, 0);
    const auto y = direct_paths(scenario, x, 0, [](int) { return Complex(1.0); });
    const auto error = [&](const at::Tensor& echo, const at::Tensor& sent, int m, int n) {
        return error_of([&] { estimate_calibration(layout, echo, sent, m, n); });
    };
    EXPECT_EQ(error(y, x, 2, 0), "argument: receive access point 2 does not exist");
    EXPECT_EQ(error(y, x, 0, -1), "argument: transmit access point -1 does not exist");
    EXPECT_EQ(error(y[0], x, 0, 0).substr(0, 19), "argument: echo must");
    EXPECT_EQ(error(at::real(y), x, 0, 0).substr(0, 19), "argument: echo must");
    EXPECT_EQ(error(y, x[0], 0, 0).substr(0, 23), "argument: transmit must");
    EXPECT_EQ(error(at::stack({y, y}), x, 0, 0),
              "argument: echo has 2 frames, transmit has 1");
    EXPECT_EQ(error(y / 0.0, x, 0, 0), "argument: echo has a value that is not finite");
    EXPECT_EQ(error(at::Tensor(), x, 0, 0).substr(0, 19), "argument: echo must");
}

TEST(LoopBack, ErrorsAreThoseOfTheDeviations)
{
    Normalised errors;
    for (unsigned k = 0; k < 100; k++) {
        const auto signal = noise({1, 16, 16}, 1.0, k);
        const auto received = at::empty({4, 16, 16}, at::kComplexDouble);
        for (std::size_t a = 0; a < 4; a++) {
            const auto c = channel(a);
            received[a] = signal[0] * c10::complex<double>(c.real(), c.imag());
        }
        const auto found =
            from_loop_back(received + noise(received.sizes(), 0.02, 1000 + k));
        errors.add(found);
        // Closed form for this many elements: half of the noise across the channel.
        EXPECT_NEAR(found.phase_deviation_deg[2],
                    180.0 / M_PI *
                        std::sqrt(0.02 / 256 / 2 *
                                  (std::pow(10.0, 0.14) + std::pow(10.0, -0.08))),
                    0.25 * found.phase_deviation_deg[2]);
    }
    errors.expect_one();
}

TEST(LoopBack, RefusesWhatIsTooWeakOrWrongByName)
{
    const auto one = noise({1, 8, 8}, 1.0, 1);
    const auto three = one.repeat({3, 1, 1});
    // All alike and without noise: nothing to correct.
    const auto found = from_loop_back(three);
    for (int a = 0; a < 3; a++) {
        EXPECT_NEAR(found.calibration.gain_db[a], 0.0, 1e-9);
        EXPECT_NEAR(found.calibration.phase_deg[a], 0.0, 1e-9);
        EXPECT_NEAR(found.gain_deviation_db[a], 0.0, 1e-6);
    }
    EXPECT_EQ(error_of([&] { from_loop_back(one); }),
              "argument: received must have at least two channels, has 1");
    EXPECT_EQ(error_of([&] { from_loop_back(one[0]); }).substr(0, 23),
              "argument: received must");
    const auto weak = three + noise({3, 8, 8}, 0.5, 2);
    EXPECT_NE(error_of([&] { from_loop_back(weak); }).find("the loop-back is "),
              std::string::npos);
    const auto dead = three.clone();
    dead[1].zero_();
    EXPECT_EQ(error_of([&] { from_loop_back(dead); }).substr(0, 10), "channel 1:");
    EXPECT_EQ(error_of([&] { from_loop_back(0.0 * three); }), "all channels are empty");
}

} // namespace
