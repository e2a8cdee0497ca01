// SPDX-License-Identifier: GPL-3.0-or-later
#include "schemes.h"

#include <algorithm>
#include <stdexcept>

namespace cfisac::evaluation {

const std::vector<std::string>& scheme_names()
{
    static const std::vector<std::string> names{
        "monostatic", "cs", "music", "cnn", "dvae", "dvqvae", "ml"};
    return names;
}

bool is_learned(const std::string& scheme)
{
    return scheme == "cnn" || scheme == "dvae" || scheme == "dvqvae";
}

std::string scheme_of(const nn::Model& model)
{
    if (model.centralized()) {
        return "cnn";
    }
    return model.architecture().latents == nn::Latents::quantized ? "dvqvae" : "dvae";
}

std::unique_ptr<Scheme> make_scheme(const std::string& name,
                                    const Scenario& scenario,
                                    const SchemeOptions& options)
{
    const auto& names = scheme_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        std::string all;
        for (const auto& known : names) {
            all += (all.empty() ? "" : ", ") + known;
        }
        throw std::invalid_argument("scheme '" + name + "' is not one of " + all);
    }
    if (is_learned(name)) {
        return make_learned_scheme(name, scenario, options.model);
    }
    return name == "monostatic" ? make_monostatic_scheme(scenario, options.device)
                                : make_distributed_scheme(name, scenario, options);
}

} // namespace cfisac::evaluation
