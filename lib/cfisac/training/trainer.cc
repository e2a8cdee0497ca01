// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/scenario/yaml.h>
#include <cfisac/training/loss.h>
#include <cfisac/training/sampler.h>
#include <cfisac/training/trainer.h>

#include <nlohmann/json.hpp>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/serialize.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace cfisac::training {

namespace {

constexpr std::int64_t rise_steps = 100;
constexpr double lowest_rate_share = 1e-3;
constexpr std::int64_t averaged_steps = 50;
constexpr double latent_regularisation = 0.03; // while nothing is quantized yet
constexpr std::int64_t dead_interval = 25;
constexpr std::int64_t codebook_batches = 8;
// Seeds of frames apart from those trained on.
constexpr std::uint64_t codebook_seed = 0x636f6465626f6f6bULL;
constexpr std::uint64_t validation_seed = 0x76616c6964617465ULL;

nlohmann::ordered_json to_json(const TrainerOptions& o)
{
    return {{"seed", o.seed},
            {"steps", o.steps},
            {"batch", o.batch},
            {"learning_rate", o.learning_rate},
            {"gradient_norm", o.gradient_norm},
            {"commitment", o.commitment},
            {"warm_up", o.warm_up},
            {"dead_threshold", o.dead_threshold},
            {"ordered", o.ordered}};
}

void check(const TrainerOptions& o)
{
    const auto require = [](bool good, const char* name, auto value, const char* rule) {
        if (!good) {
            std::ostringstream text;
            text << name << " must be " << rule << ", got " << value;
            throw std::invalid_argument(text.str());
        }
    };
    require(o.steps >= 1, "steps", o.steps, "at least 1");
    require(o.batch >= 1, "batch", o.batch, "at least 1");
    require(o.learning_rate > 0, "learning rate", o.learning_rate, "positive");
    require(o.gradient_norm > 0, "gradient norm", o.gradient_norm, "positive");
    require(o.commitment >= 0, "commitment", o.commitment, "at least 0");
    require(o.warm_up >= 1, "warm-up", o.warm_up, "at least 1");
    require(o.dead_threshold >= 0, "dead threshold", o.dead_threshold, "at least 0");
}

// Rows [B·L, D] to a latent [B, D, shape…].
at::Tensor rows_to_latent(const at::Tensor& rows,
                          std::int64_t batch,
                          at::IntArrayRef shape)
{
    std::vector<std::int64_t> sizes = {batch};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    sizes.push_back(rows.size(1));
    return rows.reshape(sizes).movedim(-1, 1);
}

} // namespace

struct Trainer::State {
    State(const Scenario& scenario,
          const nn::Architecture& architecture,
          TrainerOptions o)
        : options(std::move(o)),
          model(scenario, architecture, options.seed),
          network(*model.network()),
          layout(scenario, at::Device(options.device))
    {
        network.to(layout.device);
        optimizer = std::make_unique<torch::optim::Adam>(
            network.parameters(),
            torch::optim::AdamOptions(options.learning_rate).betas({0.9, 0.99}));
    }

    bool quantizing() const { return done >= options.warm_up; }

    double learning_rate() const
    {
        const double rise = std::min(1.0, (done + 1.0) / rise_steps);
        const double fall = 0.5 + 0.5 * std::cos(M_PI * done / options.steps);
        return options.learning_rate * std::max(lowest_rate_share, rise * fall);
    }

    // Codebooks from k-means over the latents of frames of their own.
    void initialise_codebooks()
    {
        torch::NoGradGuard no_grad;
        std::vector<std::vector<at::Tensor>> rows(network.receivers());
        for (std::int64_t k = 0; k < codebook_batches; k++) {
            const auto batch = draw_batch(
                layout,
                signal::Random::range(
                    options.seed ^ codebook_seed, k * options.batch, options.batch));
            for (std::int64_t m = 0; m < network.receivers(); m++) {
                const auto input =
                    network.front_end(m, batch.echo.select(1, m), batch.transmit);
                rows[m].push_back(
                    network.quantizer(m)->project(network.encode(m, input)));
            }
        }
        for (std::int64_t m = 0; m < network.receivers(); m++) {
            network.quantizer(m)->initialise(at::cat(rows[m]), options.seed + m);
        }
    }

