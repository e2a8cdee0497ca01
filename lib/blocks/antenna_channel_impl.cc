/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "antenna_channel_impl.h"
#include "checks.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <cfisac/signal/calibration.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <volk/volk.h>

namespace gr {
namespace isac {

namespace {

// Input samples that are kept longer than clocks that are set may need them: clocks that
// change their rate read the same at one time only, and receivers are at different ones.
constexpr std::int64_t spare_samples = 1 << 16;

gr::io_signature::sptr streams(std::size_t access_points, int antennas)
{
    const int count = static_cast<int>(access_points) * antennas;
    return gr::io_signature::make(count, count, sizeof(gr_complex));
}

void scale(gr_complex* samples, std::complex<double> factor, std::int64_t count)
{
    if (factor.imag() == 0.0) {
        auto* values = reinterpret_cast<float*>(samples);
        volk_32f_s32f_multiply_32f(values,
                                   values,
                                   static_cast<float>(factor.real()),
                                   static_cast<unsigned>(2 * count));
    } else {
        volk_32fc_s32fc_multiply_32fc(
            samples, samples, gr_complex(factor), static_cast<unsigned>(count));
    }
}

std::vector<std::complex<double>> responses(const cfisac::Scenario& scenario)
{
    std::vector<std::complex<double>> result;
    for (const auto& point : scenario.receive) {
        for (int a = 0; a < point.total_antennas(); a++) {
            result.push_back(cfisac::signal::channel_response(point.calibration, a));
        }
    }
    return result;
}

} // namespace

antenna_channel::sptr antenna_channel::make(const cfisac::Scenario& scenario,
                                            std::uint64_t seed,
                                            bool moving,
                                            double transmit_full_scale_dbm,
                                            double receive_full_scale_dbm,
                                            int bits,
                                            bool direct_path,
                                            double start_s)
{
    return gnuradio::make_block_sptr<antenna_channel_impl>(scenario,
                                                           seed,
                                                           moving,
                                                           transmit_full_scale_dbm,
                                                           receive_full_scale_dbm,
                                                           bits,
                                                           direct_path,
                                                           start_s);
}

antenna_channel_impl::antenna_channel_impl(const cfisac::Scenario& scenario,
                                           std::uint64_t seed,
                                           bool moving,
                                           double transmit_full_scale_dbm,
                                           double receive_full_scale_dbm,
                                           int bits,
                                           bool direct_path,
                                           double start_s)
    : gr::block("antenna_channel",
                streams(scenario.transmit.size(), scenario.transmit_antennas()),
                streams(scenario.receive.size(), scenario.receive_antennas())),
      d_scenario(scenario),
      d_seed(seed),
      d_moving(moving),
      d_start_s(start_s),
      d_converter(bits),
      d_settings{scenario.sensing_noise_dbm,
                 direct_path,
                 0.0,
                 {},
                 {},
                 drawn(),
                 transmit_full_scale_dbm,
                 receive_full_scale_dbm},
      d_sent(scenario.transmit.size(),
             static_cast<std::size_t>(scenario.transmit_antennas())),
      d_responses(responses(scenario))
{
    d_settings.transmit = {
        std::vector<double>(scenario.transmit.size(), 0.0),
        std::vector<cfisac::signal::RadioClock>(scenario.transmit.size())};
    d_settings.receive = {
        std::vector<double>(scenario.receive.size(), 0.0),
        std::vector<cfisac::signal::RadioClock>(scenario.receive.size())};
    full_scale_amplitude(transmit_full_scale_dbm);
    full_scale_amplitude(receive_full_scale_dbm);
    d_channel = channel(d_settings);
    d_antennas.resize(static_cast<std::size_t>(scenario.receive_antennas()));
    set_tag_propagation_policy(TPP_DONT);
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
}

void antenna_channel_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(alias(),
                                    "transmit_samples_clipped",
                                    &antenna_channel::transmit_samples_clipped,
                                    "samples",
                                    "input samples beyond full scale"));
    add_rpc_variable(exported_count(alias(),
                                    "receive_samples_clipped",
                                    &antenna_channel::receive_samples_clipped,
                                    "samples",
                                    "output samples beyond full scale"));
#endif
}

bool antenna_channel_impl::start()
{
    prepare_thread();
    d_failure.clear();
    const gr::thread::scoped_lock lock(d_setlock);
    d_next = static_cast<std::int64_t>(nitems_written(0));
    if (d_next == 0) {
        // What clocks had become in another run.
        for (auto* side : {&d_settings.transmit, &d_settings.receive}) {
            for (std::size_t k = 0; k < side->clocks.size(); k++) {
                side->clocks[k].offset_s = side->timing_s[k];
            }
        }
        d_channel = channel(d_settings);
    }
    return true;
}

bool antenna_channel_impl::inputs_over() const
{
    for (int k = 0; k < detail()->ninputs(); k++) {
        const auto input = detail()->input(static_cast<unsigned>(k));
        const gr::thread::scoped_lock lock(*input->mutex());
        if (input->done() && input->items_available() == 0) {
            return true;
        }
    }
    return false;
}

void antenna_channel_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // A block that asks for nothing is called even when nothing comes any more.
    std::fill(ninput_items_required.begin(),
              ninput_items_required.end(),
              inputs_over() ? 0 : 1);
}

