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
constexpr std::int64_t dead_interval = 25;
constexpr std::int64_t codebook_batches = 8;
// Frames apart from those trained on.
constexpr std::uint64_t codebook_seed = 0x636f6465626f6f6bULL;

std::int64_t share_of_worker(const TrainerOptions& options, const World& world)
{
    if (options.batch % world.workers() != 0) {
        throw std::invalid_argument("a batch of " + std::to_string(options.batch) +
                                    " frames cannot be split between " +
                                    std::to_string(world.workers()) + " workers");
    }
    return options.batch / world.workers();
}

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
    share_of_worker(options, world);
    share_threads();
    network.to(layout.device);
    std::vector<std::int64_t> here;
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (world.is_access_point(rank, m)) {
            here.push_back(m);
        }
    }
    if (!here.empty()) {
        encoder = shared_encoder(network, options);
    }
    for (const auto m : here) {
        access_points[m] =
            std::make_unique<AccessPointRole>(network, m, options, encoder);
    }
    if (world.is_central_unit(rank)) {
        central_unit = std::make_unique<CentralUnitRole>(network, options);
    }
    source = std::make_unique<DataSource>(
        network, layout, options, here, central_unit != nullptr);
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

void Trainer::State::initialise_codebooks()
{
    const at::NoGradGuard no_grad;
    std::vector<std::vector<at::Tensor>> rows(network.receivers());
    for (std::int64_t k = 0; worker == 0 && k < codebook_batches; k++) {
        const auto data =
            source->draw_for_training(
            options.seed ^ codebook_seed, k * options.batch, options.batch);
        for (std::int64_t m = 0; m < network.receivers(); m++) {
            if (access_points[m]) {
                rows[m].push_back(
                    network.quantizer(m)->pieces(network.encode(m, data.inputs[m])));
            }
        }
        alive();
    }
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (!access_points[m]) {
            continue;
        }
        auto& quantizer = network.quantizer(m);
        if (worker == 0) {
            quantizer->initialise(at::cat(rows[m]), options.seed + m);
        }
        if (world.workers() > 1) {
            const NamedModules modules{{"", quantizer.ptr()}};
            const auto state = flat_state(modules);
            transport->broadcast(state, world.access_point(0, m), world.access_points(m));
            set_flat_state(modules, state);
        }
    }
}

StepData Trainer::State::next_data()
{
    if (!prefetcher) {
        const auto share = share_of_worker(options, world);
        prefetcher = std::make_unique<Prefetcher>(
            [this, share](std::int64_t step) {
                return source->draw_for_training(
                    options.seed, step * options.batch + worker * share, share);
            },
            done,
            options.steps,
            layout.device);
    }
    return prefetcher->next();
}

at::Tensor Trainer::State::empty_latent() const
{
    const auto& quantizer = network.quantizer(0)->options();
    std::vector<std::int64_t> sizes = {share_of_worker(options, world),
                                       quantizer.codeword_dim() * quantizer.groups()};
    const auto& shape = network.latent_shape();
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    return at::empty(sizes, at::TensorOptions(at::kFloat).device(layout.device));
}

std::vector<at::Tensor> Trainer::State::send_up(const StepData& data)
{
    std::vector<at::Tensor> latents;
    const int to = world.central_unit(worker);
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (access_points[m]) {
            const auto latent = access_points[m]->forward(data.inputs[m], quantizing());
            if (to == rank) {
                latents.push_back(latent);
            } else {
                transport->send(latent, to);
            }
        } else if (central_unit) {
            latents.push_back(empty_latent());
            transport->receive(latents.back(), world.access_point(worker, m));
        }
    }
    return latents;
}

std::vector<at::Tensor> Trainer::State::learn_at_central_unit(
    const std::vector<at::Tensor>& latents, const Truth& truth)
{
    if (!central_unit) {
        return {};
    }
    central_unit->parameters().clear_gradients();
    auto gradients = central_unit->backward(latents, truth);
    auto mean = central_unit->loss().clone();
    if (world.workers() > 1) {
        transport->all_reduce(mean, world.central_units());
    }
    loss = mean.item<double>() / static_cast<double>(world.workers());
    if (!std::isfinite(loss)) {
        throw std::runtime_error("training: the loss is not finite at step " +
                                 std::to_string(done) + "; lower the learning rate");
    }
    return gradients;
}

