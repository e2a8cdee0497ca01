// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"
#include "log_to_stderr.h"
#include "simulate/report.h"

#include <boost/algorithm/string/split.hpp>
#include <boost/lexical_cast/try_lexical_convert.hpp>
#include <cfisac/nn/engine.h>
#include <cfisac/scenario/yaml.h>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

namespace {

using namespace isac::apps;
using cfisac::Scenario;

//! Names and meanings of the receivers, for the help.
std::string receiver_help()
{
    std::string text =
        "what estimates the targets, dvqvae unless given and ml with --replay:";
    for (const auto& kind : receiver_kinds()) {
        text += (&kind == &receiver_kinds().front() ? " " : "; ") + kind.name + " (" +
                kind.text + ")";
    }
    return text;
}

Program program()
{
    Program p;
    p.name = "isac_simulate";
    p.usage =
        "--scenario FILE | --replay FILE [--receiver NAME] [--model FILE] [options]";
    p.summary =
        "Run the whole chain as a GNU Radio flowgraph: users' symbols are precoded, the\n"
        "echoes of moving targets are synthesised, each receive access point encodes "
        "its\n"
        "echo, the central unit estimates, and the estimates are scored against the "
        "truth\n"
        "and the Cramer-Rao bound. The same seed gives the same scores.\n"
        "\n"
        "With --receiver monostatic, one full-duplex base station at (50, 0) m stands in "
        "the\n"
        "place of the access points, locations alone are scored, and the bound is that "
        "of "
        "its\n"
        "own scenario.\n"
        "\n"
        "With --replay, recordings of receive access points (SigMF) are processed as if\n"
        "live: frames found, demodulated, freed of what stands still, estimated. All\n"
        "else is told by the recordings; an access point without one is absent. Where\n"
        "a virtual radio has drawn the scenes, the estimates are scored.";
    auto add = p.options.add_options();
    const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
    const auto number = [] { return po::value<Number>(); };
    add("scenario", file(), "scenario (YAML)");
    add("replay",
        po::value<std::vector<std::string>>()->value_name("FILE"),
        "recording of a receive access point; the option again for each of the others");
    add("model",
        file(),
        "model made for the scenario (safetensors); for the receivers dvqvae, dvae and "
        "cnn");
    add("frames",
        po::value<Count>()->default_value(Count{1000}, "1000")->value_name("N"),
        "number of frames (coherent intervals); with --replay the first ones of each "
        "recording, and all of them unless given");
    add("seed",
        po::value<Seed>()->default_value(Seed{1}, "1")->value_name("S"),
        "seed of all draws, 0 to 2^64-1");
    add("receiver",
        po::value<std::string>()->value_name("NAME"),
        receiver_help().c_str());
    add("sync",
        po::value<std::string>()->value_name("WORD"),
        "how --replay finds where frames start: time (from the time of the samples and "
        "the start of the schedule) or preamble; time where the recordings have both");
    add("removal",
        po::value<std::string>()->value_name("WORD"),
        "what --replay removes: none, direct (the direct paths) or projection (all that "
        "has no Doppler); direct for recordings of the virtual radio with the seed of "
        "its "
        "scenes, else projection");
    add("estimates",
        file(),
        "CSV file for the estimates, a line for each target of a frame (s, m, m/s); with "
        "- they go to stdout in the place of the report");
    add("reference",
        po::value<std::string>()->default_value("reference")->value_name("WORD"),
        "how the access points of music, cs and ml know what was transmitted, which "
        "reference_bits_per_update counts: reference (they are told) or pilot (it "
        "follows "
        "from a seed)");
    add_device_option(p.options);
    add("precision",
        po::value<std::string>()->default_value("float32")->value_name("TYPE"),
        "type of the networks' weights and activations: float32, bfloat16 or, on a GPU, "
        "float16; sums are in float32 in any case");
    add("batch",
        po::value<Count>()->default_value(Count{1}, "1")->value_name("N"),
        "most frames that a network works on at once when as many are waiting, up to 64; "
        "with more than one the scores may differ in their last digits from run to run");
    add("real-time",
        po::bool_switch(),
        "frames leave at the waveform's interval, as from a radio; those that a block is "
        "not ready for are skipped and counted, and the latency is measured");
    add("entropy-coding",
        po::bool_switch(),
        "entropy code the fronthaul packets; the estimates stay the same");
    add("without-access-point",
        po::value<std::vector<std::string>>()->value_name("M"),
        "number of a receive access point, counted from 0, that is absent: it sends "
        "nothing, and the estimates are made without it; several with commas between "
        "them, or the option again");
    add("power-dbm",
        number()->value_name("P"),
        "transmit power of an access point over all subcarriers, dBm, instead of the "
        "scenario's");
    add("noise-dbm",
        number()->value_name("P"),
        "sensing noise per resource element and antenna, dBm, instead of the scenario's");
    add("clutter",
        po::value<std::string>()->value_name("S,VAR"),
        "number of clutter scatterers and variance of their reflection coefficients, "
        "instead of the scenario's");
    add("offsets",
        po::value<std::string>()->value_name("T,F"),
        "standard deviations of timing (s) and frequency offsets (Hz), instead of the "
        "scenario's");
    add("json", po::bool_switch(), "last line of the output as JSON");
    return p;
}

/*! The receiver of `--receiver`.
 * \throws UsageError naming a word that is none, an option that it does not take, and one
 * that it lacks
 */
const ReceiverKind& receiver_of(const po::variables_map& values)
{
    const std::string usual = values.count("replay") ? "ml" : "dvqvae";
    const auto& kind = receiver_kind(
        values.count("receiver") ? values["receiver"].as<std::string>() : usual);
    for (const auto& option : receiver_options()) {
        const bool given = values.count(option) && !values[option].defaulted();
        if (given && !kind.options.count(option)) {
            throw UsageError("--" + option + " is not for --receiver " + kind.name);
        }
    }
    if (kind.options.count("model") && !values.count("model")) {
        throw UsageError("--receiver " + kind.name + " needs the option '--model'");
    }
    return kind;
}

//! The scenario with what the command line sets; the model's fingerprint leaves it out.
Scenario scenario_of(const po::variables_map& values)
{
    auto scenario = cfisac::load_scenario(values["scenario"].as<std::string>());
    if (values.count("power-dbm")) {
        scenario.transmit_power_dbm = values["power-dbm"].as<Number>().value;
    }
    if (values.count("noise-dbm")) {
        scenario.sensing_noise_dbm = values["noise-dbm"].as<Number>().value;
    }
    if (values.count("clutter")) {
        const auto clutter = two_numbers("clutter", values["clutter"].as<std::string>());
        const auto count = clutter.first;
        if (count < 0.0 || count > cfisac::ScenarioLimits::scatterers ||
            count != std::floor(count)) {
            throw UsageError("--clutter takes a whole number of scatterers up to " +
                             std::to_string(cfisac::ScenarioLimits::scatterers));
        }
        scenario.clutter.scatterers = static_cast<int>(count);
        scenario.clutter.reflection_variance = clutter.second;
    }
    if (values.count("offsets")) {
        const auto offsets = two_numbers("offsets", values["offsets"].as<std::string>());
        scenario.clocks.timing_offset_std_s = offsets.first;
        scenario.clocks.frequency_offset_std_hz = offsets.second;
    }
    try {
        cfisac::validate(scenario);
    } catch (const cfisac::ScenarioError& error) {
        // The file itself was valid: the command line's value is not.
        throw UsageError(error.what());
    }
    return scenario;
}

//! \throws UsageError on another word than those of cfisac::nn::Precision
std::string precision_of(const po::variables_map& values)
{
    const auto word = values["precision"].as<std::string>();
    try {
        cfisac::nn::precision_from_string(word);
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--precision: ") + error.what());
    }
    return word;
}

//! \throws UsageError on a number that the blocks do not take
int batch_of(const po::variables_map& values)
{
    const auto batch = values["batch"].as<Count>().value;
    if (batch > 64) {
        throw UsageError("--batch " + std::to_string(batch) + ": 64 is the most");
    }
    return static_cast<int>(batch);
}

/*! Receive access points of `--without-access-point`.
 * \throws UsageError on what is no number, is not in the scenario or is named twice, and
 * where none is left
 */
std::set<int> absent_of(const po::variables_map& values, const Scenario& scenario)
{
    const std::string option = "--without-access-point";
    const auto count = scenario.receive.size();
    std::set<int> absent;
    if (!values.count("without-access-point")) {
        return absent;
    }
    for (const auto& list :
         values["without-access-point"].as<std::vector<std::string>>()) {
        std::vector<std::string> words;
        boost::algorithm::split(words, list, [](char c) { return c == ','; });
        for (const auto& word : words) {
            unsigned m = 0;
            if (!boost::conversion::try_lexical_convert(word, m) || word[0] == '-' ||
                m >= count) {
                throw UsageError(option + " '" + word +
                                 "': the scenario has receive access points 0 to " +
                                 std::to_string(count - 1));
            }
            if (!absent.insert(static_cast<int>(m)).second) {
                throw UsageError(option + " '" + word + "' is given twice");
            }
        }
    }
    if (absent.size() == count) {
        throw UsageError(option + ": all " + std::to_string(count) +
                         " receive access points are absent, one must be left");
    }
    return absent;
}

//! Refuse options that are not for what is done, and the lack of those that are.
void check_options(const po::variables_map& values)
{
    const bool replay = values.count("replay");
    if (!replay && !values.count("scenario")) {
        throw UsageError("the option '--scenario' is required but missing");
    }
    const std::vector<std::string> others =
        replay ? std::vector<std::string>{"scenario",
                                          "seed",
                                          "real-time",
                                          "without-access-point",
                                          "power-dbm",
                                          "noise-dbm",
                                          "clutter",
                                          "offsets"}
               : std::vector<std::string>{"sync", "removal"};
    for (const auto& option : others) {
        if (values.count(option) && !values[option].defaulted()) {
            throw UsageError("--" + option +
                             (replay ? " is not for --replay" : " is for --replay"));
        }
    }
}

//! What simulation and replay have in common.
ReceiverSettings receiver_settings(const po::variables_map& values)
{
    ReceiverSettings settings;
    settings.name = receiver_of(values).name;
    settings.device = resolve_device(values["device"].as<std::string>());
    settings.precision = precision_of(values);
    settings.batch = batch_of(values);
    settings.reference = word_of(values, "reference", {"reference", "pilot"});
    settings.model = values.count("model") ? values["model"].as<std::string>() : "";
    settings.entropy_coding = values["entropy-coding"].as<bool>();
    return settings;
}

std::string estimates_of(const po::variables_map& values)
{
    return values.count("estimates") ? values["estimates"].as<std::string>() : "";
}

//! Report and JSON, as the command line wants them.
template <typename Run, typename Time>
void print(const po::variables_map& values, const Run& run, const Time& time)
{
    if (estimates_of(values) != "-") {
        print_report(run, time);
    }
    if (values["json"].as<bool>()) {
        print_json(to_json(run, time));
    }
}

int run_replay(const po::variables_map& values)
{
    ReplaySettings settings;
    settings.files = values["replay"].as<std::vector<std::string>>();
    if (values.count("sync")) {
        settings.sync = word_of(values, "sync", {"time", "preamble"});
    }
    if (values.count("removal")) {
        settings.removal = word_of(values, "removal", {"none", "direct", "projection"});
    }
    settings.estimates = estimates_of(values);
    if (!values["frames"].defaulted()) {
        settings.frames = values["frames"].as<Count>().value;
    }
    Replay replay(settings, receiver_settings(values));
    const double seconds = replay.run();
    print(values, replay, seconds);
    return success;
}

int run_simulation(const po::variables_map& values)
{
    auto settings = receiver_settings(values);
    settings.scenario = scenario_of(values);
    settings.seed = values["seed"].as<Seed>().value;
    settings.real_time = values["real-time"].as<bool>();
    settings.absent = absent_of(values, settings.scenario);
    const auto frames = values["frames"].as<Count>().value;
    Simulation simulation(settings, frames, estimates_of(values));
    const Timing timing{simulation.run(), settings.real_time};

    const auto scores = simulation.meter().scores();
    const auto seen = scores.at("frames") + scores.at("frames_lost") +
                      static_cast<double>(simulation.channel().frames_skipped());
    if (seen != static_cast<double>(frames)) {
        throw std::runtime_error("the flowgraph ended after " +
                                 grouped(static_cast<std::int64_t>(seen)) + " of " +
                                 grouped(frames) + " frames");
    }
    print(values, simulation, timing);
    return success;
}

int body(const po::variables_map& values)
{
    log_to_stderr();
    check_options(values);
    return values.count("replay") ? run_replay(values) : run_simulation(values);
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
