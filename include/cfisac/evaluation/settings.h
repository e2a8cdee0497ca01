// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_SETTINGS_H
#define INCLUDED_CFISAC_EVALUATION_SETTINGS_H

#include <string>

namespace cfisac::evaluation {

/*! Name the first member in which two JSON objects differ, with both values; empty where
 * they are equal. Members of members are named with a dot.
 */
std::string first_difference(const std::string& found, const std::string& expected);

} // namespace cfisac::evaluation

#endif
