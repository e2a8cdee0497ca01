// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

const AccessPoint& checked_receiver(const Scenario& scenario, int receiver)
{
    if (receiver < 0 || receiver >= static_cast<int>(scenario.receive.size())) {
        throw std::invalid_argument("there is no receive access point " +
                                    std::to_string(receiver));
    }
    return scenario.receive[receiver];
}

int checked_misses(int misses)
{
    if (misses < 0) {
        throw std::invalid_argument("misses allowed: " + std::to_string(misses) +
                                    " is negative");
    }
    return misses;
}

double checked_false_alarm(double probability)
{
    if (!(probability >= 1e-100 && probability <= 0.1)) {
        throw std::invalid_argument("false alarm: " + std::to_string(probability) +
                                    " is not a probability between 1e-100 and 0.1");
    }
    return probability;
}

double checked_start(const FrameTiming& timing, double start_time_s)
{
    const double latest = latest_time_s(timing);
    if (!(start_time_s >= 0.0 && start_time_s <= latest)) {
        throw std::invalid_argument("start time: " + std::to_string(start_time_s) +
                                    " s is not between 0 and " + std::to_string(latest) +
                                    " s");
    }
    return start_time_s;
}

std::vector<double> direct_delays(const Scenario& scenario,
                                  const FrameTiming& timing,
                                  int receiver)
{
    const auto& own = checked_receiver(scenario, receiver).position_m;
    std::vector<double> delays;
    for (const auto& point : scenario.transmit) {
        double square = 0.0;
        for (std::size_t d = 0; d < own.size(); d++) {
            square += std::pow(point.position_m[d] - own[d], 2);
        }
        delays.push_back(std::sqrt(square) / speed_of_light * timing.sample_rate_hz);
    }
    return delays;
}

} // namespace

double latest_time_s(const FrameTiming& timing)
{
    return std::min(1e10, 4e18 / timing.sample_rate_hz);
}

Synchroniser::State::State(const Scenario& scenario,
                           int receiver,
                           const SynchronisationSettings& settings)
    : timing(scenario),
      antennas(checked_receiver(scenario, receiver).total_antennas()),
      misses_allowed(checked_misses(settings.misses_allowed)),
      d_by_time(settings.by_time),
      d_start_time_s(checked_start(timing, settings.start_time_s)),
      d_delay(direct_delays(scenario, timing, receiver)),
      d_search(timing, antennas, checked_false_alarm(settings.false_alarm)),
      d_meter(timing, antennas, settings.false_alarm),
      d_behind(2 * timing.header_start() + timing.header_samples() +
               5 * timing.preamble_length +
               std::llround(*std::max_element(d_delay.begin(), d_delay.end()))),
      d_before(timing.header_start() + 3 * timing.preamble_length),
      d_search_samples(d_before + d_behind + 6 * d_search.span()),
      d_window(antennas),
      d_trackers(timing.transmitters,
                 OffsetTracker(timing.center_hz / timing.sample_rate_hz)),
      d_unseen(timing.transmitters, 0),
      d_snr(timing.transmitters, 0.0)
{
    if (!d_by_time) {
        begin_search(0);
    }
}

int Synchroniser::State::guard() const
{
    return locked ? timing.preamble_length / 2 : 2 * timing.preamble_length;
}

double Synchroniser::State::mean(
    const std::function<double(const OffsetTracker&)>& value) const
{
    // Of those that were seen now; of those known where there are none.
    for (const bool seen_now : {true, false}) {
        double sum = 0.0;
        double weight = 0.0;
        for (std::size_t n = 0; n < d_trackers.size(); n++) {
            if (d_trackers[n].known() && (d_unseen[n] == 0 || !seen_now)) {
                sum += d_snr[n] * value(d_trackers[n]);
                weight += d_snr[n];
            }
        }
        if (weight > 0.0) {
            return sum / weight;
        }
    }
    return 0.0;
}

std::int64_t Synchroniser::State::arrival(int n) const
{
    const auto timing_of = [](const OffsetTracker& t) { return t.timing(); };
    const double late = d_trackers[n].known() ? d_trackers[n].timing() : mean(timing_of);
    return d_start + std::llround(late + d_delay[n]);
}

PreambleGuess Synchroniser::State::guess(int n) const
{
    PreambleGuess guess;
    guess.place = arrival(n) + timing.preamble_start(n) - d_window.begin();
    guess.guard = guard();
    guess.frequency_known = d_trackers[n].known();
    guess.steady = d_steady;
    guess.frequency = guess.frequency_known
                          ? d_trackers[n].frequency()
                          : mean([](const OffsetTracker& t) { return t.frequency(); });
    return guess;
}

