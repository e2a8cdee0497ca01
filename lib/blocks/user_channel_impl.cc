/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "user_channel_impl.h"
#include "channel_state.h"
#include "exported_count.h"
#include "frames.h"

#include <cfisac/signal/device.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

gr::io_signature::sptr frames_of(int streams, std::size_t samples)
{
    return gr::io_signature::make(
        streams, streams, static_cast<int>(samples * sizeof(gr_complex)));
}

} // namespace

user_channel::sptr user_channel::make(const cfisac::Scenario& scenario,
                                      std::uint64_t seed,
                                      const std::string& device)
{
    return gnuradio::make_block_sptr<user_channel_impl>(scenario, seed, device);
}

user_channel_impl::user_channel_impl(const cfisac::Scenario& scenario,
                                     std::uint64_t seed,
                                     const std::string& device)
    : gr::sync_block("user_channel",
                     frames_of(static_cast<int>(scenario.transmit.size()),
                               scenario.transmit_frame_size()),
                     frames_of(scenario.users.count,
                               std::size_t(scenario.waveform.sensed_subcarriers()) *
                                   scenario.waveform.sensed_symbols())),
      d_queue(at::Device(cfisac::signal::resolve_device(device))),
      d_layout(scenario, d_queue.device()),
      d_seed(seed),
      d_settings{scenario.users.noise_dbm, at::Tensor()},
      d_inputs(*this, d_queue),
      d_outputs(*this, d_queue, scenario.users.count)
{
    set_tag_propagation_policy(TPP_DONT);
    d_ports.add(
        *this, d_logger, names::csi_port(), [this](message_reader& r) { on_csi(r); });
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
    set_min_output_buffer(4);
}

void user_channel_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    for (const auto& count : exported_host_copies<user_channel>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool user_channel_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_inputs.start();
    d_outputs.start();
    d_failure.clear();
    return true;
}

void user_channel_impl::set_noise_dbm(double noise_dbm)
{
    if (!std::isfinite(cfisac::dbm_to_watt(noise_dbm))) {
        throw std::invalid_argument("noise: " + std::to_string(noise_dbm) +
                                    " dBm is not a power");
    }
    const gr::thread::scoped_lock lock(d_setlock);
    d_settings.noise_dbm = noise_dbm;
}

double user_channel_impl::noise_dbm() const
{
    const gr::thread::scoped_lock lock(const_cast<gr::thread::mutex&>(d_setlock));
    return d_settings.noise_dbm;
}

void user_channel_impl::set_channel(const std::vector<gr_complex>& channel)
{
    const at::Tensor copy = channel_state(d_layout, channel);
    const gr::thread::scoped_lock lock(d_setlock);
    d_settings.channel = copy;
}

void user_channel_impl::on_csi(message_reader& reader)
{
    const auto channel = reader.complex_numbers("channel");
    reader.finish();
    if (channel) {
        set_channel(*channel);
    }
}

void user_channel_impl::on_command(message_reader& reader)
{
    const auto noise_dbm = reader.number("noise_dbm");
    reader.finish();
    if (noise_dbm) {
        set_noise_dbm(*noise_dbm);
    }
}

void user_channel_impl::pass_tags(int item)
{
    for (const tag_t& tag : d_inputs.tags(0)) {
        if (tag.offset != nitems_read(0) + item ||
            pmt::eq(tag.key, names::device_frame())) {
            continue;
        }
        for (int user = 0; user < d_layout.scenario.users.count; user++) {
            add_item_tag(
                user, nitems_written(user) + item, tag.key, tag.value, tag.srcid);
        }
    }
}

int user_channel_impl::work(int noutput_items,
                            gr_vector_const_void_star& input_items,
                            gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    settings now;
    {
        const gr::thread::scoped_lock lock(d_setlock);
        now = d_settings;
    }
    d_inputs.read_tags(std::vector<int>(input_items.size(), noutput_items));
    try {
        for (int item = 0; item < noutput_items; item++) {
            const auto frame = frame_number(d_inputs.tags(0), nitems_read(0) + item);
            const at::Tensor transmit =
                d_inputs.read_stack(0,
                                    std::vector<int>(input_items.size(), item),
                                    transmit_shape(d_layout.scenario),
                                    input_items);
            const cfisac::signal::Random random(d_seed,
                                                {static_cast<std::int64_t>(frame)});
            const at::Tensor channel =
                now.channel.defined() ? now.channel
                                      : cfisac::signal::user_channel(
                                            d_layout, d_layout.scenario.users, random);
            const at::Tensor received =
                cfisac::signal::received_at_users(channel, transmit) +
                cfisac::signal::user_noise(d_layout, now.noise_dbm, random);
            d_outputs.write(received.unsqueeze(2), item, output_items);
            pass_tags(item);
        }
        d_outputs.finish();
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
