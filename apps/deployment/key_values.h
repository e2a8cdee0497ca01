// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_KEY_VALUES_H
#define INCLUDED_APPS_DEPLOYMENT_KEY_VALUES_H

#include <nlohmann/json.hpp>
#include <string>

namespace isac::apps {

/*! A line of values that programs read: "WORD key=value key=value …". Lists have commas between
 * their elements, true is 1 and false 0, and what there is none of is "-".
 * \param values an object of numbers, texts without spaces, booleans, nulls, and lists of these
 */
inline std::string key_values(const std::string& word,
                              const nlohmann::ordered_json& values)
{
    const auto text = [](const nlohmann::ordered_json& value) -> std::string {
        return value.is_null()      ? "-"
               : value.is_boolean() ? (value.get<bool>() ? "1" : "0")
               : value.is_string()  ? value.get<std::string>()
                                    : value.dump();
    };
    std::string line = word;
    for (const auto& [key, value] : values.items()) {
        std::string all;
        if (value.is_array()) {
            for (const auto& element : value) {
                all += (all.empty() ? "" : ",") + text(element);
            }
        } else {
            all = text(value);
        }
        line += " " + key + "=" + (all.empty() ? "-" : all);
    }
    return line;
}

} // namespace isac::apps

#endif
