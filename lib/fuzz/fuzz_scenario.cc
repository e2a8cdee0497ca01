// SPDX-License-Identifier: GPL-3.0-or-later
//
// Scenarios in YAML. What is accepted is valid and is written as a text that gives the same
// scenario; what is refused, is refused with a text that can be shown.

#include "fuzz.h"
#include "same_scenario.h"

#include <cfisac/scenario/yaml.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cfisac;
    using fuzz::require;
    const std::string text(data, data + size);
    Scenario scenario;
    try {
        scenario = parse_scenario(text);
    } catch (const ScenarioError& error) {
        require(fuzz::is_plain_text(error.what()), "an error text can be shown");
        return 0;
    }
    const auto yaml = to_yaml(scenario); // validates
    const auto again = parse_scenario(yaml);
    require(fuzz::same(again, scenario), "YAML gives the same scenario");
    require(to_yaml(again) == yaml, "the same scenario gives the same YAML");
    require(fingerprint(again) == fingerprint(scenario), "and has the same fingerprint");
    return 0;
}
