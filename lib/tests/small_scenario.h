// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/scenario/yaml.h>
#include <string>

namespace cfisac::test {

//! The shipped scenario `name` with the full path filled in.
inline Scenario example_scenario(const std::string& name)
{
    return load_scenario(std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/" + name +
                         ".yml");
}

//! lite.yml with fewer antennas and a 16 × 16 comb: quick to compute.
inline Scenario small_scenario()
{
    auto scenario = example_scenario("lite");
    scenario.name = "small";
    scenario.waveform.subcarrier_step = 16;
    scenario.waveform.symbol_step = 16;
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.antennas = 4;
        }
    }
    return scenario;
}

} // namespace cfisac::test
