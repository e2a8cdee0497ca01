/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "echo_estimator_impl.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>

namespace gr {
namespace isac {

echo_estimator_impl::echo_estimator_impl(const cfisac::Scenario& scenario,
                                         at::Device device,
                                         const received_frames::options& options)
    : d_queue(device),
      d_frames_in(*this, d_queue, scenario, options),
      d_outputs(*this, scenario, options.real_time)
{
    set_tag_propagation_policy(TPP_DONT);
}

void echo_estimator_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &echo_estimator::frames, "frames", "frames estimated"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_refused",
                                    &echo_estimator::frames_refused,
                                    "frames",
                                    "frames left out: samples not finite"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &echo_estimator::frames_skipped,
                                    "frames",
                                    "frames skipped to keep up"));
    for (const auto& count : exported_host_copies<echo_estimator>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool echo_estimator_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_frames_in.start();
    d_outputs.start();
    d_failure.clear();
    return true;
}

bool echo_estimator_impl::check_topology(int ninputs, int)
{
    const int wanted = d_frames_in.inputs();
    if (ninputs != wanted) {
        d_logger->error("{:d} inputs connected, but it works on {:d}: {:s}",
                        ninputs,
                        wanted,
                        d_frames_in.description());
    }
    return ninputs == wanted;
}

void echo_estimator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

int echo_estimator_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    try {
        return d_frames_in.work(noutput_items,
                                ninput_items,
                                input_items,
                                d_logger,
                                [&](const std::vector<received_frame>& work, int item) {
                                    const auto estimates = estimate(work);
                                    for (std::size_t i = 0; i < work.size(); i++) {
                                        d_outputs.write(work[i].frame,
                                                        work[i].capture_time_ns,
                                                        estimates[i],
                                                        nullptr,
                                                        item++,
                                                        output_items);
                                        d_frames++;
                                    }
                                });
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
