// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/trainer_state.h"
#include <cfisac/evaluation/durable_file.h>
#include <cfisac/evaluation/settings.h>

#include <ATen/Parallel.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/scenario/yaml.h>
#include <stdexcept>

namespace cfisac::training {

Trainer::Trainer(const Scenario& scenario,
                 const nn::Architecture& architecture,
                 const TrainerOptions& options,
                 std::shared_ptr<Transport> transport)
{
    options.check(scenario);
    d_state =
        std::make_unique<State>(scenario, architecture, options, std::move(transport));
}

Trainer::~Trainer() = default;

const nn::Model& Trainer::model() const { return d_state->model; }
bool Trainer::finished() const { return d_state->done >= d_state->options.steps; }
std::int64_t Trainer::steps_done() const { return d_state->done; }

Progress Trainer::step()
{
    auto& s = *d_state;
    const auto start = Clock::now();
    if (s.network.quantized() && s.done == s.options.warm_up) {
        s.initialise_codebooks();
    }
    const auto data = s.next_data();
    const double waited = seconds_since(start);
    const auto gradients = s.learn_at_central_unit(s.send_up(data), data.truth);
    s.send_down(gradients);
    s.combine_gradients();
    const auto codebooks = s.combine_statistics();
    s.update(codebooks); // nothing has changed before, and nothing is exchanged behind
    s.count_time(seconds_since(start), waited);
    return s.progress();
}

Report Trainer::report(std::int64_t frames)
{
    auto& s = *d_state;
    s.gather();
    Report report;
    report.progress = s.progress();
    if (s.rank == 0) {
        report.validation = validate(frames);
        report.replaced = s.replaced;
    }
    std::fill(s.replaced.begin(), s.replaced.end(), 0);
    return report;
}

Validation Trainer::validate(std::int64_t frames) const
{
    auto& s = *d_state;
    const auto pause = s.source->pause(); // its thread and this one share the front ends
    std::vector<std::int64_t> all(s.network.receivers());
    for (std::size_t m = 0; m < all.size(); m++) {
        all[m] = static_cast<std::int64_t>(m);
    }
    DataSource source(s.network, s.layout, s.options, all, true);
    return training::validate(
        s.network, source, s.options, s.quantizing(), frames, [&] { s.alive(); });
}

void Trainer::save_checkpoint(const std::string& checkpoint) const
{
    auto& s = *d_state;
    std::map<std::string, at::Tensor> tensors;
    for (const auto& named : s.modules()) {
        for (const auto& entry : nn::state_of(*named.second, "network." + named.first)) {
            tensors.insert(entry);
        }
    }
    for (const auto& [name, group] : s.parameter_groups()) {
        tensors["optimizer." + name] = group->optimizer_state();
    }
    tensors["averages"] = at::tensor(s.averages(), at::kDouble);
    tensors["replaced"] = at::tensor(s.replaced, at::kLong);
    evaluation::write_durably(checkpoint, [&](const std::string& temporary) {
        nn::write_safetensors(temporary,
                              tensors,
                              {{"format", "cfisac-checkpoint"},
                               {"step", std::to_string(s.done)},
                               {"role", s.label()},
                               {"scenario", to_yaml(s.layout.scenario)},
                               {"architecture", s.network.architecture().to_json()},
                               {"options", s.options.to_json()}});
    });
}

void Trainer::resume(const std::string& checkpoint)
{
    auto& s = *d_state;
    const auto file = nn::read_safetensors(checkpoint);
    const auto fail = [&](const std::string& why) {
        throw nn::FileError(checkpoint + ": " + why);
    };
    const auto metadata = [&](const std::string& key) {
        const auto found = file.metadata.find(key);
        return found == file.metadata.end() ? std::string() : found->second;
    };
    const auto require = [&](const std::string& key, const std::string& own) {
        if (metadata(key) != own) {
            fail(key + " of the checkpoint differs from what was asked for: '" +
                 metadata(key) + "' instead of '" + own + "'");
        }
    };
    require("format", "cfisac-checkpoint");
    require("role", s.label());
    require("scenario", to_yaml(s.layout.scenario));
    for (const auto& [key, own] :
         {std::pair<std::string, std::string>("architecture",
                                              s.network.architecture().to_json()),
          {"options", s.options.to_json()}}) {
        const auto difference = evaluation::first_difference(metadata(key), own);
        if (!difference.empty()) {
            fail(key +
                 " of the checkpoint differ from what was asked for: " + difference);
        }
    }
    const auto tensor = [&](const std::string& name) {
        const auto found = file.tensors.find(name);
        if (found == file.tensors.end()) {
            fail("tensor " + name + " is missing");
        }
        return found->second;
    };
    for (const auto& named : s.modules()) {
        nn::load_state(*named.second, file, "network." + named.first);
    }
    try {
        for (const auto& [name, group] : s.parameter_groups()) {
            group->set_optimizer_state(tensor("optimizer." + name), s.layout.device);
        }
        s.set_averages(tensor("averages"));
        const auto replaced = tensor("replaced");
        for (std::size_t m = 0; m < s.replaced.size(); m++) {
            s.replaced[m] = replaced[static_cast<std::int64_t>(m)].item<std::int64_t>();
        }
        s.done = std::stoll(metadata("step"));
    } catch (const nn::FileError&) {
        throw;
    } catch (const std::exception& error) {
        fail(std::string("state of the training: ") + error.what());
    }
    s.prefetcher.reset(); // its steps are others
}

} // namespace cfisac::training
