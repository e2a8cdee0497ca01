// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <cfisac/scenario/yaml.h>
#include <cfisac/training/trainer.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace isac::apps;
using cfisac::training::Trainer;
using cfisac::training::TrainerOptions;
using cfisac::training::Validation;

namespace {

bool exists(const std::string& path)
{
    struct stat status {
    };
    return ::stat(path.c_str(), &status) == 0;
}

// A preset by name, or a JSON file.
cfisac::nn::Architecture read_architecture(const std::string& word)
{
    if (!exists(word)) {
        try {
            return cfisac::nn::Architecture::preset(word);
        } catch (const std::invalid_argument& error) {
            throw UsageError(std::string("--architecture: ") + error.what() +
                             ", and there is no such file");
        }
    }
    std::ifstream file(word);
    std::ostringstream text;
    text << file.rdbuf();
    return cfisac::nn::Architecture::from_json(text.str());
}

std::string joined(const std::vector<double>& values)
{
    std::ostringstream text;
    text.setf(std::ios::fixed);
    text.precision(0);
    for (std::size_t k = 0; k < values.size(); k++) {
        text << (k ? ", " : "") << values[k];
    }
    return text.str();
}

void report(std::int64_t step, const Validation& validation)
{
    const auto& scores = validation.scores;
    const std::vector<double> distinct(validation.distinct.begin(),
                                       validation.distinct.end());
    std::ostringstream text;
    text.precision(3);
    text << "step " << step << ": location median " << scores.location_median_m
         << " m, p90 " << scores.location_p90_m << " m; velocity median "
         << scores.velocity_median_mps << " m/s, p90 " << scores.velocity_p90_mps
         << " m/s; codewords in use " << joined(distinct) << ", perplexity "
         << joined(validation.perplexity);
    std::cout << text.str() << std::endl;
}

nlohmann::ordered_json to_json(const Trainer& trainer, const Validation& validation)
{
    const auto& scores = validation.scores;
    return {{"steps", trainer.steps_done()},
            {"location_median_m", scores.location_median_m},
            {"location_p90_m", scores.location_p90_m},
            {"velocity_median_mps", scores.velocity_median_mps},
            {"velocity_p90_mps", scores.velocity_p90_mps},
            {"perplexity", validation.perplexity},
            {"distinct_codewords", validation.distinct}};
}

TrainerOptions trainer_options(const po::variables_map& arguments)
{
    TrainerOptions options;
    options.seed = arguments["seed"].as<Seed>().value;
    options.steps = arguments["steps"].as<Count>().value;
    options.batch = arguments["batch"].as<Count>().value;
    options.learning_rate = arguments["learning-rate"].as<Number>().value;
    options.commitment = arguments["commitment"].as<Number>().value;
    options.warm_up = arguments["warm-up"].as<Count>().value;
    options.ordered = arguments.count("ordered") > 0;
    options.device = resolve_device(arguments["device"].as<std::string>());
    return options;
}

int train(const po::variables_map& arguments)
{
    if (arguments["role"].as<std::string>() != "all") {
        throw UsageError(
            "--role: only 'all' (every role in this process) is in this version, "
            "got '" +
            arguments["role"].as<std::string>() + "'");
    }
    const auto scenario = cfisac::load_scenario(arguments["scenario"].as<std::string>());
    const auto out = arguments["out"].as<std::string>();
    const auto checkpoint = out + ".checkpoint";
    const bool resume = arguments.count("resume") > 0;
    if (!resume && exists(checkpoint)) {
        throw UsageError(
            "--out: " + checkpoint +
            " is from an unfinished training; give --resume to go on with it, or "
            "remove it");
    }
    if (resume && !exists(checkpoint)) {
        throw UsageError("--resume: there is no " + checkpoint);
    }
    const auto options = trainer_options(arguments);
    Trainer trainer(scenario,
                    read_architecture(arguments["architecture"].as<std::string>()),
                    options);
    if (resume) {
        trainer.resume(checkpoint);
        std::cout << "going on after step " << trainer.steps_done() << std::endl;
    }
    const auto interval = arguments["report-every"].as<Count>().value;
    const auto frames = arguments["validation-frames"].as<Count>().value;
    {
        InterruptGuard interrupt;
        Progress progress(options.steps, "steps");
        while (!trainer.finished()) {
            const auto now = trainer.step();
            std::ostringstream note;
            note.precision(3);
            note << "loss " << now.loss << ", "
                 << static_cast<int>(now.samples_per_second) << " frames/s";
            progress.update(now.step, note.str());
            const bool due = now.step % interval == 0 && !trainer.finished();
            if (due || interrupt.requested()) {
                trainer.save_checkpoint(checkpoint);
            }
            interrupt.check();
            if (due && now.step <= options.warm_up) {
                std::cout << "step " << now.step << ": loss " << now.loss
                          << ", codebooks come after step " << options.warm_up
                          << std::endl;
            } else if (due) {
                report(now.step, trainer.validate(frames));
            }
        }
    }
    const auto validation = trainer.validate(frames);
    report(trainer.steps_done(), validation);
    trainer.model().save(out);
    std::remove(checkpoint.c_str());
    std::cout << "model written to " << out << std::endl;
    if (arguments.count("json")) {
        print_json(to_json(trainer, validation));
    }
    return success;
}

} // namespace

int main(int argc, char** argv)
{
    const TrainerOptions defaults;
    Program program;
    program.name = "isac_train";
    program.usage = "--scenario FILE --out FILE [options]";
    program.summary =
        "Train a D-VQVAE for a scenario. Frames are made on the fly from the seed.\n"
        "A checkpoint OUT.checkpoint is written at every report and on Ctrl-C.";
    program.options.add_options()(
        "scenario", po::value<std::string>()->required(), "scenario file (YAML)")(
        "out", po::value<std::string>()->required(), "model file to write (safetensors)")(
        "architecture",
        po::value<std::string>()->default_value("lite"),
        "paper, lite, or a JSON file with sizes")(
        "steps",
        po::value<Count>()->default_value(Count{defaults.steps},
                                          std::to_string(defaults.steps)),
        "optimizer steps of the whole training")(
        "batch",
        po::value<Count>()->default_value(Count{defaults.batch},
                                          std::to_string(defaults.batch)),
        "frames per step")("seed",
                           po::value<Seed>()->default_value(Seed{defaults.seed}, "1"),
                           "of weights, frames and codebooks")(
        "learning-rate",
        po::value<Number>()->default_value(Number{defaults.learning_rate}, "0.002"),
        "peak of the schedule (Adam)")(
        "commitment",
        po::value<Number>()->default_value(Number{defaults.commitment}, "8"),
        "weight of the commitment loss (21), per element")(
        "warm-up",
        po::value<Count>()->default_value(Count{defaults.warm_up},
                                          std::to_string(defaults.warm_up)),
        "steps before the codebooks are initialised")(
        "ordered", "dense read-out: score targets in their order, not in the best one")(
        "report-every",
        po::value<Count>()->default_value(Count{250}, "250"),
        "steps between reports and checkpoints")(
        "validation-frames",
        po::value<Count>()->default_value(Count{256}, "256"),
        "frames scored for a report")("resume", "go on from OUT.checkpoint")(
        "role",
        po::value<std::string>()->default_value("all"),
        "all: access points and central unit in this process")(
        "json", "print the last report as JSON on the last line");
    add_device_option(program.options);
    return run(std::move(program), argc, argv, train);
}
