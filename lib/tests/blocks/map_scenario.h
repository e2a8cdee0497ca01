// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_TESTS_MAP_SCENARIO_H
#define INCLUDED_TESTS_MAP_SCENARIO_H

#include <cfisac/scenario/scenario.h>
#include <cfisac/scenario/yaml.h>
#include <string>

namespace gr {
namespace isac {
namespace test {

//! That of flowgraph.h, for tests that need nothing of LibTorch.
inline cfisac::Scenario map_scenario()
{
    return cfisac::load_scenario(std::string(CFISAC_SOURCE_DIR) +
                                 "/lib/tests/blocks/small.yml");
}

} // namespace test
} // namespace isac
} // namespace gr

#endif
