// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_OPTIONS_H
#define INCLUDED_CFISAC_TRAINING_OPTIONS_H

#include <cfisac/training/randomisation.h>
#include <cstdint>
#include <string>

namespace cfisac::training {

//! How a model is trained. The batch and the schedule are counted in steps.
struct TrainerOptions {
    std::uint64_t seed = 1;    //!< of weights, frames and codebooks
    std::int64_t steps = 4000; //!< length of the whole training
    std::int64_t batch = 16;   //!< frames per step, over all workers
    double learning_rate =
        2e-3; //!< peak; rises over 100 steps, then falls as a half cosine
    double gradient_norm = 5.0; //!< longer gradients of a role are shortened to this
    double commitment = 8.0;    //!< ω of (21), for the mean over elements
    std::int64_t warm_up = 300; //!< steps before the codebooks are initialised by k-means
    double dead_threshold = 0.1;    //!< codewords with a smaller count (18) are replaced
    bool ordered = false;           //!< dense read-out: keep the order of the targets
    double drop_access_point = 0.0; //!< share of frames in which one is missing
    Randomisation randomisation;    //!< what varies from frame to frame
    std::string device = "cpu";     //!< not part of the result
    //! processor threads, one of them for the data; 0: as many as LibTorch would take
    std::int64_t threads = 0;

    /*! Check against a scenario.
     * \throws std::invalid_argument naming the option and its value
     */
    void check(const Scenario& scenario) const;

    //! What decides the result, as a JSON object on one line: for logs and checkpoints.
    std::string to_json() const;
};

} // namespace cfisac::training

#endif
