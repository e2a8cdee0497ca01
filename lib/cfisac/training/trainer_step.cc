// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/trainer_state.h"

#include <cmath>
#include <stdexcept>

namespace cfisac::training {

namespace {

constexpr std::int64_t dead_interval = 25;
constexpr std::int64_t codebook_batches = 8;
// Frames apart from those trained on.
constexpr std::uint64_t codebook_seed = 0x636f6465626f6f6bULL;

} // namespace

void Trainer::State::initialise_codebooks()
{
    const at::NoGradGuard no_grad;
    std::vector<std::vector<at::Tensor>> rows(network.receivers());
    for (std::int64_t k = 0; worker == 0 && k < codebook_batches; k++) {
        const auto data = source->draw_for_training(
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
        prefetcher = std::make_unique<Prefetcher>(
            [this](std::int64_t step) {
                return source->draw_for_training(
                    options.seed, step * options.batch + worker * share(), share());
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
    std::vector<std::int64_t> sizes = {share(),
                                       quantizer.codeword_dim() * quantizer.groups()};
    const auto& shape = network.latent_shape();
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    return at::empty(sizes, at::TensorOptions(at::kFloat).device(layout.device));
}

std::vector<at::Tensor> Trainer::State::send_up(const StepData& data)
{
    if (network.centralized()) {
        return data.inputs;
    }
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
    if (network.centralized()) {
        return;
    }
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

} // namespace cfisac::training
