/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "dvqvae_encoder_impl.h"
#include "exported_count.h"
#include "frames.h"
#include "model_files.h"

#include <algorithm>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gnuradio/isac/names.h>
#include <stdexcept>

namespace gr {
namespace isac {

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
    : gr::block("dvqvae_encoder",
                frame_signature(scenario, 1),
                gr::io_signature::make(1, 1, sizeof(char))),
      d_queue(model.device()),
      d_model_file(model_file),
      d_format(packet_format(model)),
      d_layout(scenario, model.device()),
      d_seed(seed),
      d_pilot(model.architecture().reference == cfisac::signal::Reference::pilot),
      d_engine(
          model, {check_access_point(scenario, access_point)}, engine_options(precision)),
      d_prior(entropy_coding ? d_format.prior(access_point) : nullptr),
      d_frames_in(*this,
                  d_queue,
                  scenario,
                  {{access_point},
                   model.architecture().reference == cfisac::signal::Reference::reference,
                   real_time,
                   checked_batch(batch, real_time)})
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
    d_frames_in.start();
    d_failure.clear();
    return true;
}

bool dvqvae_encoder_impl::check_topology(int ninputs, int)
{
    const int wanted = d_frames_in.inputs();
    if (ninputs != wanted) {
        d_logger->error("{:d} inputs connected, but the model {:s} works on {:d}: {:s}",
                        ninputs,
                        d_model_file,
                        wanted,
                        d_frames_in.description());
    }
    return ninputs == wanted;
}

void dvqvae_encoder_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

at::Tensor dvqvae_encoder_impl::make_pilot(const received_frame& next) const
{
    const auto& tags = d_frames_in.tags();
    const auto offset = next.offset;
    const auto frame = next.frame;
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

void dvqvae_encoder_impl::encode(const std::vector<received_frame>& work,
                                 std::uint8_t* packets)
{
    std::vector<at::Tensor> echoes;
    std::vector<at::Tensor> transmit;
    for (const received_frame& each : work) {
        echoes.push_back(each.echoes[0]);
        if (each.transmit.defined()) {
            transmit.push_back(each.transmit);
        }
    }
    const at::Tensor indices =
        d_engine.encode({joined(echoes)}, joined(transmit))[0].to(at::kCPU).contiguous();
    const std::int64_t* values = indices.data_ptr<std::int64_t>();
    for (const received_frame& each : work) {
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
    auto* const packets = static_cast<std::uint8_t*>(output_items[0]);
    try {
        return d_frames_in.work(
            noutput_items,
            ninput_items,
            input_items,
            d_logger,
            [&](const std::vector<received_frame>& work, int item) {
                encode(work, packets + item * d_format.size());
            },
            [this](received_frame& next) {
                if (d_pilot) {
                    next.transmit = make_pilot(next);
                }
            });
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
