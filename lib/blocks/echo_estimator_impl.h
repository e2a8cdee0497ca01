/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ECHO_ESTIMATOR_IMPL_H
#define INCLUDED_ISAC_ECHO_ESTIMATOR_IMPL_H

#include "estimate_outputs.h"
#include "failure.h"
#include "received_frames.h"

#include <atomic>
#include <cfisac/estimators/estimates.h>
#include <gnuradio/isac/echo_estimator.h>

namespace gr {
namespace isac {

//! Everything but the estimator itself.
class echo_estimator_impl : virtual public echo_estimator, public frame_block
{
public:
    std::uint64_t frames() const override { return d_frames; }
    std::uint64_t frames_refused() const override { return d_frames_in.refused(); }
    std::uint64_t frames_unmatched() const override { return d_frames_in.unmatched(); }
    std::uint64_t frames_skipped() const override { return d_frames_in.skipped(); }
    double latency_s(double share) const override { return d_outputs.latency_s(share); }
    std::uint64_t host_copies() const override { return d_frames_in.copies().frames(); }
    std::uint64_t host_copied_bytes() const override
    {
        return d_frames_in.copies().bytes();
    }
    std::string error() const override { return d_failure.text(); }

    at::Device frame_device() const override { return d_queue.device(); }
    bool reads_frames(int) const override { return true; }
    bool writes_frames(int) const override { return false; }

    void setup_rpc() override;
    bool start() override;
    bool check_topology(int ninputs, int noutputs) override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

protected:
    echo_estimator_impl(const cfisac::Scenario& scenario,
                        at::Device device,
                        const received_frames::options& options);

    //! The estimates of some frames, as many as were asked for at once.
    virtual std::vector<cfisac::estimators::TargetEstimates> estimate(
        const std::vector<received_frame>& frames) = 0;

private:
    device_queue d_queue;
    received_frames d_frames_in;
    estimate_outputs d_outputs;
    std::atomic<std::uint64_t> d_frames{0};
    failure d_failure;
};

} // namespace isac
} // namespace gr

#endif
