// SPDX-License-Identifier: GPL-3.0-or-later
#include "radio_time.h"
#include <SoapySDR/Time.hpp>
#include <cmath>

namespace cfisac::radio {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

//! Environment times are rounded to whole ns: samples this near to one are at it.
constexpr double tolerance_s = 1e-9;

std::int64_t floor_to_second(std::int64_t ns)
{
    const auto rest = (ns % second_ns + second_ns) % second_ns;
    return ns - rest;
}

} // namespace

RadioTime::RadioTime(
    double rate_hz, double ppm, double offset_s, bool external_clock, bool external_time)
    : d_rate_hz(rate_hz),
      d_ppm(ppm),
      d_offset_s(offset_s),
      d_external_clock(external_clock),
      d_external_time(external_time)
{
}

double RadioTime::ppm() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_external_clock ? 0.0 : d_ppm;
}

double RadioTime::offset_s() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_external_time ? 0.0 : d_offset_s;
}

bool RadioTime::external_clock() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_external_clock;
}

bool RadioTime::external_time() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_external_time;
}

void RadioTime::set_external_clock(bool external)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (d_external_clock != external) {
        d_external_clock = external;
        reset();
    }
}

void RadioTime::set_external_time(bool external)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (d_external_time != external) {
        d_external_time = external;
        reset();
    }
}

void RadioTime::reset()
{
    d_shift = 0;
    d_pulse = INT64_MAX;
}

double RadioTime::sample_at_unlocked(std::int64_t ns) const
{
    const double ppm = d_external_clock ? 0.0 : d_ppm;
    const double offset_s = d_external_time ? 0.0 : d_offset_s;
    return (offset_s + static_cast<double>(ns) * 1e-9 * (1.0 + ppm * 1e-6)) * d_rate_hz;
}

std::int64_t RadioTime::ns_at_unlocked(double sample) const
{
    const double ppm = d_external_clock ? 0.0 : d_ppm;
    const double offset_s = d_external_time ? 0.0 : d_offset_s;
    return std::llround((sample / d_rate_hz - offset_s) / (1.0 + ppm * 1e-6) * 1e9);
}

double RadioTime::sample_at(std::int64_t ns) const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return sample_at_unlocked(ns);
}

std::int64_t RadioTime::ns_at(double sample) const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return ns_at_unlocked(sample);
}

std::int64_t RadioTime::first_sample_at(std::int64_t ns) const
{
    return static_cast<std::int64_t>(std::ceil(sample_at(ns) - tolerance_s * d_rate_hz));
}

std::int64_t RadioTime::last_sample_at(std::int64_t ns) const
{
    return static_cast<std::int64_t>(std::floor(sample_at(ns) + tolerance_s * d_rate_hz));
}

std::int64_t RadioTime::hardware_time_unlocked(std::int64_t sample) const
{
    return SoapySDR::ticksToTimeNs(sample, d_rate_hz) +
           (sample >= d_pulse ? d_next_shift : d_shift);
}

std::int64_t RadioTime::hardware_time(std::int64_t sample) const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return hardware_time_unlocked(sample);
}

std::int64_t RadioTime::sample_of(std::int64_t hardware_time) const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    const auto after = SoapySDR::timeNsToTicks(hardware_time - d_next_shift, d_rate_hz);
    if (after >= d_pulse) {
        return after;
    }
    return SoapySDR::timeNsToTicks(hardware_time - d_shift, d_rate_hz);
}

void RadioTime::set_hardware_time(std::int64_t value, std::int64_t now)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    const auto sample = std::llround(sample_at_unlocked(now));
    d_shift = value - SoapySDR::ticksToTimeNs(sample, d_rate_hz);
    d_pulse = INT64_MAX;
}

std::int64_t RadioTime::pulse_before(std::int64_t now) const
{
    if (d_external_time) {
        return floor_to_second(now);
    }
    const auto count_ns = std::llround(sample_at_unlocked(now) / d_rate_hz * 1e9);
    return ns_at_unlocked(static_cast<double>(floor_to_second(count_ns)) * 1e-9 *
                          d_rate_hz);
}

void RadioTime::set_at_next_pulse(std::int64_t value, std::int64_t now)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    // What is set at a pulse that has come is in force.
    if (sample_at_unlocked(now) >= static_cast<double>(d_pulse)) {
        d_shift = d_next_shift;
    }
    const auto pulse = pulse_before(pulse_before(now) + second_ns + second_ns / 2);
    d_pulse = std::llround(sample_at_unlocked(pulse));
    d_next_shift = value - SoapySDR::ticksToTimeNs(d_pulse, d_rate_hz);
}

std::int64_t RadioTime::last_pulse(std::int64_t now) const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return hardware_time_unlocked(std::llround(sample_at_unlocked(pulse_before(now))));
}

} // namespace cfisac::radio
