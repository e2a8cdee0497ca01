// SPDX-License-Identifier: GPL-3.0-or-later
#include "lockstep.h"
#include "file_lock.h"
#include <algorithm>

namespace cfisac::radio {

Lockstep::Lockstep(const Environment& environment, std::int64_t window_ns)
    : d_environment(environment), d_window_ns(window_ns)
{
}

std::int64_t Lockstep::frontier(bool own) const
{
    const auto& header = d_environment.header();
    if (!header.started) {
        return never_ns;
    }
    bool held = false;
    std::int64_t earliest = INT64_MAX;
    for (std::size_t n = 0; n < d_environment.transmitters(); n++) {
        const auto& slot = d_environment.transmitter(n);
        if (slot.holding && (own || &slot != &d_environment.own())) {
            held = true;
            earliest = std::min(earliest, slot.edge_ns.load());
        }
    }
    if (held) {
        return earliest;
    }
    const std::int64_t last = header.final_ns;
    return last == never_ns ? never_ns : last + drain_ns;
}

std::int64_t Lockstep::reach(std::int64_t wanted) const
{
    const auto first = std::min(wanted, frontier());
    raise_to(d_environment.header().horizon_ns, first);
    return std::min(first, frontier());
}

std::int64_t Lockstep::now() const
{
    return std::max(
        {std::int64_t{0}, frontier(false), d_environment.header().horizon_ns.load()});
}

std::int64_t Lockstep::hold() const
{
    auto& own = d_environment.own();
    if (!own.holding) {
        own.edge_ns = never_ns;
        own.holding = true;
    }
    return d_environment.header().horizon_ns;
}

void Lockstep::release() const
{
    auto& own = d_environment.own();
    if (own.holding) {
        raise_to(d_environment.header().final_ns, own.edge_ns);
        own.holding = false;
        d_environment.notify();
    }
}

std::int64_t Lockstep::transmit_limit() const
{
    std::int64_t earliest = d_environment.header().started ? frontier() : 0;
    for (std::size_t m = 0; m < d_environment.receivers(); m++) {
        const auto& slot = d_environment.receiver(m);
        if (slot.stream != StreamState::off) {
            earliest = std::min(earliest, slot.edge_ns.load());
        }
    }
    return earliest == never_ns ? never_ns : earliest + d_window_ns;
}

std::int64_t Lockstep::begin_receiving() const
{
    auto& own = d_environment.own();
    own.edge_ns = never_ns;
    own.stream = StreamState::starting;
    while (d_environment.header().started && is_anyone_about_to_hold()) {
        const std::uint32_t seen = d_environment.header().progress;
        if (is_anyone_about_to_hold()) {
            d_environment.wait(seen, INT64_MAX);
            d_environment.clear_away_the_dead();
        }
    }
    return now();
}

bool Lockstep::is_anyone_about_to_hold() const
{
    for (std::size_t n = 0; n < d_environment.transmitters(); n++) {
        const auto& slot = d_environment.transmitter(n);
        if (slot.holding && slot.edge_ns == never_ns) {
            return true;
        }
    }
    return false;
}

void Lockstep::join() const
{
    d_environment.own().stream = StreamState::on;
    d_environment.own().joined = true;
    auto& header = d_environment.header();
    if (!header.started) {
        int joined = 0;
        for (std::size_t index = 0; index < d_environment.slots(); index++) {
            joined += d_environment.slot(index).joined ? 1 : 0;
        }
        if (joined >= header.participants) {
            header.started = true;
        }
    }
    d_environment.notify();
}

} // namespace cfisac::radio
