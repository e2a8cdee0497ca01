// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/model_io.h>

#include "random.h"
#include "scenario/detail.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <utility>
#include <vector>

namespace cfisac::nn {

using at::Tensor;

namespace {

std::string with_prefix(const std::string& prefix)
{
    return prefix.empty() ? prefix : prefix + ".";
}

[[noreturn]] void fail(const std::string& source,
                       const std::string& name,
                       const std::string& reason)
{
    throw FileError((source.empty() ? "" : source + ": ") +
                    cfisac::detail::printable(name) + ": " + reason);
}

//! copies only after every tensor was found good
void load(torch::nn::Module& module,
          const std::map<std::string, Tensor>& tensors,
          const std::string& prefix,
          const std::string& source)
{
    const at::NoGradGuard no_grad;
    std::vector<std::pair<Tensor, Tensor>> copies;
    const auto wanted = state_of(module, prefix);
    for (const auto& [name, mine] : wanted) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) {
            fail(source, name, "missing");
        }
        const auto& theirs = found->second;
        if (mine.sizes() != theirs.sizes()) {
            fail(source,
                 name,
                 c10::str("expected ", mine.sizes(), ", file has ", theirs.sizes()));
        }
        if (mine.is_floating_point() != theirs.is_floating_point()) {
            fail(source,
                 name,
                 c10::str("expected type ",
                          mine.scalar_type(),
                          ", file has ",
                          theirs.scalar_type()));
        }
        copies.emplace_back(mine, theirs);
    }
    const auto start = with_prefix(prefix);
    for (const auto& [name, theirs] : tensors) {
        if (name.compare(0, start.size(), start) == 0 && wanted.count(name) == 0) {
            fail(source, name, "superfluous, the network has no such tensor");
        }
    }
    for (auto& [mine, theirs] : copies) {
        mine.copy_(theirs);
    }
}

} // namespace

std::map<std::string, Tensor> state_of(const torch::nn::Module& module,
                                       const std::string& prefix)
{
    std::map<std::string, Tensor> state;
    for (const auto& item : module.named_parameters()) {
        state[with_prefix(prefix) + item.key()] = item.value().detach();
    }
    for (const auto& item : module.named_buffers()) {
        state[with_prefix(prefix) + item.key()] = item.value().detach();
    }
    return state;
}

void load_state(torch::nn::Module& module,
                const SafeTensors& file,
                const std::string& prefix)
{
    load(module, file.tensors, prefix, file.source);
}

void load_state(torch::nn::Module& module,
                const std::map<std::string, Tensor>& tensors,
                const std::string& prefix)
{
    load(module, tensors, prefix, {});
}

int64_t parameter_count(const torch::nn::Module& module)
{
    int64_t count = 0;
    for (const auto& parameter : module.parameters()) {
        count += parameter.numel();
    }
    return count;
}

void initialise_weights(torch::nn::Module& module, uint64_t seed)
{
    const at::NoGradGuard no_grad;
    const auto parameters = module.named_parameters();
    for (const auto& item : parameters) {
        auto weight_name = item.key();
        const auto last = weight_name.rfind("bias");
        if (last != std::string::npos && last + 4 == weight_name.size()) {
            weight_name.replace(last, 4, "weight");
        }
        const auto* weight = parameters.find(weight_name);
        if (weight == nullptr || weight->dim() < 2) {
            continue;
        }
        const auto inputs = static_cast<double>(weight->numel() / weight->size(0));
        const auto bound = 1 / std::sqrt(inputs);
        auto tensor = item.value();
        const auto host = at::TensorOptions(tensor.scalar_type());
        tensor.copy_(at::empty(tensor.sizes(), host)
                         .uniform_(-bound, bound, detail::generator(seed, item.key())));
    }
}

} // namespace cfisac::nn
