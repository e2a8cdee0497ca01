// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"

#include <cfisac/scenario/frame_timing.h>
#include <cmath>

namespace cfisac {
namespace {

// A header is 32 bits of the frame number and 16 of the check, and a symbol that the first
// bit is compared with.
constexpr int header_symbols_with_number = 32 + 16 + 1;
// A symbol of the header is this part of the preamble's sequence.
constexpr int header_divisor = 4;

// What a decimal text of a time may be off by, samples.
constexpr double sample_tolerance = 1e-3;

std::int64_t whole_samples(const std::string& key, double time_s, double rate_hz)
{
    const double samples = time_s * rate_hz;
    if (!(samples < 9e15) || std::abs(samples - std::round(samples)) > sample_tolerance) {
        throw detail::ValueError(key,
                                 detail::number_text(time_s) +
                                     " s must be a whole number of samples, is " +
                                     detail::number_text(samples) + " at " +
                                     detail::number_text(rate_hz) + " samples/s");
    }
    return std::llround(samples);
}

const Radio& radio_of(const Scenario& scenario)
{
    if (!scenario.radio) {
        throw detail::ValueError(
            "radio", "the scenario does not say how frames are sent over the air");
    }
    return *scenario.radio;
}

} // namespace

FrameTiming::FrameTiming(const Scenario& scenario)
{
    const Radio& radio = radio_of(scenario);
    const Waveform& w = scenario.waveform;
    sample_rate_hz = radio.fft_size * w.subcarrier_spacing_hz;
    center_hz = w.carrier_hz + w.subcarriers / 2 * w.subcarrier_spacing_hz;
    fft_size = radio.fft_size;
    const std::int64_t prefix_samples =
        whole_samples("waveform.cyclic_prefix_s", w.cyclic_prefix_s, sample_rate_hz);
    if (prefix_samples > fft_size) {
        throw detail::ValueError("waveform.cyclic_prefix_s",
                                 "must not be longer than a symbol over the air, is " +
                                     std::to_string(prefix_samples) + " samples of " +
                                     std::to_string(fft_size));
    }
    prefix = static_cast<int>(prefix_samples);
    subcarriers = w.subcarriers;
    symbols = w.symbols;
    preamble_length = radio.preamble_length;
    preamble_repetitions = radio.preamble_repetitions;
    transmitters = static_cast<int>(scenario.transmit.size());
    header_symbols = radio.header ? header_symbols_with_number : 0;
    header_symbol = radio.preamble_length / header_divisor;
    period = whole_samples("radio.frame_period_s", radio.frame_period_s, sample_rate_hz);
    if (period < frame_samples()) {
        throw detail::ValueError("radio.frame_period_s",
                                 "must be at least the " +
                                     std::to_string(frame_samples()) +
                                     " samples of a frame, is " + std::to_string(period));
    }
}

} // namespace cfisac
