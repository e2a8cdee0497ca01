// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_TRAINER_H
#define INCLUDED_CFISAC_TRAINING_TRAINER_H

#include <cfisac/nn/model.h>
#include <cfisac/training/options.h>
#include <cfisac/training/report.h>
#include <cfisac/training/transport.h>
#include <memory>
#include <string>

namespace cfisac::training {

/*! Trains a model with the roles of Algorithm 1: access points and central unit, each
 * with its own Adam, straight-through gradient, commitment loss (21), codebooks by moving
 * averages (18)–(20). The roles of this process work here, the others at the other end of
 * the transport; latents go to the central unit and their gradients come back. Where there
 * are several workers, each takes its share of a batch, gradients are averaged, and all
 * keep equal weights.
 *
 * Frames come from (seed, step), so that a training that goes on from a checkpoint sees
 * the same frames as one that was never stopped; no frame is sent to anybody.
 */
class Trainer
{
public:
    /*! \param transport to the other processes; null where all roles are in this one
     * \throws std::invalid_argument on an option that cannot be, and where the batch
     *         cannot be split evenly between the workers
     */
    Trainer(const Scenario& scenario,
            const nn::Architecture& architecture,
            const TrainerOptions& options,
            std::shared_ptr<Transport> transport = nullptr);
    ~Trainer();

    /*! Go on from a checkpoint of the same role.
     * \throws nn::FileError when the file is damaged or belongs to another scenario,
     *         architecture, role or options, naming what differs
     */
    void resume(const std::string& checkpoint);
    //! Write weights, optimizer and step of this process's roles, safe against a loss of
    //! power. What is written is always the state after a whole step.
    void save_checkpoint(const std::string& checkpoint) const;

    /*! One step.
     * \throws PeerError when another process is gone; the state is then that after the
     *         last whole step
     * \throws std::runtime_error when the loss is not finite
     */
    Progress step();
    //! Whether all steps are done.
    bool finished() const;
    //! Of this training, with those before it was resumed.
    std::int64_t steps_done() const;

    /*! Bring all weights to rank 0 and score the model there over `frames` frames of a
     * seed of their own. All processes call it after the same step.
     * \return in other processes than rank 0 without scores
     */
    Report report(std::int64_t frames);
    //! Score the model as it is in this process.
    Validation validate(std::int64_t frames) const;

    //! Of rank 0 after `report`: the whole model.
    const nn::Model& model() const;

private:
    struct State;
    std::unique_ptr<State> d_state;
};

} // namespace cfisac::training

#endif
