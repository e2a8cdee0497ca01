// SPDX-License-Identifier: GPL-3.0-or-later
#include "recordings.h"

#include <cfisac/scenario/yaml.h>
#include <sstream>

namespace isac::apps {
namespace {

using cfisac::recording::RecordingError;

std::string without_calibration(cfisac::Scenario scenario)
{
    for (auto& point : scenario.receive) {
        point.calibration = {};
    }
    return cfisac::to_yaml(scenario);
}

std::string trimmed(const std::string& line)
{
    const auto first = line.find_first_not_of(' ');
    return first == std::string::npos ? "" : line.substr(first);
}

} // namespace

std::string difference(const cfisac::Scenario& one, const cfisac::Scenario& other)
{
    std::istringstream ones(without_calibration(one));
    std::istringstream others(without_calibration(other));
    while (ones || others) {
        std::string a;
        std::string b;
        std::getline(ones, a);
        std::getline(others, b);
        if (a != b) {
            return "'" + trimmed(a) + "' and '" + trimmed(b) + "'";
        }
    }
    return "";
}

void require_receive(const cfisac::recording::Metadata& recording,
                     const std::string& file)
{
    if (!recording.setup.receive) {
        throw RecordingError(file + ": is of the transmit access point " +
                             recording.setup.own().name +
                             "; only those of receive access points are wanted");
    }
}

std::uint64_t payload_seed(const cfisac::recording::Metadata& recording,
                           const std::string& file)
{
    require_receive(recording, file);
    if (!recording.setup.seed) {
        throw RecordingError(file + ": isac:seed is missing, without which it is not "
                                    "known what was transmitted");
    }
    return *recording.setup.seed;
}

std::string missing_time(const cfisac::recording::Metadata& recording)
{
    if (!recording.setup.start_time_s) {
        return "isac:start_time_s, when frame 0 starts,";
    }
    return recording.captures.front().time ? "" : "isac:rx_time_seconds of its captures";
}

} // namespace isac::apps
