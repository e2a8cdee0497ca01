// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibrate/received_frames.h"
#include "common.h"
#include "log_to_stderr.h"
#include "recordings.h"

#include <algorithm>
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/calibration.h>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace {

using namespace isac::apps;
using cfisac::Scenario;
using cfisac::recording::RecordingError;
using cfisac::recording::Setup;
using cfisac::signal::CalibrationEstimate;

Program program()
{
    Program p;
    p.name = "isac_calibrate";
    p.usage = "--recording FILE [--transmitter NAME | --loop-back] [--scenario FILE] "
              "[--out FILE]";
    p.summary =
        "Estimate gains and phases of the channels of an array from a recording (SigMF)\n"
        "of a receive access point, and write the scenario with them in it, as the\n"
        "demodulator takes it. Gains have the mean 0 dB, and the phase of channel 0 is "
        "0\n"
        "degrees: what all channels have in common is not known.\n"
        "\n"
        "What arrives is the direct path of a transmit access point, whose direction\n"
        "follows from the positions and axes of the scenario; or, with --loop-back, one\n"
        "signal of a transmit access point in all channels, through a splitter and "
        "cables\n"
        "of equal length.";
    auto add = p.options.add_options();
    const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
    add("recording",
        file()->required(),
        "recording of the receive access point; a calibration in its scenario is left "
        "aside");
    add("transmitter",
        po::value<std::string>()->value_name("NAME"),
        "transmit access point whose direct path is looked at; the nearest unless given");
    add("loop-back",
        po::bool_switch(),
        "all channels were joined by a splitter and got the same signal");
    add("frames",
        po::value<Count>()->default_value(Count{20}, "20")->value_name("N"),
        "most frames that are read");
    add("scenario",
        file(),
        "scenario (YAML) for --out to put the calibration into, such as one that another "
        "access point's is in already, instead of the recording's");
    add("out", file(), "scenario file (YAML) to write");
    add("json", po::bool_switch(), "last line of the output as JSON");
    return p;
}

double distance_m(const cfisac::AccessPoint& one, const cfisac::AccessPoint& other)
{
    double square = 0.0;
    for (std::size_t d = 0; d < one.position_m.size(); ++d) {
        square += std::pow(one.position_m[d] - other.position_m[d], 2);
    }
    return std::sqrt(square);
}

/*! The transmit access point of `--transmitter`.
 * \throws UsageError naming those that there are
 */
int transmitter_of(const po::variables_map& values, const Setup& setup)
{
    const auto& side = setup.scenario.transmit;
    const auto number = [&](auto place) {
        return static_cast<int>(place - side.begin());
    };
    if (!values.count("transmitter")) {
        return number(
            std::min_element(side.begin(), side.end(), [&](const auto& a, const auto& b) {
                return distance_m(a, setup.own()) < distance_m(b, setup.own());
            }));
    }
    const auto name = values["transmitter"].as<std::string>();
    const auto found = std::find_if(
        side.begin(), side.end(), [&](const auto& point) { return point.name == name; });
    if (found == side.end()) {
        std::string names;
        for (const auto& point : side) {
            names += (names.empty() ? "" : ", ") + point.name;
        }
        throw UsageError("--transmitter '" + name + "': the scenario has " + names);
    }
    return number(found);
}

/*! The scenario that the calibration goes into.
 * \throws std::runtime_error when it is not that of the recording
 */
Scenario base_of(const po::variables_map& values,
                 const std::string& file,
                 const Setup& setup)
{
    if (!values.count("scenario")) {
        return setup.scenario;
    }
    const auto path = values["scenario"].as<std::string>();
    auto scenario = cfisac::load_scenario(path);
    const auto other = difference(setup.scenario, scenario);
    if (!other.empty()) {
        throw std::runtime_error(path + ": is not the scenario of " + file +
                                 ": they have " + other);
    }
    return scenario;
}

//! Frames in which the preamble of an access point was seen; what is not known of the
//! others' clocks counts as 0.
ReceivedFrames seen_frames(const ReceivedFrames& all,
                           const std::string& file,
                           const Setup& setup,
                           int n)
{
    ReceivedFrames seen;
    std::vector<std::int64_t> rows;
    for (std::size_t b = 0; b < all.offsets.size(); ++b) {
        auto offsets = all.offsets[b];
        if (!std::isfinite(offsets[n].timing_s)) {
            continue;
        }
        for (auto& offset : offsets) {
            if (!std::isfinite(offset.timing_s)) {
                offset = {};
            }
        }
        rows.push_back(static_cast<std::int64_t>(b));
        seen.offsets.push_back(std::move(offsets));
    }
    if (rows.empty()) {
        throw RecordingError(file + ": the preamble of " +
                             setup.scenario.transmit[n].name + " is in none of its " +
                             std::to_string(all.offsets.size()) + " frames");
    }
    const auto index = at::tensor(rows, at::kLong);
    seen.echo = all.echo.index_select(0, index);
    seen.transmit = all.transmit.index_select(0, index);
    return seen;
}

//! What was found, and on what.
struct Outcome {
    CalibrationEstimate estimate;
    std::int64_t frames;
    std::string transmitter; //!< empty for a loop-back
};

Outcome measure(const po::variables_map& values,
                const std::string& file,
                const Setup& setup)
{
    const auto most = values["frames"].as<Count>().value;
    if (values["loop-back"].as<bool>()) {
        const auto frames = receive_frames(file, most, false);
        return {cfisac::signal::from_loop_back(frames.echo), frames.echo.size(0), ""};
    }
    const int n = transmitter_of(values, setup);
    const auto frames = seen_frames(receive_frames(file, most, true), file, setup, n);
    const cfisac::signal::Layout layout(setup.scenario);
    return {
        cfisac::signal::estimate_calibration(
            layout, frames.echo, frames.transmit, setup.access_point, n, frames.offsets),
        frames.echo.size(0),
        setup.scenario.transmit[n].name};
}

void print_table(const Outcome& outcome, const Setup& setup)
{
    const auto& found = outcome.estimate;
    std::printf("%s, %s, %s frames, weakest channel %.1f dB above the noise\n\n",
                setup.own().name.c_str(),
                outcome.transmitter.empty()
                    ? "loop-back"
                    : ("direct path of " + outcome.transmitter).c_str(),
                grouped(outcome.frames).c_str(),
                found.snr_db);
    std::printf("%-10s%20s%26s\n", "channel", "gain [dB]", "phase [degrees]");
    for (std::size_t a = 0; a < found.gain_deviation_db.size(); ++a) {
        std::printf("%-10zu%+11.4f ± %6.4f%+17.3f ± %6.3f\n",
                    a,
                    found.calibration.gain_db[a],
                    found.gain_deviation_db[a],
                    found.calibration.phase_deg[a],
                    found.phase_deviation_deg[a]);
    }
    std::fflush(stdout);
}

nlohmann::ordered_json to_json(const Outcome& outcome, const Setup& setup)
{
    const auto& found = outcome.estimate;
    nlohmann::ordered_json json;
    json["access_point"] = setup.own().name;
    json["transmitter"] = outcome.transmitter.empty()
                              ? nlohmann::ordered_json()
                              : nlohmann::ordered_json(outcome.transmitter);
    json["frames"] = outcome.frames;
    json["snr_db"] = found.snr_db;
    json["gain_db"] = found.calibration.gain_db;
    json["gain_deviation_db"] = found.gain_deviation_db;
    json["phase_deg"] = found.calibration.phase_deg;
    json["phase_deviation_deg"] = found.phase_deviation_deg;
    return json;
}

void check_options(const po::variables_map& values)
{
    if (values["loop-back"].as<bool>() && values.count("transmitter")) {
        throw UsageError("--transmitter is not for --loop-back, whose signal has no "
                         "direction");
    }
    if (values.count("scenario") && !values.count("out")) {
        throw UsageError("--scenario is for --out, which is missing");
    }
}

int body(const po::variables_map& values)
{
    log_to_stderr();
    check_options(values);
    const auto file = values["recording"].as<std::string>();
    const auto recording = cfisac::recording::read_metadata(file);
    require_receive(recording, file);
    const auto& setup = recording.setup;
    auto scenario = base_of(values, file, setup);
    Outcome outcome;
    try {
        outcome = measure(values, file, setup);
    } catch (const cfisac::signal::CalibrationError& error) {
        throw std::runtime_error(file + ": " + error.what());
    }
    print_table(outcome, setup);
    if (values.count("out")) {
        scenario.receive[setup.access_point].calibration = outcome.estimate.calibration;
        cfisac::evaluation::write_durably(values["out"].as<std::string>(),
                                          cfisac::to_yaml(scenario));
    }
    if (values["json"].as<bool>()) {
        print_json(to_json(outcome, setup));
    }
    return success;
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
