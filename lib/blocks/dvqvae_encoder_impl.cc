/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "dvqvae_encoder_impl.h"
#include "alignment.h"
#include "exported_count.h"
#include "frames.h"
#include "model_files.h"

#include <algorithm>
#include <cfisac/signal/front_end.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

gr::io_signature::sptr inputs(const cfisac::Scenario& scenario)
{
    std::vector<int> sizes(
        1 + scenario.transmit.size(),
        static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
    sizes[0] = static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex));
    return gr::io_signature::makev(1, static_cast<int>(sizes.size()), sizes);
}

int check_access_point(const cfisac::Scenario& scenario, int access_point)
{
    if (access_point < 0 || access_point >= static_cast<int>(scenario.receive.size())) {
        throw std::invalid_argument("access point: " + std::to_string(access_point) +
                                    " is not one of 0 … " +
                                    std::to_string(scenario.receive.size() - 1));
    }
    return access_point;
}

} // namespace

dvqvae_encoder::sptr dvqvae_encoder::make(const cfisac::Scenario& scenario,
                                          const std::string& model_file,
                                          int access_point,
                                          std::uint64_t seed,
                                          const std::string& device,
                                          bool entropy_coding,
                                          const std::string& precision,
                                          bool real_time,
                                          int batch)
{
    return gnuradio::make_block_sptr<dvqvae_encoder_impl>(scenario,
                                                          model_file,
                                                          access_point,
                                                          seed,
                                                          device,
                                                          entropy_coding,
                                                          precision,
                                                          real_time,
                                                          batch);
}

dvqvae_encoder_impl::dvqvae_encoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         int access_point,
                                         std::uint64_t seed,
                                         const std::string& device,
                                         bool entropy_coding,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch)
    : dvqvae_encoder_impl(scenario,
                          model_file,
                          access_point,
                          seed,
                          entropy_coding,
                          precision,
                          real_time,
                          batch,
                          load_model(model_file, scenario, device))
{
}

dvqvae_encoder_impl::dvqvae_encoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         int access_point,
                                         std::uint64_t seed,
                                         bool entropy_coding,
                                         const std::string& precision,
                                         bool real_time,
                                         int batch,
                                         const cfisac::nn::Model& model)
    : gr::block(
          "dvqvae_encoder", inputs(scenario), gr::io_signature::make(1, 1, sizeof(char))),
      d_queue(model.device()),
      d_model_file(model_file),
      d_format(packet_format(model)),
      d_layout(scenario, model.device()),
      d_access_point(check_access_point(scenario, access_point)),
      d_seed(seed),
      d_pilot(model.architecture().reference == cfisac::signal::Reference::pilot),
      d_reference(model.architecture().reference == cfisac::signal::Reference::reference),
      d_engine(model, {access_point}, engine_options(precision)),
      d_prior(entropy_coding ? d_format.prior(access_point) : nullptr),
      d_real_time(real_time),
      d_batch(checked_batch(batch, real_time)),
      d_inputs(*this, d_queue)
{
    set_output_signature(gr::io_signature::make(1, 1, static_cast<int>(d_format.size())));
    set_min_output_buffer(items_in_whole_pages(d_format.size()));
    set_tag_propagation_policy(TPP_DONT);
    d_packet.access_point = static_cast<std::uint16_t>(access_point);
    d_packet.bits_per_index = d_format.bits_per_index();
    d_packet.scenario_fingerprint = d_format.scenario_fingerprint();
    d_packet.model_fingerprint = d_format.model_fingerprint();
    d_packet.indices.resize(d_format.index_count());
}

void dvqvae_encoder_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &dvqvae_encoder::frames, "frames", "frames encoded"));
    add_rpc_variable(exported_count(alias(),
                                    "coded_bits",
                                    &dvqvae_encoder::coded_bits,
                                    "bits",
                                    "bits of payload in all packets"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_refused",
                                    &dvqvae_encoder::frames_refused,
                                    "frames",
                                    "frames left out: samples not finite"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &dvqvae_encoder::frames_skipped,
                                    "frames",
                                    "frames skipped to keep up"));
    for (const auto& count : exported_host_copies<dvqvae_encoder>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool dvqvae_encoder_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_inputs.start();
    d_failure.clear();
    return true;
}

bool dvqvae_encoder_impl::check_topology(int ninputs, int)
{
    const int wanted = d_reference ? 1 + static_cast<int>(d_layout.transmitters()) : 1;
    if (ninputs != wanted) {
        d_logger->error(
            "{:d} inputs connected, but the model {:s} works on {:d}: the echo{:s}",
            ninputs,
            d_model_file,
            wanted,
            d_reference ? " and the frames of every transmit access point" : " alone");
    }
    return ninputs == wanted;
}

void dvqvae_encoder_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