std::int64_t Synchroniser::State::header_place() const
{
    return arrival(0) + timing.header_start();
}

std::int64_t Synchroniser::State::first_wanted() const
{
    auto first = std::numeric_limits<std::int64_t>::max();
    for (int n = 0; n < timing.transmitters; n++) {
        first = std::min(first, arrival(n) + timing.preamble_start(n));
    }
    return std::min(first, d_start) - guard() - d_meter.margin();
}

std::int64_t Synchroniser::State::last_wanted() const
{
    auto last = header_place() + timing.header_samples();
    for (int n = 0; n < timing.transmitters; n++) {
        last = std::max(last,
                        arrival(n) + timing.preamble_start(n) +
                            timing.preamble_samples() + d_meter.margin());
    }
    return last + guard() + d_meter.margin();
}

std::optional<RadioTime> Synchroniser::State::time_of(std::int64_t place) const
{
    if (!d_time) {
        return std::nullopt;
    }
    const auto after = static_cast<long double>(d_time->fraction) +
                       static_cast<long double>(place - d_time_place) /
                           static_cast<long double>(timing.sample_rate_hz);
    const auto whole = std::floor(after);
    auto fraction = static_cast<double>(after - whole);
    auto seconds =
        static_cast<std::int64_t>(d_time->seconds) + static_cast<std::int64_t>(whole);
    if (fraction >= 1.0) { // rounded up
        fraction = 0.0;
        seconds++;
    }
    if (seconds < 0) { // the clock was not there yet
        return std::nullopt;
    }
    return RadioTime{static_cast<std::uint64_t>(seconds), fraction};
}

std::int64_t Synchroniser::State::target() const
{
    switch (d_stage) {
    case Stage::searching:
        return d_window.begin() + d_search_samples;
    case Stage::measuring:
        return last_wanted();
    default:
        return d_start + timing.frame_samples();
    }
}

std::size_t Synchroniser::State::push(
    const std::vector<const std::complex<float>*>& samples, std::size_t count)
{
    if (d_by_time && !d_time) {
        throw std::runtime_error(
            "the first samples have no tag rx_time, which frames that start by time "
            "need: use a radio source that tags them, or mode preamble");
    }
    std::size_t taken = 0;
    while (!reading) {
        if (d_window.next() >= target()) {
            step();
            continue;
        }
        if (taken == count) {
            break;
        }
        taken += d_window.take(samples, taken, count - taken, target());
    }
    return taken;
}

std::size_t Synchroniser::State::read(const std::vector<std::complex<float>*>& samples,
                                      std::size_t count)
{
    if (!reading) {
        return 0;
    }
    const auto length = std::min<std::int64_t>(static_cast<std::int64_t>(count),
                                               timing.payload_samples() - d_read);
    const std::int64_t first =
        d_start + timing.payload_start() + d_read - d_window.begin();
    for (std::size_t a = 0; a < samples.size(); a++) {
        turn_back(d_window.samples()[a].data() + first,
                  samples[a],
                  length,
                  frame.frequency_hz / timing.sample_rate_hz,
                  static_cast<double>(d_read));
    }
    d_read += length;
    if (d_read == timing.payload_samples()) {
        reading = false;
        counts.frames++;
        advance(1);
        d_stage = Stage::measuring;
        d_window.keep_from(first_wanted());
    }
    return length;
}

Synchroniser::Synchroniser(const Scenario& scenario,
                           int receiver,
                           const SynchronisationSettings& settings)
    : d_state(std::make_unique<State>(scenario, receiver, settings))
{
}

Synchroniser::~Synchroniser() = default;

int Synchroniser::antennas() const { return d_state->antennas; }

const FrameTiming& Synchroniser::timing() const { return d_state->timing; }

void Synchroniser::set_time(const RadioTime& time) { d_state->set_time(time); }

std::size_t Synchroniser::push(const std::vector<const std::complex<float>*>& samples,
                               std::size_t count)
{
    return d_state->push(samples, count);
}

const SynchronisedFrame* Synchroniser::frame() const
{
    return d_state->reading ? &d_state->frame : nullptr;
}

std::size_t Synchroniser::read(const std::vector<std::complex<float>*>& samples,
                               std::size_t count)
{
    return d_state->read(samples, count);
}

std::vector<SynchronisationEvent> Synchroniser::take_events()
{
    return std::exchange(d_state->events, {});
}

bool Synchroniser::locked() const { return d_state->locked; }

const SynchronisationCounts& Synchroniser::counts() const { return d_state->counts; }

void Synchroniser::set_misses_allowed(int misses)
{
    d_state->misses_allowed = checked_misses(misses);
}

} // namespace cfisac::signal
