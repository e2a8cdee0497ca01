// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation_network.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cfisac/evaluation/runtime.h>
#include <cfisac/evaluation/sweep.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/training/trainer.h>
#include <cfisac/training/training_log.h>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace isac::apps {

using Json = nlohmann::ordered_json;
namespace evaluation = cfisac::evaluation;
namespace training = cfisac::training;
namespace files = std::filesystem;

namespace {

constexpr double epoch_frames = 16000.0; // of the publication
//! Peaks of the schedule; those of the publication are for its own network and schedule.
const std::vector<double> learning_rates{2e-2, 2e-3, 2e-4};
constexpr std::int64_t reports = 40; // of a training
constexpr std::int64_t validation_frames = 16;

Json line_of(const std::string& text, const std::string& path, int number)
{
    auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
        throw std::runtime_error(path + ":" + std::to_string(number) +
                                 ": not a line of a log of isac_train");
    }
    return json;
}

//! Rows of one log. A training that went on from a checkpoint repeats some steps: the last
//! report of a step counts.
Rows rows_of_log(const std::string& path)
{
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    const auto header = line_of(text, path, 1);
    if (header.value("log", "") != "cfisac-training") {
        throw std::runtime_error(path + ":1: not a log of isac_train");
    }
    Rows rows;
    try {
        const auto rate = header.at("options").at("learning_rate");
        for (int number = 2; std::getline(file, text) && !file.eof(); number++) {
            const auto report = line_of(text, path, number);
            const auto step = report.at("step").get<std::int64_t>();
            const auto behind =
                std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
                    return r.at("step").template get<std::int64_t>() >= step;
                });
            rows.erase(behind, rows.end());
            rows.push_back({{"figure", 11},
                            {"log", files::path(path).filename().string()},
                            {"scenario", header.at("scenario")},
                            {"learning_rate", rate},
                            {"step", step},
                            {"frames", report.at("frames")},
                            {"epoch", report.at("frames").get<double>() / epoch_frames},
                            {"loss", report.at("loss")}});
        }
    } catch (const Json::exception& error) {
        throw std::runtime_error(path + ": not a log of isac_train: " + error.what());
    }
    if (rows.empty()) {
        throw std::runtime_error(path + ": no report yet");
    }
    return rows;
}

std::vector<std::string> logs_in(const std::string& folder)
{
    if (!files::is_directory(folder)) {
        throw UsageError("--logs: there is no folder " + folder);
    }
    std::vector<std::string> logs;
    for (const auto& entry : files::directory_iterator(folder)) {
        if (entry.path().extension() == ".log") {
            logs.push_back(entry.path().string());
        }
    }
    if (logs.empty()) {
        throw UsageError("--logs: there is no log (*.log) in " + folder);
    }
    std::sort(logs.begin(), logs.end());
    return logs;
}

training::TrainerOptions training_options(const EvaluationOptions& options, double rate)
{
    training::TrainerOptions result;
    result.seed = options.seed;
    result.steps = options.training_steps;
    result.learning_rate = rate;
    result.warm_up = std::max<std::int64_t>(1, options.training_steps / 4);
    result.device = options.device;
    return result;
}

//! Whether a log is that of this training, to its end.
bool is_complete(const std::string& path,
                 const training::TrainerOptions& wanted,
                 const EvaluationOptions& options)
{
    std::ifstream file(path);
    std::string text, last;
    if (!std::getline(file, text)) {
        return false;
    }
    const auto header = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!header.is_object() || header.value("scenario", "") != options.scenario.name ||
        header.value("options", Json()) != Json::parse(wanted.to_json()) ||
        header.value("architecture", Json()) != Json::parse(options.sizes().to_json())) {
        return false;
    }
    while (std::getline(file, text)) {
        last = text;
    }
    const auto report = Json::parse(last, nullptr, /*allow_exceptions=*/false);
    return report.is_object() && report.value("step", std::int64_t{0}) == wanted.steps;
}

