// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_streams.h"

#include <gtest/gtest.h>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using namespace cfisac::test;

constexpr double inner_band = 1e-3; // -60 dB

class SampleChannelTest : public testing::Test
{
protected:
    SampleChannelTest() : scenario(example_scenario("sdr_2x2")), timing(scenario)
    {
        options.noise_dbm = no_noise_dbm;
        options.direct_path = false;
    }

    std::shared_ptr<SceneSource> nothing() const
    {
        return std::make_shared<MovingScene>(scenario, Scene{}, Scene{});
    }
    std::shared_ptr<SceneSource> target(const Coordinates& position,
                                        const Coordinates& velocity,
                                        Complex beta) const
    {
        return std::make_shared<MovingScene>(
            scenario, reflector(scenario, position, velocity, beta), Scene{});
    }

    double rate() const { return timing.sample_rate_hz; }
    //! Of the path over a place from access point 0 to receiver m.
    double delay(int m, const Coordinates& place) const
    {
        return (Way(scenario.transmit[0], place).length_m +
                Way(scenario.receive[m], place).length_m) /
               speed_of_light;
    }

    const Scenario scenario;
    const FrameTiming timing;
    SampleChannelOptions options;
};

TEST_F(SampleChannelTest, ToneThroughOneTarget)
{
    const Coordinates place{110.0, 240.0};
    const Complex beta(0.3, -0.2);
    SampleChannel channel(scenario, target(place, {0.0, 0.0}, beta), options);
    for (const double frequency : {-0.4, -0.13, 0.0, 0.25, 0.4}) {
        auto sent = tone(scenario, frequency);
        for (int m = 0; m < 2; m++) {
            const auto received = receive(channel, scenario, m, -300, 1000, sent);
            const Way out(scenario.transmit[0], place);
            const Way in(scenario.receive[m], place);
            const double tau = delay(m, place);
            // exp(-j2π (f - f_c) τ) at the tone's frequency f
            const double from_carrier =
                timing.center_hz - scenario.waveform.carrier_hz + frequency * rate();
            const auto gain = amplitude(scenario, out.length_m + in.length_m) * beta *
                              std::conj(out.steering(0)) * phasor_of(-from_carrier * tau);
            for (int a = 0; a < 2; a++) {
                EXPECT_LT(largest_error(received[a],
                                        [&](std::size_t k) {
                                            return gain * in.steering(a) *
                                                   phasor_of(
                                                       frequency *
                                                       (static_cast<double>(k) - 300.0));
                                        }),
                          inner_band)
                    << "at " << frequency << ", receiver " << m << ", antenna " << a;
            }
        }
    }
}

TEST_F(SampleChannelTest, TransmitAntennasAddUpInTheDirectionOfTheTarget)
{
    const Coordinates place{200.0, 190.0};
    const Way out(scenario.transmit[1], place);
    // Conjugate weights in one direction: the array's gain is N_t of the antenna's power.
    SampleChannel channel(scenario, target(place, {0.0, 0.0}, 1.0), options);
    const auto power = [&](double turn) {
        SampleFunction sent(2, [&](int n, int a, std::int64_t k) {
            return n == 1 ? out.steering(a) * phasor_of(a * turn + 0.05L * k) : 0.0;
        });
        return std::norm(receive(channel, scenario, 0, 500, 1, sent)[0][0]);
    };
    EXPECT_LT(power(0.5), 1e-10 * power(0.0));
    const double length = out.length_m + Way(scenario.receive[0], place).length_m;
    EXPECT_NEAR(power(0.0) / std::pow(amplitude(scenario, length), 2), 0.5, 1e-3);
}

