// SPDX-License-Identifier: GPL-3.0-or-later
#include "transmit_stream.h"
#include "sleep.h"
#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <algorithm>
#include <cmath>

namespace cfisac::radio {

namespace {

// Samples before the next one that a receiver's interpolation still looks at, and what
// rounding of times to ns may cost.
constexpr std::int64_t edge_margin = 64;
// From now to the first sample of a burst without time.
constexpr std::int64_t lead_ns = 10'000'000;
// Before all samples; differences to it do not overflow.
constexpr std::int64_t any_sample = INT64_MIN / 4;

} // namespace

TransmitStream::TransmitStream(Radio& radio,
                               std::vector<std::size_t> channels,
                               Format format)
    : d_radio(radio),
      d_channels(std::move(channels)),
      d_format(format),
      d_mask(0),
      d_ring(radio.environment, static_cast<std::size_t>(radio.arguments.index)),
      d_scaled(radio.channels(), std::vector<std::complex<float>>(stream_mtu))
{
    for (const auto channel : d_channels) {
        d_mask |= std::size_t{1} << channel;
    }
}

TransmitStream::~TransmitStream() { deactivate(); }

int TransmitStream::activate(std::optional<std::int64_t> time_ns)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (d_active) {
        return 0;
    }
    auto& own = d_radio.environment.own();
    const double ppm = d_radio.time.ppm();
    const double offset_s = d_radio.time.offset_s();
    // What is in the rings was counted by another clock, or there is nothing.
    d_fresh = own.clock_ppm != ppm || own.clock_offset_s != offset_s ||
              own.first == own.written;
    own.clock_ppm = ppm;
    own.clock_offset_s = offset_s;

    std::optional<std::int64_t> start;
    if (time_ns) {
        start = d_radio.time.sample_of(*time_ns);
    } else if (const auto start_s = d_radio.arguments.settings.start_s) {
        start = std::llround(d_radio.time.sample_at(std::llround(*start_s * 1e9)));
    }
    own.stream = StreamState::starting;
    if (!begin(start) && time_ns) {
        end_burst();
        own.stream = StreamState::off;
        return SOAPY_SDR_TIME_ERROR;
    }
    d_active = true;
    if (d_radio.environment.lockstep()) {
        d_radio.lockstep.join();
    } else {
        own.stream = StreamState::on;
    }
    return 0;
}

int TransmitStream::deactivate()
{
    d_active = false; // before the lock: a write that waits gives up
    const std::lock_guard<std::mutex> lock(d_mutex);
    end_burst();
    d_radio.environment.own().stream = StreamState::off;
    d_radio.environment.notify();
    return 0;
}

bool TransmitStream::begin(std::optional<std::int64_t> start)
{
    d_burst = Burst::waiting;
    d_behind = false;
    d_timed = start.has_value();
    auto after_ns = d_radio.now_ns();
    d_soonest = any_sample;
    if (d_radio.environment.lockstep()) {
        const auto horizon = d_radio.lockstep.hold();
        if (horizon != never_ns) {
            d_soonest = d_radio.time.first_sample_at(horizon) + edge_margin;
        }
    } else {
        after_ns += lead_ns;
    }
    const auto first = earliest();
    d_next = start ? *start : std::max(first, d_radio.time.first_sample_at(after_ns));
    set_edge();
    return d_next >= first;
}

void TransmitStream::begin_at(std::int64_t time_ns)
{
    const auto start = d_radio.time.sample_of(time_ns);
    if (d_burst == Burst::none) {
        begin(start);
    } else if (start != d_next) {
        d_burst = Burst::waiting;
        d_behind = false;
        d_next = start;
        set_edge();
    }
    d_timed = true;
}

void TransmitStream::end_burst()
{
    d_burst = Burst::none;
    d_radio.lockstep.release();
}

std::int64_t TransmitStream::earliest() const
{
    const auto written = d_fresh ? any_sample : d_ring.next();
    return std::max(written,
                    d_radio.environment.lockstep()
                        ? d_soonest
                        : d_radio.time.first_sample_at(d_radio.now_ns()));
}

std::int64_t TransmitStream::limit() const
{
    if (!d_radio.environment.lockstep()) {
        return d_radio.time.last_sample_at(d_radio.now_ns() + d_radio.ahead_ns);
    }
    const auto limit_ns = d_radio.lockstep.transmit_limit();
    return limit_ns == never_ns ? any_sample : d_radio.time.last_sample_at(limit_ns);
}

void TransmitStream::set_edge() const
{
    if (d_radio.environment.lockstep() && d_burst != Burst::none) {
        const auto next = std::max(d_next, earliest());
        d_radio.environment.own().edge_ns =
            d_radio.time.ns_at(static_cast<double>(next - edge_margin));
        d_radio.environment.notify();
    }
}

