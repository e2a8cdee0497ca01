// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/trainer_state.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>
#include <dlfcn.h>
#include <stdexcept>

namespace cfisac::training {

namespace {

constexpr std::int64_t rise_steps = 100;
constexpr double lowest_rate_share = 1e-3;
constexpr std::int64_t averaged_steps = 50;

} // namespace

Trainer::State::State(const Scenario& scenario,
                      const nn::Architecture& architecture,
                      const TrainerOptions& o,
                      std::shared_ptr<Transport> other_processes)
    : options(o),
      transport(std::move(other_processes)),
      world(transport ? transport->world() : World()),
      rank(transport ? transport->rank() : 0),
      worker(world.worker(rank)),
      model(scenario, architecture, options.seed),
      network(*model.network()),
      layout(scenario, at::Device(options.device)),
      access_points(network.receivers()),
      average_commitment(network.receivers(), 0.0),
      replaced(network.receivers(), 0)
{
    require_possible();
    share_threads();
    network.to(layout.device);
    std::vector<std::int64_t> here;
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (world.is_access_point(rank, m)) {
            here.push_back(m);
        }
    }
    if (!network.centralized()) {
        if (!here.empty()) {
            encoder = shared_encoder(network, options);
        }
        for (const auto m : here) {
            access_points[m] =
                std::make_unique<AccessPointRole>(network, m, options, encoder);
        }
    }
    if (world.is_central_unit(rank)) {
        central_unit = std::make_unique<CentralUnitRole>(network, options);
    }
    source = std::make_unique<DataSource>(
        network, layout, options, here, central_unit != nullptr);
}

void Trainer::State::require_possible() const
{
    if (options.batch % world.workers() != 0) {
        throw std::invalid_argument("a batch of " + std::to_string(options.batch) +
                                    " frames cannot be split between " +
                                    std::to_string(world.workers()) + " workers");
    }
    if (network.centralized() && world.split()) {
        throw std::invalid_argument("with the cnn read-out there is nothing to train at an "
                                    "access point: give every worker all roles");
    }
    if (network.centralized() && options.drop_access_point > 0) {
        throw std::invalid_argument("drop access point must be 0 with the cnn read-out, "
                                    "which needs all echoes, got " +
                                    std::to_string(options.drop_access_point));
    }
}

// One thread makes data; the others train. OpenBLAS has threads of its own, which would
// wait for each other in a loop where there are not enough processors.
void Trainer::State::share_threads() const
{
    const auto all =
        options.threads > 0 ? options.threads : std::int64_t{at::get_num_threads()};
    const int training = static_cast<int>(std::max<std::int64_t>(1, all - 1));
    at::set_num_threads(training);
    using SetThreads = void (*)(int);
    if (const auto set_threads = reinterpret_cast<SetThreads>(
            ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
        set_threads(training);
    }
}

double Trainer::State::learning_rate(std::int64_t step) const
{
    const double rise = std::min(1.0, (step + 1.0) / rise_steps);
    const double fall = 0.5 + 0.5 * std::cos(M_PI * step / options.steps);
    return options.learning_rate * std::max(lowest_rate_share, rise * fall);
}

// Mean of the first steps, then a moving average.
void Trainer::State::average(double& mean, double now) const
{
    mean += (now - mean) / static_cast<double>(std::min(done + 1, averaged_steps));
}

void Trainer::State::count_time(double elapsed, double waited)
{
    const double rate = static_cast<double>(options.batch) / elapsed;
    samples_per_second =
        samples_per_second == 0.0 ? rate : 0.9 * samples_per_second + 0.1 * rate;
    average_waiting_share += (waited / elapsed - average_waiting_share) /
                             static_cast<double>(std::min(done, averaged_steps));
    elapsed_s += elapsed;
    waited_s += waited;
}

Progress Trainer::State::progress() const
{
    Progress progress;
    progress.step = done;
    progress.steps = options.steps;
    progress.frames = done * options.batch;
    progress.learning_rate = learning_rate(std::max<std::int64_t>(done - 1, 0));
    progress.loss = average_loss;
    for (const auto commitment : average_commitment) {
        progress.commitment += commitment / static_cast<double>(network.receivers());
    }
    progress.samples_per_second = samples_per_second;
    progress.waiting_share = average_waiting_share;
    progress.waiting_share_run = elapsed_s > 0 ? waited_s / elapsed_s : 0.0;
    return progress;
}

std::vector<double> Trainer::State::averages() const
{
    std::vector<double> values = {
        average_loss, average_waiting_share, samples_per_second, waited_s, elapsed_s};
    values.insert(values.end(), average_commitment.begin(), average_commitment.end());
    return values;
}

void Trainer::State::set_averages(const at::Tensor& averages)
{
    std::int64_t place = 0;
    for (auto* value : {&average_loss,
                        &average_waiting_share,
                        &samples_per_second,
                        &waited_s,
                        &elapsed_s}) {
        *value = averages[place++].item<double>();
    }
    for (auto& value : average_commitment) {
        value = averages[place++].item<double>();
    }
}

NamedModules Trainer::State::modules() const
{
    std::map<std::string, std::shared_ptr<torch::nn::Module>> named;
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (access_points[m]) {
            const auto modules = access_point_modules(network, m);
            named.insert(modules.begin(), modules.end());
        }
    }
    if (central_unit) {
        const auto modules = central_unit_modules(network);
        named.insert(modules.begin(), modules.end());
    }
    return {named.begin(), named.end()};
}

std::map<std::string, ParameterGroup*> Trainer::State::parameter_groups() const
{
    std::map<std::string, ParameterGroup*> groups;
    if (central_unit) {
        groups["decoder"] = &central_unit->parameters();
    }
    if (encoder) {
        groups["encoder"] = encoder.get();
    }
    for (const auto& access_point : access_points) {
        if (access_point) {
            groups["access_point" + std::to_string(access_point->receiver())] =
                &access_point->parameters();
        }
    }
    return groups;
}

} // namespace cfisac::training
