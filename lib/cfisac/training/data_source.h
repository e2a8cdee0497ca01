// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/signal/random.h>
#include <cfisac/training/options.h>
#include <cfisac/training/prefetcher.h>
#include <mutex>

namespace cfisac::training {

/*! Makes the data of batches for some roles: frames drawn from (seed, frame) and passed
 * through the front ends, which have no weights. From any thread, one batch at a time.
 */
class DataSource
{
public:
    /*! \param receivers whose inputs are made
     * \param truth whether what the central unit knows is made
     */
    DataSource(nn::DVqVaeImpl& network,
               const signal::Layout& layout,
               const TrainerOptions& options,
               std::vector<std::int64_t> receivers,
               bool truth);

    //! Frames first, first + 1, … of the seed, with the scenario's values; all access
    //! points are present.
    StepData draw(std::uint64_t seed, std::int64_t first, std::int64_t count);
    //! The same with what varies in training, and access points missing.
    StepData draw_for_training(std::uint64_t seed,
                               std::int64_t first,
                               std::int64_t count);

    //! While it is held, nobody else makes data.
    std::unique_lock<std::mutex> pause() { return std::unique_lock(d_mutex); }

private:
    StepData draw(std::uint64_t seed,
                  std::int64_t first,
                  std::int64_t count,
                  const Randomisation& randomisation);

    nn::DVqVaeImpl& d_network;
    const signal::Layout& d_layout;
    const TrainerOptions& d_options;
    std::vector<std::int64_t> d_receivers;
    bool d_truth;
    std::mutex d_mutex;
};

/*! Which access points are present in frames of which a share misses one.
 * \return [frames, M], float32; undefined for a share of zero
 */
at::Tensor draw_present(const signal::Random& random,
                        std::int64_t receivers,
                        double share,
                        at::Device device);

} // namespace cfisac::training