TEST_F(SampleChannelTest, PulseArrivesAtTheDelay)
{
    constexpr int size = 512;
    const auto pulse = [](std::int64_t k) { // band-limited, around sample 200
        const double x = static_cast<double>(k) - 200.0;
        return std::exp(-0.5 * std::pow(x / 2.5, 2));
    };
    SampleFunction sent(2, [&](int n, int a, std::int64_t k) {
        return n == 0 && a == 0 ? pulse(k) : 0.0;
    });
    for (const Coordinates& place : {Coordinates{75.0, 200.0},
                                     Coordinates{20.0, 340.0},
                                     Coordinates{290.0, 160.0}}) {
        SampleChannel channel(scenario, target(place, {0.0, 0.0}, 1.0), options);
        const auto received = receive(channel, scenario, 1, 0, size, sent)[0];
        std::vector<c10::complex<double>> in, out;
        for (int k = 0; k < size; k++) {
            in.emplace_back(pulse(k));
            out.emplace_back(received[k].real(), received[k].imag());
        }
        const auto ratio = at::fft_fft(at::tensor(out)) / at::fft_fft(at::tensor(in));
        const auto value = [&](int bin) {
            const auto z = ratio[(bin + size) % size].item<c10::complex<double>>();
            return Complex(z.real(), z.imag());
        };
        // Slope of the phase over the inner fifth of the band.
        double turns = 0.0;
        constexpr int edge = size / 10;
        for (int bin = -edge; bin < edge; bin++) {
            turns += std::arg(value(bin + 1) / value(bin)) / (2.0 * M_PI);
        }
        const double samples = -turns / (2 * edge) * size;
        EXPECT_NEAR(samples, delay(1, place) * rate(), 2e-4);
    }
}

TEST_F(SampleChannelTest, MovingTargetShiftsATone)
{
    constexpr int size = 1 << 16;
    constexpr double frequency = 1000.0 / size; // on a bin
    const Coordinates place{200.0, 250.0};
    const Coordinates velocity{18.0, 5.0};
    SampleChannel channel(scenario, target(place, velocity, 1.0), options);
    auto sent = tone(scenario, frequency);
    const auto received = receive(channel, scenario, 0, 0, size, sent)[0];

    // Every sample: the wave that left a delay before, whose carrier is at f + frequency.
    const auto at_time = [&](double time_s) {
        return Coordinates{place[0] + velocity[0] * time_s,
                           place[1] + velocity[1] * time_s};
    };
    EXPECT_LT(largest_error(received,
                            [&](std::size_t k) {
                                const double time_s = static_cast<double>(k) / rate();
                                const auto now = at_time(time_s);
                                const Way out(scenario.transmit[0], now);
                                const Way in(scenario.receive[0], now);
                                const long double tau = delay(0, now);
                                return amplitude(scenario, out.length_m + in.length_m) *
                                       std::conj(out.steering(0)) * in.steering(0) *
                                       phasor_of(frequency * (k - tau * rate()) -
                                                 timing.center_hz * tau +
                                                 scenario.waveform.carrier_hz *
                                                     delay(0, place));
                            }),
              inner_band);

    // Where it is in the spectrum: zero padded, to a 16th of a bin.
    std::vector<c10::complex<double>> values;
    for (const auto& sample : received) {
        values.emplace_back(sample.real(), sample.imag());
    }
    const auto peak = at::fft_fft(at::tensor(values), 16 * size).abs().argmax();
    double measured = peak.item<double>() / (16.0 * size) * rate();
    const double middle_s = size / 2 / rate();
    const double step = 1e-4;
    const double rate_of_delay =
        (delay(0, at_time(middle_s + step)) - delay(0, at_time(middle_s - step))) /
        (2.0 * step);
    const double wave_hz = timing.center_hz + frequency * rate();
    EXPECT_GT(std::abs(rate_of_delay * wave_hz), 200.0);
    EXPECT_NEAR(
        measured - frequency * rate(), -rate_of_delay * wave_hz, rate() / size / 16.0);
}

