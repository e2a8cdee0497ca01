/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "access_point_estimator_impl.h"
#include "estimator_packets.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <cfisac/signal/device.h>
#include <cmath>
#include <gnuradio/isac/cs_estimator.h>
#include <gnuradio/isac/ml_estimator.h>
#include <gnuradio/isac/music_estimator.h>

namespace gr {
namespace isac {

using cfisac::estimators::Scheme;
using cfisac::estimators::StaticClutter;

access_point_estimator_impl::access_point_estimator_impl(Scheme scheme,
                                                         const cfisac::Scenario& scenario,
                                                         int access_point,
                                                         const std::string& device,
                                                         bool real_time,
                                                         StaticClutter static_clutter)
    : d_queue(cfisac::signal::resolve_device(device)),
      d_format(packet_format(scheme, scenario)),
      d_estimator(cfisac::estimators::make_access_point_estimator(
          scheme,
          cfisac::signal::Layout(scenario, d_queue.device()),
          check_access_point(scenario, access_point),
          static_clutter)),
      d_frames_in(*this, d_queue, scenario, {{access_point}, true, real_time, 1})
{
    set_output_signature(gr::io_signature::make(1, 1, static_cast<int>(d_format.size())));
    set_min_output_buffer(items_in_whole_pages(d_format.size()));
    set_tag_propagation_policy(TPP_DONT);
    d_packet.access_point = static_cast<std::uint16_t>(access_point);
    d_packet.bits_per_index = d_format.bits_per_index();
    d_packet.scenario_fingerprint = d_format.scenario_fingerprint();
    d_packet.model_fingerprint = d_format.model_fingerprint();
}

void access_point_estimator_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(alias(),
                                    "frames",
                                    &access_point_estimator::frames,
                                    "frames",
                                    "frames estimated"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_refused",
                                    &access_point_estimator::frames_refused,
                                    "frames",
                                    "frames left out: samples not finite"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &access_point_estimator::frames_skipped,
                                    "frames",
                                    "frames skipped to keep up"));
    for (const auto& count : exported_host_copies<access_point_estimator>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool access_point_estimator_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_frames_in.start();
    d_failure.clear();
    return true;
}

bool access_point_estimator_impl::check_topology(int ninputs, int)
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

void access_point_estimator_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

void access_point_estimator_impl::send(const received_frame& frame, std::uint8_t* packet)
{
    const auto message = (*d_estimator)(frame.echoes[0][0], frame.transmit[0]);
    d_packet.indices.assign(message.begin(), message.end());
    d_packet.frame = frame.frame;
    d_packet.capture_time_ns = frame.capture_time_ns;
    d_packet.scale = static_cast<float>(std::sqrt(frame.power));
    cfisac::fronthaul::encode(d_packet, packet, d_format.size());
    d_frames++;
}

int access_point_estimator_impl::general_work(int noutput_items,
                                              gr_vector_int& ninput_items,
                                              gr_vector_const_void_star& input_items,
                                              gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    auto* const packets = static_cast<std::uint8_t*>(output_items[0]);
    try {
        return d_frames_in.work(noutput_items,
                                ninput_items,
                                input_items,
                                d_logger,
                                [&](const std::vector<received_frame>& work, int item) {
                                    send(work[0], packets + item * d_format.size());
                                });
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

namespace {

//! The public class of a scheme, over the block that all have in common.
template <typename Block, Scheme scheme>
class estimator_of final : public Block, public access_point_estimator_impl
{
public:
    estimator_of(const cfisac::Scenario& scenario,
                 int access_point,
                 const std::string& device,
                 bool real_time,
                 StaticClutter static_clutter = StaticClutter::as_scenario)
        : gr::block(std::string(cfisac::estimators::to_string(scheme)) + "_estimator",
                    frame_signature(scenario, 1),
                    gr::io_signature::make(1, 1, sizeof(char))),
          access_point_estimator_impl(
              scheme, scenario, access_point, device, real_time, static_clutter)
    {
    }
};

} // namespace

music_estimator::sptr music_estimator::make(const cfisac::Scenario& scenario,
                                            int access_point,
                                            const std::string& device,
                                            bool real_time)
{
    return gnuradio::make_block_sptr<estimator_of<music_estimator, Scheme::music>>(
        scenario, access_point, device, real_time);
}

cs_estimator::sptr cs_estimator::make(const cfisac::Scenario& scenario,
                                      int access_point,
                                      const std::string& device,
                                      bool real_time)
{
    return gnuradio::make_block_sptr<estimator_of<cs_estimator, Scheme::cs>>(
        scenario, access_point, device, real_time);
}

ml_estimator::sptr ml_estimator::make(const cfisac::Scenario& scenario,
                                      int access_point,
                                      const std::string& device,
                                      bool real_time,
                                      const std::string& static_clutter)
{
    return gnuradio::make_block_sptr<estimator_of<ml_estimator, Scheme::ml>>(
        scenario,
        access_point,
        device,
        real_time,
        cfisac::estimators::static_clutter_from_string(static_clutter));
}

} // namespace isac
} // namespace gr
