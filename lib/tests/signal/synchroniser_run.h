// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "antenna_samples.h"
#include <algorithm>
#include <cfisac/signal/synchronisation.h>

namespace cfisac::test {

constexpr int antennas = 2; // of every receive access point

struct Taken {
    std::vector<signal::SynchronisedFrame> frames;
    std::vector<std::vector<signal::Samples>> payloads; //!< [frame][antenna]
    std::vector<signal::SynchronisationEvent> events;

    std::int64_t count(signal::SynchronisationEvent::Kind kind) const
    {
        std::int64_t result = 0;
        for (const auto& event : events) {
            result += event.kind == kind ? 1 : 0;
        }
        return result;
    }
};

//! Push samples [first, last) in pieces, and read every frame in pieces.
inline void run(signal::Synchroniser& synchroniser,
                const std::vector<signal::Samples>& samples,
                std::size_t first,
                std::size_t last,
                Taken& taken)
{
    constexpr std::size_t piece = 3001;
    const auto payload =
        static_cast<std::size_t>(synchroniser.timing().payload_samples());
    std::size_t at = first;
    while (at < last || synchroniser.frame()) {
        if (const auto* frame = synchroniser.frame()) {
            taken.frames.push_back(*frame);
            std::vector<signal::Samples> out(samples.size(), signal::Samples(payload));
            for (std::size_t from = 0; from < payload;) {
                std::vector<std::complex<float>*> to;
                for (auto& antenna : out) {
                    to.push_back(antenna.data() + from);
                }
                from += synchroniser.read(to, std::min(piece, payload - from));
            }
            taken.payloads.push_back(std::move(out));
        } else {
            std::vector<const std::complex<float>*> from;
            for (const auto& antenna : samples) {
                from.push_back(antenna.data() + at);
            }
            at += synchroniser.push(from, std::min(piece, last - at));
        }
    }
    for (auto& event : synchroniser.take_events()) {
        taken.events.push_back(std::move(event));
    }
}

inline Taken run(signal::Synchroniser& synchroniser,
                 const std::vector<signal::Samples>& samples)
{
    Taken taken;
    run(synchroniser, samples, 0, samples[0].size(), taken);
    return taken;
}

//! A transmit access point whose frames are late by `timing` samples besides the direct
//! path's delay, and what its frequency is off by.
inline Heard heard(const Scenario& scenario, int n, double timing, double frequency_hz)
{
    Heard result;
    result.paths[0].delay = direct_delay(scenario, n, 0) + timing;
    result.frequency_hz = frequency_hz;
    return result;
}

} // namespace cfisac::test
