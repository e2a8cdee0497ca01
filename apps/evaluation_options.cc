// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_options.h"

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <cfisac/evaluation/sweep.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/training/transport.h>
#include <cfisac/version.h>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace isac::apps {

using Json = nlohmann::ordered_json;
namespace evaluation = cfisac::evaluation;

namespace {

constexpr int training_figure = 11;
constexpr const char* table_name = "3";
constexpr std::int64_t most_workers = 4096;

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

std::vector<int> all_figures()
{
    auto figures = evaluation::sweep_figures();
    figures.push_back(training_figure);
    std::sort(figures.begin(), figures.end());
    return figures;
}

//! Words of an option that may be given several times, each with commas in it.
std::vector<std::string> words_of(const po::variables_map& values, const char* option)
{
    std::vector<std::string> words;
    if (values.count(option)) {
        for (const auto& list : values[option].as<std::vector<std::string>>()) {
            std::vector<std::string> some;
            boost::algorithm::split(some, list, [](char c) { return c == ','; });
            words.insert(words.end(), some.begin(), some.end());
        }
    }
    return words;
}

std::vector<int> figures_of(const po::variables_map& values)
{
    const auto known = all_figures();
    if (values["all"].as<bool>()) {
        return known;
    }
    std::vector<std::string> names;
    for (const auto figure : known) {
        names.push_back(std::to_string(figure));
    }
    std::set<int> asked;
    for (const auto& word : words_of(values, "figure")) {
        if (std::find(names.begin(), names.end(), word) == names.end()) {
            throw UsageError("--figure '" + word + "': there are figures " +
                             joined(names));
        }
        asked.insert(std::stoi(word));
    }
    return {asked.begin(), asked.end()};
}

bool table_of(const po::variables_map& values)
{
    for (const auto& word : words_of(values, "table")) {
        if (word != table_name) {
            throw UsageError("--table '" + word + "': there is table 3");
        }
    }
    return values.count("table") > 0 || values["all"].as<bool>();
}

std::vector<std::string> schemes_of(const po::variables_map& values)
{
    const auto& known = evaluation::scheme_names();
    std::vector<std::string> asked;
    for (const auto& word : words_of(values, "schemes")) {
        if (std::find(known.begin(), known.end(), word) == known.end()) {
            throw UsageError("--schemes '" + word + "': there are " + joined(known));
        }
        if (std::find(asked.begin(), asked.end(), word) == asked.end()) {
            asked.push_back(word);
        }
    }
    return asked;
}

std::vector<GivenModel> models_of(const po::variables_map& values,
                                  const std::string& device)
{
    std::vector<GivenModel> models;
    if (!values.count("model")) {
        return models;
    }
    for (const auto& text : values["model"].as<std::vector<std::string>>()) {
        const auto equals = text.find('=');
        const auto name = text.substr(0, equals);
        if (equals == std::string::npos || equals + 1 == text.size() ||
            !evaluation::is_learned(name)) {
            throw UsageError("--model takes NAME=FILE with the name dvqvae, dvae or cnn, "
                             "not '" +
                             text + "'");
        }
        const auto file = text.substr(equals + 1);
        auto model = std::make_shared<const cfisac::nn::Model>(
            cfisac::nn::Model::load(file, device));
        const auto own = evaluation::scheme_of(*model);
        if (own != name) {
            throw UsageError("--model " + text + ": the file holds a " + own +
                             ", not a " + name);
        }
        models.push_back({name, file, std::move(model)});
    }
    return models;
}

int workers_of(const po::variables_map& values, const std::string& device)
{
    if (values.count("workers")) {
        const auto workers = values["workers"].as<Count>().value;
        if (workers > most_workers) {
            throw UsageError("--workers " + std::to_string(workers) + ": " +
                             std::to_string(most_workers) + " is the most");
        }
        return static_cast<int>(workers);
    }
    if (values.count("rendezvous")) {
        throw UsageError("--rendezvous needs --workers W, the processes of all machines");
    }
    const bool many = device == "cpu" && cfisac::training::has_transport();
    return many ? static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) : 1;
}

