// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"
#include "training_options.h"

#include <cfisac/evaluation/durable_file.h>
#include <cfisac/nn/memory.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/training/checkpoint.h>
#include <cfisac/training/trainer.h>
#include <cfisac/training/training_log.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>

using namespace isac::apps;
using namespace cfisac::training;

namespace {

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

std::vector<double> numbers(const std::vector<std::int64_t>& counts)
{
    return {counts.begin(), counts.end()};
}

void print(const Report& report, bool quantized)
{
    const auto& progress = report.progress;
    const auto& validation = report.validation;
    const auto& scores = validation.scores;
    std::ostringstream text;
    text.precision(3);
    text << "step " << progress.step << ": loss " << progress.loss << "; location median "
         << scores.location_median_m << " m, p90 " << scores.location_p90_m
         << " m; velocity median " << scores.velocity_median_mps << " m/s, p90 "
         << scores.velocity_p90_mps << " m/s";
    if (quantized && validation.perplexity.empty()) {
        text << "; no codebooks yet";
    } else if (quantized) {
        text << "; codewords in use " << joined(numbers(validation.distinct))
             << ", perplexity " << joined(validation.perplexity) << ", dead "
             << joined(numbers(validation.dead)) << ", replaced "
             << joined(numbers(report.replaced));
    }
    text << "; waiting for data " << std::lround(100 * progress.waiting_share) << " %";
    std::cout << text.str() << std::endl;
}

//! A training of this process from its first to its last step.
class Run
{
public:
    explicit Run(const po::variables_map& arguments)
        : d_arguments(arguments),
          d_out(arguments["out"].as<std::string>()),
          d_scenario(cfisac::load_scenario(arguments["scenario"].as<std::string>())),
          d_world(read_world(arguments, d_scenario)),
          d_rank(read_rank(arguments, d_world)),
          d_files(d_out, d_world, d_rank, d_world.size() > 1),
          d_options(trainer_options(arguments)),
          d_resume(arguments.count("resume") > 0),
          d_continue(arguments.count("continue") > 0)
    {
    }

    int operator()()
    {
        check_files();
        const auto architecture = read_architecture(d_arguments);
        if (architecture.read_out == cfisac::nn::ReadOut::grid &&
            d_scenario.dimensions != 2) {
            throw UsageError("--architecture: networks on a grid need a scenario with 2 "
                             "dimensions, this one has " +
                             std::to_string(d_scenario.dimensions));
        }
        d_options.check(d_scenario);
        if (d_options.batch % d_world.workers() != 0) {
            throw UsageError("--batch: a batch of " + std::to_string(d_options.batch) +
                             " frames cannot be split between " +
                             std::to_string(d_world.workers()) + " workers");
        }
        if (d_world.size() > 1) {
            d_transport = meet(read_rendezvous(
                d_arguments, d_world, d_rank, d_scenario, architecture, d_options));
        }
        try {
            d_trainer = std::make_unique<Trainer>(
                d_scenario, architecture, d_options, d_transport);
            train();
            finish();
        } catch (const std::exception& error) {
            stop(error);
            throw;
        }
        return success;
    }

private:
    bool reports() const { return d_rank == 0; }

    void check_files() const
    {
        if (d_resume && d_continue) {
            throw UsageError("--resume and --continue: one of them");
        }
        const auto files = d_files.files();
        if (!d_resume && !d_continue && !files.empty()) {
            throw UsageError("--out: " + files.front() +
                             " is from an unfinished training; give --resume to go on "
                             "with it, or remove it");
        }
        if (d_resume && files.empty() && d_world.size() == 1) {
            throw UsageError("--resume: there is no " + d_files.path(0));
        }
    }

    void start()
    {
        if (d_resume || d_continue) {
            const auto step = d_files.agree(d_transport.get());
            if (step) {
                d_trainer->resume(d_files.path(*step));
                d_saved = d_trainer->steps_done();
                std::cout << "going on after step " << d_saved << std::endl;
            } else if (d_resume) {
                throw std::runtime_error("--resume: no process has a checkpoint");
            }
        }
        if (reports()) {
            d_log = std::make_unique<TrainingLog>(
                d_out + ".log", d_trainer->model(), d_options, d_saved);
        }
    }