std::int64_t antenna_channel_impl::needed_end(std::int64_t count) const
{
    // Input and output go side by side, however late the receivers' clocks are.
    std::int64_t end = d_next + count;
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t n = 0; n < d_scenario.transmit.size(); n++) {
            const auto reach = d_channel->reach(
                static_cast<int>(m), static_cast<int>(n), d_next + count - 1);
            end = std::max(end, reach.second);
        }
    }
    return end;
}

std::int64_t antenna_channel_impl::last_end() const
{
    const std::int64_t sent = d_sent.end();
    std::int64_t end = sent;
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t n = 0; n < d_scenario.transmit.size(); n++) {
            std::int64_t k = sent;
            while (true) {
                const auto needs =
                    d_channel->needs(static_cast<int>(m), static_cast<int>(n), k, 1);
                const std::int64_t left = sent - needs.first;
                if (needs.first == needs.second || left <= 0) {
                    break;
                }
                // Clocks differ by far less than a thousandth.
                k += std::max<std::int64_t>(1, left - left / 1000);
            }
            end = std::max(end, k);
        }
    }
    return end;
}

std::int64_t antenna_channel_impl::ready(std::int64_t most, std::int64_t end) const
{
    std::int64_t count = std::min(most, end - d_next);
    while (count > 0) {
        const std::int64_t missing = needed_end(count) - end;
        if (missing <= 0) {
            return count;
        }
        count -= missing;
    }
    return 0;
}

void antenna_channel_impl::take(std::int64_t count,
                                const gr_vector_const_void_star& input_items)
{
    const double amplitude = full_scale_amplitude(d_settings.transmit_full_scale_dbm);
    std::int64_t clipped = 0;
    d_sent.make_room(count);
    d_converted.resize(static_cast<std::size_t>(count));
    for (std::size_t stream = 0; stream < input_items.size(); stream++) {
        std::copy_n(static_cast<const gr_complex*>(input_items[stream]),
                    count,
                    d_converted.begin());
        clipped += d_converter.convert(d_converted.data(), count);
        scale(d_converted.data(), amplitude, count);
        d_sent.put(stream, d_converted.data(), count);
    }
    d_sent.extended(count);
    d_transmit_clipped += static_cast<std::uint64_t>(clipped);
}

void antenna_channel_impl::make_samples(std::int64_t count,
                                        gr_vector_void_star& output_items)
{
    const double amplitude = full_scale_amplitude(d_settings.receive_full_scale_dbm);
    std::int64_t clipped = 0;
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t a = 0; a < d_antennas.size(); a++) {
            d_antennas[a] =
                static_cast<gr_complex*>(output_items[m * d_antennas.size() + a]);
        }
        d_channel->receive(static_cast<int>(m), d_next, count, d_sent, d_antennas.data());
        for (std::size_t a = 0; a < d_antennas.size(); a++) {
            scale(
                d_antennas[a], d_responses[m * d_antennas.size() + a] / amplitude, count);
            clipped += d_converter.convert(d_antennas[a], count);
        }
    }
    d_receive_clipped += static_cast<std::uint64_t>(clipped);
}

void antenna_channel_impl::forget()
{
    const double rate_hz = d_channel->sample_rate_hz();
    std::int64_t first = d_sent.end();
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t n = 0; n < d_scenario.transmit.size(); n++) {
            // Set to the ends of their range, the clocks let an earlier sample arrive.
            const double earlier_s = (d_settings.receive.timing_s[m] + most_timing_s) +
                                     (most_timing_s - d_settings.transmit.timing_s[n]);
            first = std::min(
                first,
                d_channel->reach(static_cast<int>(m), static_cast<int>(n), d_next).first -
                    static_cast<std::int64_t>(earlier_s * rate_hz));
        }
    }
    d_sent.forget(first - spare_samples);
}

int antenna_channel_impl::general_work(int noutput_items,
                                       gr_vector_int& ninput_items,
                                       gr_vector_const_void_star& input_items,
                                       gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const std::int64_t available =
        *std::min_element(ninput_items.begin(), ninput_items.end());
    const gr::thread::scoped_lock lock(d_setlock);
    try {
        const auto next_input = static_cast<std::int64_t>(nitems_read(0));
        d_next = static_cast<std::int64_t>(nitems_written(0));
        if (d_sent.end() != next_input) {
            d_sent.restart(next_input);
        }
        const bool over = inputs_over();
        std::int64_t count = 0;
        if (over) {
            count = std::min<std::int64_t>(noutput_items,
                                           next_input > 0 ? last_end() - d_next : 0);
            if (count <= 0) {
                return WORK_DONE;
            }
        } else {
            count = ready(noutput_items, next_input + available);
            const std::int64_t taken =
                count == 0 ? available
                           : std::clamp<std::int64_t>(
                                 needed_end(count) - next_input, 0, available);
            take(taken, input_items);
            consume_each(static_cast<int>(taken));
        }
        if (count > 0) {
            make_samples(count, output_items);
            if (d_next == 0) {
                for (std::size_t port = 0; port < output_items.size(); port++) {
                    add_item_tag(
                        static_cast<unsigned>(port),
                        0,
                        names::rx_time(),
                        pmt::make_tuple(pmt::from_uint64(0), pmt::from_double(0.0)));
                }
            }
            d_next += count;
        }
        forget();
        return static_cast<int>(count);
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
