/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "parameter_fusion_impl.h"
#include "alignment.h"
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
                                              bool real_time)
{
    return gnuradio::make_block_sptr<parameter_fusion_impl>(
        scenario, estimators::scheme_from_string(scheme), absent, real_time);
}

parameter_fusion_impl::parameter_fusion_impl(const cfisac::Scenario& scenario,
                                             estimators::Scheme scheme,
                                             const std::vector<int>& absent,
                                             bool real_time)
    : gr::block("parameter_fusion",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                estimate_outputs::signature(scenario, true)),
      d_packets(packet_format(scheme, scenario),
                present_access_points(scenario, absent),
                [scheme, scenario](std::size_t, const auto& words) {
                    return estimators::is_message(
                        scheme, scenario, {words.begin(), words.end()});
                }),
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
    add_rpc_variable(exported_count(
        alias(), "frames", &parameter_fusion::frames, "frames", "frames estimated"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_lost",
                                    &parameter_fusion::frames_lost,
                                    "frames",
                                    "frames without an estimate"));
    add_rpc_variable(exported_count(alias(),
                                    "packets_refused",
                                    &parameter_fusion::packets_refused,
                                    "packets",
                                    "packets refused"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &parameter_fusion::frames_skipped,
                                    "frames",
                                    "frames skipped to keep up"));
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
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

void parameter_fusion_impl::fuse(std::uint64_t frame,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    for (std::size_t stream = 0; stream < d_packets.count(); stream++) {
        const auto& words = d_packets.packet(stream).indices;
        d_messages[d_packets.receiver(stream)].assign(words.begin(), words.end());
    }
    d_outputs.write(frame,
                    d_packets.packet(0).capture_time_ns,
                    (*d_estimator)(d_messages),
                    item,
                    output_items);
    d_packets.note_used(frame);
}

int parameter_fusion_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const int waiting = *std::min_element(ninput_items.begin(), ninput_items.end());
    const int skipped = d_real_time ? std::max(waiting - frames_in_flight, 0) : 0;
    d_frames_skipped.add(skipped, d_logger);
    auto number = [&](std::size_t stream, int item) -> std::optional<std::uint64_t> {
        if (item < skipped) {
            return std::nullopt;
        }
        return d_packets.read(stream,
                              nitems_read(static_cast<unsigned>(stream)) + item,
                              static_cast<const std::uint8_t*>(input_items[stream]) +
                                  item * packet_size(),
                              d_logger);
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    try {
        // In real time the next call sees what has come in the meantime.
        const int most = d_real_time ? 1 : noutput_items;
        while (produced < most) {
            const auto frame = aligner.align(number);
            if (!frame) {
                break;
            }
            fuse(*frame, produced++, output_items);
            aligner.advance();
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    d_items_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < input_items.size(); i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

} // namespace isac
} // namespace gr