    void save()
    {
        if (d_trainer->steps_done() != d_saved) {
            d_trainer->save_checkpoint(d_files.path(d_trainer->steps_done()));
            d_saved = d_trainer->steps_done();
        }
    }

    void report()
    {
        d_report = d_trainer->report(d_arguments["validation-frames"].as<Count>().value);
        if (reports()) {
            print(d_report, d_trainer->model().codewords() > 0);
            d_log->add(d_report); // before the checkpoint: no line can be missing then
        }
    }

    void train()
    {
        InterruptGuard interrupt;
        start();
        const auto report_every = d_arguments["report-every"].as<Count>().value;
        const auto checkpoint_every =
            d_arguments.count("checkpoint-every")
                ? d_arguments["checkpoint-every"].as<Count>().value
                : report_every;
        isac::apps::Progress bar(d_options.steps, "steps");
        while (!d_trainer->finished()) {
            const auto now = d_trainer->step();
            std::ostringstream note;
            note.precision(3);
            note << "loss " << now.loss << ", "
                 << static_cast<int>(now.samples_per_second) << " frames/s";
            bar.update(now.step, note.str());
            if (now.step == 1 || now.step % report_every == 0 || d_trainer->finished()) {
                report();
            }
            if (now.step % checkpoint_every == 0 && !d_trainer->finished()) {
                save();
                d_files.prune();
            }
            interrupt.check();
        }
    }

    void finish()
    {
        if (reports()) {
            cfisac::evaluation::write_durably(d_out,
                                              [this](const std::string& temporary) {
                                                  d_trainer->model().save(temporary);
                                              });
        }
        if (d_transport) {
            d_transport->close(); // all have what they need, the model is written
        }
        d_files.remove();
        if (reports()) {
            std::cout << "model written to " << d_out << std::endl;
            if (d_arguments.count("json")) {
                std::cout << to_json(d_report) << std::endl;
            }
        }
    }

    // Keep the state and tell the others.
    void stop(const std::exception& error)
    {
        try {
            if (d_trainer && d_trainer->steps_done() > 0) {
                save();
            }
        } catch (const std::exception& another) {
            std::cerr << "isac_train: no checkpoint: " << another.what() << std::endl;
        }
        if (!d_transport) {
            return;
        }
        const bool interrupt = dynamic_cast<const Interrupted*>(&error) != nullptr;
        const std::string what = error.what();
        d_transport->fail(d_world.describe(d_rank) +
                          (interrupt
                               ? " was interrupted"
                               : " has stopped: " + what.substr(0, what.find('\n'))));
    }

    const po::variables_map& d_arguments;
    std::string d_out;
    cfisac::Scenario d_scenario;
    World d_world;
    int d_rank;
    CheckpointFiles d_files;
    TrainerOptions d_options;
    bool d_resume;
    bool d_continue;
    std::int64_t d_saved = -1; // step of the newest checkpoint
    std::shared_ptr<Transport> d_transport;
    std::unique_ptr<TrainingLog> d_log;
    std::unique_ptr<Trainer> d_trainer;
    Report d_report;
};

} // namespace

int main(int argc, char** argv)
{
    Program program;
    program.name = "isac_train";
    program.usage = "--scenario FILE --out FILE [options]";
    program.summary =
        "Train a D-VQVAE, D-VAE or centralized CNN for a scenario. Frames are made on\n"
        "the fly from the seed.\n"
        "Checkpoints OUT.checkpoint* are written on the way and on Ctrl-C, a log of all\n"
        "reports in OUT.log.";
    add_training_options(program.options);
    cfisac::nn::keep_freed_memory(); // every step makes the same large tensors
    const int code =
        run(std::move(program), argc, argv, [](const po::variables_map& arguments) {
            return Run(arguments)();
        });
    if (code != success) {
        // A thread of the transport may still wait for a process that is gone; leave
        // without its end.
        std::cout.flush();
        std::quick_exit(code);
    }
    return code;
}
