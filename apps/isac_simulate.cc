// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_to_stderr.h"
#include "simulation.h"

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
using gr::isac::model_info;

const std::vector<std::string> receivers{"dvqvae"};

Program program()
{
    Program p;
    p.name = "isac_simulate";
    p.usage = "--scenario FILE --model FILE [options]";
    p.summary =
        "Run the whole chain as a GNU Radio flowgraph: users' symbols are precoded, the\n"
        "echoes of moving targets are synthesised, each receive access point encodes "
        "its\n"
        "echo, the central unit estimates, and the estimates are scored against the "
        "truth\n"
        "and the Cramer-Rao bound. The same seed gives the same scores.";
    auto add = p.options.add_options();
    const auto file = [] { return po::value<std::string>()->value_name("FILE"); };
    const auto number = [] { return po::value<Number>(); };
    add("scenario", file()->required(), "scenario (YAML)");
    add("model", file()->required(), "model made for the scenario (safetensors)");
    add("frames",
        po::value<Count>()->default_value(Count{1000}, "1000")->value_name("N"),
        "number of frames (coherent intervals)");
    add("seed",
        po::value<Seed>()->default_value(Seed{1}, "1")->value_name("S"),
        "seed of all draws, 0 to 2^64-1");
    add("receiver",
        po::value<std::string>()->default_value("dvqvae")->value_name("NAME"),
        "what estimates the targets; available: dvqvae");
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

void check_receiver(const std::string& name)
{
    std::string available;
    for (const auto& receiver : receivers) {
        if (receiver == name) {
            return;
        }
        available += (available.empty() ? "" : ", ") + receiver;
    }
    throw UsageError("--receiver '" + name +
                     "' is not in this version; available: " + available);
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

//! What a run has given beside the scores.
struct Figures {
    std::int64_t frames;
    double seconds;
    double interval_s;
    std::size_t raw_echo_bits;
    bool real_time;
    double frames_per_second() const { return static_cast<double>(frames) / seconds; }
    double real_time_factor() const { return frames_per_second() * interval_s; }
};

void print_report(const Simulation& simulation,
                  const model_info& model,
                  const Figures& figures)
{
    const auto scores = simulation.meter().scores();
    std::printf("%s\n", simulation.meter().table().c_str());
    const auto row = [](const char* name, const std::string& value) {
        std::printf("%-28s%s\n", name, value.c_str());
    };
    char text[128];
    std::snprintf(text,
                  sizeof(text),
                  "%s (%s lost), %.1f per second, %.3f of real time",
                  grouped(static_cast<std::int64_t>(scores.at("frames"))).c_str(),
                  grouped(static_cast<std::int64_t>(scores.at("frames_lost"))).c_str(),
                  figures.frames_per_second(),
                  figures.real_time_factor());
    row("frames", text);
    for (const auto& [m, counter] : simulation.counters()) {
        if (model.codewords == 0) {
            continue; // latents travel unquantized
        }
        std::snprintf(text,
                      sizeof(text),
                      "%lld of %lld codewords in use, perplexity %.1f",
                      static_cast<long long>(counter->distinct()),
                      static_cast<long long>(model.codewords),
                      counter->perplexity());
        row(("codebook of access point " + std::to_string(m)).c_str(), text);
    }
    const auto calibration = simulation.meter().calibration();
    std::snprintf(text,
                  sizeof(text),
                  "%.3f on average; %.3f within 5 m (%.1f %%), %.3f beyond",
                  calibration.at("confidence_mean"),
                  calibration.at("confidence_mean_within_5m"),
                  100.0 * calibration.at("location_within_5m"),
                  calibration.at("confidence_mean_beyond_5m"));
    row("confidence", text);
    const auto bits = static_cast<double>(model.fronthaul_bits);
    const auto raw = static_cast<double>(figures.raw_echo_bits);
    std::snprintf(text,
                  sizeof(text),
                  "%s bit per access point, %.4g %% of the raw echo (%.0f times less)",
                  grouped(model.fronthaul_bits).c_str(),
                  100.0 * bits / raw,
                  raw / bits);
    row("fronthaul per update", text);
    const double coded = simulation.entropy_coded_bits();
    std::snprintf(text,
                  sizeof(text),
                  "%s bit per access point on average (%.3g %% less)",
                  grouped(static_cast<std::int64_t>(std::llround(coded))).c_str(),
                  100.0 * (1.0 - coded / bits));
    row("entropy coded", text);
    row("reference per update",
        grouped(std::uint64_t{model.reference_bits}) + " bit per access point (" +
            model.reference + ")");
    if (figures.real_time) {
        std::snprintf(text,
                      sizeof(text),
                      "%.3f ms in the median, %.3f ms at the 99th percentile",
                      1e3 * simulation.decoder().latency_s(0.5),
                      1e3 * simulation.decoder().latency_s(0.99));
        row("latency", text);
        row("behind real time",
            grouped(simulation.frames_skipped()) + " frames skipped, " +
                grouped(simulation.channel().intervals_missed()) +
                " intervals without a frame");
    }
    std::fflush(stdout);
}

nlohmann::ordered_json to_json(const Simulation& simulation,
                               const model_info& model,
                               const Figures& figures)
{
    const auto scores = nlohmann::ordered_json::parse(simulation.meter().to_json());
    nlohmann::ordered_json json;
    json["frames"] = scores.at("frames");
    json["frames_lost"] = scores.at("frames_lost");
    json["frames_per_second"] = figures.frames_per_second();
    json["real_time_factor"] = figures.real_time_factor();
    json.update(scores);
    json["fronthaul_bits_per_update"] = model.fronthaul_bits;
    json["reference_bits_per_update"] = model.reference_bits;
    json["raw_echo_bits_per_update"] = figures.raw_echo_bits;
    json["codewords"] = model.codewords;
    json["codewords_in_use"] = nlohmann::json::array();
    json["codebook_perplexity"] = nlohmann::json::array();
    for (const auto& [m, counter] : simulation.counters()) {
        json["codewords_in_use"].push_back(counter->distinct());
        json["codebook_perplexity"].push_back(counter->perplexity());
    }
    json["entropy_coded_bits_per_update"] = simulation.entropy_coded_bits();
    const auto calibration = simulation.meter().calibration();
    for (const auto* key : {"confidence_mean",
                            "location_within_5m",
                            "confidence_mean_within_5m",
                            "confidence_mean_beyond_5m"}) {
        json[key] = calibration.at(key); // null where it is NaN
    }
    json["host_copies"] = simulation.host_copies();
    json["host_copied_bytes"] = simulation.host_copied_bytes();
    if (figures.real_time) {
        json["latency_median_ms"] = 1e3 * simulation.decoder().latency_s(0.5);
        json["latency_p99_ms"] = 1e3 * simulation.decoder().latency_s(0.99);
        json["frames_skipped"] = simulation.frames_skipped();
        json["intervals_missed"] = simulation.channel().intervals_missed();
    }
    return json;
}

int body(const po::variables_map& values)
{
    log_to_stderr();
    check_receiver(values["receiver"].as<std::string>());
    const auto device = resolve_device(values["device"].as<std::string>());
    const auto precision = precision_of(values);
    const auto batch = batch_of(values);
    const auto scenario = scenario_of(values);
    const auto model = gr::isac::load_model_info(values["model"].as<std::string>());
    const auto frames = values["frames"].as<Count>().value;
    const auto real_time = values["real-time"].as<bool>();
    Simulation simulation(scenario,
                          model,
                          {frames,
                           values["seed"].as<Seed>().value,
                           device,
                           precision,
                           values["entropy-coding"].as<bool>(),
                           real_time,
                           batch,
                           absent_of(values, scenario)});
    const double seconds = simulation.run(frames);

    const auto scores = simulation.meter().scores();
    const auto seen = scores.at("frames") + scores.at("frames_lost") +
                      static_cast<double>(simulation.channel().frames_skipped());
    if (seen != static_cast<double>(frames)) {
        throw std::runtime_error("the flowgraph ended after " +
                                 grouped(static_cast<std::int64_t>(seen)) + " of " +
                                 grouped(frames) + " frames");
    }
    const Figures figures{frames,
                          seconds,
                          scenario.waveform.interval_s(),
                          scenario.raw_echo_bits(),
                          real_time};
    print_report(simulation, model, figures);
    if (values["json"].as<bool>()) {
        print_json(to_json(simulation, model, figures));
    }
    return success;
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
