// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_kind.h"
#include "common.h"

namespace isac::apps {

gr::isac::model_info load_model_of_kind(const ReceiverSettings& settings)
{
    auto model = gr::isac::load_model_info(settings.model);
    const std::string kind = model.read_out == "cnn" ? "cnn"
                             : model.codewords == 0  ? "dvae"
                                                     : "dvqvae";
    if (kind != settings.name) {
        const std::string what = kind == "cnn" ? "a centralized network"
                                 : kind == "dvae"
                                     ? "a D-VAE, whose latents are not quantized"
                                     : "a D-VQVAE";
        throw UsageError("--receiver " + settings.name + ": " + settings.model + " is " +
                         what + ", for --receiver " + kind);
    }
    return model;
}

} // namespace isac::apps
