// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SCENARIO_YAML_MAP_H
#define INCLUDED_CFISAC_SCENARIO_YAML_MAP_H

#include <cfisac/scenario/scenario.h>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>
#include <yaml-cpp/yaml.h>

namespace cfisac::detail {

//! Line of a mark, counted from 1.
int line_of(const YAML::Mark& mark);

//! Where the values of a document stand, and how errors call them.
class Document
{
public:
    explicit Document(std::string source) : d_source(std::move(source)) {}

    void record(const std::string& key, int line) { d_lines[key] = line; }

    //! Line of a key, or of the closest recorded key that contains it, or 1.
    int line(std::string key) const;

    //! \throws ScenarioError "SOURCE:LINE: TEXT"
    [[noreturn]] void fail(int line, const std::string& text) const;
    //! \throws ScenarioError "SOURCE:LINE: KEY: TEXT"
    [[noreturn]] void fail_key(const std::string& key, const std::string& text) const;

private:
    std::string d_source;
    std::map<std::string, int> d_lines;
};

/*! A mapping of the document with every key checked when it is made.
 *
 * Every member throws ScenarioError naming line and key when the value is not of the type
 * asked for. Ranges are the business of validate().
 */
class Map
{
public:
    using Keys = std::initializer_list<const char*>;

    /*!
     * \param document where lines are recorded; must outlive the map
     * \param node the mapping
     * \param key full name of the mapping, e.g. `users.area_m`; empty for the document
     * \param required keys that must be there
     * \param optional keys that may be there; any other key is refused
     */
    Map(Document& document,
        const YAML::Node& node,
        std::string key,
        Keys required,
        Keys optional = {});

    bool has(const char* name) const { return d_values.count(name) != 0; }
    double number(const char* name) const;
    int integer(const char* name) const;
    bool flag(const char* name) const;
    std::string text(const char* name) const;
    Coordinates coordinates(const char* name) const;
    Box box(const char* name) const;
    Map map(const char* name, Keys required, Keys optional = {}) const;
    std::vector<Map> maps(const char* name, Keys required, Keys optional = {}) const;

private:
    void add(const YAML::Node& name,
             const YAML::Node& value,
             Keys required,
             Keys optional);
    std::string full(const std::string& name) const;
    //! Text of an unquoted scalar.
    const std::string& plain(const YAML::Node& node,
                             const std::string& key,
                             const std::string& wanted) const;
    double to_number(const YAML::Node& node, const std::string& key) const;
    const YAML::Node& sequence(const char* name, const std::string& wanted) const;

    Document& d_document;
    std::string d_key;
    std::map<std::string, YAML::Node> d_values;
};

} // namespace cfisac::detail

#endif
