// SPDX-License-Identifier: GPL-3.0-or-later
#include "common.h"

#include <cfisac/scenario/yaml.h>
#include <cfisac/training/checkpoint.h>
#include <cfisac/training/durable_file.h>
#include <cfisac/training/trainer.h>
#include <cfisac/training/training_log.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace isac::apps;
using namespace cfisac::training;

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

std::vector<double> numbers(const std::vector<std::int64_t>& counts)
{
    return {counts.begin(), counts.end()};
}

void print(const Report& report)
{
    const auto& progress = report.progress;
    const auto& validation = report.validation;
    const auto& scores = validation.scores;
    std::ostringstream text;
    text.precision(3);
    text << "step " << progress.step << ": loss " << progress.loss << "; location median "
         << scores.location_median_m << " m, p90 " << scores.location_p90_m
         << " m; velocity median " << scores.velocity_median_mps << " m/s, p90 "
         << scores.velocity_p90_mps << " m/s; ";
    if (validation.perplexity.empty()) {
        text << "no codebooks yet";
    } else {
        text << "codewords in use " << joined(numbers(validation.distinct))
             << ", perplexity " << joined(validation.perplexity) << ", dead "
             << joined(numbers(validation.dead)) << ", replaced "
             << joined(numbers(report.replaced));
    }
    text << "; waiting for data " << std::lround(100 * progress.waiting_share) << " %";
    std::cout << text.str() << std::endl;
}

// Values of an option MIN,MAX; nothing where it is not given.
template <typename T>
std::optional<Interval<T>> interval(const po::variables_map& arguments,
                                    const std::string& option)
{
    if (arguments.count(option) == 0) {
        return std::nullopt;
    }
    const auto [low, high] = two_numbers(option, arguments[option].as<std::string>());
    const Interval<T> result{static_cast<T>(low), static_cast<T>(high)};
    if (low > high || result.min != low || result.max != high) {
        throw UsageError("--" + option + " takes MIN,MAX with MIN at most MAX" +
                         (std::is_integral_v<T> ? ", whole numbers" : "") + ", not '" +
                         arguments[option].as<std::string>() + "'");
    }
    return result;
}

Randomisation randomisation(const po::variables_map& arguments)
{
    Randomisation random;
    random.power_dbm = interval<double>(arguments, "power-dbm");
    random.scatterers = interval<int>(arguments, "clutter-scatterers");
    random.clutter_variance = interval<double>(arguments, "clutter-variance");
    random.timing_offset_std_s = interval<double>(arguments, "timing-offset-s");
    random.frequency_offset_std_hz = interval<double>(arguments, "frequency-offset-hz");
    random.targets = interval<int>(arguments, "targets");
    return random;
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
    options.drop_access_point = arguments["drop-access-point"].as<Number>().value;
    options.randomisation = randomisation(arguments);
    options.device = resolve_device(arguments["device"].as<std::string>());
    if (arguments.count("threads")) {
        options.threads = arguments["threads"].as<Count>().value;
    }
    return options;
}

World read_world(const po::variables_map& arguments, const cfisac::Scenario& scenario)
{
    const auto role = arguments["role"].as<std::string>();
    if (role != "all" && role != "ap" && role != "cu") {
        throw UsageError("--role is all, ap or cu, not '" + role + "'");
    }
    return World(role != "all",
                 arguments["workers"].as<Count>().value,
                 static_cast<std::int64_t>(scenario.receive.size()));
}

int read_rank(const po::variables_map& arguments, const World& world)
{
    if (world.size() == 1) {
        return 0;
    }
    if (arguments.count("rank") == 0 || arguments.count("rendezvous") == 0) {
        throw UsageError("a training in " + std::to_string(world.size()) +
                         " processes needs --rendezvous HOST:PORT and --rank R");
    }
    const auto rank = arguments["rank"].as<Seed>().value;
    if (rank >= static_cast<std::uint64_t>(world.size())) {
        throw UsageError("--rank is 0 to " + std::to_string(world.size() - 1) + ", not " +
                         std::to_string(rank));
    }
    const auto role = arguments["role"].as<std::string>();
    const auto given = static_cast<int>(rank);
    if (role != "all" && world.is_central_unit(given) != (role == "cu")) {
        throw UsageError("--rank: rank " + std::to_string(rank) + " is the " +
                         world.describe(given) + ", not a --role " + role);
    }
    return given;
}

