/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "transmit_reference_impl.h"
#include "checks.h"
#include "frames.h"
#include "ofdm_symbols.h"

#include <cfisac/signal/device.h>
#include <cfisac/signal/transmitter.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

gr::io_signature::sptr frames_of(std::size_t streams, std::size_t size)
{
    return gr::io_signature::make(static_cast<int>(streams),
                                  static_cast<int>(streams),
                                  static_cast<int>(size * sizeof(gr_complex)));
}

} // namespace

transmit_reference::sptr transmit_reference::make(const cfisac::Scenario& scenario,
                                                  std::uint64_t seed,
                                                  const std::string& device)
{
    return gnuradio::make_block_sptr<transmit_reference_impl>(scenario, seed, device);
}

transmit_reference_impl::transmit_reference_impl(const cfisac::Scenario& scenario,
                                                 std::uint64_t seed,
                                                 const std::string& device)
    : gr::sync_block("transmit_reference",
                     frames_of(1, scenario.receive_frame_size()),
                     frames_of(scenario.transmit.size(), scenario.transmit_frame_size())),
      d_queue(at::Device(cfisac::signal::resolve_device(device))),
      d_layout(scenario, d_queue.device()),
      d_seed(seed),
      d_centre(scenario.radio ? carrier_map(scenario).centre : -1),
      d_power_dbm(scenario.transmit_power_dbm),
      d_outputs(*this, d_queue, scenario.transmit.size())
{
    set_tag_propagation_policy(TPP_DONT);
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
}

bool transmit_reference_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_outputs.start();
    d_failure.clear();
    return true;
}

void transmit_reference_impl::set_transmit_power_dbm(double power_dbm)
{
    require_power(power_dbm, "transmit power");
    d_power_dbm = power_dbm;
}

void transmit_reference_impl::on_command(message_reader& reader)
{
    const auto power_dbm = reader.number("power_dbm");
    reader.finish();
    if (power_dbm) {
        set_transmit_power_dbm(*power_dbm);
    }
}

int transmit_reference_impl::work(int noutput_items,
                                  gr_vector_const_void_star&,
                                  gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    std::vector<tag_t> tags;
    get_tags_in_window(tags, 0, 0, noutput_items);
    try {
        for (int item = 0; item < noutput_items; item++) {
            const std::uint64_t offset = nitems_read(0) + item;
            const std::uint64_t frame = frame_number(tags, offset);
            const double power_dbm = d_power_dbm;
            auto signal =
                cfisac::signal::transmit(
                    d_layout,
                    power_dbm,
                    cfisac::signal::Random(d_seed, {static_cast<std::int64_t>(frame)}))
                    .signal;
            if (d_centre >= 0) {
                signal.select(3, d_centre).zero_();
            }
            d_outputs.write(signal, item, output_items);
            const auto time = find_tag(tags, offset, names::rx_time());
            for (unsigned port = 0; port < output_items.size(); port++) {
                const std::uint64_t out = nitems_written(port) + item;
                add_item_tag(port, out, names::frame(), pmt::from_uint64(frame));
                add_item_tag(port, out, names::csi(), pmt::intern("seed"));
                add_item_tag(port, out, names::power_dbm(), pmt::from_double(power_dbm));
                add_item_tag(port, out, names::seed(), pmt::from_uint64(d_seed));
                if (time) {
                    add_item_tag(port, out, names::rx_time(), *time);
                }
            }
        }
        d_outputs.finish();
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