void Trainer::State::send_down(const std::vector<at::Tensor>& gradients)
{
    if (encoder) {
        encoder->clear_gradients();
    }
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (access_points[m]) {
            auto gradient = central_unit ? gradients[m] : empty_latent();
            if (!central_unit) {
                transport->receive(gradient, world.central_unit(worker));
            }
            access_points[m]->parameters().clear_gradients();
            access_points[m]->backward(gradient);
        } else if (central_unit) {
            transport->send(gradients[m], world.access_point(worker, m));
        }
    }
}

void Trainer::State::mean_over_workers(ParameterGroup& parameters,
                                       const Group& group) const
{
    if (group.size() > 1) {
        const auto row = parameters.gradients();
        transport->all_reduce(row, group);
        parameters.set_gradients(row / static_cast<double>(world.workers()));
    }
}

void Trainer::State::combine_gradients()
{
    if (central_unit) {
        mean_over_workers(central_unit->parameters(), world.central_units());
    }
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (access_points[m]) {
            mean_over_workers(access_points[m]->parameters(), world.access_points(m));
        }
    }
    if (encoder) {
        mean_over_workers(*encoder, world.all_access_points());
    }
}

bool Trainer::State::dead_codewords_are_replaced() const
{
    return done % dead_interval == 0;
}

std::vector<Trainer::State::CodebookUpdate> Trainer::State::combine_statistics()
{
    std::vector<CodebookUpdate> codebooks(network.receivers());
    for (std::int64_t m = 0; quantizing() && m < network.receivers(); m++) {
        if (!access_points[m]) {
            continue;
        }
        const auto group = world.access_points(m);
        auto& codebook = codebooks[m];
        if (dead_codewords_are_replaced()) {
            codebook.candidates = access_points[m]->candidates();
        }
        if (world.workers() > 1) {
            codebook.statistics = access_points[m]->statistics();
            transport->all_reduce(codebook.statistics.counts, group);
            transport->all_reduce(codebook.statistics.sums, group);
            if (codebook.candidates.defined()) {
                transport->broadcast(codebook.candidates, group.front(), group);
            }
        }
    }
    return codebooks;
}

void Trainer::State::update_codebook(AccessPointRole& access_point,
                                     const CodebookUpdate& codebook)
{
    if (codebook.statistics.counts.defined()) {
        access_point.update_codebook(codebook.statistics);
    } else {
        access_point.update_codebook();
    }
    if (codebook.candidates.defined()) {
        replaced[access_point.receiver()] +=
            access_point.replace_dead(codebook.candidates, options.seed + done);
    }
}

void Trainer::State::update(const std::vector<CodebookUpdate>& codebooks)
{
    const double rate = learning_rate(done);
    if (central_unit) {
        central_unit->update(rate);
        average(average_loss, loss);
    }
    if (encoder) {
        encoder->update(rate);
    }
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        if (!access_points[m]) {
            continue;
        }
        access_points[m]->update(rate);
        if (quantizing()) {
            update_codebook(*access_points[m], codebooks[m]);
        }
        average(average_commitment[m], access_points[m]->commitment());
    }
    done++;
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

void Trainer::State::gather()
{
    for (std::int64_t m = 0; m < network.receivers(); m++) {
        const int from = world.access_point(0, m), to = world.central_unit(0);
        if (from == to || (rank != from && rank != to)) {
            continue;
        }
        const auto modules = access_point_modules(network, m);
        const auto state = flat_state(modules);
        auto numbers = at::tensor(
            {average_commitment[m], static_cast<double>(replaced[m])}, at::kDouble);
        numbers = numbers.to(layout.device);
        if (rank == from) {
            transport->send(state, to);
            transport->send(numbers, to);
        } else {
            transport->receive(state, from);
            set_flat_state(modules, state);
            transport->receive(numbers, from);
            average_commitment[m] = numbers[0].item<double>();
            replaced[m] = static_cast<std::int64_t>(numbers[1].item<double>());
        }
    }
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
