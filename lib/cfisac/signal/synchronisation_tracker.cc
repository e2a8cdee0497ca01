// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_tracker.h"

#include <cmath>

namespace cfisac::signal {

namespace {

// From frame to frame, standard deviations: a clock wanders by this part of its frequency,
// and the radio's timing by this part of a sample.
constexpr double clock_walk = 3e-10;
constexpr double timing_walk = 1e-3;
// A measurement is far from the prediction beyond so many standard deviations, which are
// at least these (samples; parts of a turn over a frame's preamble do not matter below it).
constexpr double far_away = 6.0;
constexpr double timing_floor = 0.05;
constexpr double frequency_floor = 1e-9; // of the carrier

} // namespace

double OffsetTracker::timing_deviation() const { return std::sqrt(d_timing_variance); }

void OffsetTracker::predict(std::int64_t frames, std::int64_t period)
{
    // A transmitter that is fast by frequency / carrier sends its frames early.
    const auto count = static_cast<double>(frames);
    const double drift = -count * static_cast<double>(period) / d_carrier;
    d_timing += drift * d_frequency;
    d_timing_variance += drift * (2.0 * d_covariance + drift * d_frequency_variance) +
                         count * timing_walk * timing_walk;
    d_covariance += drift * d_frequency_variance;
    d_frequency_variance += count * std::pow(clock_walk * d_carrier, 2);
}

void OffsetTracker::restart(double timing, const PreambleMeasurement& measurement)
{
    d_known = true;
    d_doubted = false;
    d_timing = timing;
    d_frequency = measurement.frequency;
    d_timing_variance = std::pow(measurement.place_deviation, 2);
    d_frequency_variance = std::pow(measurement.frequency_deviation, 2);
    d_covariance = 0.0;
}

void OffsetTracker::update(double timing, const PreambleMeasurement& measurement)
{
    if (!d_known) {
        restart(timing, measurement);
        return;
    }
    const double timing_noise = std::pow(measurement.place_deviation, 2);
    const double frequency_noise = std::pow(measurement.frequency_deviation, 2);
    const double timing_error = timing - d_timing;
    const double frequency_error = measurement.frequency - d_frequency;
    const bool doubtful =
        std::abs(timing_error) > far_away * std::sqrt(d_timing_variance + timing_noise +
                                                      timing_floor * timing_floor) ||
        std::abs(frequency_error) >
            far_away * std::sqrt(d_frequency_variance + frequency_noise +
                                 std::pow(frequency_floor * d_carrier, 2));
    if (doubtful) {
        if (d_doubted) {
            restart(timing, measurement);
        } else {
            d_doubted = true;
        }
        return;
    }
    d_doubted = false;
    // One measured value after the other; their errors are independent.
    const auto correct = [this](double error, double noise, bool of_timing) {
        const double variance = of_timing ? d_timing_variance : d_frequency_variance;
        const double timing_gain =
            (of_timing ? d_timing_variance : d_covariance) / (variance + noise);
        const double frequency_gain =
            (of_timing ? d_covariance : d_frequency_variance) / (variance + noise);
        d_timing += timing_gain * error;
        d_frequency += frequency_gain * error;
        const double total = variance + noise;
        d_timing_variance -= timing_gain * timing_gain * total;
        d_covariance -= timing_gain * frequency_gain * total;
        d_frequency_variance -= frequency_gain * frequency_gain * total;
    };
    correct(timing_error, timing_noise, true);
    correct(measurement.frequency - d_frequency, frequency_noise, false);
}

} // namespace cfisac::signal
