/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "bistatic_channel_impl.h"
#include "exported_count.h"
#include "frames.h"

#include <algorithm>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/device.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <gnuradio/block_detail.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <limits>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

gr::io_signature::sptr outputs(const cfisac::Scenario& scenario)
{
    std::vector<int> sizes(
        scenario.receive.size(),
        static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex)));
    sizes.push_back(static_cast<int>(estimate_size(scenario) * sizeof(float)));
    sizes.push_back(static_cast<int>(2 * scenario.targets.count * sizeof(float)));
    const int most = static_cast<int>(sizes.size());
    return gr::io_signature::makev(most - 1, most, sizes);
}

//! Of what is not there.
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

//! Whether a tag of an input goes to the outputs.
bool passes(const pmt::pmt_t& key, bool first_input, bool real_time)
{
    if (pmt::eq(key, names::device_frame())) {
        return false;
    }
    if (real_time && (pmt::eq(key, names::frame()) || pmt::eq(key, names::rx_time()))) {
        return false; // the block makes its own
    }
    return first_input ||
           !(pmt::eq(key, names::frame()) || pmt::eq(key, names::csi()) ||
             pmt::eq(key, names::power_dbm()) || pmt::eq(key, names::seed()));
}

} // namespace

bistatic_channel::sptr bistatic_channel::make(const cfisac::Scenario& scenario,
                                              std::uint64_t seed,
                                              const std::string& device,
                                              bool real_time,
                                              bool moving)
{
    return gnuradio::make_block_sptr<bistatic_channel_impl>(
        scenario, seed, device, real_time, moving);
}

bistatic_channel_impl::bistatic_channel_impl(const cfisac::Scenario& scenario,
                                             std::uint64_t seed,
                                             const std::string& device,
                                             bool real_time,
                                             bool moving)
    : gr::block("bistatic_channel",
                gr::io_signature::make(static_cast<int>(scenario.transmit.size()),
                                       static_cast<int>(scenario.transmit.size()),
                                       static_cast<int>(scenario.transmit_frame_size() *
                                                        sizeof(gr_complex))),
                outputs(scenario)),
      d_queue(at::Device(cfisac::signal::resolve_device(device))),
      d_layout(scenario, d_queue.device()),
      d_seed(seed),
      d_interval_s(scenario.waveform.interval_s()),
      d_settings{cfisac::signal::Impairments::of(scenario),
                 {},
                 {},
                 moving ? moving_targets() : nullptr,
                 scenario.targets.count},
      d_real_time(real_time),
      d_ticks(scenario.waveform.interval_s()),
      d_inputs(*this, d_queue),
      d_outputs(*this, d_queue, scenario.receive.size())
{
    set_tag_propagation_policy(TPP_DONT);
    d_ports.add(*this, d_logger, names::command_port(), [this](message_reader& r) {
        on_command(r);
    });
    set_min_output_buffer(4);
}

void bistatic_channel_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    for (const auto& count : exported_host_copies<bistatic_channel>(alias())) {
        add_rpc_variable(count);
    }
    add_rpc_variable(exported_count(alias(),
                                    "frames_skipped",
                                    &bistatic_channel::frames_skipped,
                                    "frames",
                                    "frames that nobody was ready for"));
    add_rpc_variable(exported_count(alias(),
                                    "intervals_missed",
                                    &bistatic_channel::intervals_missed,
                                    "intervals",
                                    "intervals without a frame to send"));
#endif
}

bool bistatic_channel_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_inputs.start();
    d_outputs.start();
    d_ticks.restart();
    d_next_s = 0.0;
    d_failure.clear();
    return true;
}

cfisac::signal::Scene bistatic_channel_impl::targets(const settings& now,
                                                     const cfisac::signal::Random& random,
                                                     double time_s) const
{
    auto scene =
        cfisac::signal::draw_targets(d_layout, d_layout.scenario.targets, random);
    if (now.moving) {
        const auto then = now.moving->at(time_s);
        const double since_s = time_s - then.time_s;
        const auto device = d_queue.device();
        scene.velocity = then.scene.velocity.to(device);
        scene.position = (then.scene.position + since_s * then.scene.velocity).to(device);
    } else if (now.position.defined()) {
        scene.position = now.position;
        scene.velocity = now.velocity;
    }
    scene.reflection.narrow(-1, now.count, scene.count() - now.count).zero_();
    return scene;
}

