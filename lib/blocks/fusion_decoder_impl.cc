/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fusion_decoder_impl.h"
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
                                          int batch,
                                          double deadline_s)
{
    return gnuradio::make_block_sptr<fusion_decoder_impl>(
        scenario, model_file, device, absent, precision, real_time, batch, deadline_s);
}

fusion_decoder_impl::fusion_decoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         const std::string& device,
                                         const std::vector<int>& absent,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch,
                                         double deadline_s)
    : fusion_decoder_impl(scenario,
                          model_file,
                          absent,
                          precision,
                          real_time,
                          batch,
                          deadline_s,
                          load_model(model_file, scenario, device))
{
}

fusion_decoder_impl::fusion_decoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         const std::vector<int>& absent,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch,
                                         double deadline_s,
                                         const cfisac::nn::Model& model)
    : gr::block("fusion_decoder",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                estimate_outputs::signature(scenario)),
      d_scenario(scenario),
      d_model_file(model_file),
      d_queue(model.device()),
      d_needs_transmit(model.decoder_needs_transmit()),
      d_engine(model, engine_options(precision)),
      d_packets(
          *this,
          packet_format(model),
          present_access_points(scenario, absent),
          [check = index_check(model)](std::size_t receiver, const auto& indices) {
              return check.accepts(receiver, row_of(indices));
          },
          real_time,
          deadline_s),
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
    for (const auto& count : exported_packet_counts<fusion_decoder>(alias())) {
        add_rpc_variable(count);
    }
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
        const int packets = prepare ? 0 : d_packets.required();
        ninput_items_required[i] = i < d_access_points ? packets : 1;
    }
}

fusion_decoder_impl::task fusion_decoder_impl::make_task(
    const packet_alignment::turn& turn, const at::Tensor& prepared) const
{
    task work{turn, d_packets.capture_time_ns(turn), {}, prepared};
    for (std::size_t i = 0; i < d_access_points; i++) {
        work.indices.push_back(turn.present[i] ? row_of(d_packets.packet(i).indices)
                                               : at::Tensor());
    }
    return work;
}

void fusion_decoder_impl::decode(const std::vector<task>& work,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    std::vector<at::Tensor> indices(d_scenario.receive.size());
    for (std::size_t i = 0; i < d_access_points; i++) {
        if (!work[0].turn.present[i]) {
            continue;
        }
        std::vector<at::Tensor> rows;
        for (const task& each : work) {
            rows.push_back(each.indices[i]);
        }
        indices[d_packets.receiver(i)] = joined(rows).to(d_queue.device());
    }
    const auto estimates = d_engine.decode(indices, work[0].prepared);
    // One transfer from the device for everything.
    const at::Tensor values = at::cat({estimates.location.flatten(1).to(at::kFloat),
                                       estimates.velocity.flatten(1).to(at::kFloat),
                                       estimates.confidence.flatten(1).to(at::kFloat)},
                                      1)
                                  .to(at::kCPU)
                                  .contiguous(); // [B, 2·D·Q + Q]
    const auto access_points = d_packets.access_points(work[0].turn);
    const auto* row = values.data_ptr<float>();
    for (const task& each : work) {
        d_outputs.write(each.turn.frame,
                        each.capture_time_ns,
                        {row, row + estimate_size(d_scenario), nullptr, &access_points},
                        item++,
                        output_items);
        d_packets.note_estimated(each.turn.frame);
        row += values.size(1);
    }
}

fusion_decoder_impl::partner fusion_decoder_impl::find_transmit(
    std::uint64_t frame, const gr_vector_int& ninput_items, std::vector<int>& taken)
{
    auto result = partner::found;
    for (std::size_t n = 0; n < taken.size(); n++) {
        const std::size_t input = d_access_points + n;
        std::int64_t ahead = -1;
        for (; taken[n] < ninput_items[input]; taken[n]++) {
            const auto mine =
                frame_number(d_inputs.tags(input),
                             nitems_read(static_cast<unsigned>(input)) + taken[n]);
            ahead = frames_between(frame, mine);
            if (ahead >= 0) {
                break;
            }
            d_frames_unmatched++;
        }
        if (ahead > 0) {
            return partner::gone;
        }
        result = ahead < 0 ? partner::awaited : result;
    }
    return result;
}

int fusion_decoder_impl::decode_next(int most,
                                     const gr_vector_int& ninput_items,
                                     const gr_vector_const_void_star& input_items,
                                     std::vector<int>& taken,
                                     gr_vector_void_star& output_items)
{
    int produced = 0;
    std::vector<task> work;
    const auto flush = [&] {
        if (!work.empty()) {
            decode(work, produced, output_items);
            produced += static_cast<int>(work.size());
            work.clear();
        }
    };
    while (produced + static_cast<int>(work.size()) < most) {
        const auto turn = d_packets.next();
        const auto sent =
            turn ? find_transmit(turn->frame, ninput_items, taken) : partner::awaited;
        if (sent == partner::awaited) {
            break;
        }
        if (sent == partner::gone) {
            d_packets.drop(*turn);
            continue;
        }
        if (!work.empty() && work[0].turn.present != turn->present) {
            flush();
        }
        work.push_back(make_task(*turn, prepared(turn->frame, taken, input_items)));
        d_packets.take(*turn);
        for (int& items : taken) {
            items++;
        }
        if (static_cast<int>(work.size()) == d_batch) {
            flush();
        }
    }
    flush();
    return produced;
}

int fusion_decoder_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    d_inputs.read_tags(ninput_items);
    d_packets.begin(ninput_items, input_items, d_logger);
    // In real time the next call sees what has come in the meantime.
    const int most = d_real_time ? std::min(d_batch, noutput_items) : noutput_items;
    std::vector<int> taken(input_items.size() - d_access_points, 0);
    int produced = 0;
    bool busy = false;
    try {
        produced = decode_next(most, ninput_items, input_items, taken, output_items);
        busy = std::any_of(taken.begin(), taken.end(), [](int n) { return n > 0; });
        if (produced == 0 && !busy) {
            busy = prepare_next(ninput_items, input_items);
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    for (std::size_t n = 0; n < taken.size(); n++) {
        consume(static_cast<int>(d_access_points + n), taken[n]);
    }
    while (!d_prepared.empty() &&
           d_prepared.front().item < nitems_read(d_access_points)) {
        d_prepared.pop_front();
    }
    return d_packets.finish(produced, busy);
}

} // namespace isac
} // namespace gr
