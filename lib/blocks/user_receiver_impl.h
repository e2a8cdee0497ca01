/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_USER_RECEIVER_IMPL_H
#define INCLUDED_ISAC_USER_RECEIVER_IMPL_H

#include "failure.h"

#include <atomic>
#include <cfisac/signal/layout.h>
#include <cfisac/signal/user_receiver.h>
#include <gnuradio/isac/user_receiver.h>
#include <mutex>

namespace gr {
namespace isac {

class user_receiver_impl : public user_receiver
{
public:
    user_receiver_impl(const cfisac::Scenario& scenario,
                       int user,
                       std::uint64_t seed,
                       int training_symbols,
                       bool track_phase);

    std::map<std::string, double> scores() const override;
    std::map<std::string, double> last_frame() const override;
    std::vector<gr_complex> channel() const override;
    std::vector<double> subcarrier_sinr_db() const override;
    void reset() override;
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_refused() const override { return d_frames_refused; }
    std::string error() const override { return d_failure.text(); }

    void setup_rpc() override;
    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    //! Receive a frame. \return whether it could be used
    bool receive(const at::Tensor& samples, std::uint64_t frame);
    void tag_frame(std::uint64_t offset, const std::vector<tag_t>& tags, int place);
    void publish();

    const cfisac::signal::Layout d_layout;
    const cfisac::signal::UserReceiver d_receiver;
    const int d_user;
    const std::uint64_t d_seed;
    const int d_frame_items; //!< S·T
    mutable std::mutex d_mutex;
    cfisac::signal::UserScores d_scores; //!< guarded by d_mutex, as those below
    std::uint64_t d_counted = 0;         //!< frames in d_scores
    cfisac::signal::UserFrame d_last;
    std::uint64_t d_last_number = 0;
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_frames_refused{0};
    log_limiter d_refused_log;
    log_limiter d_publish_limiter;
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
