// SPDX-License-Identifier: GPL-3.0-or-later
#include "codebook_counter.h"
#include "common.h"
#include "log_to_stderr.h"

#include <boost/algorithm/string/split.hpp>
#include <boost/lexical_cast/try_lexical_convert.hpp>
#include <cfisac/scenario/yaml.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/isac/bistatic_channel.h>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <gnuradio/isac/error_meter.h>
#include <gnuradio/isac/fusion_decoder.h>
#include <gnuradio/isac/mmse_precoder.h>
#include <gnuradio/isac/model_info.h>
#include <gnuradio/isac/payload_source.h>
#include <gnuradio/top_block.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace {

using namespace isac::apps;
namespace isac_blocks = gr::isac;
using cfisac::Scenario;
using isac_blocks::model_info;

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

cfisac::fronthaul::PacketFormat packet_format(const Scenario& scenario,
                                              const model_info& model)
{
    return {static_cast<std::uint32_t>(model.index_range),
            static_cast<std::uint32_t>(model.index_count),
            cfisac::fingerprint(scenario),
            model.fingerprint,
            model.index_priors};
}

//! payload_source → mmse_precoder → bistatic_channel → dvqvae_encoder × M →
//! fusion_decoder → error_meter, for a number of frames. An absent access point has no
//! encoder.
class Simulation
{
public:
    Simulation(const Scenario& scenario,
               const model_info& model,
               std::int64_t frames,
               std::uint64_t seed,
               const std::string& device,
               bool entropy_coding,
               const std::set<int>& absent)
        : d_top(gr::make_top_block("isac_simulate")),
          d_precoder(isac_blocks::mmse_precoder::make(scenario, seed)),
          d_channel(isac_blocks::bistatic_channel::make(scenario, seed)),
          d_decoder(isac_blocks::fusion_decoder::make(
              scenario, model.path, device, {absent.begin(), absent.end()})),
          d_meter(isac_blocks::error_meter::make(scenario))
    {
        const int N = static_cast<int>(scenario.transmit.size());
        const int M = static_cast<int>(scenario.receive.size());
        const auto elements =
            static_cast<std::uint64_t>(scenario.waveform.sensed_subcarriers()) *
            static_cast<std::uint64_t>(scenario.waveform.sensed_symbols());

        const auto source = isac_blocks::payload_source::make(scenario, seed);
        for (int k = 0; k < scenario.users.count; ++k) {
            const auto head = gr::blocks::head::make(
                sizeof(gr_complex), static_cast<std::uint64_t>(frames) * elements);
            d_top->connect(source, k, head, 0);
            d_top->connect(head, 0, d_precoder, k);
        }
        for (int n = 0; n < N; ++n) {
            d_top->connect(d_precoder, n, d_channel, n);
            if (model.decoder_reads_transmit) {
                d_top->connect(
                    d_precoder, n, d_decoder, M - static_cast<int>(absent.size()) + n);
            }
        }
        for (int m = 0; m < M; ++m) {
            if (absent.count(m)) {
                const auto size = scenario.receive_frame_size() * sizeof(gr_complex);
                d_top->connect(d_channel, m, gr::blocks::null_sink::make(size), 0);
                continue;
            }
            const auto encoder = isac_blocks::dvqvae_encoder::make(
                scenario, model.path, m, seed, device, entropy_coding);
            d_top->connect(d_channel, m, encoder, 0);
            for (int n = 0; model.encoder_reads_transmit && n < N; ++n) {
                d_top->connect(d_precoder, n, encoder, 1 + n);
            }
            const auto counter =
                CodebookCounter::make(packet_format(scenario, model),
                                      static_cast<std::size_t>(model.codewords),
                                      static_cast<std::size_t>(model.vectors_sent));
            d_top->connect(encoder, 0, d_decoder, static_cast<int>(d_encoders.size()));
            d_top->connect(encoder, 0, counter, 0);
            d_encoders.push_back(encoder);
            d_counters.push_back({m, counter});
        }
        d_top->connect(d_channel, M, d_meter, 0);
        d_top->connect(d_decoder, 0, d_meter, 1);
        d_top->connect(d_channel, M + 1, d_meter, 2);
        d_top->connect(d_decoder, 1, d_meter, 3);
    }