//! What all processes of a training must have in common.
std::string agreement(const World& world,
                      const cfisac::Scenario& scenario,
                      const cfisac::nn::Architecture& architecture,
                      const TrainerOptions& options,
                      const po::variables_map& arguments)
{
    using Json = nlohmann::ordered_json;
    return Json{{"processes", world.size()},
                {"workers", world.workers()},
                {"roles", world.split() ? "ap and cu" : "all"},
                {"device", options.device.substr(0, options.device.find(':'))},
                {"resume", arguments.count("resume") > 0},
                {"report-every", arguments["report-every"].as<Count>().value},
                {"scenario", cfisac::to_yaml(scenario)},
                {"architecture", Json::parse(architecture.to_json())},
                {"options", Json::parse(options.to_json())}}
        .dump();
}

Rendezvous read_rendezvous(const po::variables_map& arguments,
                           const World& world,
                           int rank,
                           const TrainerOptions& options)
{
    const auto place = arguments["rendezvous"].as<std::string>();
    const auto colon = place.rfind(':');
    const auto digits = colon == std::string::npos ? "" : place.substr(colon + 1);
    const auto port = digits.find_first_not_of("0123456789") == std::string::npos &&
                              !digits.empty() && digits.size() < 6
                          ? std::stol(digits)
                          : 0;
    if (colon == 0 || port < 1 || port > 65535) {
        throw UsageError("--rendezvous takes HOST:PORT, not '" + place + "'");
    }
    Rendezvous rendezvous;
    rendezvous.host = place.substr(0, colon);
    rendezvous.port = static_cast<std::uint16_t>(port);
    rendezvous.rank = rank;
    rendezvous.world = world;
    rendezvous.device = at::Device(options.device);
    rendezvous.timeout = std::chrono::seconds(arguments["timeout-s"].as<Count>().value);
    return rendezvous;
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
          d_resume(arguments.count("resume") > 0)
    {
    }

    int operator()()
    {
        check_files();
        const auto architecture =
            read_architecture(d_arguments["architecture"].as<std::string>());
        d_options.check(d_scenario);
        if (d_options.batch % d_world.workers() != 0) {
            throw UsageError("--batch: a batch of " + std::to_string(d_options.batch) +
                             " frames cannot be split between " +
                             std::to_string(d_world.workers()) + " workers");
        }
        if (d_world.size() > 1) {
            auto rendezvous = read_rendezvous(d_arguments, d_world, d_rank, d_options);
            rendezvous.agreement =
                agreement(d_world, d_scenario, architecture, d_options, d_arguments);
            d_transport = meet(rendezvous);
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
        const auto files = d_files.files();
        if (!d_resume && !files.empty()) {
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
        if (d_resume) {
            d_trainer->resume(d_files.path(d_files.agree(d_transport.get())));
            d_saved = d_trainer->steps_done();
            std::cout << "going on after step " << d_saved << std::endl;
        }
        if (reports()) {
            d_log = std::make_unique<TrainingLog>(
                d_out + ".log", d_trainer->model(), d_options, d_resume ? d_saved : -1);
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
            print(d_report);
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
            write_durably(d_out, [this](const std::string& temporary) {
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
    std::int64_t d_saved = -1; // step of the newest checkpoint
    std::shared_ptr<Transport> d_transport;
    std::unique_ptr<TrainingLog> d_log;
    std::unique_ptr<Trainer> d_trainer;
    Report d_report;
};

po::typed_value<Count>* count_of(std::int64_t value)
{
    return po::value<Count>()->default_value(Count{value}, std::to_string(value));
}

void add_training_options(po::options_description& options)
{
    const TrainerOptions defaults;
    options.add_options()(
        "scenario", po::value<std::string>()->required(), "scenario file (YAML)")(
        "out", po::value<std::string>()->required(), "model file to write (safetensors)")(
        "architecture",
        po::value<std::string>()->default_value("lite"),
        "paper, lite, or a JSON file with sizes")(
        "steps", count_of(defaults.steps), "optimizer steps of the whole training")(
        "batch", count_of(defaults.batch), "frames per step, over all workers")(
        "seed",
        po::value<Seed>()->default_value(Seed{defaults.seed}, "1"),
        "of weights, frames and codebooks")(
        "learning-rate",
        po::value<Number>()->default_value(Number{defaults.learning_rate}, "0.002"),
        "peak of the schedule (Adam)")(
        "commitment",
        po::value<Number>()->default_value(Number{defaults.commitment}, "8"),
        "weight of the commitment loss (21), per element")(
        "warm-up",
        count_of(defaults.warm_up),
        "steps before the codebooks are initialised")(
        "ordered", "dense read-out: score targets in their order, not in the best one")(
        "drop-access-point",
        po::value<Number>()->default_value(Number{0.0}, "0"),
        "probability that a frame misses one receive access point")(
        "report-every", count_of(250), "steps between reports")(
        "checkpoint-every",
        po::value<Count>(),
        "steps between checkpoints; as report-every unless given")(
        "validation-frames", count_of(256), "frames scored for a report")(
        "resume", "go on from the checkpoint")(
        "threads",
        po::value<Count>(),
        "processor threads; one of them makes the data, the others train. Default: as "
        "OMP_NUM_THREADS says, or one for each core")(
        "json", "print the last report as JSON on the last line");
    add_device_option(options);
}

void add_randomisation_options(po::options_description& options)
{
    const auto interval = [] { return po::value<std::string>()->value_name("MIN,MAX"); };
    po::options_description random(
        "Drawn for every frame between MIN and MAX, instead of "
        "the scenario's value");
    random.add_options()("power-dbm", interval(), "transmit power, dBm")(
        "clutter-scatterers", interval(), "number of clutter scatterers")(
        "clutter-variance", interval(), "variance of a scatterer's reflection")(
        "timing-offset-s", interval(), "standard deviation of timing offsets, s")(
        "frequency-offset-hz", interval(), "standard deviation of frequency offsets, Hz")(
        "targets", interval(), "number of targets, at most the scenario's");
    options.add(random);
}

void add_process_options(po::options_description& options)
{
    po::options_description processes("Several processes");
    processes.add_options()(
        "role",
        po::value<std::string>()->default_value("all"),
        "what this process trains: all, ap (one receive access point) "
        "or cu (the central unit)")("workers",
                                    count_of(1),
                                    "replicas that share a batch; each is one process, "
                                    "or with M access points M + 1")(
        "rendezvous",
        po::value<std::string>()->value_name("HOST:PORT"),
        "where rank 0 waits for the others")("rank",
                                             po::value<Seed>()->value_name("R"),
                                             "of worker W: W; with ap and cu: W (M + 1) "
                                             "for its central unit, W (M + 1) + 1 + m "
                                             "for access point m")(
        "timeout-s",
        count_of(300),
        "longest wait for a process that lives but does not answer, and for all to come");
    options.add(processes);
}

} // namespace

int main(int argc, char** argv)
{
    Program program;
    program.name = "isac_train";
    program.usage = "--scenario FILE --out FILE [options]";
    program.summary =
        "Train a D-VQVAE for a scenario. Frames are made on the fly from the seed.\n"
        "Checkpoints OUT.checkpoint* are written on the way and on Ctrl-C, a log of all\n"
        "reports in OUT.log.";
    add_training_options(program.options);
    add_randomisation_options(program.options);
    add_process_options(program.options);
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
