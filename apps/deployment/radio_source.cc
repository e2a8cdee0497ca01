// SPDX-License-Identifier: GPL-3.0-or-later
#include "radio_source.h"
#include "common.h"

#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cfisac/scenario/frame_timing.h>
#include <map>
#include <stdexcept>
#include <vector>

#ifdef ISAC_SOAPY
#include <gnuradio/soapy/source.h>
#endif

namespace isac::apps {

#ifdef ISAC_SOAPY

namespace {

//! As gr-isac's Python has it in radio.device_arguments().
std::string completed(const std::string& device,
                      const std::string& scenario_file,
                      const std::string& access_point)
{
    std::vector<std::string> parts;
    boost::algorithm::split(parts, device, [](char c) { return c == ','; });
    std::map<std::string, std::string> given;
    for (const auto& part : parts) {
        const auto equal = part.find('=');
        if (equal != std::string::npos) {
            given[boost::algorithm::trim_copy(part.substr(0, equal))] =
                boost::algorithm::trim_copy(part.substr(equal + 1));
        }
    }
    std::string arguments = device;
    if (given.count("driver") && given["driver"] == "isac") {
        if (!given.count("scenario")) {
            arguments += ",scenario=" + scenario_file;
        }
        if (!given.count("access_point")) {
            arguments += ",access_point=" + access_point;
        }
    }
    return arguments;
}

} // namespace

gr::basic_block_sptr make_radio_source(const cfisac::Scenario& scenario,
                                       const std::string& scenario_file,
                                       int access_point,
                                       const RadioSettings& settings)
{
    const auto& point = scenario.receive.at(static_cast<std::size_t>(access_point));
    const auto channels = static_cast<std::size_t>(point.total_antennas());
    const cfisac::FrameTiming timing(scenario);
    const auto device = completed(settings.device, scenario_file, point.name);
    try {
        const auto source = gr::soapy::source::make(device,
                                                    "fc32",
                                                    channels,
                                                    "",
                                                    "",
                                                    std::vector<std::string>(channels),
                                                    std::vector<std::string>(channels));
        if (!settings.clock_source.empty()) {
            source->set_clock_source(settings.clock_source);
        }
        if (!settings.time_source.empty()) {
            source->set_time_source(settings.time_source);
        }
        for (std::size_t channel = 0; channel < channels; ++channel) {
            source->set_sample_rate(channel, timing.sample_rate_hz);
            source->set_frequency(channel, timing.center_hz);
            source->set_gain(channel, settings.gain_db);
            if (!settings.antenna.empty()) {
                source->set_antenna(channel, settings.antenna);
            }
        }
        return source;
    } catch (const std::exception& error) {
        throw std::runtime_error(
            "radio " + device + ": " + error.what() +
            " (SoapySDRUtil --find lists the radios that are there)");
    }
}

#else

gr::basic_block_sptr make_radio_source(const cfisac::Scenario&,
                                       const std::string&,
                                       int,
                                       const RadioSettings&)
{
    throw UsageError("--radio: this program was built without gr-soapy");
}

#endif

} // namespace isac::apps