    /*! Run to the end.
     * \return seconds from start to end
     * \throws std::runtime_error with what a block says has ended the flowgraph
     */
    double run(std::int64_t frames)
    {
        const InterruptGuard guard;
        Progress progress(frames, "frames");
        const auto start = std::chrono::steady_clock::now();
        d_top->start();
        auto ended = std::async(std::launch::async, [this] { d_top->wait(); });
        while (ended.wait_for(std::chrono::milliseconds(50)) !=
               std::future_status::ready) {
            progress.update(static_cast<std::int64_t>(d_decoder->frames()));
            if (guard.requested()) {
                d_top->stop();
                ended.wait();
                throw Interrupted();
            }
        }
        const std::chrono::duration<double> elapsed =
            std::chrono::steady_clock::now() - start;
        check_errors();
        return elapsed.count();
    }

    const isac_blocks::error_meter& meter() const { return *d_meter; }
    //! With the number of its access point, one per receive access point that is not
    //! absent.
    const std::vector<std::pair<int, std::shared_ptr<CodebookCounter>>>& counters() const
    {
        return d_counters;
    }
    //! Bits of payload of a packet when it is entropy coded, mean over frames and access
    //! points.
    double entropy_coded_bits() const
    {
        std::uint64_t bits = 0;
        std::uint64_t packets = 0;
        for (const auto& [m, counter] : d_counters) {
            bits += counter->coded_bits();
            packets += counter->packets();
        }
        return static_cast<double>(bits) / static_cast<double>(packets);
    }

private:
    void check_errors() const
    {
        std::vector<std::string> errors{
            d_precoder->error(), d_channel->error(), d_decoder->error()};
        for (const auto& encoder : d_encoders) {
            errors.push_back(encoder->error());
        }
        for (const auto& error : errors) {
            if (!error.empty()) {
                throw std::runtime_error(error);
            }
        }
    }

    gr::top_block_sptr d_top;
    isac_blocks::mmse_precoder::sptr d_precoder;
    isac_blocks::bistatic_channel::sptr d_channel;
    isac_blocks::fusion_decoder::sptr d_decoder;
    isac_blocks::error_meter::sptr d_meter;
    std::vector<isac_blocks::dvqvae_encoder::sptr> d_encoders;
    std::vector<std::pair<int, std::shared_ptr<CodebookCounter>>> d_counters;
};

//! What a run has given beside the scores.
struct Figures {
    std::int64_t frames;
    double seconds;
    double interval_s;
    std::size_t raw_echo_bits;
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
    return json;
}

int body(const po::variables_map& values)
{
    log_to_stderr();
    check_receiver(values["receiver"].as<std::string>());
    const auto device = resolve_device(values["device"].as<std::string>());
    const auto scenario = scenario_of(values);
    const auto model = isac_blocks::load_model_info(values["model"].as<std::string>());
    const auto frames = values["frames"].as<Count>().value;
    const auto seed = values["seed"].as<Seed>().value;

    Simulation simulation(scenario,
                          model,
                          frames,
                          seed,
                          device,
                          values["entropy-coding"].as<bool>(),
                          absent_of(values, scenario));
    const double seconds = simulation.run(frames);

    const auto scores = simulation.meter().scores();
    const auto seen = scores.at("frames") + scores.at("frames_lost");
    if (seen != static_cast<double>(frames)) {
        throw std::runtime_error("the flowgraph ended after " +
                                 grouped(static_cast<std::int64_t>(seen)) + " of " +
                                 grouped(frames) + " frames");
    }
    const Figures figures{
        frames, seconds, scenario.waveform.interval_s(), scenario.raw_echo_bits()};
    print_report(simulation, model, figures);
    if (values["json"].as<bool>()) {
        print_json(to_json(simulation, model, figures));
    }
    return success;
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
