// SPDX-License-Identifier: GPL-3.0-or-later
#include "training_options.h"

#include <cfisac/scenario/yaml.h>
#include <nlohmann/json.hpp>

namespace isac::apps {

using namespace cfisac::training;

namespace {

constexpr std::int64_t most_codewords = 4096;

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
                {"continue", arguments.count("continue") > 0},
                {"report-every", arguments["report-every"].as<Count>().value},
                {"scenario", cfisac::to_yaml(scenario)},
                {"architecture", Json::parse(architecture.to_json())},
                {"options", Json::parse(options.to_json())}}
        .dump();
}

po::typed_value<Count>* count_of(std::int64_t value)
{
    return po::value<Count>()->default_value(Count{value}, std::to_string(value));
}

void add_own_options(po::options_description& options)
{
    const TrainerOptions defaults;
    options.add_options()(
        "scenario", po::value<std::string>()->required(), "scenario file (YAML)")(
        "out", po::value<std::string>()->required(), "model file to write (safetensors)")(
        "architecture",
        po::value<std::string>()->default_value("lite"),
        "paper, lite, cnn, or a JSON file with sizes")(
        "codewords",
        po::value<Count>(),
        "of each codebook, 2 to 4096, instead of the architecture's")(
        "reference",
        po::value<std::string>(),
        "what an access point (with cnn, the central unit) knows of the transmitted "
        "signal: raw, pilot or reference, instead of the architecture's")(
        "latents",
        po::value<std::string>(),
        "quantized, or sent as float32 or float16 (D-VAE), instead of the "
        "architecture's")(
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
        "ordered",
        "dense read-out and cnn: score targets in their order, not in the best one")(
        "drop-access-point",
        po::value<Number>()->default_value(Number{0.0}, "0"),
        "probability that a frame misses one receive access point")(
        "report-every", count_of(250), "steps between reports")(
        "checkpoint-every",
        po::value<Count>(),
        "steps between checkpoints; as report-every unless given")(
        "validation-frames", count_of(256), "frames scored for a report")(
        "resume", "go on from the checkpoint")(
        "continue",
        "go on from the checkpoint where there is one, otherwise begin: the same command "
        "for the first start and all later ones")(
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
        "what this process trains: all, ap (one receive access point), "
        "cu (the central unit), or split (ap or cu, as its rank says)")(
        "workers",
        count_of(1),
        "replicas that share a batch; each is one process, "
        "or with M access points M + 1")(
        "rendezvous",
        po::value<std::string>()->value_name("HOST:PORT"),
        "where rank 0 waits for the others")(
        "rank",
        po::value<Seed>()->value_name("R"),
        "of worker W: W; with ap, cu, split: W (M + 1) "
        "for its central unit, W (M + 1) + 1 + m "
        "for access point m")(
        "timeout-s",
        count_of(300),
        "longest wait for a process that lives but does not answer, and for all to come");
    options.add(processes);
}

//! Options that say something of access points, which have nothing to train with the cnn
//! read-out.
void check_centralized(const po::variables_map& arguments)
{
    for (const auto* option : {"codewords", "latents", "commitment", "warm-up"}) {
        if (arguments.count(option) && !arguments[option].defaulted()) {
            throw UsageError(
                "--" + std::string(option) +
                " says nothing to the cnn read-out, whose access points send "
                "raw echoes");
        }
    }
    if (arguments["role"].as<std::string>() != "all") {
        throw UsageError(
            "--role: with the cnn read-out every worker has all roles, there "
            "is nothing to train at an access point");
    }
    if (arguments["drop-access-point"].as<Number>().value != 0.0) {
        throw UsageError("--drop-access-point: the cnn read-out needs the echoes of all "
                         "access points");
    }
}

} // namespace

void add_training_options(po::options_description& options)
{
    add_own_options(options);
    add_randomisation_options(options);
    add_process_options(options);
}

cfisac::nn::Architecture read_architecture(const po::variables_map& arguments)
{
    const auto named = named_architecture(arguments["architecture"].as<std::string>());
    if (named.read_out == cfisac::nn::ReadOut::cnn) {
        check_centralized(arguments);
    }
    auto json = nlohmann::json::parse(named.to_json());
    if (arguments.count("reference")) {
        json["reference"] = arguments["reference"].as<std::string>();
    }
    if (arguments.count("codewords")) {
        const auto codewords = arguments["codewords"].as<Count>().value;
        if (codewords < 2 || codewords > most_codewords) {
            throw UsageError("--codewords takes 2 to " + std::to_string(most_codewords) +
                             ", got " + std::to_string(codewords));
        }
        json["codewords"] = codewords;
    }
    if (arguments.count("latents")) {
        json["latents"] = arguments["latents"].as<std::string>();
    }
    return cfisac::nn::Architecture::from_json(json.dump());
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
    if (role != "all" && role != "ap" && role != "cu" && role != "split") {
        throw UsageError("--role is all, ap, cu or split, not '" + role + "'");
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
    if ((role == "ap" || role == "cu") &&
        world.is_central_unit(given) != (role == "cu")) {
        throw UsageError("--rank: rank " + std::to_string(rank) + " is the " +
                         world.describe(given) + ", not a --role " + role);
    }
    return given;
}

Rendezvous read_rendezvous(const po::variables_map& arguments,
                           const World& world,
                           int rank,
                           const cfisac::Scenario& scenario,
                           const cfisac::nn::Architecture& architecture,
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
    rendezvous.agreement = agreement(world, scenario, architecture, options, arguments);
    return rendezvous;
}

} // namespace isac::apps
