// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_TRAINER_H
#define INCLUDED_CFISAC_TRAINING_TRAINER_H

#include <cfisac/evaluation/scores.h>
#include <cfisac/nn/model.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cfisac::training {

//! How a model is trained. The batch and the schedule are counted in steps.
struct TrainerOptions {
    std::uint64_t seed = 1;    //!< of weights, frames and codebooks
    std::int64_t steps = 4000; //!< length of the whole training
    std::int64_t batch = 16;   //!< frames per step
    double learning_rate =
        2e-3; //!< peak; rises over 100 steps, then falls as a half cosine
    double gradient_norm = 5.0; //!< longer gradients are shortened to this
    double commitment = 8.0;    //!< ω of (21), for the mean over elements
    std::int64_t warm_up = 300; //!< steps before the codebooks are initialised by k-means
    double dead_threshold = 0.1; //!< codewords with a smaller count (18) are replaced
    bool ordered = false;        //!< dense read-out: keep the order of the targets
    std::string device = "cpu";
};

//! What a step of training reports.
struct Progress {
    std::int64_t step = 0; //!< steps done
    std::int64_t steps = 0;
    double loss = 0.0;       //!< moving average of the estimation loss
    double commitment = 0.0; //!< moving average of the mean squared quantization error
    double samples_per_second = 0.0;
};

//! Accuracy and codebook use over frames that are not trained on.
struct Validation {
    evaluation::Scores scores;
    std::vector<double> perplexity;     //!< of each access point
    std::vector<std::int64_t> distinct; //!< codewords in use, of each access point
};

/*! Trains a model with all roles in one process (Algorithm 1): Adam, straight-through
 * gradient, commitment loss (21), codebooks by moving averages (18)–(20).
 *
 * Frames come from (seed, step), so that a training that goes on from a checkpoint sees
 * the same frames as one that was never stopped.
 */
class Trainer
{
public:
    Trainer(const Scenario& scenario,
            const nn::Architecture& architecture,
            const TrainerOptions& options);
    ~Trainer();

    /*! Go on from a checkpoint.
     * \throws nn::FileError when the file is damaged or belongs to another scenario,
     *         architecture or options, naming what differs
     */
    void resume(const std::string& checkpoint);
    //! Write model, optimizer and step; under a temporary name, then renamed.
    void save_checkpoint(const std::string& checkpoint) const;

    //! One step.
    Progress step();
    bool finished() const;
    std::int64_t steps_done() const;

    //! Score the model as it is over `frames` frames of a seed of their own.
    Validation validate(std::int64_t frames) const;

    const nn::Model& model() const;

private:
    struct State;
    std::unique_ptr<State> d_state;
};

} // namespace cfisac::training

#endif
