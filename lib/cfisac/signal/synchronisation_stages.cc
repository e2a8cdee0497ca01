// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

using Kind = SynchronisationEvent::Kind;

SynchronisationEvent event(Kind kind, std::uint64_t frame)
{
    SynchronisationEvent result{};
    result.kind = kind;
    result.frame = frame;
    return result;
}

} // namespace

void Synchroniser::State::step()
{
    switch (d_stage) {
    case Stage::searching:
        search();
        break;
    case Stage::measuring:
        measure();
        break;
    case Stage::collecting:
        frame.start = d_start;
        frame.time = time_of(d_start + timing.payload_start());
        d_read = 0;
        reading = true;
        break;
    }
}

void Synchroniser::State::begin_search(std::int64_t from)
{
    d_stage = Stage::searching;
    d_from = from;
    d_misses = 0;
    for (auto& tracker : d_trackers) {
        tracker.forget();
    }
    d_window.keep_from(from - d_before);
}

void Synchroniser::State::search()
{
    const auto result =
        d_search.run(d_window.samples(), d_from - d_window.begin(), d_behind);
    const std::int64_t begin = d_window.begin();
    d_from = begin + result.done;
    d_steady = result.steady;
    if (!result.peak || !acquire(begin + *result.peak)) {
        d_window.keep_from(d_from - d_before);
    }
}

bool Synchroniser::State::acquire(std::int64_t peak)
{
    // Where only some access points are heard, the place may be off by whole preambles.
    double best = 0.0;
    std::int64_t best_start = 0;
    PreambleGuess first;
    for (int shift = 1 - timing.transmitters; shift < timing.transmitters; shift++) {
        double total = 0.0;
        double strongest = 0.0;
        std::int64_t start = 0;
        std::vector<PreambleGuess> guesses(timing.transmitters);
        for (int n = 0; n < timing.transmitters; n++) {
            const auto delay = std::llround(d_delay[n]);
            auto& guess = guesses[n];
            guess.guard = 2 * timing.preamble_length;
            guess.place =
                peak + delay + timing.preamble_start(n + shift) - d_window.begin();
            guess.steady = d_steady;
            const auto found = d_meter.find(d_window.samples(), n, guess);
            total += found.seen ? found.excess : 0.0;
            if (found.seen && found.excess > strongest) {
                strongest = found.excess;
                start = d_window.begin() + found.place - delay - timing.preamble_start(n);
            }
        }
        if (total > best) {
            best = total;
            best_start = start;
            first = guesses[0];
        }
    }
    if (best == 0.0) {
        return false;
    }
    d_start = best_start;
    d_number = 0;
    d_renumber = 0;
    if (timing.header_symbols > 0) {
        const auto number = header_behind(d_meter.measure(d_window.samples(), 0, first));
        if (!number) {
            return false;
        }
        d_number = *number;
    }
    d_stage = Stage::measuring;
    return true;
}

void Synchroniser::State::measure()
{
    bool any = false;
    std::vector<PreambleMeasurement> measured;
    for (int n = 0; n < timing.transmitters; n++) {
        measured.push_back(d_meter.measure(d_window.samples(), n, guess(n)));
    }
    for (int n = 0; n < timing.transmitters; n++) {
        if (measured[n].seen) {
            any = true;
            d_unseen[n] = 0;
            d_snr[n] = measured[n].snr;
            const auto start = d_window.begin() - d_start - timing.preamble_start(n);
            d_trackers[n].update(
                measured[n].place + static_cast<double>(start) - d_delay[n], measured[n]);
        } else if (++d_unseen[n] > misses_allowed) {
            d_trackers[n].forget();
        }
    }
    if (!any && !locked && !d_by_time) { // what was found is not there
        d_stage = Stage::searching;
        d_window.keep_from(d_from - d_before);
        return;
    }
    const bool was_locked = locked;
    note_seen(any);
    if (d_stage == Stage::searching) {
        return;
    }
    read_number(measured[0]);
    if (!d_by_time) {
        choose_start();
    }
    report();
    if (locked && !was_locked) {
        auto found = event(Kind::locked, d_number);
        found.reports = frame.reports;
        events.push_back(found);
    }
    d_stage = Stage::collecting;
}

