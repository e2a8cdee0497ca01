// SPDX-License-Identifier: GPL-3.0-or-later
#include "receive_stream.h"
#include "sleep.h"
#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <algorithm>

namespace cfisac::radio {

namespace {

// From the time of a sample to when it can be read: transmitters write until the last
// moment.
constexpr std::int64_t latency_ns = 2'000'000;
constexpr std::int64_t watch_every_ns = 1'000'000'000;

} // namespace

ReceiveStream::ReceiveStream(Radio& radio,
                             std::vector<std::size_t> channels,
                             Format format)
    : d_radio(radio),
      d_channels(std::move(channels)),
      d_format(format),
      d_reception(radio),
      d_received(radio.channels(), std::vector<std::complex<float>>(stream_mtu))
{
}

ReceiveStream::~ReceiveStream() { deactivate(); }

int ReceiveStream::activate(std::optional<std::int64_t> time_ns, std::int64_t count)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (d_active) {
        return 0;
    }
    auto& own = d_radio.environment.own();
    own.clock_ppm = d_radio.time.ppm();
    own.clock_offset_s = d_radio.time.offset_s();
    const bool lockstep = d_radio.environment.lockstep();
    const auto now = lockstep ? d_radio.lockstep.begin_receiving() : d_radio.now_ns();
    d_next = d_radio.time.first_sample_at(now);
    if (time_ns) {
        const auto start = d_radio.time.sample_of(*time_ns);
        if (start < d_next) {
            own.stream = StreamState::off;
            d_radio.environment.notify();
            return SOAPY_SDR_TIME_ERROR;
        }
        d_next = start;
    }
    d_end = count > 0 ? d_next + count : INT64_MAX;
    set_edge();
    d_active = true;
    if (lockstep) {
        d_radio.lockstep.join();
    } else {
        own.stream = StreamState::on;
    }
    return 0;
}

int ReceiveStream::deactivate()
{
    d_active = false; // before the lock: a read that waits gives up
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_radio.environment.own().stream = StreamState::off;
    d_radio.environment.notify();
    return 0;
}

void ReceiveStream::set_edge() const
{
    if (d_radio.environment.lockstep()) {
        d_radio.environment.own().edge_ns =
            d_radio.time.ns_at(static_cast<double>(d_next));
        d_radio.environment.notify();
    }
}

std::int64_t ReceiveStream::available(std::int64_t wanted) const
{
    std::int64_t until_ns = d_radio.now_ns() - latency_ns;
    if (d_radio.environment.lockstep()) {
        const auto last = d_radio.time.ns_at(static_cast<double>(d_next + wanted - 1));
        until_ns = d_radio.lockstep.reach(last);
        if (until_ns == never_ns) {
            return 0;
        }
    }
    const auto there = d_radio.time.last_sample_at(until_ns) + 1 - d_next;
    return std::clamp<std::int64_t>(there, 0, wanted);
}

bool ReceiveStream::overflows()
{
    if (d_radio.environment.lockstep()) {
        return false;
    }
    const auto now = d_radio.now_ns();
    if (d_radio.time.ns_at(static_cast<double>(d_next)) >= now - d_radio.behind_ns) {
        return false;
    }
    const auto missed = d_radio.time.first_sample_at(now) - d_next;
    d_next += missed;
    d_radio.counters.overflows++;
    d_overflow_warning(d_radio.label() + "overflow: ",
                       static_cast<std::uint64_t>(missed),
                       "samples were not read in time and are lost");
    return true;
}

void ReceiveStream::wait(std::uint32_t progress,
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
    const auto there_ns = d_radio.time.ns_at(static_cast<double>(d_next + count)) +
                          latency_ns + environment.header().epoch_ns;
    sleep_until(std::min(there_ns, deadline_ns));
}

void ReceiveStream::deliver(void* const* buffers, std::int64_t count)
{
    d_reception.receive(d_next, count, d_received);
    for (std::size_t k = 0; k < d_channels.size(); k++) {
        const auto channel = d_channels[k];
        auto* const samples = d_received[channel].data();
        scale(samples, count, 1.0f / d_radio.full_scale(channel));
        d_radio.counters.clipped +=
            static_cast<std::uint64_t>(d_radio.converter.convert(samples, count));
        to_format(d_format, samples, count, buffers[k]);
    }
    d_next += count;
    set_edge();
}

int ReceiveStream::read(void* const* buffers,
                        std::int64_t count,
                        int& flags,
                        long long& time_ns,
                        long timeout_us)
{
    const auto deadline_ns = deadline_after(timeout_us);
    while (!d_active) {
        if (steady_ns() >= deadline_ns) {
            return SOAPY_SDR_TIMEOUT;
        }
        sleep_until(deadline_ns);
    }
    const std::lock_guard<std::mutex> lock(d_mutex);
    const auto now_ns = steady_ns();
    if (now_ns - d_watched_ns > watch_every_ns) {
        d_watched_ns = now_ns;
        d_radio.environment.clear_away_the_dead();
    }
    flags = 0;
    std::int64_t there = 0;
    while (true) {
        const auto wanted = std::min({count, stream_mtu, d_end - d_next});
        if (!d_active || wanted <= 0) {
            return SOAPY_SDR_TIMEOUT;
        }
        const std::uint32_t progress = d_radio.environment.header().progress;
        if (overflows()) {
            flags = SOAPY_SDR_HAS_TIME;
            time_ns = d_radio.time.hardware_time(d_next);
            return SOAPY_SDR_OVERFLOW;
        }
        there = available(wanted);
        const bool over = steady_ns() >= deadline_ns;
        if (there == wanted || (over && there > 0)) {
            break;
        }
        if (over) {
            return SOAPY_SDR_TIMEOUT;
        }
        wait(progress, wanted, deadline_ns);
    }
    flags = SOAPY_SDR_HAS_TIME;
    time_ns = d_radio.time.hardware_time(d_next);
    deliver(buffers, there);
    if (d_next == d_end) {
        flags |= SOAPY_SDR_END_BURST;
        d_active = false;
        d_radio.environment.own().stream = StreamState::off;
        d_radio.environment.notify();
    }
    return static_cast<int>(there);
}

} // namespace cfisac::radio
