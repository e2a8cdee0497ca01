// SPDX-License-Identifier: GPL-3.0-or-later
#include "config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <yaml-cpp/yaml.h>

namespace isac::apps {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;

int line_of(const YAML::Mark& mark) { return std::max(mark.line, 0) + 1; }

//! Text of a file in an error: short, and without what controls a terminal.
std::string quoted(std::string text)
{
    constexpr std::size_t longest = 80;
    text = text.size() > longest ? text.substr(0, longest) + "..." : text;
    std::replace_if(
        text.begin(),
        text.end(),
        [](unsigned char c) { return c < 32 || c == 127; },
        '?');
    return "'" + text + "'";
}

std::string read(const std::string& path)
{
    std::ifstream stream(path, std::ios::binary);
    std::string text(most_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad()) {
        throw UsageError("--config " + path +
                         ": cannot be read: " + std::strerror(errno));
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most_bytes) {
        throw UsageError("--config " + path + ": is longer than " +
                         std::to_string(most_bytes) + " bytes");
    }
    return text;
}

//! One file of options.
class ConfigFile
{
public:
    ConfigFile(std::string path, const po::options_description& options)
        : d_path(std::move(path)), d_options(options)
    {
    }

    po::parsed_options parse() const
    {
        po::parsed_options parsed(&d_options);
        YAML::Node document;
        try {
            document = YAML::Load(read(d_path));
        } catch (const YAML::Exception& error) {
            fail(error.mark, error.msg);
        }
        if (!document.IsMap()) {
            throw UsageError("--config " + d_path +
                             ": must be a mapping of options, one a line");
        }
        std::set<std::string> seen;
        for (const auto& entry : document) {
            if (!entry.first.IsScalar()) {
                fail(entry.first.Mark(), "a key must be the name of an option");
            }
            const auto& key = entry.first.Scalar();
            if (!seen.insert(key).second) {
                fail(entry.first.Mark(), key + ": stands here twice");
            }
            add(key, entry.first.Mark(), entry.second, parsed);
        }
        return parsed;
    }

private:
    [[noreturn]] void fail(const YAML::Mark& mark, const std::string& text) const
    {
        throw UsageError(d_path + ":" + std::to_string(line_of(mark)) + ": " + text);
    }

    const po::option_description& option_of(const std::string& key,
                                            const YAML::Mark& mark) const
    {
        auto name = key;
        std::replace(name.begin(), name.end(), '_', '-');
        const auto* option = d_options.find_nothrow(name, false);
        const std::set<std::string> for_arguments{"config", "help", "version"};
        if (!option || key.find('-') != std::string::npos || for_arguments.count(name)) {
            fail(mark, "unknown key " + quoted(key));
        }
        return *option;
    }

    void add(const std::string& key,
             const YAML::Mark& mark,
             const YAML::Node& value,
             po::parsed_options& parsed) const
    {
        const auto& option = option_of(key, mark);
        const bool is_switch = option.semantic()->max_tokens() == 0;
        if (!value.IsScalar() || (is_switch && value.Tag() == "!")) {
            fail(mark,
                 key + ": want " + (is_switch ? "true or false" : "a single value"));
        }
        const auto& text = value.Scalar();
        if (is_switch && text != "true" && text != "false") {
            fail(mark, key + ": want true or false, not " + quoted(text));
        }
        po::option given(option.long_name(), {text});
        // Alone at first: an error of it belongs to this line.
        boost::any parsed_value;
        try {
            option.semantic()->parse(parsed_value, given.value, true);
        } catch (const po::error&) {
            fail(mark,
                 key + ": " + quoted(text) + " is not what --" + option.long_name() +
                     " takes");
        }
        parsed.options.push_back(std::move(given));
    }

    const std::string d_path;
    const po::options_description& d_options;
};

} // namespace

po::variables_map with_config_file(const po::variables_map& values,
                                   const po::options_description& options)
{
    auto merged = values;
    if (values.count("config")) {
        // What the command line has given is final and stays.
        po::store(ConfigFile(values["config"].as<std::string>(), options).parse(),
                  merged);
    }
    return merged;
}

} // namespace isac::apps