    void replace_dead(const std::vector<nn::QuantizerOutput>& outputs)
    {
        for (std::size_t m = 0; m < outputs.size(); m++) {
            network.quantizer(m)->replace_dead(outputs[m].projected.detach(),
                                               options.dead_threshold,
                                               options.seed + done);
        }
    }

    at::Tensor estimation_loss(const std::vector<at::Tensor>& latents, const Batch& batch)
    {
        if (network.architecture().read_out == nn::ReadOut::grid) {
            return grid_loss(network.decode_grid(latents),
                             network.grid_decoder(),
                             batch.location(),
                             batch.velocity())
                .total;
        }
        return dense_loss(network.decode_dense(latents, batch.transmit),
                          network.labels(),
                          batch.location(),
                          batch.velocity(),
                          options.ordered);
    }

    TrainerOptions options;
    nn::Model model;
    nn::DVqVaeImpl& network;
    signal::Layout layout;
    std::unique_ptr<torch::optim::Adam> optimizer;
    std::int64_t done = 0;
    double average_loss = 0.0;
    double average_commitment = 0.0;
    double samples_per_second = 0.0;
};

Trainer::Trainer(const Scenario& scenario,
                 const nn::Architecture& architecture,
                 const TrainerOptions& options)
{
    check(options);
    d_state = std::make_unique<State>(scenario, architecture, options);
}

Trainer::~Trainer() = default;

const nn::Model& Trainer::model() const { return d_state->model; }
bool Trainer::finished() const { return d_state->done >= d_state->options.steps; }
std::int64_t Trainer::steps_done() const { return d_state->done; }

Progress Trainer::step()
{
    auto& s = *d_state;
    const auto start = std::chrono::steady_clock::now();
    if (s.done == s.options.warm_up) {
        s.initialise_codebooks();
    }
    const auto batch = draw_batch(
        s.layout,
        signal::Random::range(s.options.seed, s.done * s.options.batch, s.options.batch));
    std::vector<at::Tensor> inputs;
    {
        torch::NoGradGuard no_grad;
        for (std::int64_t m = 0; m < s.network.receivers(); m++) {
            inputs.push_back(
                s.network.front_end(m, batch.echo.select(1, m), batch.transmit));
        }
    }
    s.network.train();
    std::vector<at::Tensor> latents;
    std::vector<nn::QuantizerOutput> outputs;
    at::Tensor regularisation = at::zeros({}, inputs[0].options());
    for (std::int64_t m = 0; m < s.network.receivers(); m++) {
        const auto latent = s.network.encode(m, inputs[m]);
        auto& quantizer = s.network.quantizer(m);
        if (s.quantizing()) {
            outputs.push_back(quantizer->forward(latent));
            latents.push_back(outputs.back().quantized);
            regularisation =
                regularisation + outputs.back().commitment * s.options.commitment;
        } else {
            const auto rows = quantizer->project(latent);
            latents.push_back(
                rows_to_latent(rows, s.options.batch, s.network.latent_shape()));
            regularisation =
                regularisation + rows.square().mean() * latent_regularisation;
        }
    }
    regularisation = regularisation / s.network.receivers();
    const auto loss = s.estimation_loss(latents, batch);
    s.optimizer->zero_grad();
    (loss + regularisation).backward();
    torch::nn::utils::clip_grad_norm_(s.network.parameters(), s.options.gradient_norm);
    for (auto& group : s.optimizer->param_groups()) {
        group.options().set_lr(s.learning_rate());
    }
    s.optimizer->step();
    double commitment = 0.0;
    {
        torch::NoGradGuard no_grad;
        for (std::size_t m = 0; m < outputs.size(); m++) {
            s.network.quantizer(m)->ema_update(outputs[m].projected.detach(),
                                               outputs[m].indices);
            commitment += outputs[m].commitment.item<double>() / outputs.size();
        }
        if (s.quantizing() && s.done % dead_interval == 0) {
            s.replace_dead(outputs);
        }
    }
    s.network.eval();
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
        throw std::runtime_error("training: the loss is not finite at step " +
                                 std::to_string(s.done) + "; lower the learning rate");
    }
    // Mean of the first steps, then a moving average.
    const auto average = [&](double& mean, double now) {
        mean += (now - mean) / static_cast<double>(std::min(s.done + 1, averaged_steps));
    };
    average(s.average_loss, value);
    average(s.average_commitment, commitment);
    s.done++;
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    const double rate = s.options.batch / elapsed.count();
    s.samples_per_second =
        s.samples_per_second == 0.0 ? rate : 0.9 * s.samples_per_second + 0.1 * rate;
    return {s.done,
            s.options.steps,
            s.average_loss,
            s.average_commitment,
            s.samples_per_second};
}

