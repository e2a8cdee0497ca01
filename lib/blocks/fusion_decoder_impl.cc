/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fusion_decoder_impl.h"
#include "alignment.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <gnuradio/io_signature.h>

namespace gr {
namespace isac {

namespace {

//! Indices as the networks take them, [1, L], int64, on the processor.
at::Tensor row_of(const std::vector<std::uint32_t>& indices)
{
    at::Tensor row = at::empty({1, static_cast<std::int64_t>(indices.size())}, at::kLong);
    std::copy(indices.begin(), indices.end(), row.data_ptr<std::int64_t>());
    return row;
}

} // namespace

fusion_decoder::sptr fusion_decoder::make(const cfisac::Scenario& scenario,
                                          const std::string& model_file,
                                          const std::string& device,
                                          const std::vector<int>& absent,
                                          const std::string& precision,
                                          bool real_time,
                                          int batch)
{
    return gnuradio::make_block_sptr<fusion_decoder_impl>(
        scenario, model_file, device, absent, precision, real_time, batch);
}

fusion_decoder_impl::fusion_decoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         const std::string& device,
                                         const std::vector<int>& absent,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch)
    : fusion_decoder_impl(scenario,
                          model_file,
                          absent,
                          precision,
                          real_time,
                          batch,
                          load_model(model_file, scenario, device))
{
}

fusion_decoder_impl::fusion_decoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         const std::vector<int>& absent,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch,
                                         const cfisac::nn::Model& model)
    : gr::block("fusion_decoder",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                estimate_outputs::signature(scenario)),
      d_scenario(scenario),
      d_model_file(model_file),
      d_queue(model.device()),
      d_needs_transmit(model.decoder_needs_transmit()),
      d_engine(model, engine_options(precision)),
      d_packets(packet_format(model),
                present_access_points(scenario, absent),
                [check = index_check(model)](std::size_t receiver, const auto& indices) {
                    return check.accepts(receiver, row_of(indices));
                }),
      d_access_points(d_packets.count()),
      d_real_time(real_time),
      d_batch(d_needs_transmit ? 1 : checked_batch(batch, real_time)),
      d_outputs(*this, scenario, real_time),
      d_inputs(*this, d_queue)
{
    std::vector<int> sizes(d_access_points, static_cast<int>(packet_size()));
    if (d_needs_transmit) {
        sizes.insert(
            sizes.end(),
            scenario.transmit.size(),
            static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
    }
    const int count = static_cast<int>(sizes.size());
    set_input_signature(gr::io_signature::makev(1, count, sizes));
    set_tag_propagation_policy(TPP_DONT);
}

void fusion_decoder_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &fusion_decoder::frames, "frames", "frames decoded"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_lost",
                                    &fusion_decoder::frames_lost,
                                    "frames",
                                    "frames without an estimate"));
    add_rpc_variable(exported_count(alias(),
                                    "packets_refused",
                                    &fusion_decoder::packets_refused,
                                    "packets",
                                    "packets refused"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &fusion_decoder::frames_skipped,
                                    "frames",
                                    "frames skipped to keep up"));
    for (const auto& count : exported_host_copies<fusion_decoder>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool fusion_decoder_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_inputs.start();
    d_prepared.clear();
    d_packets.start();
    d_outputs.start();
    d_failure.clear();
    return true;
}

bool fusion_decoder_impl::check_topology(int ninputs, int)
{
    const int wanted = input_signature()->max_streams();
    if (ninputs != wanted) {
        d_logger->error(
            "{:d} inputs connected, but the model {:s} works on {:d}: the packets "
            "of every receive access point that is not absent{:s}",
            ninputs,
            d_model_file,
            wanted,
            d_needs_transmit ? " and the frames of every transmit access point" : "");
    }
    return ninputs == wanted;
}

void fusion_decoder_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // Transmit frames are prepared while the packets are still under way.
    const bool prepare = is_preparation_due();
    for (std::size_t i = 0; i < ninput_items_required.size(); i++) {
        ninput_items_required[i] = prepare && i < d_access_points ? 0 : 1;
    }
}

fusion_decoder_impl::task fusion_decoder_impl::make_task(std::uint64_t frame,
                                                         const at::Tensor& prepared) const
{
    task work{frame, d_packets.packet(0).capture_time_ns, {}, prepared};
    for (std::size_t stream = 0; stream < d_access_points; stream++) {
        work.indices.push_back(row_of(d_packets.packet(stream).indices));
    }
    return work;
}

void fusion_decoder_impl::decode(const std::vector<task>& work,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    std::vector<at::Tensor> indices(d_scenario.receive.size());
    for (std::size_t stream = 0; stream < d_access_points; stream++) {
        std::vector<at::Tensor> rows;
        for (const task& each : work) {
            rows.push_back(each.indices[stream]);
        }
        indices[d_packets.receiver(stream)] = joined(rows).to(d_queue.device());
    }
    const auto estimates = d_engine.decode(indices, work[0].prepared);
    // One transfer from the device for everything.
    const at::Tensor values = at::cat({estimates.location.flatten(1).to(at::kFloat),
                                       estimates.velocity.flatten(1).to(at::kFloat),
                                       estimates.confidence.flatten(1).to(at::kFloat)},
                                      1)
                                  .to(at::kCPU)
                                  .contiguous(); // [B, 2·D·Q + Q]
    const auto* row = values.data_ptr<float>();
    for (const task& each : work) {
        d_outputs.write(each.frame,
                        each.capture_time_ns,
                        {row, row + estimate_size(d_scenario)},
                        item++,
                        output_items);
        d_packets.note_used(each.frame);
        row += values.size(1);
    }
}

int fusion_decoder_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    const std::size_t streams = input_items.size();
    d_inputs.read_tags(ninput_items);

    const int packets =
        *std::min_element(ninput_items.begin(), ninput_items.begin() + d_access_points);
    const int skipped = d_real_time ? std::max(packets - frames_in_flight, 0) : 0;
    d_frames_skipped.add(skipped, d_logger);
    auto number = [&](std::size_t stream, int item) -> std::optional<std::uint64_t> {
        const std::uint64_t offset = nitems_read(stream) + item;
        if (stream >= d_access_points) {
            return frame_number(d_inputs.tags(stream), offset);
        }
        if (item < skipped) {
            return std::nullopt;
        }
        return d_packets.read(stream,
                              offset,
                              static_cast<const std::uint8_t*>(input_items[stream]) +
                                  item * packet_size(),
                              d_logger);
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    try {
        // In real time the next call sees what has come in the meantime.
        const int most = d_real_time ? std::min(d_batch, noutput_items) : noutput_items;
        std::vector<task> work;
        for (bool more = true; more && produced < most;) {
            const auto frame = aligner.align(number);
            more = frame.has_value();
            if (more) {
                const std::vector<int>& taken = aligner.taken();
                work.push_back(
                    make_task(*frame,
                              prepared(*frame,
                                       {taken.begin() + d_access_points, taken.end()},
                                       input_items)));
                aligner.advance();
            }
            const int count = static_cast<int>(work.size());
            if (count > 0 && (!more || count == std::min(d_batch, most - produced))) {
                decode(work, produced, output_items);
                produced += count;
                work.clear();
            }
        }
        if (produced == 0 && aligner.unmatched() == 0) {
            prepare_next(ninput_items, input_items);
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    d_items_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < streams; i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    while (!d_prepared.empty() &&
           d_prepared.front().item < nitems_read(d_access_points)) {
        d_prepared.pop_front();
    }
    return produced;
}

} // namespace isac
} // namespace gr
