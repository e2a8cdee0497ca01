// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <cfisac/fronthaul/entropy_coding.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/front_end.h>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace {

using namespace isac::apps;
using cfisac::nn::Model;
namespace nn = cfisac::nn;

Program program()
{
    Program p;
    p.name = "isac_inspect";
    p.usage =
        "MODEL [--scenario FILE] [--json]\n"
        "       isac_inspect --architecture NAME --scenario FILE [--save FILE] [--json]";
    p.summary =
        "Show what a model file is made of and what it costs on the fronthaul (bits per\n"
        "update and access point), or make a model with fresh weights and show that.";
    auto add = p.options.add_options();
    const auto word = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    add("model",
        word("FILE"),
        "model file (safetensors); may be given without the option");
    add("scenario",
        word("FILE"),
        "scenario (YAML): with a model file, refuse a model for another scenario");
    add("architecture",
        word("NAME"),
        "make a model with fresh weights: paper, lite, cnn, or a JSON file with sizes");
    add("reference",
        word("NAME"),
        "of a fresh model: what an access point (with cnn, the central unit) knows of the "
        "transmitted signal: raw, pilot or reference, instead of the architecture's own");
    add("latents",
        word("NAME"),
        "of a fresh model: quantized, or sent as float32 or float16 (D-VAE), instead of "
        "the architecture's own");
    add("seed",
        po::value<Seed>()->default_value(Seed{0}, "0")->value_name("S"),
        "seed of fresh weights, 0 to 2^64-1");
    add("save", word("FILE"), "write the fresh model");
    add("json", po::bool_switch(), "last line of the output as JSON");
    p.positional.add("model", 1);
    return p;
}

//! Run a function whose std::invalid_argument is the fault of an option's word.
template <typename Function>
auto of_option(const char* option, const Function& function)
{
    try {
        return function();
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--") + option + ": " + error.what());
    }
}

Model fresh_model(const po::variables_map& values)
{
    auto architecture = named_architecture(values["architecture"].as<std::string>());
    if (values.count("reference")) {
        architecture.reference = of_option("reference", [&] {
            return cfisac::signal::reference_from_string(
                values["reference"].as<std::string>());
        });
    }
    if (values.count("latents")) {
        architecture.latents = of_option("latents", [&] {
            return nn::latents_from_string(values["latents"].as<std::string>());
        });
    }
    if (!values.count("scenario")) {
        throw UsageError("--architecture needs --scenario");
    }
    const auto scenario = cfisac::load_scenario(values["scenario"].as<std::string>());
    Model model(scenario, architecture, values["seed"].as<Seed>().value);
    if (values.count("save")) {
        model.save(values["save"].as<std::string>());
    }
    return model;
}

Model loaded_model(const po::variables_map& values)
{
    for (const auto* option : {"reference", "latents", "save"}) {
        if (values.count(option)) {
            throw UsageError(std::string("--") + option +
                             " goes with --architecture only");
        }
    }
    const auto path = values["model"].as<std::string>();
    if (values.count("scenario")) {
        const auto scenario = cfisac::load_scenario(values["scenario"].as<std::string>());
        return Model::load(path, scenario, "cpu");
    }
    return Model::load(path, "cpu");
}

//! What entropy coding makes of the messages of an access point when its prior is true.
struct CodedCost {
    double codeword_bits; //!< entropy of the prior of a codeword
    double message_bits;  //!< of positions, if any, and codewords
};

//! Costs of the messages of each access point; none where latents are not quantized.
std::vector<CodedCost> coded_costs(const Model& model)
{
    const auto sent = static_cast<std::uint32_t>(model.vectors_sent());
    const auto codewords = static_cast<std::uint32_t>(model.index_count()) - sent;
    std::vector<CodedCost> costs;
    if (!model.network()->quantized()) {
        return costs;
    }
    for (std::size_t m = 0; m < model.scenario().receive.size(); ++m) {
        const auto prior = cfisac::fronthaul::message_prior(
            model.codeword_counts(static_cast<std::int64_t>(m)),
            codewords,
            sent,
            static_cast<std::uint32_t>(model.positions()));
        costs.push_back(prior ? CodedCost{prior->segments().back().table.entropy_bits(),
                                          prior->expected_bits()}
                              : CodedCost{static_cast<double>(model.bits_per_index()),
                                          static_cast<double>(model.fronthaul_bits())});
    }
    return costs;
}

nlohmann::ordered_json to_json(const Model& model)
{
    const auto counts = nn::parameter_counts(*model.network());
    const auto& labels = model.network()->labels();
    const auto& scenario = model.scenario();

    nlohmann::ordered_json json;
    json["scenario"] = scenario.name;
    json["scenario_fingerprint"] = hexadecimal(cfisac::fingerprint(scenario));
    json["model_fingerprint"] = hexadecimal(model.fingerprint());
    json["read_out"] = nn::to_string(model.architecture().read_out);
    json["reference"] = cfisac::signal::to_string(model.architecture().reference);
    json["latents"] = nn::to_string(model.architecture().latents);
    json["architecture"] = nlohmann::ordered_json::parse(model.architecture().to_json());
    json["encoders"] = counts.encoders;
    json["encoder_parameters"] = counts.encoder;
    json["projector_parameters"] = counts.projector;
    json["codebook_parameters"] = counts.codebook;
    json["decoder_parameters"] = counts.decoder;
    json["location_min_m"] = labels.location_min();
    json["location_max_m"] = labels.location_max();
    json["velocity_min_mps"] = labels.velocity_min();
    json["velocity_max_mps"] = labels.velocity_max();
    json["latent_shape"] = model.network()->latent_shape();
    json["indices"] = model.index_count();
    json["vectors_sent"] = model.vectors_sent();
    json["codewords"] = model.codewords();
    json["bits_per_index"] = model.bits_per_index();
    json["fronthaul_bits_per_update"] = model.fronthaul_bits();
    json["reference_bits_per_update"] = model.reference_bits();
    json["raw_echo_bits_per_update"] = scenario.raw_echo_bits();
    json["prior_entropy_bits"] = nlohmann::json::array();
    json["expected_bits_per_update"] = nlohmann::json::array();
    for (const auto& cost : coded_costs(model)) {
        json["prior_entropy_bits"].push_back(cost.codeword_bits);
        json["expected_bits_per_update"].push_back(cost.message_bits);
    }
    return json;
}