std::int64_t TransmitStream::catch_up(std::int64_t count)
{
    const auto first = earliest();
    const auto missing = first - d_next;
    if (missing <= 0) {
        return 0;
    }
    const bool underflow = d_burst == Burst::running;
    if (!d_behind && (underflow || d_timed)) {
        d_behind = true;
        d_status.push({underflow ? SOAPY_SDR_UNDERFLOW : SOAPY_SDR_TIME_ERROR,
                       SOAPY_SDR_HAS_TIME,
                       d_next});
        if (underflow) {
            d_radio.counters.underflows++;
            d_underflow_warning(d_radio.label() + "underflow: ",
                                1,
                                "times samples were not there in time");
        }
    }
    if (!d_timed) {
        d_next =
            std::max(first, d_radio.time.first_sample_at(d_radio.now_ns() + lead_ns));
        return 0;
    }
    const auto dropped = std::min(missing, count);
    if (dropped > 0) {
        d_next += dropped;
        d_radio.counters.late += static_cast<std::uint64_t>(dropped);
        d_late_warning(d_radio.label() + "late: ",
                       static_cast<std::uint64_t>(dropped),
                       "samples came after their time and were dropped");
    }
    return dropped;
}

void TransmitStream::fill_gap(std::int64_t limit)
{
    if (d_fresh) {
        d_ring.restart(d_next);
        d_fresh = false;
    }
    d_ring.append_silence(std::min(d_next, limit));
}

void TransmitStream::append(const void* const* buffers,
                            std::int64_t from,
                            std::int64_t count)
{
    std::vector<const std::complex<float>*> samples(d_radio.channels(), nullptr);
    for (std::size_t k = 0; k < d_channels.size(); k++) {
        const auto channel = d_channels[k];
        auto* const scaled = d_scaled[channel].data();
        from_format(d_format, buffers[k], from, count, scaled);
        d_radio.counters.clipped +=
            static_cast<std::uint64_t>(d_radio.converter.convert(scaled, count));
        scale(scaled, count, d_radio.full_scale(channel));
        samples[channel] = scaled;
    }
    d_ring.append(samples.data(), count);
    d_next += count;
    d_burst = Burst::running;
    d_behind = false;
    set_edge();
}

void TransmitStream::wait(std::uint32_t progress,
                          std::int64_t count,
                          std::int64_t deadline_ns) const
{
    const auto& environment = d_radio.environment;
    if (environment.lockstep()) {
        environment.wait(progress, deadline_ns - steady_ns());
        if (environment.header().progress == progress) {
            environment.clear_away_the_dead();
        }
        return;
    }
    const auto room_ns = d_radio.time.ns_at(static_cast<double>(d_next + count)) -
                         d_radio.ahead_ns + environment.header().epoch_ns;
    sleep_until(std::min(room_ns + 1000, deadline_ns));
}

int TransmitStream::write(const void* const* buffers,
                          std::int64_t count,
                          bool end_of_burst,
                          std::optional<std::int64_t> time_ns,
                          long timeout_us)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_active) {
        return SOAPY_SDR_STREAM_ERROR;
    }
    const auto deadline_ns = deadline_after(timeout_us);
    if (time_ns) {
        begin_at(*time_ns);
    } else if (d_burst == Burst::none) {
        const bool aligned = d_radio.arguments.settings.start_s.has_value();
        begin(aligned ? std::optional<std::int64_t>(d_next) : std::nullopt);
    }
    std::int64_t done = 0;
    while (done < count && d_active) {
        const std::uint32_t progress = d_radio.environment.header().progress;
        const auto dropped = catch_up(count - done);
        done += dropped;
        if (dropped > 0) {
            continue;
        }
        const auto last = limit();
        if (last > any_sample) {
            fill_gap(last);
        }
        const auto wanted = std::min(count - done, stream_mtu);
        const auto room = std::max(last, d_next) - d_next;
        const bool over = steady_ns() >= deadline_ns;
        if (d_ring.next() == d_next && (room >= wanted || (over && room > 0))) {
            const auto chunk = std::min(room, wanted);
            append(buffers, done, chunk);
            done += chunk;
        } else if (over) {
            break;
        } else {
            wait(progress, wanted, deadline_ns);
        }
    }
    if (end_of_burst && done == count) {
        d_status.push({0, SOAPY_SDR_HAS_TIME | SOAPY_SDR_END_BURST, d_next});
        end_burst();
    }
    return static_cast<int>(done);
}

void TransmitStream::look_for_underflow()
{
    const std::unique_lock<std::mutex> lock(d_mutex, std::try_to_lock);
    if (lock.owns_lock() && d_burst == Burst::running &&
        !d_radio.environment.lockstep()) {
        catch_up(0);
    }
}

int TransmitStream::status(std::size_t& channel_mask,
                           int& flags,
                           long long& time_ns,
                           long timeout_us)
{
    const auto deadline_ns = deadline_after(timeout_us);
    while (true) {
        look_for_underflow();
        const auto left_ns = std::max<std::int64_t>(deadline_ns - steady_ns(), 0);
        const auto event = d_status.pop(
            std::chrono::nanoseconds(std::min(left_ns, longest_sleep_ns / 4)));
        if (event) {
            const bool due = (event->flags & SOAPY_SDR_END_BURST) == 0 ||
                             d_radio.time.ns_at(static_cast<double>(event->sample)) <=
                                 d_radio.now_ns();
            if (due) {
                channel_mask = d_mask;
                flags = event->flags;
                time_ns = d_radio.time.hardware_time(event->sample);
                return event->code;
            }
            d_status.put_back(*event); // the end of a burst that is yet to come
            if (left_ns > 0) {
                sleep_until(std::min(deadline_ns, steady_ns() + longest_sleep_ns / 4));
            }
        }
        if (left_ns == 0) {
            return SOAPY_SDR_TIMEOUT;
        }
    }
}

} // namespace cfisac::radio
