// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario/detail.h"
#include <cfisac/recording/sigmf.h>
#include <cfisac/scenario/frame_timing.h>

#include <algorithm>
#include <cmath>

namespace cfisac::recording {
namespace {

bool ends_with(const std::string& text, const std::string& end)
{
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // namespace

const char* to_string(Datatype datatype)
{
    return datatype == Datatype::cf32_le ? "cf32_le" : "ci16_le";
}

Datatype datatype_from_string(const std::string& word)
{
    for (const auto datatype : {Datatype::cf32_le, Datatype::ci16_le}) {
        if (word == to_string(datatype)) {
            return datatype;
        }
    }
    throw std::invalid_argument("datatype " + cfisac::detail::quoted(word) +
                                ": want cf32_le or ci16_le");
}

RadioTime RadioTime::plus(double later_s) const
{
    const double whole = std::floor(fraction + later_s);
    const double rest = fraction + later_s - whole;
    if (whole < 0.0 && -whole > static_cast<double>(seconds)) {
        return {};
    }
    RadioTime result{
        seconds + static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)), rest};
    if (result.fraction >= 1.0) { // a rounded sum of just below 1
        result = {result.seconds + 1, 0.0};
    }
    return result;
}

void validate(const Setup& setup)
{
    cfisac::validate(setup.scenario);
    const FrameTiming timing(setup.scenario);
    const auto& side = setup.receive ? setup.scenario.receive : setup.scenario.transmit;
    if (setup.access_point < 0 ||
        static_cast<std::size_t>(setup.access_point) >= side.size()) {
        throw std::invalid_argument(
            std::string(setup.receive ? "receive" : "transmit") + " access point " +
            std::to_string(setup.access_point) + ": the scenario has 0 to " +
            std::to_string(side.size() - 1));
    }
    const double watt = dbm_to_watt(setup.full_scale_dbm);
    if (!std::isfinite(watt) || !(watt > 0.0)) {
        throw std::invalid_argument(
            "full scale: " + std::to_string(setup.full_scale_dbm) +
            " dBm is not a power");
    }
    if (setup.start_time_s &&
        (!std::isfinite(*setup.start_time_s) || *setup.start_time_s < 0.0)) {
        throw std::invalid_argument("start time: " + std::to_string(*setup.start_time_s) +
                                    " s is not a time");
    }
}

void find_access_point(Setup& setup, const std::string& name)
{
    std::string names;
    for (const bool receive : {true, false}) {
        const auto& side = receive ? setup.scenario.receive : setup.scenario.transmit;
        const auto found = std::find_if(
            side.begin(), side.end(), [&](const auto& p) { return p.name == name; });
        if (found != side.end()) {
            setup.receive = receive;
            setup.access_point = static_cast<int>(found - side.begin());
            return;
        }
        for (const auto& point : side) {
            names += (names.empty() ? "" : ", ") + point.name;
        }
    }
    throw std::invalid_argument("access point " + cfisac::detail::quoted(name) +
                                " is none of " + names);
}

RecordingFiles recording_files(const std::string& path)
{
    const std::string metadata = ".sigmf-meta";
    const std::string data = ".sigmf-data";
    std::string name = path;
    for (const auto& end : {metadata, data}) {
        if (ends_with(path, end)) {
            name.resize(path.size() - end.size());
        }
    }
    return {name + metadata, name + data};
}

} // namespace cfisac::recording
