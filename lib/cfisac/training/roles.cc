// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/kmeans.h"

#include <cfisac/training/loss.h>
#include <cfisac/training/roles.h>

#include <ATen/core/grad_mode.h>
#include <algorithm>
#include <torch/autograd.h>

namespace cfisac::training {

namespace {

constexpr double latent_regularisation = 0.03; // while nothing is quantized yet

// Rows [B·L, D] to a latent [B, D, shape…].
at::Tensor rows_to_latent(const at::Tensor& rows,
                          std::int64_t batch,
                          at::IntArrayRef shape)
{
    std::vector<std::int64_t> sizes = {batch};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    sizes.push_back(rows.size(1));
    return rows.reshape(sizes).movedim(-1, 1).contiguous();
}

std::string encoder_name(const nn::DVqVaeImpl& network, std::int64_t receiver)
{
    return "encoder" +
           std::to_string(network.architecture().shared_encoder ? 0 : receiver);
}

std::string quantizer_name(std::int64_t receiver)
{
    return "quantizer" + std::to_string(receiver);
}

NamedModules modules_of(const nn::DVqVaeImpl& network,
                        const std::vector<std::string>& names)
{
    const auto children = network.named_children();
    NamedModules modules;
    for (const auto& name : names) {
        modules.emplace_back(name, children[name]);
    }
    return modules;
}

std::vector<at::Tensor> parameters_of(const nn::DVqVaeImpl& network,
                                      const std::vector<std::string>& names)
{
    std::vector<at::Tensor> parameters;
    for (const auto& named : modules_of(network, names)) {
        const auto more = named.second->parameters();
        parameters.insert(parameters.end(), more.begin(), more.end());
    }
    return parameters;
}

template <typename Visit>
void visit_state(const NamedModules& modules, Visit&& visit)
{
    for (const auto& named : modules) {
        for (auto& parameter : named.second->parameters()) {
            visit(parameter);
        }
        for (auto& buffer : named.second->buffers()) {
            visit(buffer);
        }
    }
}

// What reaches the central unit without quantization: all projected vectors while the
// codebooks are still to come, those that travel where there will be none.
at::Tensor unquantized_latent(nn::DVqVaeImpl& network,
                              std::int64_t receiver,
                              const at::Tensor& latent)
{
    auto& quantizer = network.quantizer(receiver);
    if (!network.quantized()) {
        return quantizer->restore(quantizer->unquantized(latent), network.latent_shape());
    }
    return rows_to_latent(
        quantizer->project(latent), latent.size(0), network.latent_shape());
}

// Of a network that gives labels of exactly Q targets.
at::Tensor labels(nn::DVqVaeImpl& network,
                  const std::vector<at::Tensor>& latents,
                  const Truth& truth)
{
    return network.centralized()
               ? network.decode_centralized(latents)
               : network.decode_dense(latents, truth.transmit, truth.present);
}

} // namespace

at::Tensor sent_latent(nn::DVqVaeImpl& network,
                       std::int64_t receiver,
                       const at::Tensor& input,
                       bool quantizing,
                       at::Tensor* indices)
{
    const at::NoGradGuard no_grad;
    if (network.centralized()) {
        return input;
    }
    const auto latent = network.encode(receiver, input);
    auto& quantizer = network.quantizer(receiver);
    if (!quantizing) {
        return unquantized_latent(network, receiver, latent);
    }
    const auto chosen = quantizer->indices(latent);
    if (indices != nullptr) {
        *indices = chosen;
    }
    return quantizer->lookup(chosen, network.latent_shape());
}

nn::Estimates estimates(nn::DVqVaeImpl& network,
                        const std::vector<at::Tensor>& latents,
                        const Truth& truth)
{
    const at::NoGradGuard no_grad;
    if (network.architecture().read_out == nn::ReadOut::grid) {
        const auto peaks = nn::read_peaks(network.decode_grid(latents, truth.present),
                                          network.grid_decoder().geometry(),
                                          network.scenario().targets.count);
        return {peaks.location, peaks.velocity, peaks.confidence};
    }
    const auto [location, velocity] =
        network.labels().restore(labels(network, latents, truth));
    return {location,
            velocity,
            at::ones({location.size(0), location.size(1)}, location.options())};
}

AccessPointRole::AccessPointRole(nn::DVqVaeImpl& network,
                                 std::int64_t receiver,
                                 const TrainerOptions& options,
                                 std::shared_ptr<ParameterGroup> shared_encoder)
    : d_network(network),
      d_receiver(receiver),
      d_commitment_weight(options.commitment),
      d_dead_threshold(options.dead_threshold)
{
    std::vector<std::string> own = {quantizer_name(receiver)};
    if (!shared_encoder) {
        own.insert(own.begin(), encoder_name(network, receiver));
    }
    d_parameters = std::make_unique<ParameterGroup>(parameters_of(network, own),
                                                    options.gradient_norm);
}

at::Tensor AccessPointRole::forward(const at::Tensor& input, bool quantizing)
{
    const auto latent = d_network.encode(d_receiver, input);
    auto& quantizer = d_network.quantizer(d_receiver);
    const double share = 1.0 / static_cast<double>(d_network.receivers());
    if (quantizing) {
        const auto output = quantizer->forward(latent);
        d_latent = output.quantized;
        d_regularisation = output.commitment * (d_commitment_weight * share);
        d_commitment = output.commitment.item<double>();
        d_projected = output.projected.detach();
        d_indices = output.indices;
    } else {
        d_latent = unquantized_latent(d_network, d_receiver, latent);
        d_regularisation = d_latent.square().mean() * (latent_regularisation * share);
        d_commitment = 0.0;
        d_projected = at::Tensor();
        d_indices = at::Tensor();
    }
    return d_latent.detach();
}

void AccessPointRole::backward(const at::Tensor& gradient)
{
    torch::autograd::backward({d_latent, d_regularisation},
                              {gradient, at::ones_like(d_regularisation)});
    d_latent = d_regularisation = at::Tensor();
}

CodebookStatistics AccessPointRole::statistics() const
{
    const auto codewords = d_network.quantizer(d_receiver)->options().codewords();
    const auto index = d_indices.reshape({-1});
    return {at::bincount(index, {}, codewords).to(at::kDouble),
            nn::detail::sums_by_index(d_projected, index, codewords)};
}

at::Tensor AccessPointRole::candidates() const
{
    const auto rows = d_projected.size(0);
    const auto wanted =
        std::min(rows, d_network.quantizer(d_receiver)->options().codewords());
    const auto which =
        at::arange(wanted, at::TensorOptions(at::kLong).device(d_projected.device())) *
        (rows / wanted);
    return d_projected.index_select(0, which);
}

void AccessPointRole::update_codebook()
{
    d_network.quantizer(d_receiver)->ema_update(d_projected, d_indices);
}

void AccessPointRole::update_codebook(const CodebookStatistics& statistics)
{
    d_network.quantizer(d_receiver)->update_averages(statistics.counts, statistics.sums);
}

std::int64_t AccessPointRole::replace_dead(const at::Tensor& candidates,
                                           std::uint64_t seed)
{
    return d_network.quantizer(d_receiver)
        ->replace_dead(candidates, d_dead_threshold, seed);
}

CentralUnitRole::CentralUnitRole(nn::DVqVaeImpl& network, const TrainerOptions& options)
    : d_network(network),
      d_ordered(options.ordered),
      d_parameters(std::make_unique<ParameterGroup>(parameters_of(network, {"decoder"}),
                                                    options.gradient_norm))
{
}

at::Tensor CentralUnitRole::estimation_loss(const std::vector<at::Tensor>& latents,
                                            const Truth& truth)
{
    if (d_network.architecture().read_out == nn::ReadOut::grid) {
        return grid_loss(d_network.decode_grid(latents, truth.present),
                         d_network.grid_decoder(),
                         truth.location,
                         truth.velocity,
                         truth.there)
            .total;
    }
    return dense_loss(labels(d_network, latents, truth),
                      d_network.labels(),
                      truth.location,
                      truth.velocity,
                      d_ordered,
                      truth.there);
}

std::vector<at::Tensor> CentralUnitRole::backward(const std::vector<at::Tensor>& latents,
                                                  const Truth& truth)
{
    std::vector<at::Tensor> leaves;
    const bool wanted = !d_network.centralized(); // nobody learns from those of an echo
    for (const auto& latent : latents) {
        leaves.push_back(latent.detach().requires_grad_(wanted));
    }
    const auto loss = estimation_loss(leaves, truth);
    loss.backward();
    d_loss = loss.detach();
    std::vector<at::Tensor> gradients;
    for (const auto& leaf : leaves) {
        gradients.push_back(leaf.grad());
    }
    return gradients;
}

std::shared_ptr<ParameterGroup> shared_encoder(nn::DVqVaeImpl& network,
                                               const TrainerOptions& options)
{
    return network.architecture().shared_encoder
               ? std::make_shared<ParameterGroup>(
                     parameters_of(network, {encoder_name(network, 0)}),
                     options.gradient_norm)
               : nullptr;
}

NamedModules access_point_modules(const nn::DVqVaeImpl& network, std::int64_t receiver)
{
    return modules_of(network,
                      {encoder_name(network, receiver), quantizer_name(receiver)});
}

NamedModules central_unit_modules(const nn::DVqVaeImpl& network)
{
    return modules_of(network, {"decoder"});
}

at::Tensor flat_state(const NamedModules& modules)
{
    std::vector<at::Tensor> rows;
    visit_state(modules, [&](const at::Tensor& tensor) {
        rows.push_back(tensor.detach().reshape({-1}));
    });
    return at::cat(rows);
}

void set_flat_state(const NamedModules& modules, const at::Tensor& state)
{
    const at::NoGradGuard no_grad;
    std::int64_t place = 0;
    visit_state(modules, [&](at::Tensor& tensor) {
        tensor.copy_(state.slice(0, place, place + tensor.numel()).view_as(tensor));
        place += tensor.numel();
    });
}

} // namespace cfisac::training
