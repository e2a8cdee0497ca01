// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SCENARIO_JSON_DEPTH_H
#define CFISAC_SCENARIO_JSON_DEPTH_H

#include <cstddef>
#include <string>

namespace cfisac::detail {

/*! Whether lists and objects of a JSON text stand within one another more than `most`
 * deep. To be asked before a text from elsewhere is parsed: values are written and compared
 * by functions that call themselves, and each list takes a hundred times its bracket.
 */
inline bool nested_deeper(const std::string& json, std::size_t most)
{
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > most) {
                return true;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

} // namespace cfisac::detail

#endif
