// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_EVALUATION_OPTIONS_H
#define INCLUDED_APPS_EVALUATION_OPTIONS_H

#include "common.h"

#include <cfisac/evaluation/bootstrap.h>
#include <cfisac/evaluation/scheme.h>
#include <chrono>

namespace isac::apps {

//! A model by `--model NAME=FILE`, read.
struct GivenModel {
    std::string scheme;
    std::string file;
    std::shared_ptr<const cfisac::nn::Model> model;
};

//! What `isac_evaluate` was asked for.
struct EvaluationOptions {
    cfisac::Scenario scenario;
    std::string out;                  //!< folder
    std::vector<int> figures;         //!< ascending
    bool table = false;               //!< Table III
    bool quick = false;               //!< fewer points
    std::vector<std::string> schemes; //!< asked for by name; empty: all that are possible
    std::vector<GivenModel> models;
    std::int64_t frames = 0; //!< of every point
    std::uint64_t seed = 1;
    cfisac::evaluation::BootstrapOptions bootstrap;
    cfisac::signal::Reference reference = cfisac::signal::Reference::reference;
    std::string device; //!< resolved
    std::string logs;   //!< folder with logs of trainings for Fig. 11; empty: train
    std::int64_t training_steps = 0; //!< of each training for Fig. 11
    std::string architecture;        //!< for Fig. 11 and Table III; empty: the model's
    std::int64_t batch = 20;         //!< of Table III
    std::int64_t repetitions = 0;    //!< of Table III
    bool picture = true;
    bool restart = false;
    bool json = false;

    int workers = 1; //!< processes of all machines
    int rank = 0;
    std::string rendezvous; //!< HOST:PORT; empty: the workers are on this machine
    std::chrono::seconds timeout{300};

    //! What decides the results of a frame, as a JSON object.
    std::string settings() const;
    //! What all processes must have in common, as a JSON object.
    std::string agreement() const;
    //! Sizes of the networks of Fig. 11 and Table III.
    cfisac::nn::Architecture sizes() const;
};

void add_evaluation_options(po::options_description& options);

/*! \throws UsageError naming the option and its value: an unknown figure, table, scheme or
 * reference, a model of another kind than its name
 * \throws std::exception where a file cannot be read
 */
EvaluationOptions evaluation_options(const po::variables_map& values);

} // namespace isac::apps

#endif
