// SPDX-License-Identifier: GPL-3.0-or-later
#include "example.h"

#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <set>

namespace cfisac {
namespace {

Scenario paper() { return load_scenario(test::example_path("paper.yml")); }

using Change = std::function<void(Scenario&)>;

TEST(Fingerprint, ChangesWithWhatAModelDependsOn)
{
    const std::vector<Change> changes = {
        [](auto&) {},
        [](auto& s) { s.dimensions = 3; },
        [](auto& s) { s.waveform.carrier_hz = std::nextafter(30e9, 31e9); },
        [](auto& s) { s.waveform.subcarrier_spacing_hz *= 2; },
        [](auto& s) { s.waveform.subcarriers = 512; },
        [](auto& s) { s.waveform.symbols = 512; },
        [](auto& s) { s.waveform.cyclic_prefix_s = 0; },
        [](auto& s) { s.waveform.subcarrier_step = 2; },
        [](auto& s) { s.waveform.symbol_step = 2; },
        [](auto& s) { s.waveform.modulation = Modulation::qpsk; },
        [](auto& s) { s.transmit[0].position_m[0] += 1; },
        [](auto& s) { s.transmit[1].position_m[0] += 1; },
        [](auto& s) {
            s.transmit[1].axis = {0, 1};
        },
        [](auto& s) { s.transmit[0].antennas = 15; },
        [](auto& s) { s.transmit[0].spacing_wavelengths = 0.25; },
        [](auto& s) { s.receive[0].position_m[1] += 1; },
        [](auto& s) {
            s.receive[1].axis = {0, 1};
        },
        [](auto& s) { s.receive[1].antennas = 15; },
        [](auto& s) { s.receive[1].spacing_wavelengths = 0.25; },
        [](auto& s) { s.transmit.pop_back(); },
        [](auto& s) { s.receive.pop_back(); },
        [](auto& s) { std::swap(s.transmit, s.receive); },
        [](auto& s) { std::swap(s.receive[0], s.receive[1]); },
        // The same access points and their order, divided differently.
        [](auto& s) {
            s.transmit.push_back(s.receive[0]);
            s.receive.erase(s.receive.begin());
        },
        [](auto& s) { s.path_loss.reference_gain_db -= 1; },
        [](auto& s) { s.path_loss.reference_distance_m = 2; },
        [](auto& s) { s.path_loss.exponent = 3; },
        [](auto& s) { s.targets.count = 3; },
        [](auto& s) { s.targets.area_m.min[0] = 1; },
        [](auto& s) { s.targets.area_m.max[1] = 99; },
        [](auto& s) { s.targets.velocity_mps.min[1] = -19; },
        [](auto& s) { s.targets.velocity_mps.max[0] = 19; },
    };
    std::set<std::uint64_t> prints;
    for (const auto& change : changes) {
        Scenario s = paper();
        change(s);
        prints.insert(fingerprint(s));
    }
    EXPECT_EQ(prints.size(), changes.size());
}

TEST(Fingerprint, KeepsWithWhatMayChangeWhileRunning)
{
    const std::vector<Change> changes = {
        [](auto& s) { s.name = "other"; },
        [](auto& s) { s.transmit[0].name = "other"; },
        [](auto& s) { s.transmit_power_dbm = 20; },
        [](auto& s) { s.sensing_noise_dbm = -100; },
        [](auto& s) { s.users.count = 2; },
        [](auto& s) { s.users.area_m.max[0] = 50; },
        [](auto& s) { s.users.rician_factor_db = 3; },
        [](auto& s) { s.users.multipath_components = 0; },
        [](auto& s) { s.users.noise_dbm = -80; },
        [](auto& s) { s.targets.reflection_variance = 2; },
        [](auto& s) { s.clutter.scatterers = 3; },
        [](auto& s) { s.clutter.area_m.max[0] = 50; },
        [](auto& s) { s.clutter.velocity_mps.max[0] = 1; },
        [](auto& s) { s.clutter.reflection_variance = 0.2; },
        [](auto& s) { s.clocks.timing_offset_std_s = 1e-9; },
        [](auto& s) { s.clocks.frequency_offset_std_hz = 1; },
        [](auto& s) { s.transmit[0].axis[1] = -0.0; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Scenario s = paper();
        changes[i](s);
        EXPECT_EQ(fingerprint(s), fingerprint(paper())) << "change " << i;
    }
}

//! Values of an independent implementation in Python (struct.pack and FNV-1a): models
//! that were trained keep fitting only as long as these stay.
TEST(Fingerprint, IsTheSameOnEveryMachine)
{
    Scenario s = paper();
    EXPECT_EQ(fingerprint(s), 0x22CDF62FD0B16FCBull);
    s.waveform.subcarrier_step = 8;
    s.waveform.symbol_step = 4;
    s.waveform.modulation = Modulation::qpsk;
    s.targets.count = 3;
    s.targets.area_m.max = {80.5, 90.25};
    EXPECT_EQ(fingerprint(s), 0xC9DB47FEF6351C1Eull);
}

} // namespace
} // namespace cfisac
