// SPDX-License-Identifier: GPL-3.0-or-later
//
// Device arguments of the virtual radio. What is accepted is in range, and its values give
// the same arguments when they are written out and read again. The scenario is always the
// same one: others are fuzz_scenario's business.

#include "fuzz.h"

#include "../radio/arguments.h"

#include <cmath>
#include <stdexcept>

namespace {

using namespace cfisac::radio;
using cfisac::fuzz::require;

const std::string scenario_file = CFISAC_SOURCE_DIR "/lib/tests/radio/small_radio.yml";

std::string text_of(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.17g", value);
    return text;
}

SoapySDR::Kwargs written(const Arguments& arguments)
{
    const auto& settings = arguments.settings;
    SoapySDR::Kwargs kwargs{
        {"scenario", scenario_file},
        {"access_point", arguments.access_point().name},
        {"environment", arguments.environment},
        {"time", settings.time == TimeMode::lockstep ? "lockstep" : "real"},
        {"scene", settings.scene == SceneMode::moving ? "moving" : "drawn"},
        {"seed", std::to_string(settings.seed)},
        {"noise_dbm", text_of(arguments.noise_dbm)},
        {"direct_path", arguments.direct_path ? "true" : "false"},
        {"clock_ppm", text_of(arguments.clock_ppm)},
        {"clock_offset_s", text_of(arguments.clock_offset_s)},
        {"clock_source", arguments.external_clock ? "external" : "internal"},
        {"time_source", arguments.external_time ? "external" : "internal"},
        {"bits", std::to_string(arguments.bits)}};
    if (settings.start_s) {
        kwargs["start_s"] = text_of(*settings.start_s);
    }
    if (settings.participants > 0) {
        kwargs["participants"] = std::to_string(settings.participants);
    }
    return kwargs;
}

bool same(const Arguments& a, const Arguments& b) { return written(a) == written(b); }

void check_ranges(const Arguments& arguments)
{
    const auto within = [](double value, double low, double high) {
        return value >= low && value <= high; // false for NaN
    };
    require(within(arguments.noise_dbm, -300.0, 100.0), "noise within its range");
    require(within(arguments.clock_ppm, -50.0, 50.0), "clock_ppm within its range");
    require(std::isfinite(arguments.clock_offset_s), "clock_offset_s is finite");
    require(within(arguments.bits, 2, 24), "bits within their range");
    require(within(arguments.settings.participants, 0, 512), "participants in range");
    require(within(arguments.settings.start_s.value_or(0.0), 0.0, 1e6),
            "start_s within its range");
    require(arguments.environment.find('/') == std::string::npos &&
                !arguments.environment.empty(),
            "an environment is no path");
}

//! What a number, a word or a name of ours cannot have in it.
bool has_null(const SoapySDR::Kwargs& kwargs, const SoapySDR::Kwargs& known)
{
    return std::any_of(kwargs.begin(), kwargs.end(), [&](const auto& argument) {
        return known.count(argument.first) != 0 &&
               argument.second.find('\0') != std::string::npos;
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    auto kwargs = SoapySDR::KwargsFromString(std::string(data, data + size));
    if (kwargs.count("scenario") != 0 && !kwargs["scenario"].empty()) {
        kwargs["scenario"] = scenario_file;
    }
    Arguments arguments;
    try {
        arguments = parse_arguments(kwargs);
    } catch (const std::runtime_error& error) {
        require(error.what()[0] != '\0', "an error says something");
        return 0;
    }
    check_ranges(arguments);
    const auto again = written(arguments);
    require(same(parse_arguments(again), arguments), "values give the same arguments");
    require(!has_null(kwargs, again), "a value is read to its end");
    return 0;
}
