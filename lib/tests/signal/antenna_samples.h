// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_scenario.h"
#include <ATen/ATen.h>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/preamble.h>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace cfisac::test {

//! A path from a transmit access point: its delay, samples, and its complex gain.
struct AirPath {
    double delay = 0.0;
    std::complex<double> gain = 1.0;
};

//! A transmit access point as a receiver's antennas hear it.
struct Heard {
    std::vector<AirPath> paths{AirPath{}};
    double frequency_hz =
        0.0; //!< offset of its oscillator, and with it of its sample clock
    std::vector<std::int64_t> silent = {}; //!< frames without a preamble
};

//! sdr_2x2.yml with short frames: 12,800 samples of payload in periods of 50,000.
inline Scenario radio_scenario(double period_s = 0.01)
{
    auto scenario = example_scenario("sdr_2x2");
    scenario.waveform.symbols = 128;
    scenario.radio->frame_period_s = period_s;
    return scenario;
}

/*! Samples of the antennas of a receive access point, by transforms: paths delay by a ramp of
 * phase over the frequencies of the whole frame, offsets multiply. Frame k of an access
 * point starts `start` + k periods of its own clock after the first sample. The payload is
 * white in the occupied band.
 */
class AntennaSamples
{
public:
    AntennaSamples(const Scenario& scenario, int antennas, std::int64_t length, int seed)
        : d_timing(scenario),
          d_generator(seed),
          d_samples(antennas, std::vector<std::complex<double>>(length, 0.0))
    {
    }

    void add(int n,
             const Heard& heard,
             std::int64_t frames,
             double start,
             std::uint64_t first_number = 0)
    {
        const double ppm = heard.frequency_hz / d_timing.center_hz;
        std::vector<std::complex<double>> phases;
        for (std::size_t a = 0; a < d_samples.size(); a++) {
            phases.push_back(std::polar(1.0, 1.1 * static_cast<double>(a * (n + 1))));
        }
        for (std::int64_t k = 0; k < frames; k++) {
            const double place =
                start + static_cast<double>(k * d_timing.period) * (1.0 - ppm);
            bool silent = false;
            for (const auto frame : heard.silent) {
                silent = silent || frame == k;
            }
            const auto frame = frame_of(n, first_number + k, silent);
            for (const auto& path : heard.paths) {
                add_delayed(
                    frame, place + path.delay, path.gain, phases, heard.frequency_hz);
            }
        }
    }

    //! White noise of this power per sample.
    void add_noise(double power)
    {
        std::normal_distribution<double> normal(0.0, std::sqrt(power / 2.0));
        for (auto& samples : d_samples) {
            for (auto& sample : samples) {
                sample += std::complex<double>(normal(d_generator), normal(d_generator));
            }
        }
    }

    std::vector<signal::Samples> samples() const
    {
        std::vector<signal::Samples> result;
        for (const auto& samples : d_samples) {
            result.emplace_back(samples.begin(), samples.end());
        }
        return result;
    }

private:
    static constexpr std::int64_t border = 256;

    std::vector<std::complex<double>> frame_of(int n, std::uint64_t number, bool silent)
    {
        std::vector<std::complex<double>> frame(d_timing.frame_samples() + 2 * border,
                                                0.0);
        if (!silent) {
            const auto preamble = signal::preamble(d_timing, n);
            std::copy(preamble.begin(),
                      preamble.end(),
                      frame.begin() + border + d_timing.preamble_start(n));
            const auto header = signal::header(d_timing, number);
            if (n == 0) {
                std::copy(header.begin(),
                          header.end(),
                          frame.begin() + border + d_timing.header_start());
            }
        }
        std::normal_distribution<double> normal(0.0, std::sqrt(0.5));
        for (std::int64_t k = 0; k < d_timing.payload_samples(); k++) {
            frame[border + d_timing.payload_start() + k] = {normal(d_generator),
                                                            normal(d_generator)};
        }
        return frame;
    }

    void add_delayed(const std::vector<std::complex<double>>& frame,
                     double place,
                     std::complex<double> gain,
                     const std::vector<std::complex<double>>& phases,
                     double frequency_hz)
    {
        const auto whole = static_cast<std::int64_t>(std::floor(place));
        const auto length = static_cast<std::int64_t>(frame.size());
        const auto options = at::TensorOptions().dtype(at::kComplexDouble);
        const auto spectrum = at::fft_fft(at::from_blob(
            const_cast<std::complex<double>*>(frame.data()), {length}, options));
        const auto ramp = at::fft_fftfreq(length, 1.0, at::kDouble) *
                          (-2.0 * M_PI * (place - static_cast<double>(whole)));
        const auto shifted =
            at::fft_ifft(spectrum * at::polar(at::ones_like(ramp), ramp)).contiguous();
        const auto* const values = reinterpret_cast<const std::complex<double>*>(
            shifted.data_ptr<c10::complex<double>>());
        for (std::int64_t k = 0; k < length; k++) {
            const std::int64_t at = whole - border + k;
            if (at < 0 || at >= static_cast<std::int64_t>(d_samples[0].size())) {
                continue;
            }
            const double turns =
                frequency_hz / d_timing.sample_rate_hz * static_cast<double>(at);
            const auto value = gain * values[k] *
                               std::polar(1.0, 2.0 * M_PI * (turns - std::floor(turns)));
            for (std::size_t a = 0; a < d_samples.size(); a++) {
                d_samples[a][at] += value * phases[a];
            }
        }
    }

    const FrameTiming d_timing;
    std::mt19937_64 d_generator;
    std::vector<std::vector<std::complex<double>>> d_samples;
};

//! Delay of the direct path from transmit access point n to receiver m, samples.
inline double direct_delay(const Scenario& scenario, int n, int m)
{
    const auto& from = scenario.transmit[n].position_m;
    const auto& to = scenario.receive[m].position_m;
    return std::hypot(from[0] - to[0], from[1] - to[1]) / speed_of_light *
           FrameTiming(scenario).sample_rate_hz;
}

} // namespace cfisac::test