void train(const std::string& path,
           const training::TrainerOptions& wanted,
           const EvaluationOptions& options,
           const InterruptGuard& guard)
{
    training::Trainer trainer(options.scenario, options.sizes(), wanted);
    training::TrainingLog log(path, trainer.model(), wanted, -1);
    const auto every = std::max<std::int64_t>(1, wanted.steps / reports);
    Progress bar(wanted.steps, "steps");
    while (!trainer.finished()) {
        const auto now = trainer.step();
        std::ostringstream note;
        note << "figure 11, learning rate " << wanted.learning_rate;
        bar.update(now.step, note.str());
        if (now.step % every == 0 || trainer.finished()) {
            log.add(trainer.report(validation_frames));
        }
        guard.check();
    }
}

std::string first_value(const std::string& path, const std::string& key)
{
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        const auto colon = line.find(':');
        if (line.rfind(key, 0) == 0 && colon != std::string::npos) {
            const auto begin = line.find_first_not_of(" \t", colon + 1);
            return begin == std::string::npos ? "" : line.substr(begin);
        }
    }
    return "";
}

//! What people call the device.
std::string device_name(const std::string& device)
{
    std::string name;
    if (device == "cpu") {
        name = first_value("/proc/cpuinfo", "model name");
    } else {
        std::error_code none;
        for (const auto& gpu :
             files::directory_iterator("/proc/driver/nvidia/gpus", none)) {
            name = first_value((gpu.path() / "information").string(), "Model");
            break; // they are of one kind, as a rule
        }
    }
    std::replace(name.begin(), name.end(), ',', ' '); // for the CSV
    return name.empty() ? device : name;
}

} // namespace

Rows training_rows(const EvaluationOptions& options, const InterruptGuard& guard)
{
    std::vector<std::string> logs;
    if (!options.logs.empty()) {
        logs = logs_in(options.logs);
    } else {
        const auto folder = files::path(options.out) / "figure11";
        files::create_directories(folder);
        for (const auto rate : learning_rates) {
            std::ostringstream name;
            name << "learning-rate-" << rate << ".log";
            const auto path = (folder / name.str()).string();
            const auto wanted = training_options(options, rate);
            if (options.restart || !is_complete(path, wanted, options)) {
                train(path, wanted, options, guard);
            }
            logs.push_back(path);
        }
    }
    std::vector<Rows> curves;
    for (const auto& log : logs) {
        curves.push_back(rows_of_log(log));
    }
    const auto place = [](const Rows& curve) {
        return std::make_pair(-curve.front().at("learning_rate").get<double>(),
                              curve.front().at("log").get<std::string>());
    };
    std::sort(curves.begin(), curves.end(), [&](const Rows& one, const Rows& other) {
        return place(one) < place(other);
    });
    Rows rows;
    for (const auto& curve : curves) {
        rows.insert(rows.end(), curve.begin(), curve.end());
    }
    return rows;
}

Rows runtime_rows(const EvaluationOptions& options, const InterruptGuard& guard)
{
    const auto architecture = options.sizes();
    const auto settings = evaluation::runtime_settings(options.scenario);
    Progress bar(static_cast<std::int64_t>(settings.size()) * (options.repetitions + 1),
                 "runs");
    std::int64_t done = 0;
    Rows rows;
    for (const auto& setting : settings) {
        cfisac::nn::Model model(setting.scenario, architecture, options.seed);
        model.network()->to(at::Device(options.device));
        const auto times =
            evaluation::measure_runtime(model, {options.batch, options.repetitions}, [&] {
                guard.check();
                bar.update(++done, "table 3");
            });
        rows.push_back(
            {{"table", 3},
             {"antennas", setting.antennas},
             {"subcarriers", setting.subcarriers},
             {"symbols", setting.symbols},
             {"read_out", cfisac::nn::to_string(architecture.read_out)},
             {"encoder_ms", times.encoder_ms},
             {"quantization_ms", times.quantization_ms},
             {"decoder_ms", times.decoder_ms},
             {"decoder_after_echo_ms", times.decoder_after_echo_ms},
             {"batch", options.batch},
             {"repetitions", options.repetitions},
             {"device", device_name(options.device)},
             {"threads", options.device == "cpu" ? at::get_num_threads() : 1}});
    }
    return rows;
}

} // namespace isac::apps
