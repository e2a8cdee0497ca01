/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "dvqvae_encoder_impl.h"
#include "alignment.h"
#include "exported_count.h"
#include "frames.h"
#include "model_files.h"

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
                                          bool entropy_coding)
{
    return gnuradio::make_block_sptr<dvqvae_encoder_impl>(
        scenario, model_file, access_point, seed, device, entropy_coding);
}

dvqvae_encoder_impl::dvqvae_encoder_impl(const cfisac::Scenario& scenario,
                                         const std::string& model_file,
                                         int access_point,
                                         std::uint64_t seed,
                                         const std::string& device,
                                         bool entropy_coding)
    : gr::block(
          "dvqvae_encoder", inputs(scenario), gr::io_signature::make(1, 1, sizeof(char))),
      d_model_file(model_file),
      d_model(load_model(model_file, scenario, device)),
      d_format(packet_format(d_model)),
      d_layout(scenario),
      d_access_point(check_access_point(scenario, access_point)),
      d_seed(seed),
      d_pilot(d_model.architecture().reference == cfisac::signal::Reference::pilot),
      d_reference(d_model.architecture().reference ==
                  cfisac::signal::Reference::reference),
      d_prior(entropy_coding ? d_format.prior(access_point) : nullptr)
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
#endif
}

bool dvqvae_encoder_impl::start()
{
    use_one_thread();
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

int dvqvae_encoder_impl::general_work(int noutput_items,
                                      gr_vector_int& ninput_items,
                                      gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const std::size_t streams = input_items.size();
    const auto echo_shape = receive_shape(d_layout.scenario);
    const auto frame_shape = transmit_shape(d_layout.scenario);
    const at::Device device = d_model.device();

    std::vector<std::vector<tag_t>> tags(streams);
    for (std::size_t i = 0; i < streams; i++) {
        get_tags_in_window(tags[i], i, 0, ninput_items[i]);
    }
    auto number = [&](std::size_t stream, int item) {
        return std::optional<std::uint64_t>(
            frame_number(tags[stream], nitems_read(stream) + item));
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    try {
        while (produced < noutput_items) {
            const auto frame = aligner.align(number);
            if (!frame) {
                break;
            }
            const std::vector<int> at = aligner.taken();
            aligner.advance();

            const auto* item =
                static_cast<const gr_complex*>(input_items[0]) +
                static_cast<std::size_t>(at[0]) * d_layout.scenario.receive_frame_size();
            const at::Tensor echo = wrap(item, echo_shape);
            const double power = mean_power(echo);
            if (!accept(power, *frame, "the echo")) {
                continue;
            }
            const std::uint64_t offset = nitems_read(0) + at[0];
            at::Tensor transmit;
            if (d_pilot) {
                transmit = make_pilot(tags[0], offset, *frame);
            } else if (d_reference) {
                std::vector<const void*> frames;
                for (std::size_t i = 1; i < streams; i++) {
                    frames.push_back(static_cast<const gr_complex*>(input_items[i]) +
                                     static_cast<std::size_t>(at[i]) *
                                         d_layout.scenario.transmit_frame_size());
                }
                transmit = stack_frames(frames, 0, frame_shape);
                if (!accept(mean_power(transmit), *frame, "the transmit signal")) {
                    continue;
                }
            }
            if (transmit.defined()) {
                transmit = transmit.to(device);
            }
            const at::Tensor indices =
                d_model.encode(d_access_point, echo.to(device), transmit)
                    .to(at::kCPU)
                    .contiguous();
            const std::int64_t* values = indices.data_ptr<std::int64_t>();
            std::copy(values, values + indices.numel(), d_packet.indices.begin());
            d_packet.frame = *frame;
            d_packet.capture_time_ns = capture_time_ns(tags[0], offset, *frame);
            d_packet.scale = static_cast<float>(std::sqrt(power));
            d_coded_bits += cfisac::fronthaul::encode(
                d_packet,
                static_cast<std::uint8_t*>(output_items[0]) + produced * d_format.size(),
                d_format.size(),
                d_prior);
            produced++;
            d_frames++;
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    d_frames_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < streams; i++) {
        consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

} // namespace isac
} // namespace gr
