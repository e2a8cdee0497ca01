// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_TRAINING_OPTIONS_H
#define INCLUDED_APPS_TRAINING_OPTIONS_H

#include "common.h"

#include <cfisac/nn/architecture.h>
#include <cfisac/training/options.h>
#include <cfisac/training/transport.h>
#include <string>

//! The command line of isac_train. Everything throws UsageError on words that cannot be.
namespace isac::apps {

void add_training_options(po::options_description& options);

//! A preset by name, or a JSON file.
cfisac::nn::Architecture read_architecture(const po::variables_map& arguments);

cfisac::training::TrainerOptions trainer_options(const po::variables_map& arguments);

//! The processes that `--role` and `--workers` ask for.
cfisac::training::World read_world(const po::variables_map& arguments,
                                   const cfisac::Scenario& scenario);
//! Rank of this process; zero where there is one only.
int read_rank(const po::variables_map& arguments, const cfisac::training::World& world);

//! Where to meet the other processes, and what to agree on with them.
cfisac::training::Rendezvous read_rendezvous(
    const po::variables_map& arguments,
    const cfisac::training::World& world,
    int rank,
    const cfisac::Scenario& scenario,
    const cfisac::nn::Architecture& architecture,
    const cfisac::training::TrainerOptions& options);

} // namespace isac::apps

#endif
