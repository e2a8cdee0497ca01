/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "parameter_fusion_impl.h"
#include "estimator_packets.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <gnuradio/io_signature.h>

namespace gr {
namespace isac {

namespace estimators = cfisac::estimators;

parameter_fusion::sptr parameter_fusion::make(const cfisac::Scenario& scenario,
                                              const std::string& scheme,
                                              const std::vector<int>& absent,
                                              bool real_time,
                                              double deadline_s)
{
    return gnuradio::make_block_sptr<parameter_fusion_impl>(
        scenario, estimators::scheme_from_string(scheme), absent, real_time, deadline_s);
}

parameter_fusion_impl::parameter_fusion_impl(const cfisac::Scenario& scenario,
                                             estimators::Scheme scheme,
                                             const std::vector<int>& absent,
                                             bool real_time,
                                             double deadline_s)
    : gr::block("parameter_fusion",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                estimate_outputs::signature(scenario, true)),
      d_packets(
          *this,
          packet_format(scheme, scenario),
          present_access_points(scenario, absent),
          [scheme, scenario](std::size_t, const auto& words) {
              return estimators::is_message(
                  scheme, scenario, {words.begin(), words.end()});
          },
          real_time,
          deadline_s),
      d_estimator(estimators::make_central_estimator(scheme, scenario)),
      d_messages(scenario.receive.size()),
      d_real_time(real_time),
      d_outputs(*this, scenario, real_time)
{
    const auto streams = static_cast<int>(d_packets.count());
    set_input_signature(
        gr::io_signature::make(1, streams, static_cast<int>(packet_size())));
    set_tag_propagation_policy(TPP_DONT);
}

void parameter_fusion_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    for (const auto& count : exported_packet_counts<parameter_fusion>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool parameter_fusion_impl::start()
{
    prepare_thread();
    d_packets.start();
    d_outputs.start();
    d_failure.clear();
    return true;
}

bool parameter_fusion_impl::check_topology(int ninputs, int)
{
    const int wanted = static_cast<int>(d_packets.count());
    if (ninputs != wanted) {
        d_logger->error("{:d} inputs connected, but it works on {:d}: the packets of "
                        "every receive access point that is not absent",
                        ninputs,
                        wanted);
    }
    return ninputs == wanted;
}

void parameter_fusion_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(
        ninput_items_required.begin(), ninput_items_required.end(), d_packets.required());
}

void parameter_fusion_impl::fuse(const packet_alignment::turn& turn,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    for (std::size_t i = 0; i < d_packets.count(); i++) {
        auto& message = d_messages[d_packets.receiver(i)];
        message.clear();
        if (turn.present[i]) {
            const auto& words = d_packets.packet(i).indices;
            message.assign(words.begin(), words.end());
        }
    }
    const auto access_points = d_packets.access_points(turn);
    d_outputs.write(turn.frame,
                    d_packets.capture_time_ns(turn),
                    (*d_estimator)(d_messages),
                    &access_points,
                    item,
                    output_items);
    d_packets.note_estimated(turn.frame);
}

int parameter_fusion_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    // In real time the next call sees what has come in the meantime.
    const int most = d_real_time ? 1 : noutput_items;
    d_packets.begin(ninput_items, input_items, d_logger);
    int produced = 0;
    try {
        while (produced < most) {
            const auto turn = d_packets.next();
            if (!turn) {
                break;
            }
            fuse(*turn, produced++, output_items);
            d_packets.take(*turn);
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    return d_packets.finish(produced);
}

} // namespace isac
} // namespace gr
