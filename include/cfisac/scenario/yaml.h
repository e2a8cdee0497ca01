// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SCENARIO_YAML_H
#define INCLUDED_CFISAC_SCENARIO_YAML_H

#include <cfisac/scenario/scenario.h>
#include <string>

namespace cfisac {

/*! Read a scenario from YAML text.
 *
 * Every key is checked: an unknown, missing or doubled key, a value of the wrong type and
 * a value out of range are refused, and so are anchors, aliases, explicit tags, several
 * documents and texts of more than ScenarioLimits::file_bytes.
 * \param text YAML document
 * \param source how errors call the document, e.g. the file's name
 * \throws ScenarioError "SOURCE:LINE: KEY: …"
 */
Scenario parse_scenario(const std::string& text, const std::string& source = "scenario");

/*! Read a scenario file.
 * \throws ScenarioError also when the file cannot be read
 */
Scenario load_scenario(const std::string& path);

/*! Write a scenario as YAML that `parse_scenario` reads back to the same values.
 * \throws ScenarioError when the scenario is not valid, see validate()
 */
std::string to_yaml(const Scenario& scenario);

} // namespace cfisac

#endif