TEST_F(SampleChannelTest, ClocksShiftFrequencySamplingAndTime)
{
    // Both the carriers and the samples follow the clocks, for hours.
    const double distance =
        Way(scenario.transmit[0], scenario.receive[1].position_m).length_m;
    options.direct_path = true;
    options.direct_path_gain_db = 6.0;
    for (const auto& [transmit, receive_clock] :
         {std::pair<RadioClock, RadioClock>{{3.3e-6, 0.0}, {-1.7e-6, 0.0}},
          {{0.0, 0.7}, {0.0, -0.7}},
          {{1e-3, 20.0}, {0.0, -11.0}},
          {{0.0, -50.0}, {2.5e-5, 50.0}}}) {
        options.transmit_clocks = {transmit, {}};
        options.receive_clocks = {{}, receive_clock};
        SampleChannel channel(scenario, nothing(), options);
        for (const double frequency : {-0.4, 0.17, 0.4}) {
            auto sent = tone(scenario, frequency);
            const auto reading = [](const RadioClock& clock, long double time_s) {
                return (time_s - clock.offset_s) * (1.0L + 1e-6L * clock.ppm);
            };
            for (const std::int64_t first : {-1000LL, 3LL * 3600 * 5000000 + 77}) {
                const auto received = receive(channel, scenario, 1, first, 3000, sent)[1];
                EXPECT_LT(largest_error(
                              received,
                              [&](std::size_t k) {
                                  const auto number = static_cast<long double>(first) + k;
                                  const auto own = number / rate();
                                  const auto time_s =
                                      own / (1.0L + 1e-6L * receive_clock.ppm) +
                                      receive_clock.offset_s;
                                  const auto tau =
                                      static_cast<long double>(distance) / speed_of_light;
                                  const auto left = reading(transmit, time_s - tau);
                                  const Way out(scenario.transmit[0],
                                                scenario.receive[1].position_m);
                                  const Way in(scenario.receive[1],
                                               scenario.transmit[0].position_m);
                                  return std::pow(10.0, 6.0 / 20.0) *
                                         amplitude(scenario, distance) *
                                         std::conj(out.steering(0)) * in.steering(1) *
                                         phasor_of(frequency * left * rate()) *
                                         phasor_of(timing.center_hz * (left - own) +
                                                   scenario.waveform.carrier_hz * tau);
                              }),
                          inner_band)
                    << transmit.ppm << " and " << receive_clock.ppm << " ppm at "
                    << frequency << " from sample " << first;
            }
        }
    }
}

TEST_F(SampleChannelTest, ClockKeepsItsReadingWhereItsSpeedChanges)
{
    const RadioClock clock{2e-3, 4.0};
    const auto changed = clock.with_ppm(-3.0, 5000.0);
    EXPECT_EQ(changed.ppm, -3.0);
    EXPECT_NEAR(changed.reading_s(5000.0), clock.reading_s(5000.0), 2e-12);
    EXPECT_NEAR(changed.reading_s(5001.0) - changed.reading_s(5000.0), 1.0 - 3e-6, 2e-12);
    EXPECT_NEAR(clock.time_s(clock.reading_s(17.0)), 17.0, 1e-14);
}

TEST_F(SampleChannelTest, TargetsThrownBackForHours)
{
    // Two hours on, the position by folding the way between the walls, in long double.
    const Coordinates place{250.0, 170.0};
    const Coordinates velocity{13.0, -17.0};
    SampleChannel channel(scenario, target(place, velocity, 1.0), options);
    const auto& area = scenario.targets.area_m;
    const auto fold = [&](int d, long double time_s) {
        const long double length = area.max[d] - area.min[d];
        long double way =
            std::fmod(place[d] - area.min[d] + velocity[d] * time_s, 2.0L * length);
        way = way < 0.0L ? way + 2.0L * length : way;
        return static_cast<double>(area.min[d] +
                                   (way > length ? 2.0L * length - way : way));
    };
    auto sent = tone(scenario, 0.1);
    const std::int64_t first = 2LL * 3600 * 5000000;
    const auto received = receive(channel, scenario, 1, first, 5000, sent)[0];
    EXPECT_LT(
        largest_error(
            received,
            [&](std::size_t k) {
                const long double number = static_cast<long double>(first) + k;
                const Coordinates now{fold(0, number / rate()), fold(1, number / rate())};
                const Way out(scenario.transmit[0], now);
                const Way in(scenario.receive[1], now);
                const long double tau = delay(1, now);
                return amplitude(scenario, out.length_m + in.length_m) *
                       std::conj(out.steering(0)) * in.steering(0) *
                       phasor_of(0.1L * (number - tau * rate())) *
                       phasor_of(-timing.center_hz * tau +
                                 scenario.waveform.carrier_hz * delay(1, place));
            }),
        inner_band);
}

} // namespace
