// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_EVALUATION_SCHEMES_H
#define CFISAC_EVALUATION_SCHEMES_H

#include <cfisac/evaluation/scheme.h>

namespace cfisac::evaluation {

//! dvqvae, dvae and cnn. \throws std::invalid_argument on the model of another scenario
std::unique_ptr<Scheme> make_learned_scheme(const std::string& name,
                                            const Scenario& scenario,
                                            std::shared_ptr<const nn::Model> model);
//! music, cs and ml.
std::unique_ptr<Scheme> make_distributed_scheme(const std::string& name,
                                                const Scenario& scenario,
                                                const SchemeOptions& options);
std::unique_ptr<Scheme> make_monostatic_scheme(const Scenario& scenario,
                                               at::Device device);

} // namespace cfisac::evaluation

#endif
