/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fusion_decoder_impl.h"
#include "alignment.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <stdexcept>

namespace gr {
namespace isac {

namespace fronthaul = cfisac::fronthaul;

namespace {

gr::io_signature::sptr outputs(const cfisac::Scenario& scenario)
{
    const int estimates = static_cast<int>(estimate_size(scenario) * sizeof(float));
    const int confidence = static_cast<int>(scenario.targets.count * sizeof(float));
    return gr::io_signature::makev(1, 2, {estimates, confidence});
}

//! Access points that are not absent, ascending.
std::vector<std::size_t> present_access_points(const cfisac::Scenario& scenario,
                                               const std::vector<int>& absent)
{
    const auto count = scenario.receive.size();
    std::vector<bool> missing(count, false);
    for (const int m : absent) {
        if (m < 0 || static_cast<std::size_t>(m) >= count) {
            throw std::invalid_argument("absent: access point " + std::to_string(m) +
                                        " is not one of 0 … " +
                                        std::to_string(count - 1));
        }
        if (missing[m]) {
            throw std::invalid_argument("absent: access point " + std::to_string(m) +
                                        " is named twice");
        }
        missing[m] = true;
    }
    std::vector<std::size_t> present;
    for (std::size_t m = 0; m < count; m++) {
        if (!missing[m]) {
            present.push_back(m);
        }
    }
    if (present.empty()) {
        throw std::invalid_argument("absent: all " + std::to_string(count) +
                                    " access points are named, one must be left");
    }
    return present;
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
                outputs(scenario)),
      d_scenario(scenario),
      d_model_file(model_file),
      d_queue(model.device()),
      d_needs_transmit(model.decoder_needs_transmit()),
      d_engine(model, engine_options(precision)),
      d_index_check(model),
      d_format(packet_format(model)),
      d_receivers(present_access_points(scenario, absent)),
      d_access_points(d_receivers.size()),
      d_heads(d_access_points),
      d_real_time(real_time),
      d_batch(d_needs_transmit ? 1 : checked_batch(batch, real_time)),
      d_inputs(*this, d_queue)
{
    std::vector<int> sizes(d_access_points, static_cast<int>(d_format.size()));
    if (d_needs_transmit) {
        sizes.insert(
            sizes.end(),
            scenario.transmit.size(),
            static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
    }
    const int count = static_cast<int>(sizes.size());
    set_input_signature(gr::io_signature::makev(1, count, sizes));
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_out(names::estimates_port());
}

std::map<std::string, std::uint64_t> fusion_decoder_impl::refusals() const
{
    const std::lock_guard<std::mutex> lock(d_refusals_mutex);
    return d_refusals;
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
    d_latency.clear();
    d_failure.clear();
    for (head& each : d_heads) {
        each.item.reset();
    }
    d_first_frame = true;
    d_decoded = false;
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

void fusion_decoder_impl::refuse(std::size_t stream, const char* reason)
{
    d_packets_refused++;
    {
        const std::lock_guard<std::mutex> lock(d_refusals_mutex);
        d_refusals[reason]++;
    }
    if (d_log_limiter.pass()) {
        d_logger->error(
            "packet at input {:d} refused: {:s} ({:d} packets refused so far)",
            stream,
            reason,
            d_packets_refused.load());
    }
}

std::optional<std::uint64_t> fusion_decoder_impl::read_packet(std::size_t stream,
                                                              std::uint64_t item,
                                                              const std::uint8_t* data)
{
    head& mine = d_heads[stream];
    if (mine.item != item) {
        const auto status =
            fronthaul::decode(data, d_format.size(), d_format, mine.packet);
        if (status != fronthaul::PacketStatus::ok) {
            refuse(stream, fronthaul::to_string(status));
            return std::nullopt;
        }
        if (mine.packet.access_point != d_receivers[stream]) {
            refuse(stream, "wrong_access_point");
            return std::nullopt;
        }
        if (!d_index_check.accepts(d_receivers[stream], indices_of(stream))) {
            refuse(stream, "bad_indices");
            return std::nullopt;
        }
        mine.item = item;
        note_seen(mine.packet.frame);
    }
    return mine.packet.frame;
}

void fusion_decoder_impl::note_seen(std::uint64_t frame)
{
    if (d_first_frame || (!d_decoded && frame < d_next)) {
        d_next = frame;
    }
    d_first_frame = false;
}

void fusion_decoder_impl::note_decoded(std::uint64_t frame)
{
    if (frame > d_next) { // not after a recording has started again
        d_frames_lost += frame - d_next;
    }
    d_next = frame + 1;
    d_decoded = true;
    d_frames++;
}

at::Tensor fusion_decoder_impl::indices_of(std::size_t stream) const
{
    const auto& values = d_heads[stream].packet.indices;
    at::Tensor row = at::empty({1, static_cast<std::int64_t>(values.size())}, at::kLong);
    std::copy(values.begin(), values.end(), row.data_ptr<std::int64_t>());
    return row;
}

fusion_decoder_impl::task fusion_decoder_impl::make_task(std::uint64_t frame,
                                                         const at::Tensor& prepared) const
{
    task work{frame, d_heads[0].packet.capture_time_ns, {}, prepared};
    for (std::size_t stream = 0; stream < d_access_points; stream++) {
        work.indices.push_back(indices_of(stream));
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
        indices[d_receivers[stream]] = joined(rows).to(d_queue.device());
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
        give_out(each, row, item++, output_items);
        note_latency(each);
        note_decoded(each.frame);
        row += values.size(1);
    }
}

void fusion_decoder_impl::give_out(const task& each,
                                   const float* values,
                                   int item,
                                   gr_vector_void_star& output_items)
{
    const std::size_t count = estimate_size(d_scenario);
    const auto targets = static_cast<std::size_t>(d_scenario.targets.count);
    const float* const confidence = values + count;
    std::copy(values, confidence, static_cast<float*>(output_items[0]) + item * count);
    if (output_items.size() > 1) {
        std::copy(confidence,
                  confidence + targets,
                  static_cast<float*>(output_items[1]) + item * targets);
    }
    const auto frame = pmt::from_uint64(each.frame);
    add_item_tag(0, nitems_written(0) + item, names::frame(), frame);

    const double time_s = 1e-9 * static_cast<double>(each.capture_time_ns);
    pmt::pmt_t about = pmt::make_dict();
    about = pmt::dict_add(about, names::frame(), frame);
    about = pmt::dict_add(about, pmt::intern("time"), pmt::from_double(time_s));
    about = pmt::dict_add(
        about, pmt::intern("confidence"), pmt::init_f32vector(targets, confidence));
    message_port_pub(names::estimates_port(),
                     pmt::cons(about, pmt::init_f32vector(count, values)));
}

void fusion_decoder_impl::note_latency(const task& each)
{
    if (d_real_time) {
        const double end_s = 1e-9 * static_cast<double>(each.capture_time_ns) +
                             d_scenario.waveform.interval_s();
        d_latency.add(1e-9 * static_cast<double>(to_ns(frame_clock::now())) - end_s);
    }
}

double fusion_decoder_impl::latency_s(double share) const
{
    if (!(share >= 0.0 && share <= 1.0)) {
        throw std::invalid_argument("latency: " + std::to_string(share) +
                                    " is not a share between 0 and 1");
    }
    return d_latency.quantile(share);
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
        return read_packet(stream,
                           offset,
                           static_cast<const std::uint8_t*>(input_items[stream]) +
                               item * d_format.size());
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
