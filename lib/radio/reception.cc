// SPDX-License-Identifier: GPL-3.0-or-later
#include "reception.h"
#include "sample_ring.h"
#include <algorithm>
#include <cmath>

namespace cfisac::radio {

void Reception::receive(std::int64_t start,
                        std::int64_t count,
                        std::vector<std::vector<std::complex<float>>>& antennas)
{
    const auto& scenario = d_radio.arguments.scenario;
    const auto& receiver = d_radio.arguments.access_point();
    for (auto& antenna : antennas) {
        std::fill_n(antenna.begin(), count, std::complex<float>());
    }
    if (!d_radio.arguments.direct_path) {
        return;
    }
    Samples sent(count);
    for (std::size_t n = 0; n < scenario.transmit.size(); n++) {
        const auto& transmitter = scenario.transmit[n];
        double square = 0.0;
        for (int d = 0; d < scenario.dimensions; d++) {
            square += std::pow(receiver.position_m[d] - transmitter.position_m[d], 2);
        }
        const double distance = std::sqrt(square);
        const double gain_db = scenario.path_loss.reference_gain_db -
                               10.0 * scenario.path_loss.exponent *
                                   std::log10(distance /
                                              scenario.path_loss.reference_distance_m);
        const double delay_s = distance / speed_of_light;
        const auto factor = std::polar(static_cast<float>(std::pow(10.0, gain_db / 20.0)),
                                       static_cast<float>(std::remainder(
                                           -2.0 * M_PI * d_radio.timing.center_hz * delay_s,
                                           2.0 * M_PI)));
        const auto delay = std::llround(delay_s * d_radio.timing.sample_rate_hz);
        for (int a = 0; a < transmitter.antennas; a++) {
            d_radio.counters.lost += static_cast<std::uint64_t>(read_ring(
                d_radio.environment, n, a, start - delay, count, sent.data()));
            for (auto& antenna : antennas) {
                for (std::int64_t k = 0; k < count; k++) {
                    antenna[k] += factor * sent[k];
                }
            }
        }
    }
}

} // namespace cfisac::radio
