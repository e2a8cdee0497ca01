// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.h"
#include "common.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace isac::apps {
namespace {

//! How fast frames went through; as fast as they come is a factor of 1.
struct Speed {
    double frames_per_second;
    double real_time_factor;
};

Speed speed_of(double frames, double seconds, double frame_s)
{
    const double rate = frames / seconds;
    return {rate, rate * frame_s};
}

Speed speed_of(const Simulation& simulation, const Timing& timing)
{
    return speed_of(static_cast<double>(simulation.frames()),
                    timing.seconds,
                    simulation.receiver().scenario().waveform.interval_s());
}

Speed speed_of(const Replay& replay, double seconds)
{
    return speed_of(static_cast<double>(replay.frames()),
                    seconds,
                    replay.receiver().scenario().radio->frame_period_s);
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

std::string frames_text(double frames, double lost, const Speed& speed)
{
    char text[128];
    std::snprintf(text,
                  sizeof(text),
                  "%s (%s lost), %.1f per second, %.3f of real time",
                  grouped(static_cast<std::int64_t>(frames)).c_str(),
                  grouped(static_cast<std::int64_t>(lost)).c_str(),
                  speed.frames_per_second,
                  speed.real_time_factor);
    return text;
}

void print_confidence(const gr::isac::error_meter& meter)
{
    const auto calibration = meter.calibration();
    char text[128];
    std::snprintf(text,
                  sizeof(text),
                  "%.3f on average; %.3f within 5 m (%.1f %%), %.3f beyond",
                  calibration.at("confidence_mean"),
                  calibration.at("confidence_mean_within_5m"),
                  100.0 * calibration.at("location_within_5m"),
                  calibration.at("confidence_mean_beyond_5m"));
    print_row("confidence", text);
}

void print_bits(const Receiver& receiver)
{
    print_row("fronthaul per update", fronthaul_text(receiver));
    print_rows(receiver.coding_rows());
    print_row("reference per update",
              grouped(receiver.reference_bits()) + " bit per access point (" +
                  receiver.reference() + ")");
}

void add_bits(const Receiver& receiver, nlohmann::ordered_json& json)
{
    json["fronthaul_bits_per_update"] = receiver.fronthaul_bits();
    json["reference_bits_per_update"] = receiver.reference_bits();
    json["raw_echo_bits_per_update"] = receiver.scenario().raw_echo_bits();
    receiver.add_figures(json);
}

void add_confidence(const gr::isac::error_meter& meter, nlohmann::ordered_json& json)
{
    const auto calibration = meter.calibration();
    for (const auto* key : {"confidence_mean",
                            "location_within_5m",
                            "confidence_mean_within_5m",
                            "confidence_mean_beyond_5m"}) {
        json[key] = calibration.at(key); // null where it is NaN
    }
}

} // namespace

void print_report(const Simulation& simulation, const Timing& timing)
{
    const auto& receiver = simulation.receiver();
    const auto scores = simulation.meter().scores();
    std::printf("%s\n", simulation.meter().table().c_str());
    print_row("frames",
              frames_text(scores.at("frames"),
                          scores.at("frames_lost"),
                          speed_of(simulation, timing)));
    print_rows(receiver.codebook_rows());
    print_confidence(simulation.meter());
    print_bits(receiver);
    if (timing.real_time) {
        char text[128];
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
    const auto speed = speed_of(simulation, timing);
    nlohmann::ordered_json json;
    json["frames"] = scores.at("frames");
    json["frames_lost"] = scores.at("frames_lost");
    json["frames_per_second"] = speed.frames_per_second;
    json["real_time_factor"] = speed.real_time_factor;
    json.update(scores);
    add_bits(receiver, json);
    add_confidence(simulation.meter(), json);
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

void print_report(const Replay& replay, double seconds)
{
    const auto& receiver = replay.receiver();
    if (replay.meter()) {
        std::printf("%s\n", replay.meter()->table().c_str());
    }
    print_row("frames",
              frames_text(static_cast<double>(replay.frames()),
                          static_cast<double>(replay.frames_lost()),
                          speed_of(replay, seconds)));
    for (const auto& point : replay.access_points()) {
        print_row("recording of " + point.setup().own().name,
                  point.file + ": " + grouped(point.sync->frames()) + " frames (" +
                      grouped(point.sync->frames_missed()) + " without a preamble, " +
                      grouped(point.canceller->frames_without_direct_path()) +
                      " without a direct path), " +
                      grouped(point.sync->frames_dropped()) + " dropped");
    }
    print_row("start of frames", "by " + replay.sync());
    print_row("removal", replay.removal());
    print_rows(receiver.codebook_rows());
    if (replay.meter()) {
        print_confidence(*replay.meter());
    }
    print_bits(receiver);
    std::fflush(stdout);
}

nlohmann::ordered_json to_json(const Replay& replay, double seconds)
{
    const auto speed = speed_of(replay, seconds);
    nlohmann::ordered_json json;
    if (replay.meter()) {
        json = nlohmann::ordered_json::parse(replay.meter()->to_json());
    }
    json["frames"] = replay.frames();
    json["frames_lost"] = replay.frames_lost();
    json["frames_per_second"] = speed.frames_per_second;
    json["real_time_factor"] = speed.real_time_factor;
    json["sync"] = replay.sync();
    json["removal"] = replay.removal();
    auto& recordings = json["recordings"] = nlohmann::ordered_json::array();
    for (const auto& point : replay.access_points()) {
        nlohmann::ordered_json entry;
        entry["file"] = point.file;
        entry["access_point"] = point.setup().own().name;
        entry["frames"] = point.sync->frames();
        entry["frames_missed"] = point.sync->frames_missed();
        entry["frames_dropped"] = point.sync->frames_dropped();
        entry["frames_without_direct_path"] =
            point.canceller->frames_without_direct_path();
        recordings.push_back(std::move(entry));
    }
    add_bits(replay.receiver(), json);
    if (replay.meter()) {
        add_confidence(*replay.meter(), json);
    }
    return json;
}

} // namespace isac::apps
