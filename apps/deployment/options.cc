// SPDX-License-Identifier: GPL-3.0-or-later
#include "options.h"

#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/device.h>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/model_info.h>

namespace isac::apps {

void add_shared_options(po::options_description& options)
{
    auto add = options.add_options();
    const auto text = [](const char* name) {
        return po::value<std::string>()->value_name(name);
    };
    add("scenario", text("FILE"), "scenario (YAML), the same at all machines");
    add("seed",
        po::value<Seed>()->default_value(Seed{1}, "1")->value_name("S"),
        "seed of payload and channel state, that of the transmit access points");
    add("model",
        text("FILE"),
        "model made for the scenario (safetensors): access points send codewords");
    add("scheme",
        text("NAME"),
        "instead of a model: access points estimate by themselves, ml, music or cs");
    add("security",
        po::value<std::string>()->default_value("curve")->value_name("WORD"),
        "curve, or none for packets that anybody can read, change and forge");
    add("key-file", text("FILE"), "NAME.key of this machine, made by isac_keygen");
    add("queue",
        po::value<Count>()->default_value(Count{64}, "64")->value_name("N"),
        "most packets that wait, up to 65536");
    add("compute",
        po::value<std::string>()->default_value("auto")->value_name("D"),
        "where tensors live: auto (a GPU where there is one), cpu, cuda or cuda:N");
}

std::string text_of(const po::variables_map& values, const std::string& option)
{
    return values.count(option) ? values[option].as<std::string>() : "";
}

bool is_given(const po::variables_map& values, const std::string& option)
{
    if (!values.count(option) || values[option].defaulted()) {
        return false;
    }
    const auto* flag = boost::any_cast<bool>(&values[option].value());
    return !flag || *flag;
}

std::string required(const po::variables_map& values, const std::string& option)
{
    const auto text = text_of(values, option);
    if (text.empty()) {
        throw UsageError("the option '--" + option + "' is required but missing");
    }
    return text;
}

cfisac::Scenario deployed_scenario(const po::variables_map& values)
{
    const auto file = required(values, "scenario");
    return prepared([&] { return cfisac::load_scenario(file); });
}

Scheme scheme_of(const po::variables_map& values, const cfisac::Scenario& scenario)
{
    if (is_given(values, "model") == is_given(values, "scheme")) {
        throw UsageError("give either --model or --scheme");
    }
    if (is_given(values, "model")) {
        const auto file = text_of(values, "model");
        gr::isac::model_info model;
        try {
            model = gr::isac::load_model_info(file);
        } catch (const std::runtime_error& error) {
            throw UsageError(std::string("--model: ") + error.what());
        }
        if (model.packet_size == 0) {
            throw UsageError("--model: " + file +
                             ": is a centralized network, whose raw echoes no fronthaul "
                             "carries");
        }
        if (cfisac::fingerprint(model.scenario) != cfisac::fingerprint(scenario)) {
            throw UsageError("--model: " + file + ": was made for the scenario " +
                             model.scenario.name + ", which is not that of --scenario (" +
                             scenario.name + ")");
        }
        return {"model",
                file,
                model.packet_size,
                model.fingerprint,
                model.encoder_reads_transmit,
                model.decoder_reads_transmit};
    }
    const auto name = text_of(values, "scheme");
    if (name == "monostatic") {
        throw UsageError("--scheme monostatic: one base station estimates by itself, and "
                         "sends nothing on a fronthaul; want ml, music or cs");
    }
    word_of(values, "scheme", {"ml", "music", "cs"});
    const auto info =
        prepared([&] { return gr::isac::describe_estimator(name, scenario); });
    return {name, "", info.packet_size, info.fingerprint, true, false};
}

std::string compute_of(const po::variables_map& values)
{
    try {
        return cfisac::signal::resolve_device(text_of(values, "compute"));
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--compute: ") + error.what());
    }
}

int queue_of(const po::variables_map& values)
{
    const auto queue = values["queue"].as<Count>().value;
    constexpr std::int64_t largest = 65536;
    if (queue > largest) {
        throw UsageError("--queue " + std::to_string(queue) + ": want 1 to " +
                         std::to_string(largest));
    }
    return static_cast<int>(queue);
}

} // namespace isac::apps