void row(const std::string& name, const std::string& value)
{
    std::printf("%-22s%s\n", name.c_str(), value.c_str());
}

std::string interval(const std::vector<double>& low, const std::vector<double>& high)
{
    std::string text;
    for (std::size_t i = 0; i < low.size(); ++i) {
        char part[80];
        std::snprintf(part, sizeof(part), "%s[%g, %g]", i ? " x " : "", low[i], high[i]);
        text += part;
    }
    return text;
}

//! The sizes of the read-out that the model has, as "key value, key value".
std::string sizes(const nlohmann::ordered_json& architecture, const std::string& read_out)
{
    std::string text;
    const auto part = architecture.find(read_out);
    if (part != architecture.end() && part->is_object()) {
        for (const auto& [key, value] : part->items()) {
            text += (text.empty() ? "" : "\n" + std::string(22, ' ')) + key + " " +
                    value.dump();
        }
    }
    return text;
}

//! ", 48 of them positions" where not all vectors of a latent are sent.
std::string sent_note(const Model& model)
{
    return model.vectors_sent() > 0
               ? ", " + grouped(model.vectors_sent()) + " of them positions"
               : "";
}

//! What the access points have: encoders, projectors and codebooks.
void print_access_points(const Model& model, const nn::ParameterCounts& counts)
{
    const auto receivers = model.scenario().receive.size();
    row("encoder",
        grouped(counts.encoder) + " parameters, " +
            (counts.encoders == 1 && receivers > 1
                 ? "shared by " + std::to_string(receivers) + " access points"
                 : "one for each of " + std::to_string(receivers) + " access points"));
    row("projector", grouped(counts.projector) + " parameters per access point");
    const bool quantized = model.network()->quantized();
    row("codebook",
        quantized ? grouped(counts.codebook) + " parameters per access point (" +
                        grouped(model.codewords()) + " codewords)"
                  : std::string("none: latents ") +
                        nn::to_string(model.architecture().latents) + ", not quantized");
}

void print_latent(const Model& model)
{
    const bool quantized = model.network()->quantized();
    std::string latent;
    for (const auto size : model.network()->latent_shape()) {
        latent += (latent.empty() ? "" : " x ") + std::to_string(size);
    }
    row("latent",
        latent + " = " + grouped(model.index_count()) +
            (quantized ? " indices of " : " words of ") +
            std::to_string(model.bits_per_index()) + " bit" + sent_note(model));
}

void print_fronthaul(const Model& model)
{
    row("fronthaul",
        grouped(model.fronthaul_bits()) + " bit per update and access point" +
            (model.centralized() ? ": the raw echo" : ""));
    const auto costs = coded_costs(model);
    for (std::size_t m = 0; m < costs.size(); ++m) {
        const std::int64_t bits = std::llround(costs[m].message_bits);
        char prior[96];
        std::snprintf(prior,
                      sizeof(prior),
                      "prior of %.2f bit per codeword, some %s bit per update",
                      costs[m].codeword_bits,
                      grouped(bits).c_str());
        row("entropy coded, AP " + std::to_string(m), prior);
    }
    if (!model.centralized()) {
        const auto raw = model.scenario().raw_echo_bits();
        const double share =
            static_cast<double>(model.fronthaul_bits()) / static_cast<double>(raw);
        char part[96];
        std::snprintf(
            part, sizeof(part), " %.4g %% (%.0f times less)", 100.0 * share, 1.0 / share);
        row("raw echo",
            grouped(std::uint64_t{raw}) + " bit; the fronthaul carries" + part);
    }
    row("reference", grouped(model.reference_bits()) + " bit per update and access point");
}

void print_report(const Model& model, const nlohmann::ordered_json& json)
{
    const auto counts = nn::parameter_counts(*model.network());
    const auto& labels = model.network()->labels();
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };

    row("scenario",
        model.scenario().name + ", fingerprint " + text("scenario_fingerprint"));
    row("model fingerprint", text("model_fingerprint"));
    row("read-out", text("read_out"));
    row("front end", text("reference"));
    row("sizes", sizes(json.at("architecture"), text("read_out")));
    if (!model.centralized()) {
        print_access_points(model, counts);
    }
    row(model.centralized() ? "network" : "decoder",
        grouped(counts.decoder) + " parameters");
    row("location range", interval(labels.location_min(), labels.location_max()) + " m");
    row("velocity range",
        interval(labels.velocity_min(), labels.velocity_max()) + " m/s");
    if (!model.centralized()) {
        print_latent(model);
    }
    print_fronthaul(model);
    std::fflush(stdout);
}

int body(const po::variables_map& values)
{
    const bool fresh = values.count("architecture") > 0;
    if (fresh == (values.count("model") > 0)) {
        throw UsageError("give either a model file or --architecture");
    }
    const auto model = fresh ? fresh_model(values) : loaded_model(values);
    const auto json = to_json(model);
    print_report(model, json);
    if (values["json"].as<bool>()) {
        print_json(json);
    }
    return success;
}

} // namespace

int main(int argc, char** argv) { return run(program(), argc, argv, body); }
