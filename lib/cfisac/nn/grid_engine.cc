// SPDX-License-Identifier: GPL-3.0-or-later
#include "grid_engine.h"
#include "check.h"

#include <cfisac/nn/dvqvae.h>

namespace cfisac::nn::detail {

Weights weights_of(const Model& model)
{
    return [network = model.network()](const std::string& name) {
        return network->named_parameters()[name].detach().to(at::kCPU).clone(
            at::MemoryFormat::Contiguous);
    };
}

std::string numbered(const char* name, std::int64_t number)
{
    return name + std::to_string(number);
}

bool on_host(const Model& model, const EngineOptions& options)
{
    const bool host = model.device().is_cpu();
    require(host || options.precision == Precision::float32,
            "engine: the grid read-out has precision float32 only on ",
            model.device(),
            ", got ",
            to_string(options.precision));
    return host;
}

} // namespace cfisac::nn::detail
