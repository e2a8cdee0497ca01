/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "parameter_fusion_impl.h"
#include "alignment.h"
#include "estimator_packets.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <chrono>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <thread>

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
      d_packets(packet_format(scheme, scenario),
                present_access_points(scenario, absent),
                [scheme, scenario](std::size_t, const auto& words) {
                    return estimators::is_message(
                        scheme, scenario, {words.begin(), words.end()});
                }),
      d_estimator(estimators::make_central_estimator(scheme, scenario)),
      d_messages(scenario.receive.size()),
      d_real_time(real_time),
      d_deadline(deadline_s, d_packets.count()),
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
    add_rpc_variable(exported_count(alias(),
                                    "frames_incomplete",
                                    &parameter_fusion::frames_incomplete,
                                    "frames",
                                    "frames estimated without some access point"));
    add_rpc_variable(exported_count(alias(),
                                    "packets_late",
                                    &parameter_fusion::packets_late,
                                    "packets",
                                    "packets that came after the deadline"));
#endif
}

bool parameter_fusion_impl::start()
{
    prepare_thread();
    d_packets.start();
    d_deadline.start();
    d_present.assign(d_packets.count(), true);
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
    // With a deadline, time may pass without a packet.
    std::fill(ninput_items_required.begin(),
              ninput_items_required.end(),
              d_deadline.limited() ? 0 : 1);
}

void parameter_fusion_impl::fuse(std::uint64_t frame,
                                 const std::vector<bool>& present,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    std::int64_t capture_time_ns = 0;
    std::vector<std::int32_t> access_points;
    for (std::size_t stream = d_packets.count(); stream-- > 0;) {
        auto& message = d_messages[d_packets.receiver(stream)];
        message.clear();
        if (present[stream]) {
            const auto& words = d_packets.packet(stream).indices;
            message.assign(words.begin(), words.end());
            capture_time_ns = d_packets.packet(stream).capture_time_ns;
            access_points.insert(access_points.begin(),
                                 static_cast<std::int32_t>(d_packets.receiver(stream)));
        }
    }
    d_outputs.write(frame,
                    capture_time_ns,
                    (*d_estimator)(d_messages),
                    &access_points,
                    item,
                    output_items);
    d_packets.note_used(frame);
}

std::optional<std::uint64_t> parameter_fusion_impl::number(
    std::size_t stream, int item, const gr_vector_const_void_star& input_items)
{
    if (item < d_skipped) {
        return std::nullopt;
    }
    return d_packets.read(stream,
                          nitems_read(static_cast<unsigned>(stream)) + item,
                          static_cast<const std::uint8_t*>(input_items[stream]) +
                              item * packet_size(),
                          d_logger);
}

int parameter_fusion_impl::fuse_complete(int most,
                                         const gr_vector_int& ninput_items,
                                         const gr_vector_const_void_star& input_items,
                                         gr_vector_void_star& output_items)
{
    const std::vector<bool> all(d_packets.count(), true);
    frame_aligner aligner(ninput_items);
    int produced = 0;
    while (produced < most) {
        const auto frame = aligner.align([&](std::size_t stream, int item) {
            return number(stream, item, input_items);
        });
        if (!frame) {
            break;
        }
        fuse(*frame, all, produced++, output_items);
        aligner.advance();
    }
    d_items_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < input_items.size(); i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

int parameter_fusion_impl::fuse_by_deadline(int most,
                                            const gr_vector_int& ninput_items,
                                            const gr_vector_const_void_star& input_items,
                                            gr_vector_void_star& output_items)
{
    const std::size_t streams = d_packets.count();
    std::vector<int> taken(streams, 0);
    std::vector<bool> ended(streams);
    for (std::size_t i = 0; i < streams; i++) {
        ended[i] = detail()->input(static_cast<unsigned>(i))->done();
    }
    int produced = 0;
    while (produced < most) {
        std::vector<std::optional<std::uint64_t>> heads(streams);
        for (std::size_t i = 0; i < streams; i++) {
            while (!heads[i] && taken[i] < ninput_items[i]) {
                heads[i] = number(i, taken[i], input_items);
                if (heads[i] && d_deadline.late(*heads[i])) {
                    d_packets_late++;
                    heads[i].reset();
                }
                taken[i] += heads[i] ? 0 : 1;
            }
        }
        const auto turn = d_deadline.due(heads, ended, frame_clock::now());
        if (!turn) {
            break;
        }
        note_present(turn->frame, turn->present);
        fuse(turn->frame, turn->present, produced++, output_items);
        d_deadline.note_used(turn->frame);
        for (std::size_t i = 0; i < streams; i++) {
            taken[i] += turn->present[i] ? 1 : 0;
        }
    }
    bool over = produced == 0;
    bool idle = produced == 0;
    for (std::size_t i = 0; i < streams; i++) {
        consume(static_cast<int>(i), taken[i]);
        over = over && ended[i] && taken[i] == ninput_items[i];
        idle = idle && taken[i] == 0;
    }
    if (over) {
        return WORK_DONE;
    }
    if (idle) { // nobody wakes a block for the passing of time
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return produced;
}

void parameter_fusion_impl::note_present(std::uint64_t frame,
                                         const std::vector<bool>& present)
{
    bool complete = true;
    for (std::size_t i = 0; i < present.size(); i++) {
        complete = complete && present[i];
        if (present[i] != d_present[i]) {
            const std::size_t m = d_packets.receiver(i);
            if (present[i]) {
                d_logger->info(
                    "receive access point {:d} is back at frame {:d}", m, frame);
            } else {
                d_logger->warn("receive access point {:d} is missing from frame {:d} on: "
                               "the estimates are made without it",
                               m,
                               frame);
            }
        }
    }
    d_present = present;
    d_frames_incomplete += complete ? 0 : 1;
}

int parameter_fusion_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    // In real time the next call sees what has come in the meantime.
    const int most = d_real_time ? 1 : noutput_items;
    int waiting = *std::max_element(ninput_items.begin(), ninput_items.end());
    for (const int items : ninput_items) {
        waiting = items > 0 || !d_deadline.limited() ? std::min(waiting, items) : waiting;
    }
    d_skipped = d_real_time ? std::max(waiting - frames_in_flight, 0) : 0;
    d_frames_skipped.add(d_skipped, d_logger);
    try {
        return d_deadline.limited()
                   ? fuse_by_deadline(most, ninput_items, input_items, output_items)
                   : fuse_complete(most, ninput_items, input_items, output_items);
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
