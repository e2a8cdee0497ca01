// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/estimators/geometry.h>
#include <cfisac/estimators/paths.h>
#include <cmath>

namespace cfisac::estimators {

namespace {

struct Tolerance {
    Tolerance(const Scenario& scenario, std::size_t receiver)
    {
        const auto& array = scenario.receive[receiver];
        const auto& waveform = scenario.waveform;
        cosine = 0.5 / (array.antennas * array.spacing_wavelengths);
        range_m =
            speed_of_light / (waveform.subcarrier_spacing_hz * waveform.subcarrier_step *
                              waveform.sensed_subcarriers());
        rate_mps =
            waveform.wavelength_m() / (waveform.symbol_duration_s() *
                                       waveform.symbol_step * waveform.sensed_symbols());
    }
    double cosine;
    double range_m;
    double rate_mps;
};

struct PlacedPath {
    PathParameters path;
    std::array<double, 2> place;
};

} // namespace

std::vector<PathParameters> strongest_of_targets(const Scenario& scenario,
                                                 std::size_t receiver,
                                                 std::vector<FoundPath> found,
                                                 std::size_t count)
{
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.power > b.power;
    });
    std::vector<PlacedPath> kept;
    const Tolerance tolerance(scenario, receiver);
    for (const auto& candidate : found) {
        if (kept.size() == count) {
            break;
        }
        const auto& path = candidate.path;
        const auto place = location_of_path(scenario, receiver, path);
        if (!place) {
            continue;
        }
        const auto of_same_target = [&](const PlacedPath& other) {
            const auto expected =
                path_of_location(scenario, receiver, path.transmitter, other.place);
            return std::abs(path.cosine - expected.cosine) < tolerance.cosine &&
                   std::abs(path.range_m - expected.range_m) < tolerance.range_m &&
                   (path.transmitter != other.path.transmitter ||
                    std::abs(path.range_rate_mps - other.path.range_rate_mps) <
                        tolerance.rate_mps);
        };
        if (std::none_of(kept.begin(), kept.end(), of_same_target)) {
            kept.push_back({path, *place});
        }
    }
    std::vector<PathParameters> paths;
    for (const auto& one : kept) {
        paths.push_back(one.path);
    }
    return paths;
}

} // namespace cfisac::estimators
