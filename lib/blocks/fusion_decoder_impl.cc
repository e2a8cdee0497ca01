/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fusion_decoder_impl.h"
#include "alignment.h"
#include "exported_count.h"
#include "frames.h"
#include "model_files.h"

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
                                          const std::vector<int>& absent)
{
    return gnuradio::make_block_sptr<fusion_decoder_impl>(
        scenario, model_file, device, absent);
}

fusion_decoder_impl::fusion_decoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         const std::string& device,
                                         const std::vector<int>& absent)
    : gr::block("fusion_decoder",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                outputs(scenario)),
      d_scenario(scenario),
      d_model_file(model_file),
      d_model(load_model(model_file, scenario, device)),
      d_format(packet_format(d_model)),
      d_receivers(present_access_points(scenario, absent)),
      d_access_points(d_receivers.size()),
      d_heads(d_access_points)
{
    std::vector<int> sizes(d_access_points, static_cast<int>(d_format.size()));
    if (d_model.decoder_needs_transmit()) {
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
#endif
}

bool fusion_decoder_impl::start()
{
    use_one_thread();
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
            d_model.decoder_needs_transmit()
                ? " and the frames of every transmit access point"
                : "");
    }
    return ninputs == wanted;
}

void fusion_decoder_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
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
        if (!d_model.accepts(static_cast<std::int64_t>(d_receivers[stream]),
                             indices_of(stream))) {
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

void fusion_decoder_impl::decode(std::uint64_t frame,
                                 const at::Tensor& transmit,
                                 int item,
                                 gr_vector_void_star& output_items)
{
    std::vector<at::Tensor> indices(d_scenario.receive.size());
    for (std::size_t stream = 0; stream < d_access_points; stream++) {
        indices[d_receivers[stream]] = indices_of(stream).to(d_model.device());
    }
    float* const out =
        static_cast<float*>(output_items[0]) + item * estimate_size(d_scenario);
    const auto estimates = d_model.decode(indices, transmit);
    const at::Tensor values =
        at::cat({estimates.location.flatten(), estimates.velocity.flatten()});
    copy_out(values, out);
    add_item_tag(0, nitems_written(0) + item, names::frame(), pmt::from_uint64(frame));

    const at::Tensor confidence =
        estimates.confidence.flatten().to(at::kCPU, at::kFloat).contiguous();
    if (output_items.size() > 1) {
        copy_out(confidence,
                 static_cast<float*>(output_items[1]) + item * confidence.numel());
    }
    const double time_s = 1e-9 * static_cast<double>(d_heads[0].packet.capture_time_ns);
    pmt::pmt_t about = pmt::make_dict();
    about = pmt::dict_add(about, names::frame(), pmt::from_uint64(frame));
    about = pmt::dict_add(about, pmt::intern("time"), pmt::from_double(time_s));
    about = pmt::dict_add(
        about,
        pmt::intern("confidence"),
        pmt::init_f32vector(confidence.numel(), confidence.data_ptr<float>()));
    message_port_pub(names::estimates_port(),
                     pmt::cons(about, pmt::init_f32vector(values.numel(), out)));
}

int fusion_decoder_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const std::size_t streams = input_items.size();
    const auto frame_shape = transmit_shape(d_scenario);

    std::vector<std::vector<tag_t>> tags(streams);
    for (std::size_t i = d_access_points; i < streams; i++) {
        get_tags_in_window(tags[i], i, 0, ninput_items[i]);
    }
    auto number = [&](std::size_t stream, int item) -> std::optional<std::uint64_t> {
        const std::uint64_t offset = nitems_read(stream) + item;
        if (stream >= d_access_points) {
            return frame_number(tags[stream], offset);
        }
        return read_packet(stream,
                           offset,
                           static_cast<const std::uint8_t*>(input_items[stream]) +
                               item * d_format.size());
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    try {
        while (produced < noutput_items) {
            const auto frame = aligner.align(number);
            if (!frame) {
                break;
            }
            at::Tensor transmit;
            if (streams > d_access_points) {
                std::vector<const void*> frames;
                for (std::size_t i = d_access_points; i < streams; i++) {
                    frames.push_back(static_cast<const gr_complex*>(input_items[i]) +
                                     static_cast<std::size_t>(aligner.taken()[i]) *
                                         d_scenario.transmit_frame_size());
                }
                transmit = stack_frames(frames, 0, frame_shape).to(d_model.device());
            }
            decode(*frame, transmit, produced, output_items);
            note_decoded(*frame);
            aligner.advance();
            produced++;
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    d_items_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < streams; i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

} // namespace isac
} // namespace gr
