// SPDX-License-Identifier: GPL-3.0-or-later
#include "arguments.h"
#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/converter.h>
#include <cfisac/signal/sample_channel.h>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <unistd.h>

namespace cfisac::radio {

namespace {

constexpr std::size_t max_name = 128;
constexpr double max_ppm = signal::RadioClock::most_ppm;
constexpr double max_offset_s = 1e6;
constexpr double max_start_s = 1e6;
constexpr int max_participants = 512;

[[noreturn]] void refuse(const std::string& name,
                         const std::string& value,
                         const std::string& expected)
{
    throw std::runtime_error("isac radio: " + name + "=" + value + ": must be " +
                             expected);
}

// The arguments by name, of which every one must be asked for.
class Reader
{
public:
    explicit Reader(const SoapySDR::Kwargs& given) : d_given(given) {}

    std::optional<std::string> text(const std::string& name)
    {
        d_known.insert(name);
        const auto found = d_given.find(name);
        if (found == d_given.end()) {
            return std::nullopt;
        }
        return found->second;
    }

    std::string required(const std::string& name, const std::string& meaning)
    {
        const auto value = text(name);
        if (!value || value->empty()) {
            throw std::runtime_error("isac radio: the argument " + name +
                                     " is missing: " + meaning);
        }
        return *value;
    }

    std::optional<double> number(const std::string& name, double low, double high)
    {
        const auto value = text(name);
        if (!value) {
            return std::nullopt;
        }
        char* end = nullptr;
        const double parsed = std::strtod(value->c_str(), &end);
        if (value->empty() || std::isspace(static_cast<unsigned char>(value->front())) ||
            end != value->c_str() + value->size() || !(parsed >= low && parsed <= high)) {
            refuse(name,
                   *value,
                   "a number from " + SoapySDR::SettingToString(low) + " to " +
                       SoapySDR::SettingToString(high));
        }
        return parsed;
    }

    template <typename Whole>
    std::optional<Whole> whole(const std::string& name, Whole low, Whole high)
    {
        const auto value = text(name);
        if (!value) {
            return std::nullopt;
        }
        Whole parsed{};
        const char* const last = value->data() + value->size();
        const auto [end, error] = std::from_chars(value->data(), last, parsed);
        if (error != std::errc() || end != last || parsed < low || parsed > high) {
            refuse(name,
                   *value,
                   "a whole number from " + std::to_string(low) + " to " +
                       std::to_string(high));
        }
        return parsed;
    }

    // Whether the value is `yes` and not `no`.
    std::optional<bool> choice(const std::string& name,
                               const std::string& yes,
                               const std::string& no)
    {
        const auto value = text(name);
        if (!value) {
            return std::nullopt;
        }
        if (*value != yes && *value != no) {
            refuse(name, *value, yes + " or " + no);
        }
        return *value == yes;
    }

    // After everything was asked for.
    void refuse_others() const
    {
        for (const auto& [name, value] : d_given) {
            // What SoapySDR and its tools add by themselves.
            static const std::set<std::string> ours{"driver", "type", "label", "remote"};
            if (d_known.count(name) == 0 && ours.count(name) == 0) {
                throw std::runtime_error("isac radio: there is no argument " + name +
                                         " (" + name + "=" + value + ")");
            }
        }
    }

private:
    const SoapySDR::Kwargs& d_given;
    std::set<std::string> d_known;
};

int find_access_point(const std::vector<AccessPoint>& points, const std::string& name)
{
    const auto found = std::find_if(points.begin(), points.end(), [&](const auto& point) {
        return point.name == name;
    });
    return found == points.end() ? -1 : static_cast<int>(found - points.begin());
}

void choose_access_point(Arguments& arguments, const std::string& name)
{
    const auto& scenario = arguments.scenario;
    arguments.index = find_access_point(scenario.transmit, name);
    arguments.transmit = arguments.index >= 0;
    if (!arguments.transmit) {
        arguments.index = find_access_point(scenario.receive, name);
    }
    if (arguments.index < 0) {
        std::string names;
        for (const auto* side : {&scenario.transmit, &scenario.receive}) {
            for (const auto& point : *side) {
                names += (names.empty() ? "" : ", ") + point.name;
            }
        }
        refuse("access_point", name, "one of " + names);
    }
}

std::string environment_name(const std::string& name)
{
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == '-';
    });
    if (name.empty() || name.size() > max_name || !plain) {
        refuse("environment",
               name,
               "1 to " + std::to_string(max_name) + " letters, digits, '.', '_' and '-'");
    }
    return name;
}

} // namespace

std::string default_environment() { return "default-" + std::to_string(getuid()); }

Arguments parse_arguments(const SoapySDR::Kwargs& given)
{
    Reader reader(given);
    Arguments arguments;
    arguments.scenario_path = reader.required("scenario", "the file of a scenario");
    const auto name =
        reader.required("access_point", "the name of one of the scenario's");
    arguments.environment =
        environment_name(reader.text("environment").value_or(default_environment()));

    auto& settings = arguments.settings;
    settings.time = reader.choice("time", "lockstep", "real").value_or(false)
                        ? TimeMode::lockstep
                        : TimeMode::real;
    settings.scene = reader.choice("scene", "moving", "drawn").value_or(false)
                         ? SceneMode::moving
                         : SceneMode::drawn;
    settings.seed = reader.whole<std::uint64_t>("seed", 0, UINT64_MAX).value_or(0);
    settings.start_s = reader.number("start_s", 0.0, max_start_s);
    const auto participants = reader.whole<int>("participants", 1, max_participants);
    settings.participants = participants.value_or(0);

    const auto noise_dbm = reader.number("noise_dbm", -300.0, 100.0);
    arguments.direct_path = reader.choice("direct_path", "true", "false").value_or(true);
    arguments.clock_ppm = reader.number("clock_ppm", -max_ppm, max_ppm).value_or(0.0);
    arguments.clock_offset_s =
        reader.number("clock_offset_s", -max_offset_s, max_offset_s).value_or(0.0);
    arguments.external_clock =
        reader.choice("clock_source", "external", "internal").value_or(false);
    arguments.external_time =
        reader.choice("time_source", "external", "internal").value_or(false);
    arguments.bits = reader
                         .whole<int>("bits",
                                     signal::Converter::fewest_bits,
                                     signal::Converter::most_bits)
                         .value_or(12);
    reader.refuse_others();

    if (participants && settings.time != TimeMode::lockstep) {
        refuse("participants",
               std::to_string(*participants),
               "left out, or time=lockstep: real time waits for nobody");
    }
    arguments.scenario = load_scenario(arguments.scenario_path);
    FrameTiming{arguments.scenario}; // refuses a scenario without radio
    choose_access_point(arguments, name);
    arguments.noise_dbm = noise_dbm.value_or(arguments.scenario.sensing_noise_dbm);
    return arguments;
}

} // namespace cfisac::radio
