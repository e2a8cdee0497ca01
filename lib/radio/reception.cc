// SPDX-License-Identifier: GPL-3.0-or-later
#include "reception.h"
#include "sample_ring.h"
#include <algorithm>
#include <cfisac/signal/calibration.h>
#include <memory>

namespace cfisac::radio {

namespace {

std::shared_ptr<signal::SceneSource> scenes_of(const Arguments& arguments)
{
    const auto& settings = arguments.settings;
    const double start_s = settings.start_s.value_or(0.0);
    if (settings.scene == SceneMode::moving) {
        return std::make_shared<signal::MovingScene>(
            arguments.scenario, settings.seed, start_s);
    }
    return std::make_shared<signal::DrawnScenes>(
        arguments.scenario, settings.seed, start_s);
}

signal::SampleChannelOptions options_of(const Arguments& arguments)
{
    signal::SampleChannelOptions options;
    options.direct_path = arguments.direct_path;
    options.noise_dbm = arguments.noise_dbm;
    options.seed = arguments.settings.seed;
    return options;
}

// A radio's clock reads its `offset_s` at environment time 0.
signal::RadioClock clock_of(double offset_s, double ppm)
{
    return {-offset_s / (1.0 + 1e-6 * ppm), ppm};
}

bool same(const signal::RadioClock& a, const signal::RadioClock& b)
{
    return a.offset_s == b.offset_s && a.ppm == b.ppm;
}

} // namespace

Reception::Reception(Radio& radio)
    : d_radio(radio),
      d_channel(radio.arguments.scenario,
                scenes_of(radio.arguments),
                options_of(radio.arguments)),
      d_transmit_clocks(radio.environment.transmitters()),
      d_receive_clocks(radio.environment.receivers()),
      d_response(radio.channels(), 1.0f)
{
    for (std::size_t a = 0; a < d_response.size(); a++) {
        d_response[a] = std::complex<float>(
            signal::channel_response(radio.arguments.access_point().calibration, a));
    }
}

void Reception::look_at_clocks()
{
    auto transmit = d_transmit_clocks;
    for (std::size_t n = 0; n < transmit.size(); n++) {
        const auto& slot = d_radio.environment.transmitter(n);
        transmit[n] = clock_of(slot.clock_offset_s, slot.clock_ppm);
    }
    auto receive = d_receive_clocks;
    receive[d_radio.arguments.index] =
        clock_of(d_radio.time.offset_s(), d_radio.time.ppm());
    if (!std::equal(transmit.begin(), transmit.end(), d_transmit_clocks.begin(), &same) ||
        !std::equal(receive.begin(), receive.end(), d_receive_clocks.begin(), &same)) {
        d_channel.set_clocks(transmit, receive);
        d_transmit_clocks = transmit;
        d_receive_clocks = receive;
    }
}

void Reception::read(int n,
                     std::int64_t first,
                     std::int64_t count,
                     std::complex<float>* const* antennas)
{
    for (std::size_t a = 0; a < d_radio.environment.antennas(); a++) {
        d_radio.counters.lost +=
            static_cast<std::uint64_t>(read_ring(d_radio.environment,
                                                 static_cast<std::size_t>(n),
                                                 a,
                                                 first,
                                                 count,
                                                 antennas[a]));
    }
}

void Reception::receive(std::int64_t start,
                        std::int64_t count,
                        std::vector<signal::Samples>& antennas)
{
    look_at_clocks();
    std::vector<std::complex<float>*> rows;
    for (auto& antenna : antennas) {
        rows.push_back(antenna.data());
    }
    d_channel.receive(d_radio.arguments.index, start, count, *this, rows.data());
    for (std::size_t a = 0; a < rows.size(); a++) {
        if (d_response[a] != 1.0f) {
            std::for_each(
                rows[a], rows[a] + count, [&](auto& sample) { sample *= d_response[a]; });
        }
    }
}

} // namespace cfisac::radio
