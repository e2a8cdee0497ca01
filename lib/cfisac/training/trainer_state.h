// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "training/validation.h"

#include <cfisac/training/trainer.h>
#include <chrono>
#include <map>

namespace cfisac::training {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/*! The roles of this process and what happens in a step, in the order of its functions.
 * Where the network is centralized there are no access points to train.
 * Between processes go latents and their gradients, and sums over processes with the same
 * role.
 */
struct Trainer::State {
    State(const Scenario& scenario,
          const nn::Architecture& architecture,
          const TrainerOptions& options,
          std::shared_ptr<Transport> transport);

    //! Whether codewords are sent, at the next step.
    bool quantizing() const { return network.quantized() && done >= options.warm_up; }
    double learning_rate(std::int64_t step) const;

    //! Frames of a step that this worker takes.
    std::int64_t share() const { return options.batch / world.workers(); }

    //! Codebooks from k-means over the latents of frames of their own, by worker 0.
    void initialise_codebooks();
    StepData next_data();
    //! Latents of this worker, or the inputs of a centralized network; empty where the
    //! central unit is elsewhere.
    std::vector<at::Tensor> send_up(const StepData& data);
    //! Gradients of the latents; empty where the central unit is elsewhere.
    std::vector<at::Tensor> learn_at_central_unit(const std::vector<at::Tensor>& latents,
                                                  const Truth& truth);
    void send_down(const std::vector<at::Tensor>& gradients);
    //! Mean over the workers; sum over the access points for a shared encoder.
    void combine_gradients();
    //! What the codebook of an access point here follows.
    struct CodebookUpdate {
        CodebookStatistics statistics; // of all workers; undefined: its own are all
        at::Tensor candidates;         // undefined: no dead codewords are replaced
    };
    std::vector<CodebookUpdate> combine_statistics();
    void update(const std::vector<CodebookUpdate>& codebooks);
    void count_time(double elapsed_s, double waited_s);

    //! Weights, averages and counts of worker 0's access points to its central unit.
    void gather();
    Progress progress() const;

    //! For a checkpoint: everything besides weights, optimizers and step.
    std::vector<double> averages() const;
    void set_averages(const at::Tensor& averages);
    NamedModules modules() const;
    std::map<std::string, ParameterGroup*> parameter_groups() const;
    std::string label() const { return world.label(rank); }
    void alive() const
    {
        if (transport) {
            transport->alive();
        }
    }

    TrainerOptions options;
    std::shared_ptr<Transport> transport; // null: one process
    World world;
    int rank = 0;
    std::int64_t worker = 0;
    nn::Model model;
    nn::DVqVaeImpl& network;
    signal::Layout layout;
    std::shared_ptr<ParameterGroup> encoder; // a shared one; else null
    std::vector<std::unique_ptr<AccessPointRole>> access_points; // [M], null: elsewhere
    std::unique_ptr<CentralUnitRole> central_unit;               // null: elsewhere
    std::unique_ptr<DataSource> source;

    std::int64_t done = 0;
    double loss = 0.0;
    double average_loss = 0.0;
    std::vector<double> average_commitment; // [M]
    std::vector<std::int64_t> replaced;     // [M], since the last report
    double samples_per_second = 0.0;
    double average_waiting_share = 0.0;
    double waited_s = 0.0;
    double elapsed_s = 0.0;
    std::unique_ptr<Prefetcher> prefetcher; // goes first

private:
    void require_possible() const;
    void share_threads() const;
    bool dead_codewords_are_replaced() const;
    void mean_over_workers(ParameterGroup& parameters, const Group& group) const;
    at::Tensor empty_latent() const;
    void average(double& mean, double now) const;
    void update_codebook(AccessPointRole& access_point, const CodebookUpdate& codebook);
};

} // namespace cfisac::training
