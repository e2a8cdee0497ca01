// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.h"
#include "common.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace isac::apps {
namespace {

double frames_per_second(const Simulation& simulation, const Timing& timing)
{
    return static_cast<double>(simulation.frames()) / timing.seconds;
}

double real_time_factor(const Simulation& simulation, const Timing& timing)
{
    return frames_per_second(simulation, timing) *
           simulation.receiver().scenario().waveform.interval_s();
}

void print_row(const std::string& name, const std::string& value)
{
    std::printf("%-28s%s\n", name.c_str(), value.c_str());
}

void print_rows(const Rows& rows)
{
    for (const auto& [name, value] : rows) {
        print_row(name, value);
    }
}

std::string fronthaul_text(const Receiver& receiver)
{
    if (receiver.fronthaul_bits() == 0) {
        return "0 bit";
    }
    const auto bits = static_cast<double>(receiver.fronthaul_bits());
    const auto raw = static_cast<double>(receiver.scenario().raw_echo_bits());
    char text[128];
    std::snprintf(text,
                  sizeof(text),
                  "%s bit per access point, %.4g %% of the raw echo (%.0f times less)",
                  grouped(receiver.fronthaul_bits()).c_str(),
                  100.0 * bits / raw,
                  raw / bits);
    return text;
}

} // namespace

void print_report(const Simulation& simulation, const Timing& timing)
{
    const auto& receiver = simulation.receiver();
    const auto scores = simulation.meter().scores();
    std::printf("%s\n", simulation.meter().table().c_str());
    char text[128];
    std::snprintf(text,
                  sizeof(text),
                  "%s (%s lost), %.1f per second, %.3f of real time",
                  grouped(static_cast<std::int64_t>(scores.at("frames"))).c_str(),
                  grouped(static_cast<std::int64_t>(scores.at("frames_lost"))).c_str(),
                  frames_per_second(simulation, timing),
                  real_time_factor(simulation, timing));
    print_row("frames", text);
    print_rows(receiver.codebook_rows());
    const auto calibration = simulation.meter().calibration();
    std::snprintf(text,
                  sizeof(text),
                  "%.3f on average; %.3f within 5 m (%.1f %%), %.3f beyond",
                  calibration.at("confidence_mean"),
                  calibration.at("confidence_mean_within_5m"),
                  100.0 * calibration.at("location_within_5m"),
                  calibration.at("confidence_mean_beyond_5m"));
    print_row("confidence", text);
    print_row("fronthaul per update", fronthaul_text(receiver));
    print_rows(receiver.coding_rows());
    print_row("reference per update",
              grouped(receiver.reference_bits()) + " bit per access point (" +
                  receiver.reference() + ")");
    if (timing.real_time) {
        std::snprintf(text,
                      sizeof(text),
                      "%.3f ms in the median, %.3f ms at the 99th percentile",
                      1e3 * receiver.latency_s(0.5),
                      1e3 * receiver.latency_s(0.99));
        print_row("latency", text);
        print_row("behind real time",
                  grouped(simulation.frames_skipped()) + " frames skipped, " +
                      grouped(simulation.channel().intervals_missed()) +
                      " intervals without a frame");
    }
    std::fflush(stdout);
}

nlohmann::ordered_json to_json(const Simulation& simulation, const Timing& timing)
{
    const auto& receiver = simulation.receiver();
    const auto scores = nlohmann::ordered_json::parse(simulation.meter().to_json());
    nlohmann::ordered_json json;
    json["frames"] = scores.at("frames");
    json["frames_lost"] = scores.at("frames_lost");
    json["frames_per_second"] = frames_per_second(simulation, timing);
    json["real_time_factor"] = real_time_factor(simulation, timing);
    json.update(scores);
    json["fronthaul_bits_per_update"] = receiver.fronthaul_bits();
    json["reference_bits_per_update"] = receiver.reference_bits();
    json["raw_echo_bits_per_update"] = receiver.scenario().raw_echo_bits();
    receiver.add_figures(json);
    const auto calibration = simulation.meter().calibration();
    for (const auto* key : {"confidence_mean",
                            "location_within_5m",
                            "confidence_mean_within_5m",
                            "confidence_mean_beyond_5m"}) {
        json[key] = calibration.at(key); // null where it is NaN
    }
    json["host_copies"] = simulation.host_copies();
    json["host_copied_bytes"] = simulation.host_copied_bytes();
    if (timing.real_time) {
        json["latency_median_ms"] = 1e3 * receiver.latency_s(0.5);
        json["latency_p99_ms"] = 1e3 * receiver.latency_s(0.99);
        json["frames_skipped"] = simulation.frames_skipped();
        json["intervals_missed"] = simulation.channel().intervals_missed();
    }
    return json;
}

} // namespace isac::apps
