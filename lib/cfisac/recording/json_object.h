// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_RECORDING_JSON_OBJECT_H
#define INCLUDED_CFISAC_RECORDING_JSON_OBJECT_H

#include <cfisac/recording/sigmf.h>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cfisac::recording {

/*! A JSON object whose values are checked when they are asked for. Errors are
 * RecordingError "WHERE: KEY: …".
 */
class JsonObject
{
public:
    //! \param where how errors call it, with the file's name
    JsonObject(const nlohmann::json& json, const std::string& where)
        : d_json(json), d_where(where)
    {
        if (!json.is_object()) {
            throw RecordingError(where + ": want an object, got " + json.type_name());
        }
    }

    [[noreturn]] void refuse(const char* key, const std::string& what) const
    {
        throw RecordingError(d_where + ": " + key + ": " + what);
    }

    bool has(const char* key) const { return d_json.contains(key); }

    const nlohmann::json& at(const char* key) const
    {
        const auto found = d_json.find(key);
        if (found == d_json.end()) {
            refuse(key, "is missing");
        }
        return *found;
    }

    std::string text(const char* key) const
    {
        const auto& value = at(key);
        if (!value.is_string()) {
            refuse(key, std::string("want a text, got ") + value.type_name());
        }
        return value.get<std::string>();
    }

    //! Empty where the key is missing.
    std::string text_or_empty(const char* key) const { return has(key) ? text(key) : ""; }

    double number(const char* key) const
    {
        const auto& value = at(key);
        if (!value.is_number() || !std::isfinite(value.get<double>())) {
            refuse(key,
                   std::string("want a number, got ") +
                       (value.is_number() ? value.dump() : value.type_name()));
        }
        return value.get<double>();
    }

    std::optional<double> optional_number(const char* key) const
    {
        return has(key) ? std::optional(number(key)) : std::nullopt;
    }

    //! A whole number from 0 to `most`.
    std::uint64_t count(const char* key, std::uint64_t most) const
    {
        const auto& value = at(key);
        if (!value.is_number_unsigned()) {
            refuse(key,
                   std::string("want a whole number, got ") +
                       (value.is_number() ? value.dump() : value.type_name()));
        }
        const auto number = value.get<std::uint64_t>();
        if (number > most) {
            refuse(key, std::to_string(number) + " is more than " + std::to_string(most));
        }
        return number;
    }

    std::optional<std::uint64_t> optional_count(const char* key, std::uint64_t most) const
    {
        return has(key) ? std::optional(count(key, most)) : std::nullopt;
    }

    //! A list of at most `most` entries; empty where the key is missing.
    const nlohmann::json& list(const char* key, std::size_t most) const
    {
        static const auto none = nlohmann::json::array();
        if (!has(key)) {
            return none;
        }
        const auto& value = at(key);
        if (!value.is_array()) {
            refuse(key, std::string("want a list, got ") + value.type_name());
        }
        if (value.size() > most) {
            refuse(key, std::to_string(value.size()) + " entries are too many");
        }
        return value;
    }

private:
    const nlohmann::json& d_json;
    const std::string d_where;
};

} // namespace cfisac::recording

#endif
