// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"
#include "deployment/access_point.h"

#include <set>

namespace {

using namespace isac::apps;

Program program()
{
    Program p;
    p.name = "isac_access_point";
    p.usage = "--scenario FILE --access-point M (--radio ARGS | --recording FILE | "
              "--simulate)\n"
              "       (--model FILE | --scheme NAME) --central ADDRESS [options]\n"
              "       isac_access_point --config FILE [options]";
    p.summary =
        "A receive access point without a screen: echoes of a radio, a recording or a\n"
        "simulation, encoded or estimated from, and the packets sent to the central "
        "unit.\n"
        "It runs until SIGTERM or SIGINT, the end of the recording, or --frames; what "
        "is\n"
        "under way goes out then. A second signal ends it at once.\n"
        "\n"
        "Exit code: 0 after a clean stop, 1 when something failed, 2 for wrong "
        "arguments.";
    auto add = p.options.add_options();
    const auto text = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    const auto number = [](double value, const char* shown) {
        return po::value<Number>()->default_value(Number{value}, shown);
    };
    add_shared_options(p.options);
    add("access-point",
        po::value<Seed>()->value_name("M"),
        "which receive access point this is, from 0");
    add("radio", text("ARGS"), "SoapySDR device, e.g. driver=uhd,type=b200");
    add("recording", text("FILE"), "recording of this access point (SigMF)");
    add("simulate",
        po::bool_switch(),
        "scenes from the seed; frame k is the k-th interval since 1970, so that access "
        "points with the same seed have the same scenes");
    add("fast",
        po::bool_switch(),
        "simulation as fast as this machine can, with the frames 0, 1, 2, ...");
    add("gain-db", number(55.0, "55")->value_name("G"), "receive gain of the radio, dB");
    add("full-scale-dbm",
        number(-55.0, "-55")->value_name("P"),
        "power of the radio's full scale at the antenna, dBm");
    add("antenna", text("NAME"), "antenna port of the radio, its default unless given");
    add("clock-source",
        po::value<std::string>()->default_value("external")->value_name("NAME"),
        "where the radio's clock comes from; empty for the radio's default");
    add("time-source",
        po::value<std::string>()->default_value("external")->value_name("NAME"),
        "where the radio's time comes from; empty for the radio's default");
    add("start-time-s",
        number(1.0, "1")->value_name("T"),
        "when frame 0 starts by the radio's time, s; for --sync-mode time");
    add("sync-mode",
        po::value<std::string>()->default_value("preamble")->value_name("WORD"),
        "how frames of a radio or recording are found: time or preamble");
    add("static-clutter",
        po::value<std::string>()->default_value("direct")->value_name("WORD"),
        "what is removed of what stands still, with a radio or recording: none, direct "
        "(the direct paths) or projection (all that has no Doppler)");
    add("central",
        text("ADDRESS"),
        "of the central unit for this access point, "
        "tcp://HOST:PORT");
    add("server-key-file", text("FILE"), "NAME.pub of the central unit");
    add_service_options(p.options);
    return p;
}

//! Refuse options of another source than the one that is used.
EchoSource source_of(const po::variables_map& values)
{
    const bool radio = is_given(values, "radio");
    const bool recording = is_given(values, "recording");
    const bool simulation = is_given(values, "simulate");
    if (int(radio) + int(recording) + int(simulation) != 1) {
        throw UsageError("give one of --radio, --recording and --simulate");
    }
    std::set<std::string> others;
    if (!radio) {
        others = {"gain-db",
                  "full-scale-dbm",
                  "antenna",
                  "clock-source",
                  "time-source",
                  "start-time-s"};
    }
    if (simulation) {
        others.insert({"sync-mode", "static-clutter"});
    } else {
        others.insert("fast");
    }
    const std::string own = radio ? "radio" : recording ? "recording" : "simulate";
    for (const auto& option : others) {
        if (is_given(values, option)) {
            throw UsageError("--" + option + " is not for --" + own);
        }
    }
    if (recording && is_given(values, "seed")) {
        throw UsageError("--seed is not for --recording, which tells its own");
    }
    return radio       ? EchoSource::radio
           : recording ? EchoSource::recording
                       : EchoSource::simulation;
}

int access_point_of(const po::variables_map& values, const cfisac::Scenario& scenario)
{
    if (!values.count("access-point")) {
        throw UsageError("the option '--access-point' is required but missing");
    }
    const auto m = values["access-point"].as<Seed>().value;
    if (m >= scenario.receive.size()) {
        throw UsageError("--access-point " + std::to_string(m) +
                         ": the scenario has receive access points 0 to " +
                         std::to_string(scenario.receive.size() - 1));
    }
    return static_cast<int>(m);
}

AccessPointSettings settings_of(const po::variables_map& values)
{
    AccessPointSettings s;
    s.source = source_of(values);
    s.central = required(values, "central");
    s.queue = queue_of(values);
    s.compute = compute_of(values);
    s.frames = frames_of(values);
    s.security = word_of(values, "security", {"curve", "none"});
    s.sync_mode = word_of(values, "sync-mode", {"time", "preamble"});
    s.static_clutter =
        word_of(values, "static-clutter", {"none", "direct", "projection"});
    s.scenario_file = required(values, "scenario");
    s.scenario = deployed_scenario(values);
    s.access_point = access_point_of(values, s.scenario);
    if (s.source != EchoSource::simulation && !s.scenario.radio) {
        throw UsageError(s.scenario_file + ": has no section radio, which --radio and "
                                           "--recording need");
    }
    s.scheme = scheme_of(values, s.scenario);
    s.seed = values["seed"].as<Seed>().value;
    s.fast = values["fast"].as<bool>();
    s.recording = text_of(values, "recording");
    s.radio = {text_of(values, "radio"),
               values["gain-db"].as<Number>().value,
               text_of(values, "antenna"),
               text_of(values, "clock-source"),
               text_of(values, "time-source")};
    s.full_scale_dbm = values["full-scale-dbm"].as<Number>().value;
    s.start_time_s = values["start-time-s"].as<Number>().value;
    s.key_file = text_of(values, "key-file");
    s.server_key_file = text_of(values, "server-key-file");
    return s;
}

} // namespace

int main(int argc, char** argv)
{
    return run_service<AccessPoint>(program, settings_of, argc, argv);
}