int rank_of(const po::variables_map& values, int workers)
{
    if (values.count("rendezvous") != values.count("rank")) {
        throw UsageError("--rendezvous HOST:PORT and --rank R belong together");
    }
    if (!values.count("rank")) {
        return 0;
    }
    const auto rank = values["rank"].as<Seed>().value;
    if (rank >= static_cast<std::uint64_t>(workers)) {
        throw UsageError("--rank is 0 to " + std::to_string(workers - 1) + ", not " +
                         std::to_string(rank));
    }
    return static_cast<int>(rank);
}

po::typed_value<Count>* count_of(std::int64_t value)
{
    return po::value<Count>()
        ->default_value(Count{value}, std::to_string(value))
        ->value_name("N");
}

//! The number that is given, or the default of a quick or a whole run.
std::int64_t count_or(const po::variables_map& values,
                      const char* option,
                      std::int64_t quick,
                      std::int64_t whole)
{
    return values.count(option)         ? values[option].as<Count>().value
           : values["quick"].as<bool>() ? quick
                                        : whole;
}

void add_process_options(po::options_description& options)
{
    po::options_description processes("Several processes");
    auto add = processes.add_options();
    add("workers",
        po::value<Count>()->value_name("W"),
        "processes that share the frames, one thread each; the results are the same "
        "whatever their number. Default: one for each processor core, or one where a GPU "
        "is used");
    add("rendezvous",
        po::value<std::string>()->value_name("HOST:PORT"),
        "the workers are on several machines: where rank 0 listens; every process is "
        "started with the same options and its own --rank");
    add("rank", po::value<Seed>()->value_name("R"), "of this process, 0 to W-1");
    add("timeout-s", count_of(300), "seconds to wait for another process");
    options.add(processes);
}

} // namespace

void add_evaluation_options(po::options_description& options)
{
    const auto several = [](const char* name) {
        return po::value<std::vector<std::string>>()->value_name(name);
    };
    auto add = options.add_options();
    add("scenario",
        po::value<std::string>()->required()->value_name("FILE"),
        "scenario that the figures vary (YAML)");
    add("out",
        po::value<std::string>()->required()->value_name("DIR"),
        "folder for CSV, JSON and pictures, and for what a run that was stopped needs to "
        "go on");
    add("figure",
        several("N"),
        "figure of the publication, 6 to 14; several with commas between them, or the "
        "option again");
    add("table", several("N"), "table of the publication: 3");
    add("all", po::bool_switch(), "all figures and tables");
    add("quick", po::bool_switch(), "fewer points and frames: about a minute a figure");
    add("schemes",
        several("NAMES"),
        "of monostatic, cs, music, cnn, dvae, dvqvae, ml, with commas between them; "
        "default: all that are possible");
    add("model",
        several("NAME=FILE"),
        "model of dvqvae, dvae or cnn (safetensors); several for several scenarios or "
        "codebooks");
    add("frames",
        po::value<Count>()->value_name("N"),
        "frames of every point; default 500, quick 20");
    add("seed",
        po::value<Seed>()->default_value(Seed{1}, "1")->value_name("S"),
        "seed of all draws, 0 to 2^64-1; the frames are those of isac_simulate");
    add("resamples",
        count_of(1000),
        "of the bootstrap, for the confidence intervals (95 %)");
    add("reference",
        po::value<std::string>()->default_value("reference")->value_name("WORD"),
        "how the access points of cs, music and ml know what was transmitted: pilot "
        "(a known sequence, 0 bit) or reference (told over the downlink, counted)");
    add("logs",
        po::value<std::string>()->value_name("DIR"),
        "figure 11: folder with logs of isac_train (*.log), one for each learning rate; "
        "without it, short trainings are made");
    add("training-steps",
        po::value<Count>()->value_name("N"),
        "figure 11: steps of each of these trainings, 16 frames each; default 1000, "
        "quick 40");
    add("architecture",
        po::value<std::string>()->value_name("WORD"),
        "figure 11 and table 3: paper, lite, or a JSON file with sizes; default: that of "
        "the first model of a dvqvae, else lite");
    add("batch", count_of(20), "table 3: frames that are worked on at once");
    add("repetitions",
        po::value<Count>()->value_name("N"),
        "table 3: runs, of which the median counts; default 10, quick 3");
    add("no-picture", po::bool_switch(), "CSV and JSON only");
    add("restart", po::bool_switch(), "forget the results that are in DIR");
    add("json", po::bool_switch(), "last line of the output as JSON");
    add_device_option(options);
    add_process_options(options);
}

