// SPDX-License-Identifier: GPL-3.0-or-later
#include "yaml_map.h"
#include "detail.h"

#include <algorithm>
#include <charconv>

namespace cfisac::detail {
namespace {

//! Reads a decimal number and nothing else; false when `text` is not one, or not one that
//! the type holds.
template <typename T>
bool read_number(const std::string& text, T& value)
{
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
        ++begin;
    }
    const auto result = std::from_chars(begin, end, value);
    return result.ptr == end && begin != end && result.ec == std::errc();
}

//! YAML 1.1 reads 010 as eight, YAML 1.2 as ten.
bool is_octal(const std::string& text)
{
    const auto digit = text.find_first_not_of("+-");
    return digit != std::string::npos && text[digit] == '0' && digit + 1 < text.size();
}

bool is_not_finite(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    text.erase(0, text.find_first_not_of("+-"));
    text.erase(0, text.find_first_not_of("."));
    return text == "nan" || text == "inf" || text == "infinity";
}

std::string describe(const YAML::Node& node)
{
    if (node.IsMap()) {
        return "a mapping";
    }
    if (node.IsSequence()) {
        return "a list";
    }
    return node.IsScalar() ? quoted(node.Scalar()) : "empty";
}

std::string joined(Map::Keys first, Map::Keys second)
{
    std::string result;
    for (const auto& keys : {first, second}) {
        for (const char* key : keys) {
            result += (result.empty() ? "" : ", ") + std::string(key);
        }
    }
    return result;
}

} // namespace

int line_of(const YAML::Mark& mark) { return std::max(mark.line, 0) + 1; }

int Document::line(std::string key) const
{
    while (!key.empty()) {
        const auto found = d_lines.find(key);
        if (found != d_lines.end()) {
            return found->second;
        }
        const auto end = key.find_last_of(".[");
        key.resize(end == std::string::npos ? 0 : end);
    }
    return 1;
}

void Document::fail(int line, const std::string& text) const
{
    throw ScenarioError(d_source + ":" + std::to_string(line) + ": " + text);
}

void Document::fail_key(const std::string& key, const std::string& text) const
{
    fail(line(key), key + ": " + text);
}

Map::Map(Document& document,
         const YAML::Node& node,
         std::string key,
         Keys required,
         Keys optional)
    : d_document(document), d_key(std::move(key))
{
    if (!node.IsMap()) {
        d_document.fail(d_document.line(d_key),
                        (d_key.empty() ? "the document" : d_key + ":") +
                            " must be a mapping, is " + describe(node));
    }
    for (const auto& pair : node) {
        add(pair.first, pair.second, required, optional);
    }
    for (const char* name : required) {
        if (!has(name)) {
            d_document.fail_key(full(name), "the key is missing");
        }
    }
}

void Map::add(const YAML::Node& name,
              const YAML::Node& value,
              Keys required,
              Keys optional)
{
    const int line = line_of(name.Mark());
    const auto is_name = [&](const char* known) { return name.Scalar() == known; };
    if (!name.IsScalar()) {
        d_document.fail(line,
                        (d_key.empty() ? "" : d_key + ": ") +
                            "a key must be a text, is " + describe(name));
    }
    if (std::none_of(required.begin(), required.end(), is_name) &&
        std::none_of(optional.begin(), optional.end(), is_name)) {
        d_document.fail(line,
                        (d_key.empty() ? "" : d_key + ": ") + "unknown key " +
                            quoted(name.Scalar()) + ", known are " +
                            joined(required, optional));
    }
    if (!d_values.emplace(name.Scalar(), value).second) {
        d_document.fail(line, full(name.Scalar()) + ": the key is doubled");
    }
    d_document.record(full(name.Scalar()), line);
}

double Map::number(const char* name) const
{
    return to_number(d_values.at(name), full(name));
}

int Map::integer(const char* name) const
{
    const std::string key = full(name);
    const std::string& text = plain(d_values.at(name), key, "an integer");
    int value = 0;
    if (!read_number(text, value) || is_octal(text)) {
        d_document.fail_key(key, "must be a decimal integer, is " + quoted(text));
    }
    return value;
}

bool Map::flag(const char* name) const
{
    const std::string key = full(name);
    const std::string& text = plain(d_values.at(name), key, "true or false");
    if (text != "true" && text != "false") {
        d_document.fail_key(key, "must be true or false, is " + quoted(text));
    }
    return text == "true";
}

std::string Map::text(const char* name) const
{
    const auto& node = d_values.at(name);
    if (!node.IsScalar()) {
        d_document.fail_key(full(name), "must be a text, is " + describe(node));
    }
    return node.Scalar();
}

Coordinates Map::coordinates(const char* name) const
{
    Coordinates values;
    for (const auto& element : sequence(name, "a list of numbers")) {
        values.push_back(to_number(element, full(name)));
    }
    return values;
}

Box Map::box(const char* name) const
{
    const Map corners = map(name, {"min", "max"});
    return {corners.coordinates("min"), corners.coordinates("max")};
}

Map Map::map(const char* name, Keys required, Keys optional) const
{
    return Map(d_document, d_values.at(name), full(name), required, optional);
}

std::vector<Map> Map::maps(const char* name, Keys required, Keys optional) const
{
    std::vector<Map> result;
    for (const auto& element : sequence(name, "a list of mappings")) {
        const std::string key = element_key(full(name), result.size());
        d_document.record(key, line_of(element.Mark()));
        result.emplace_back(d_document, element, key, required, optional);
    }
    return result;
}

std::string Map::full(const std::string& name) const
{
    return d_key.empty() ? name : d_key + "." + name;
}

const std::string& Map::plain(const YAML::Node& node,
                              const std::string& key,
                              const std::string& wanted) const
{
    if (!node.IsScalar()) {
        d_document.fail_key(key, "must be " + wanted + ", is " + describe(node));
    }
    if (node.Tag() == "!") {
        d_document.fail_key(
            key, "must be " + wanted + ", is the text " + quoted(node.Scalar()));
    }
    return node.Scalar();
}

double Map::to_number(const YAML::Node& node, const std::string& key) const
{
    const std::string& text = plain(node, key, "a number");
    if (is_not_finite(text)) {
        d_document.fail_key(key, "must be a finite number, is " + quoted(text));
    }
    double value = 0.0;
    if (!read_number(text, value)) {
        d_document.fail_key(key,
                            "must be a number that a double holds, is " + quoted(text));
    }
    return value;
}

const YAML::Node& Map::sequence(const char* name, const std::string& wanted) const
{
    const auto& node = d_values.at(name);
    if (!node.IsSequence()) {
        d_document.fail_key(full(name), "must be " + wanted + ", is " + describe(node));
    }
    return node;
}

} // namespace cfisac::detail