void Synchroniser::State::note_seen(bool any)
{
    if (any) {
        d_misses = 0;
        counts.locks += locked ? 0 : 1;
        locked = true;
        d_steady = 0.0; // of the time of the search
        return;
    }
    d_misses++;
    if (locked && d_misses > misses_allowed) {
        lose(d_misses);
        if (!d_by_time) {
            begin_search(d_window.begin() + d_before);
            return;
        }
    }
    counts.missed++;
    if (locked) {
        auto missed = event(Kind::missed, d_number);
        missed.misses = d_misses;
        events.push_back(missed);
    }
}

void Synchroniser::State::lose(int misses)
{
    if (locked) {
        auto lost = event(Kind::lost, d_number);
        lost.misses = misses;
        events.push_back(lost);
        counts.losses++;
    }
    locked = false;
    for (auto& tracker : d_trackers) {
        tracker.forget();
    }
}

std::optional<std::uint32_t> Synchroniser::State::header_behind(
    const PreambleMeasurement& preamble) const
{
    if (!preamble.seen) {
        return std::nullopt;
    }
    const std::int64_t first =
        preamble.strongest + timing.header_start() - timing.preamble_start(0);
    std::vector<Samples> header;
    for (const auto& samples : d_window.samples()) {
        header.emplace_back(timing.header_samples());
        turn_back(samples.data() + first,
                  header.back().data(),
                  header.back().size(),
                  preamble.frequency,
                  0.0);
    }
    return read_header(timing, header);
}

void Synchroniser::State::read_number(const PreambleMeasurement& preamble)
{
    if (timing.header_symbols == 0) {
        return;
    }
    const auto number = header_behind(preamble);
    if (!number) {
        return;
    }
    // The header has the lower 32 bits: of the nearest number that has them. Two in a row
    // are believed.
    std::int64_t differs =
        static_cast<std::int32_t>(*number - static_cast<std::uint32_t>(d_number));
    if (differs < 0 && d_number < static_cast<std::uint64_t>(-differs)) {
        differs =
            static_cast<std::int64_t>(*number) - static_cast<std::int64_t>(d_number);
    }
    if (differs != 0 && differs == d_renumber) {
        auto other = event(Kind::renumber, d_number);
        other.samples = differs;
        events.push_back(other);
        if (!d_by_time) {
            d_number += differs;
            d_renumber = 0;
        } else {
            d_renumber = std::numeric_limits<std::int64_t>::max(); // said
        }
    } else if (d_renumber != std::numeric_limits<std::int64_t>::max() || differs == 0) {
        d_renumber = differs;
    }
}

void Synchroniser::State::choose_start()
{
    const auto shift =
        std::llround(mean([](const OffsetTracker& tracker) { return tracker.timing(); }));
    d_start += shift;
    for (auto& tracker : d_trackers) {
        tracker.shift(shift);
    }
}

void Synchroniser::State::report()
{
    const double common =
        mean([](const OffsetTracker& tracker) { return tracker.frequency(); });
    const double carrier = timing.center_hz / timing.sample_rate_hz;
    const double middle = static_cast<double>(timing.payload_start()) +
                          0.5 * static_cast<double>(timing.payload_samples());
    frame.number = d_number;
    frame.locked = locked;
    frame.misses = d_misses;
    frame.frequency_hz = common * timing.sample_rate_hz;
    frame.reports.assign(timing.transmitters, PreambleReport());
    for (int n = 0; n < timing.transmitters; n++) {
        const auto& tracker = d_trackers[n];
        if (d_unseen[n] > 0 || !tracker.known()) {
            continue;
        }
        // From the middle of the preamble to that of the payload, the clock goes on.
        const double since = middle - static_cast<double>(timing.preamble_start(n)) -
                             0.5 * timing.preamble_samples();
        const double late = tracker.timing() - tracker.frequency() / carrier * since;
        frame.reports[n] = {true,
                            10.0 * std::log10(d_snr[n]),
                            late / timing.sample_rate_hz,
                            tracker.frequency() * timing.sample_rate_hz};
    }
}