EvaluationOptions evaluation_options(const po::variables_map& values)
{
    EvaluationOptions options;
    options.figures = figures_of(values);
    options.table = table_of(values);
    if (options.figures.empty() && !options.table) {
        throw UsageError("nothing to do: give --figure N, --table 3 or --all");
    }
    options.schemes = schemes_of(values);
    options.device = resolve_device(values["device"].as<std::string>());
    try {
        options.reference =
            cfisac::signal::reference_from_string(values["reference"].as<std::string>());
    } catch (const std::invalid_argument& error) {
        throw UsageError(std::string("--reference: ") + error.what());
    }
    if (options.reference == cfisac::signal::Reference::raw) {
        throw UsageError("--reference raw: cs, music and ml need to know what was "
                         "transmitted; give pilot or reference");
    }
    options.workers = workers_of(values, options.device);
    options.rank = rank_of(values, options.workers);
    if (values.count("rendezvous")) {
        options.rendezvous = values["rendezvous"].as<std::string>();
    }
    options.timeout = std::chrono::seconds(values["timeout-s"].as<Count>().value);
    options.scenario = cfisac::load_scenario(values["scenario"].as<std::string>());
    options.models = models_of(values, options.device);
    options.out = values["out"].as<std::string>();
    options.quick = values["quick"].as<bool>();
    options.frames = count_or(values, "frames", 20, 500);
    options.seed = values["seed"].as<Seed>().value;
    options.bootstrap.resamples =
        static_cast<std::size_t>(values["resamples"].as<Count>().value);
    options.bootstrap.seed = options.seed;
    if (values.count("logs")) {
        options.logs = values["logs"].as<std::string>();
    }
    options.training_steps = count_or(values, "training-steps", 40, 1000);
    if (values.count("architecture")) {
        options.architecture = values["architecture"].as<std::string>();
        named_architecture(options.architecture); // refuses another word
    }
    options.batch = values["batch"].as<Count>().value;
    options.repetitions = count_or(values, "repetitions", 3, 10);
    options.picture = !values["no-picture"].as<bool>();
    options.restart = values["restart"].as<bool>();
    options.json = values["json"].as<bool>();
    return options;
}

std::string EvaluationOptions::settings() const
{
    return Json{{"version", cfisac::version},
                {"scenario", cfisac::to_yaml(scenario)},
                {"seed", seed},
                {"device", device.substr(0, device.find(':'))}}
        .dump();
}

std::string EvaluationOptions::agreement() const
{
    auto json = Json::parse(settings());
    json["workers"] = workers;
    json["figures"] = figures;
    json["quick"] = quick;
    json["schemes"] = schemes;
    json["frames"] = frames;
    json["models"] = Json::array();
    for (const auto& given : models) {
        json["models"].push_back(given.scheme + " " +
                                 hexadecimal(given.model->fingerprint()));
    }
    return json.dump();
}

cfisac::nn::Architecture EvaluationOptions::sizes() const
{
    if (!architecture.empty()) {
        return named_architecture(architecture);
    }
    const auto found = std::find_if(models.begin(), models.end(), [](const auto& given) {
        return given.scheme == "dvqvae";
    });
    return found == models.end() ? cfisac::nn::Architecture::preset("lite")
                                 : found->model->architecture();
}

} // namespace isac::apps