void bistatic_channel_impl::run_frame(int from,
                                      int to,
                                      const gr_vector_const_void_star& input_items,
                                      gr_vector_void_star& output_items)
{
    const settings now = current();
    const auto frame = frame_number(d_inputs.tags(0), nitems_read(0) + from);
    const at::Tensor transmit =
        d_inputs.read_stack(0,
                            std::vector<int>(input_items.size(), from),
                            transmit_shape(d_layout.scenario),
                            input_items);
    const cfisac::signal::Random random(d_seed, {static_cast<std::int64_t>(frame)});
    const double time_s = static_cast<double>(frame) * d_interval_s;
    auto truth = targets(now, random, time_s);
    d_next_s = time_s + d_interval_s;
    d_outputs.write(cfisac::signal::received_echo(d_layout, transmit, truth, now, random),
                    to,
                    output_items);

    const auto receivers = static_cast<std::size_t>(d_layout.receivers());
    const std::size_t values = estimate_size(d_layout.scenario);
    if (output_items.size() > receivers + 1) {
        const std::int64_t count = d_layout.scenario.targets.count;
        const auto bound = cfisac::signal::root_bound(
            cfisac::signal::cramer_rao_bound(
                d_layout, transmit, truth, cfisac::dbm_to_watt(now.noise_dbm)),
            count);
        for (const auto& each : {bound.location_m, bound.velocity_mps}) {
            each.narrow(-1, now.count, count - now.count).fill_(nan);
        }
        copy_out(at::cat({bound.location_m.flatten(), bound.velocity_mps.flatten()}),
                 static_cast<float*>(output_items[receivers + 1]) + to * 2 * count);
    }
    const std::int64_t off = truth.count() - now.count;
    if (off > 0) {
        // What was drawn or set is not written to.
        truth.position = truth.position.clone();
        truth.velocity = truth.velocity.clone();
        truth.position.narrow(1, now.count, off).fill_(nan);
        truth.velocity.narrow(1, now.count, off).fill_(nan);
    }
    copy_out(at::cat({truth.position.flatten(), truth.velocity.flatten()}),
             static_cast<float*>(output_items[receivers]) + to * values);
    pass_tags(from, to);
    if (d_real_time) { // the numbers of items do not tell that of a frame any more
        tag_outputs(to, names::frame(), pmt::from_uint64(frame));
    }
}

void bistatic_channel_impl::tag_outputs(int item,
                                        const pmt::pmt_t& key,
                                        const pmt::pmt_t& value,
                                        const pmt::pmt_t& source)
{
    for (int output = 0; output < detail()->noutputs(); output++) {
        add_item_tag(output, nitems_written(output) + item, key, value, source);
    }
}

void bistatic_channel_impl::pass_tags(int from, int to)
{
    for (int input = 0; input < detail()->ninputs(); input++) {
        for (const tag_t& tag : d_inputs.tags(input)) {
            if (tag.offset == nitems_read(input) + from &&
                passes(tag.key, input == 0, d_real_time)) {
                tag_outputs(to, tag.key, tag.value, tag.srcid);
            }
        }
    }
}

int bistatic_channel_impl::run_interval(int available,
                                        const gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    // Ticks that were missed took a frame each, as long as frames were there to be taken.
    const auto late = d_ticks.pass();
    const int skipped =
        static_cast<int>(std::min<std::uint64_t>(late, std::max(available - 1, 0)));
    d_frames_skipped.add(skipped, d_logger);

    run_frame(skipped, 0, input_items, output_items);
    d_outputs.finish();
    d_intervals_missed += late - skipped + d_ticks.pass();
    const auto begin = d_ticks.wait() - d_ticks.interval();
    const auto since_epoch = to_ns(begin);
    constexpr std::int64_t second = 1000000000;
    tag_outputs(0,
                names::rx_time(),
                pmt::make_tuple(pmt::from_uint64(since_epoch / second),
                                pmt::from_double(1e-9 * (since_epoch % second))));
    return skipped + 1;
}

void bistatic_channel_impl::forecast(int noutput_items,
                                     gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), noutput_items);
}

int bistatic_channel_impl::general_work(int noutput_items,
                                        gr_vector_int& ninput_items,
                                        gr_vector_const_void_star& input_items,
                                        gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    const int available = *std::min_element(ninput_items.begin(), ninput_items.end());
    d_inputs.read_tags(ninput_items);
    try {
        if (d_real_time) {
            consume_each(run_interval(available, input_items, output_items));
            return 1;
        }
        const int items = std::min(noutput_items, available);
        for (int item = 0; item < items; item++) {
            run_frame(item, item, input_items, output_items);
        }
        d_outputs.finish();
        consume_each(items);
        return items;
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