Validation Trainer::validate(std::int64_t frames) const
{
    const auto& s = *d_state;
    torch::NoGradGuard no_grad;
    evaluation::ScoreKeeper keeper(s.layout.scenario);
    std::vector<std::vector<at::Tensor>> used(s.network.receivers());
    for (std::int64_t first = 0; first < frames; first += s.options.batch) {
        const auto count = std::min(s.options.batch, frames - first);
        const auto batch = draw_batch(
            s.layout,
            signal::Random::range(s.options.seed ^ validation_seed, first, count));
        std::vector<at::Tensor> indices;
        for (std::int64_t m = 0; m < s.network.receivers(); m++) {
            indices.push_back(s.model.encode(m, batch.echo.select(1, m), batch.transmit));
            used[m].push_back(indices.back());
        }
        const auto estimates = s.model.decode(indices, batch.transmit);
        const auto truth = to_items(batch.location(), batch.velocity());
        const auto estimate = to_items(estimates.location, estimates.velocity);
        for (std::int64_t b = 0; b < count; b++) {
            keeper.add(truth[b].data_ptr<float>(), estimate[b].data_ptr<float>());
        }
    }
    Validation result;
    result.scores = keeper.scores();
    for (std::int64_t m = 0; m < s.network.receivers(); m++) {
        const auto all = at::cat(used[m]);
        result.perplexity.push_back(s.network.quantizer(m)->perplexity(all));
        result.distinct.push_back(s.network.quantizer(m)->distinct(all));
    }
    return result;
}

void Trainer::save_checkpoint(const std::string& checkpoint) const
{
    const auto& s = *d_state;
    auto tensors = nn::state_of(s.network, "network");
    std::ostringstream stream;
    torch::save(*s.optimizer, stream);
    const std::string bytes = stream.str();
    auto blob = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kByte);
    std::memcpy(blob.data_ptr(), bytes.data(), bytes.size());
    tensors["optimizer"] = blob;
    tensors["averages"] = at::tensor({s.average_loss, s.average_commitment}, at::kDouble);
    nn::write_safetensors(checkpoint,
                          tensors,
                          {{"format", "cfisac-checkpoint"},
                           {"step", std::to_string(s.done)},
                           {"scenario", to_yaml(s.layout.scenario)},
                           {"architecture", s.network.architecture().to_json()},
                           {"options", to_json(s.options).dump()}});
}

void Trainer::resume(const std::string& checkpoint)
{
    auto& s = *d_state;
    auto file = nn::read_safetensors(checkpoint);
    const auto require = [&](const char* key, const std::string& own) {
        const auto found = file.metadata.find(key);
        if (found == file.metadata.end() || found->second != own) {
            throw nn::FileError(checkpoint + ": " + key +
                                " of the checkpoint differs from what was asked for: '" +
                                (found == file.metadata.end() ? "" : found->second) +
                                "' instead of '" + own + "'");
        }
    };
    require("format", "cfisac-checkpoint");
    require("scenario", to_yaml(s.layout.scenario));
    require("architecture", s.network.architecture().to_json());
    require("options", to_json(s.options).dump());
    for (const char* name : {"optimizer", "averages"}) {
        if (file.tensors.count(name) == 0) {
            throw nn::FileError(checkpoint + ": tensor " + name + " is missing");
        }
    }
    const auto blob = file.tensors.at("optimizer").contiguous();
    const auto averages = file.tensors.at("averages");
    file.tensors.erase("optimizer");
    file.tensors.erase("averages");
    nn::load_state(s.network, file, "network");
    try {
        std::istringstream stream(
            std::string(static_cast<const char*>(blob.data_ptr()), blob.numel()));
        torch::load(*s.optimizer, stream, s.layout.device);
        s.done = std::stoll(file.metadata.at("step"));
        s.average_loss = averages[0].item<double>();
        s.average_commitment = averages[1].item<double>();
    } catch (const std::exception& error) {
        throw nn::FileError(checkpoint + ": optimizer state: " + error.what());
    }
}

} // namespace cfisac::training
