/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "antenna_channel_impl.h"
#include "exported_count.h"
#include "frames.h"
#include "checks.h"

#include <algorithm>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <volk/volk.h>

namespace gr {
namespace isac {

namespace {

// Input samples that are kept longer than they are needed: a clock may be set that much back.
constexpr std::int64_t spare_samples = 1 << 16;

gr::io_signature::sptr streams(std::size_t access_points, int antennas)
{
    const int count = static_cast<int>(access_points) * antennas;
    return gr::io_signature::make(count, count, sizeof(gr_complex));
}

void scale(gr_complex* samples, double factor, std::int64_t count)
{
    auto* values = reinterpret_cast<float*>(samples);
    volk_32f_s32f_multiply_32f(
        values, values, static_cast<float>(factor), static_cast<unsigned>(2 * count));
}

} // namespace

antenna_channel::sptr antenna_channel::make(const cfisac::Scenario& scenario,
                                            std::uint64_t seed,
                                            bool moving,
                                            double transmit_full_scale_dbm,
                                            double receive_full_scale_dbm,
                                            int bits,
                                            bool direct_path)
{
    return gnuradio::make_block_sptr<antenna_channel_impl>(scenario,
                                                           seed,
                                                           moving,
                                                           transmit_full_scale_dbm,
                                                           receive_full_scale_dbm,
                                                           bits,
                                                           direct_path);
}

antenna_channel_impl::antenna_channel_impl(const cfisac::Scenario& scenario,
                                           std::uint64_t seed,
                                           bool moving,
                                           double transmit_full_scale_dbm,
                                           double receive_full_scale_dbm,
                                           int bits,
                                           bool direct_path)
    : gr::block("antenna_channel",
                streams(scenario.transmit.size(), scenario.transmit_antennas()),
                streams(scenario.receive.size(), scenario.receive_antennas())),
      d_scenario(scenario),
      d_seed(seed),
      d_moving(moving),
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
             static_cast<std::size_t>(scenario.transmit_antennas()))
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
    message_port_register_in(names::command_port());
    set_msg_handler(names::command_port(),
                    [this](const pmt::pmt_t& m) { on_command(m); });
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
    return true;
}

void antenna_channel_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

std::int64_t antenna_channel_impl::needed_end(std::int64_t count) const
{
    // Input and output go side by side, even where no path leads to an antenna.
    std::int64_t end = d_next + count;
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t n = 0; n < d_scenario.transmit.size(); n++) {
            const auto needs =
                d_channel->needs(static_cast<int>(m), static_cast<int>(n), d_next, count);
            if (needs.first != needs.second) {
                end = std::max(end, needs.second);
            }
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
    for (std::size_t stream = 0; stream < input_items.size(); stream++) {
        auto* samples = d_sent.extend(stream, count);
        std::copy_n(static_cast<const gr_complex*>(input_items[stream]), count, samples);
        clipped += d_converter.convert(samples, count);
        scale(samples, amplitude, count);
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
        for (auto* samples : d_antennas) {
            scale(samples, 1.0 / amplitude, count);
            clipped += d_converter.convert(samples, count);
        }
    }
    d_receive_clipped += static_cast<std::uint64_t>(clipped);
}

void antenna_channel_impl::forget()
{
    std::int64_t first = std::min(d_next, d_sent.end());
    for (std::size_t m = 0; m < d_scenario.receive.size(); m++) {
        for (std::size_t n = 0; n < d_scenario.transmit.size(); n++) {
            const auto needs =
                d_channel->needs(static_cast<int>(m), static_cast<int>(n), d_next, 1);
            if (needs.first != needs.second) {
                first = std::min(first, needs.first);
            }
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
        const std::int64_t count = ready(noutput_items, next_input + available);
        const std::int64_t taken =
            count == 0
                ? available
                : std::clamp<std::int64_t>(needed_end(count) - next_input, 0, available);
        take(taken, input_items);
        consume_each(static_cast<int>(taken));
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