void Synchroniser::State::advance(std::int64_t frames)
{
    d_start += frames * timing.period;
    d_number += frames;
    for (auto& tracker : d_trackers) {
        tracker.predict(frames, timing.period);
    }
}

void Synchroniser::State::schedule()
{
    // Exact for any time of day: an extended mantissa, and seconds and fractions apart.
    const double whole = std::floor(d_start_time_s);
    const long double until = static_cast<long double>(whole) -
                              static_cast<long double>(d_time->seconds) +
                              (static_cast<long double>(d_start_time_s - whole) -
                               static_cast<long double>(d_time->fraction));
    const std::int64_t zero = d_time_place + std::llround(until * timing.sample_rate_hz);
    const std::int64_t after = d_window.next() - zero;
    const std::int64_t number =
        after > 0 ? (after + timing.period - 1) / timing.period : 0;
    d_number = number;
    d_start = zero + number * timing.period;
}

std::int64_t Synchroniser::State::samples_missing(const RadioTime& time) const
{
    const auto since = static_cast<long double>(
                           static_cast<std::int64_t>(time.seconds - d_time->seconds)) +
                       (static_cast<long double>(time.fraction) -
                        static_cast<long double>(d_time->fraction));
    return std::llround(since * timing.sample_rate_hz) - (d_window.next() - d_time_place);
}

void Synchroniser::State::set_time(const RadioTime& time)
{
    const auto latest = static_cast<std::uint64_t>(latest_time_s(timing));
    if (time.seconds > latest || !(time.fraction >= 0.0 && time.fraction < 1.0)) {
        throw std::invalid_argument(
            "rx_time of a sample: " + std::to_string(time.seconds) + " s and " +
            std::to_string(time.fraction) + " s are not between 0 and " +
            std::to_string(latest) + " s and a fraction of a second");
    }
    if (d_time) {
        const auto jump = samples_missing(time);
        if (jump != 0) {
            jump_to(time, jump);
        }
        return;
    }
    d_time = time;
    d_time_place = d_window.next();
    if (d_by_time) {
        schedule();
        d_stage = Stage::measuring;
        d_window.keep_from(first_wanted());
    }
}

void Synchroniser::State::jump_to(const RadioTime& time, std::int64_t jump)
{
    const bool touched = d_stage != Stage::searching && d_start < d_window.next();
    d_window.restart(d_window.next() + jump);
    d_time = time;
    d_time_place = d_window.next();
    auto jumped = event(Kind::jump, d_number);
    jumped.samples = jump;
    if (jump < 0 || jump > timing.period * (std::int64_t{misses_allowed} + 1)) {
        lose(0); // too far to know where frames are
    }
    if (d_by_time) {
        const std::uint64_t before = d_number;
        schedule();
        const auto passed = static_cast<std::int64_t>(d_number - before);
        jumped.frames = passed > 0 ? passed : touched ? 1 : 0;
        for (auto& tracker : d_trackers) {
            tracker.predict(std::max<std::int64_t>(passed, 0), timing.period);
        }
    } else if (locked) {
        const std::int64_t passed = d_window.next() - d_start;
        if (passed > 0) {
            jumped.frames = (passed + timing.period - 1) / timing.period;
            advance(static_cast<std::int64_t>(jumped.frames));
        }
    } else {
        jumped.frames = touched ? 1 : 0;
        begin_search(d_window.next());
    }
    if (d_stage != Stage::searching) {
        d_stage = Stage::measuring;
        d_window.keep_from(first_wanted());
    }
    counts.dropped += jumped.frames;
    events.push_back(jumped);
}

} // namespace cfisac::signal
