// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/settings.h>
#include <nlohmann/json.hpp>

namespace cfisac::evaluation {

std::string first_difference(const std::string& found, const std::string& expected)
{
    const auto parse = [](const std::string& text) {
        const auto json =
            nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
        return json.empty() ? nlohmann::json::object() : json.flatten();
    };
    const auto one = parse(found), other = parse(expected);
    const auto show = [](const nlohmann::json& json, const std::string& key) {
        const auto value = json.find(key);
        return value == json.end() ? std::string("nothing") : value->dump();
    };
    for (const auto* side : {&other, &one}) {
        for (const auto& item : side->items()) {
            const auto a = show(one, item.key()), b = show(other, item.key());
            if (a != b) {
                auto name = item.key();
                name.erase(0, 1);
                for (auto& letter : name) {
                    letter = letter == '/' ? '.' : letter;
                }
                return name + " is " + a + " instead of " + b;
            }
        }
    }
    return "";
}

} // namespace cfisac::evaluation
