// SPDX-License-Identifier: GPL-3.0-or-later
#include "radio.h"
#include <algorithm>
#include <cmath>

namespace cfisac::radio {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
// What transmit streams buffer in real time.
constexpr std::int64_t longest_ahead_ns = 100'000'000;

std::int64_t ring_ns(const Environment& environment, double rate_hz)
{
    return static_cast<std::int64_t>(static_cast<double>(environment.capacity()) /
                                     rate_hz * 1e9);
}

} // namespace

void Warning::operator()(const std::string& before,
                         std::uint64_t count,
                         const std::string& after)
{
    d_count += count;
    const auto now = steady_ns();
    if (now >= d_next_ns) {
        SoapySDR::logf(SOAPY_SDR_WARNING,
                       "isac radio: %s%s %s",
                       before.c_str(),
                       std::to_string(d_count).c_str(),
                       after.c_str());
        d_next_ns = now + second_ns;
        d_count = 0;
    }
}

Radio::Radio(const Arguments& given)
    : arguments(given),
      timing(given.scenario),
      time(timing.sample_rate_hz,
           given.clock_ppm,
           given.clock_offset_s,
           given.external_clock,
           given.external_time),
      environment(given),
      ahead_ns(
          std::min(longest_ahead_ns, ring_ns(environment, timing.sample_rate_hz) / 4)),
      // A quarter of the ring is left to delays of propagation.
      behind_ns(ring_ns(environment, timing.sample_rate_hz) / 2),
      lockstep(environment, behind_ns),
      converter(given.bits),
      gain_db(static_cast<std::size_t>(given.access_point().total_antennas()))
{
}

double Radio::full_scale_dbm(std::size_t channel) const
{
    return arguments.transmit ? transmit_full_scale_dbm + gain_db[channel]
                              : receive_full_scale_dbm - gain_db[channel];
}

float Radio::full_scale(std::size_t channel) const
{
    return static_cast<float>(std::sqrt(dbm_to_watt(full_scale_dbm(channel))));
}

std::int64_t Radio::now_ns() const
{
    return environment.lockstep() ? lockstep.now() : environment.elapsed_ns();
}

std::string Radio::label() const
{
    return "environment " + environment.name() + ": access point " +
           arguments.access_point().name + ": ";
}

} // namespace cfisac::radio
