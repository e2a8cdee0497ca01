// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TESTS_SCENARIO_EXAMPLE_H
#define INCLUDED_CFISAC_TESTS_SCENARIO_EXAMPLE_H

#include <cfisac/scenario/yaml.h>
#include <fstream>
#include <iterator>
#include <string>

namespace cfisac::test {

//! Path of an example scenario, e.g. of `paper.yml`.
inline std::string example_path(const std::string& file)
{
    return std::string(CFISAC_SOURCE_DIR) + "/examples/scenarios/" + file;
}

//! Text of an example scenario.
inline std::string example_text(const std::string& file)
{
    std::ifstream stream(example_path(file), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

//! Text of the ScenarioError that `action` throws; empty when it throws none.
template <typename Action>
std::string scenario_error(Action action)
{
    try {
        action();
    } catch (const ScenarioError& e) {
        return e.what();
    }
    return "";
}

} // namespace cfisac::test

#endif
