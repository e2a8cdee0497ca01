/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "mmse_precoder_impl.h"
#include "channel_state.h"
#include "checks.h"
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

mmse_precoder::sptr mmse_precoder::make(const cfisac::Scenario& scenario,
                                        std::uint64_t seed,
                                        const std::string& device)
{
    return gnuradio::make_block_sptr<mmse_precoder_impl>(scenario, seed, device);
}

mmse_precoder_impl::mmse_precoder_impl(const cfisac::Scenario& scenario,
                                       std::uint64_t seed,
                                       const std::string& device)
    : gr::sync_decimator(
          "mmse_precoder",
          gr::io_signature::make(
              scenario.users.count, scenario.users.count, sizeof(gr_complex)),
          gr::io_signature::make(
              static_cast<int>(scenario.transmit.size()),
              static_cast<int>(scenario.transmit.size()),
              static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex))),
          scenario.waveform.sensed_subcarriers() * scenario.waveform.sensed_symbols()),
      d_queue(at::Device(cfisac::signal::resolve_device(device))),
      d_layout(scenario, d_queue.device()),
      d_seed(seed),
      d_settings{scenario.transmit_power_dbm, at::Tensor()},
      d_outputs(*this, d_queue, scenario.transmit.size())
{
    set_tag_propagation_policy(TPP_DONT);
    d_ports.add(
        *this, d_logger, names::csi_port(), [this](message_reader& r) { on_csi(r); });
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
    set_min_output_buffer(4);
}

void mmse_precoder_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    for (const auto& count : exported_host_copies<mmse_precoder>(alias())) {
        add_rpc_variable(count);
    }
#endif
}

bool mmse_precoder_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_outputs.start();
    d_failure.clear();
    return true;
}

void mmse_precoder_impl::set_transmit_power_dbm(double power_dbm)
{
    require_power(power_dbm, "transmit power");
    const gr::thread::scoped_lock lock(d_setlock);
    d_settings.power_dbm = power_dbm;
}

double mmse_precoder_impl::transmit_power_dbm() const
{
    const gr::thread::scoped_lock lock(const_cast<gr::thread::mutex&>(d_setlock));
    return d_settings.power_dbm;
}

void mmse_precoder_impl::set_channel(const std::vector<gr_complex>& channel)
{
    const at::Tensor copy = channel_state(d_layout, channel);
    const gr::thread::scoped_lock lock(d_setlock);
    d_settings.channel = copy;
}

void mmse_precoder_impl::on_csi(message_reader& reader)
{
    const auto channel = reader.complex_numbers("channel");
    reader.finish();
    if (channel) {
        set_channel(*channel);
    }
}

void mmse_precoder_impl::on_command(message_reader& reader)
{
    const auto power_dbm = reader.number("power_dbm");
    reader.finish();
    if (power_dbm) {
        set_transmit_power_dbm(*power_dbm);
    }
}

at::Tensor mmse_precoder_impl::make_frame(const settings& now,
                                          std::uint64_t frame,
                                          const at::Tensor& symbols)
{
    const auto& scenario = d_layout.scenario;
    const bool drawn = !now.channel.defined();
    if (drawn || !now.channel.is_same(d_precoder_channel) ||
        now.power_dbm != d_precoder_power_dbm) {
        const at::Tensor channel =
            drawn
                ? cfisac::signal::user_channel(
                      d_layout,
                      scenario.users,
                      cfisac::signal::Random(d_seed, {static_cast<std::int64_t>(frame)}))
                : now.channel;
        d_precoder =
            cfisac::signal::mmse_precoder(channel,
                                          cfisac::dbm_to_watt(scenario.users.noise_dbm),
                                          d_layout.sensed_power_w(now.power_dbm),
                                          d_layout.transmitters());
        d_precoder_channel = now.channel;
        d_precoder_power_dbm = now.power_dbm;
    }
    return cfisac::signal::precode(d_precoder, symbols, d_layout.transmitters());
}

void mmse_precoder_impl::tag_frame(const settings& now, std::uint64_t frame)
{
    const bool drawn = !now.channel.defined();
    for (unsigned port = 0; port < d_layout.transmitters(); port++) {
        add_item_tag(port, frame, names::frame(), pmt::from_uint64(frame));
        add_item_tag(port, frame, names::csi(), pmt::intern(drawn ? "seed" : "message"));
        add_item_tag(port, frame, names::power_dbm(), pmt::from_double(now.power_dbm));
        if (drawn) {
            add_item_tag(port, frame, names::seed(), pmt::from_uint64(d_seed));
        }
    }
}

int mmse_precoder_impl::work(int noutput_items,
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
    const std::vector<const void*> streams(input_items.begin(), input_items.end());
    const std::vector<std::int64_t> symbols_shape{d_layout.subcarriers(),
                                                  d_layout.symbols()};
    try {
        for (int item = 0; item < noutput_items; item++) {
            const std::uint64_t frame = nitems_written(0) + item;
            const at::Tensor symbols =
                stack_frames(streams, item, symbols_shape).to(d_queue.device());
            d_outputs.write(make_frame(now, frame, symbols), item, output_items);
            tag_frame(now, frame);
        }
        d_outputs.finish();
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
