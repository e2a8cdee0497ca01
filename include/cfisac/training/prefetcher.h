// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_TRAINING_PREFETCHER_H
#define INCLUDED_CFISAC_TRAINING_PREFETCHER_H

#include <cfisac/training/roles.h>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace cfisac::training {

//! What the roles of a process need for a batch of frames.
struct StepData {
    //! of each encoder, see DVqVaeImpl::front_end; undefined for access points elsewhere
    std::vector<at::Tensor> inputs;
    Truth truth; //!< where the central unit is in this process
};

/*! Makes the data of the next steps in a thread of its own, while the current one trains.
 * That thread takes one processor thread, and a stream of its own on a GPU.
 */
class Prefetcher
{
public:
    //! what makes the data of a step
    using Make = std::function<StepData(std::int64_t step)>;

    /*! \param make data of a step; is called from the thread, step by step
     * \param first step, \param end one behind the last
     * \param ahead steps that may lie ready
     */
    Prefetcher(Make make,
               std::int64_t first,
               std::int64_t end,
               at::Device device,
               std::size_t ahead = 2);
    //! Waits for the step that is being made.
    ~Prefetcher();
    Prefetcher(const Prefetcher&) = delete;
    Prefetcher& operator=(const Prefetcher&) = delete;

    /*! Data of the next step.
     * What `make` threw is thrown here.
     * \throws std::out_of_range behind the last step
     */
    StepData next();

private:
    void work(std::int64_t first, std::int64_t end);
    void put(StepData data, std::exception_ptr error);

    struct Entry {
        StepData data;
        std::exception_ptr error;
    };

    Make d_make;
    at::Device d_device;
    std::size_t d_ahead;
    std::int64_t d_left; // steps not yet taken
    std::mutex d_mutex;  // of the members below
    std::condition_variable d_changed;
    std::deque<Entry> d_ready;
    bool d_started = false;
    bool d_stop = false;
    std::thread d_thread;
};

} // namespace cfisac::training

#endif
