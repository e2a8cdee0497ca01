/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_RECEIVED_FRAMES_H
#define INCLUDED_ISAC_RECEIVED_FRAMES_H

#include "device_frames.h"
#include "failure.h"
#include "real_time.h"

#include <ATen/ATen.h>
#include <atomic>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <functional>
#include <gnuradio/block.h>
#include <gnuradio/io_signature.h>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * What all blocks do that work on echoes: pair them with the transmit frames, refuse bad
 * samples, keep up with real time.
 */

//! Echoes and transmit frames of one number.
struct received_frame {
    std::uint64_t frame = 0;
    std::uint64_t offset = 0;         //!< place of the first echo's item in its stream
    std::int64_t capture_time_ns = 0; //!< of the first echo
    double power = 0.0;               //!< mean |y|² of the first echo
    std::vector<at::Tensor> echoes;   //!< Y_m [1, M_r, S, T] of every echo input
    at::Tensor transmit; //!< X [1, N, N_t, S, T]; undefined where it is no input
};

//! \throws std::invalid_argument unless it is one of the scenario's receive access points
int check_access_point(const cfisac::Scenario& scenario, int access_point);

//! Inputs of a block that reads `echoes` echoes and then all transmit frames.
gr::io_signature::sptr frame_signature(const cfisac::Scenario& scenario,
                                       int echoes,
                                       bool reads_transmit = true);

/*! The frame inputs of a receiver: its echoes and then, where it reads them, the frames of
 * every transmit access point. Not for several threads, except for the counts.
 */
class received_frames
{
public:
    struct options {
        std::vector<int> receivers; //!< access point of each echo input
        bool reads_transmit = true;
        bool real_time = false; //!< whether all but the latest frames are skipped
        int batch = 1;          //!< most frames to work on at once
    };
    //! Adds to a frame what is not an input.
    using completion = std::function<void(received_frame&)>;
    //! Works on frames at once. \param item output item of the first of them
    using processing = std::function<void(const std::vector<received_frame>&, int item)>;

    received_frames(gr::block& block,
                    device_queue& queue,
                    const cfisac::Scenario& scenario,
                    options options);

    //! To be called in start().
    void start() { d_inputs.start(); }
    //! Inputs that must be connected.
    int inputs() const;
    //! What these are, for people.
    std::string description() const;
    //! Tags of the first echo's items of this call of work().
    const std::vector<tag_t>& tags() const { return d_inputs.tags(0); }
    //! Whether all samples are finite; if not, the frame is logged and counted.
    bool accept(double power,
                std::uint64_t frame,
                const std::string& what,
                const gr::logger_ptr& logger);

    /*! The block's general_work(): one output item for every frame that is worked on.
     * \return the number of items; what was read is consumed
     * \throws whatever `complete` and `process` do; nothing is consumed then
     */
    int work(int noutput_items,
             const gr_vector_int& ninput_items,
             const gr_vector_const_void_star& input_items,
             const gr::logger_ptr& logger,
             const processing& process,
             const completion& complete = nullptr);

    std::uint64_t refused() const { return d_refused; }
    std::uint64_t unmatched() const { return d_unmatched; }
    std::uint64_t skipped() const { return d_skipped; }
    const copy_count& copies() const { return d_inputs.copies(); }

private:
    //! Read the items of a frame, one for each input. \return whether they can be used
    bool read(received_frame& next,
              const std::vector<int>& items,
              const gr_vector_const_void_star& input_items,
              const gr::logger_ptr& logger);

    gr::block& d_block;
    const cfisac::Scenario d_scenario;
    const options d_options;
    frame_inputs d_inputs;
    skip_count d_skipped;
    std::atomic<std::uint64_t> d_refused{0};
    std::atomic<std::uint64_t> d_unmatched{0};
    log_limiter d_log_limiter;
};

} // namespace isac
} // namespace gr

#endif