at::Tensor dvqvae_encoder_impl::make_pilot(const std::vector<tag_t>& tags,
                                           std::uint64_t offset,
                                           std::uint64_t frame) const
{
    const auto csi = find_tag(tags, offset, names::csi());
    if (csi && pmt::eq(*csi, pmt::intern("message"))) {
        throw std::runtime_error(
            "frame " + std::to_string(frame) +
            ": its precoder follows a channel state from a message (tag csi), which the "
            "pilot model " +
            d_model_file + " cannot know; use a model that is given the reference");
    }
    const auto seed = find_tag(tags, offset, names::seed());
    if (seed && pmt::is_uint64(*seed) && pmt::to_uint64(*seed) != d_seed) {
        throw std::runtime_error("frame " + std::to_string(frame) +
                                 ": the precoder's seed is " +
                                 std::to_string(pmt::to_uint64(*seed)) +
                                 ", the encoder's " + std::to_string(d_seed));
    }
    const auto power = find_tag(tags, offset, names::power_dbm());
    const double power_dbm = power && pmt::is_real(*power)
                                 ? pmt::to_double(*power)
                                 : d_layout.scenario.transmit_power_dbm;
    return cfisac::signal::transmit(
               d_layout,
               power_dbm,
               cfisac::signal::Random(d_seed, {static_cast<std::int64_t>(frame)}))
        .signal;
}

std::int64_t dvqvae_encoder_impl::capture_time_ns(const std::vector<tag_t>& tags,
                                                  std::uint64_t offset,
                                                  std::uint64_t frame) const
{
    const auto time = find_tag(tags, offset, names::rx_time());
    if (time && pmt::is_tuple(*time) && pmt::length(*time) == 2) {
        const auto seconds = pmt::to_uint64(pmt::tuple_ref(*time, 0));
        const double fraction = pmt::to_double(pmt::tuple_ref(*time, 1));
        return static_cast<std::int64_t>(seconds) * 1000000000 +
               std::llround(fraction * 1e9);
    }
    return std::llround(static_cast<double>(frame) *
                        d_layout.scenario.waveform.interval_s() * 1e9);
}

bool dvqvae_encoder_impl::accept(double power, std::uint64_t frame, const char* what)
{
    if (std::isfinite(power)) {
        return true;
    }
    d_frames_refused++;
    if (d_log_limiter.pass()) {
        d_logger->error("frame {:d} of access point {:d} left out: {:s} has samples that "
                        "are not finite ({:d} frames left out so far)",
                        frame,
                        d_access_point,
                        what,
                        d_frames_refused.load());
    }
    return false;
}

std::optional<dvqvae_encoder_impl::task> dvqvae_encoder_impl::make_task(
    std::uint64_t frame,
    const std::vector<int>& items,
    const gr_vector_const_void_star& input_items)
{
    const auto& tags = d_inputs.tags(0);
    const std::uint64_t offset = nitems_read(0) + items[0];
    task work;
    work.frame = frame;
    work.capture_time_ns = capture_time_ns(tags, offset, frame);
    work.echo = d_inputs.read(0, items[0], receive_shape(d_layout.scenario), input_items);
    work.power = cfisac::signal::mean_power(work.echo);
    if (!accept(work.power, frame, "the echo")) {
        return std::nullopt;
    }
    if (d_pilot) {
        work.transmit = make_pilot(tags, offset, frame);
    } else if (d_reference) {
        work.transmit = d_inputs.read_stack(1,
                                            {items.begin() + 1, items.end()},
                                            transmit_shape(d_layout.scenario),
                                            input_items);
        if (!accept(cfisac::signal::mean_power(work.transmit),
                    frame,
                    "the transmit signal")) {
            return std::nullopt;
        }
    }
    return work;
}

void dvqvae_encoder_impl::encode(const std::vector<task>& work, std::uint8_t* packets)
{
    std::vector<at::Tensor> echoes;
    std::vector<at::Tensor> transmit;
    for (const task& each : work) {
        echoes.push_back(each.echo);
        if (each.transmit.defined()) {
            transmit.push_back(each.transmit);
        }
    }
    const at::Tensor indices =
        d_engine.encode({joined(echoes)}, joined(transmit))[0].to(at::kCPU).contiguous();
    const std::int64_t* values = indices.data_ptr<std::int64_t>();
    for (const task& each : work) {
        std::copy(values, values + indices.size(1), d_packet.indices.begin());
        values += indices.size(1);
        d_packet.frame = each.frame;
        d_packet.capture_time_ns = each.capture_time_ns;
        d_packet.scale = static_cast<float>(std::sqrt(each.power));
        d_coded_bits +=
            cfisac::fronthaul::encode(d_packet, packets, d_format.size(), d_prior);
        packets += d_format.size();
        d_frames++;
    }
}

int dvqvae_encoder_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    d_inputs.read_tags(ninput_items);

    const int skipped = d_real_time ? std::max(ninput_items[0] - frames_in_flight, 0) : 0;
    d_frames_skipped.add(skipped, d_logger);
    auto number = [&](std::size_t stream, int item) -> std::optional<std::uint64_t> {
        if (stream == 0 && item < skipped) {
            return std::nullopt;
        }
        return frame_number(d_inputs.tags(stream), nitems_read(stream) + item);
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    try {
        // In real time the next call sees what has come in the meantime.
        const int most = d_real_time ? std::min(d_batch, noutput_items) : noutput_items;
        auto* const packets = static_cast<std::uint8_t*>(output_items[0]);
        std::vector<task> work;
        for (bool more = true; more && produced < most;) {
            const auto frame = aligner.align(number);
            more = frame.has_value();
            if (more) {
                auto next = make_task(*frame, aligner.taken(), input_items);
                aligner.advance();
                if (next) {
                    work.push_back(std::move(*next));
                }
            }
            const int count = static_cast<int>(work.size());
            if (count > 0 && (!more || count == std::min(d_batch, most - produced))) {
                encode(work, packets + produced * d_format.size());
                produced += count;
                work.clear();
            }
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    d_frames_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < input_items.size(); i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

} // namespace isac
} // namespace gr
