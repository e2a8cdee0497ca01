/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "bistatic_channel_impl.h"
#include "frames.h"
#include "message.h"

#include <algorithm>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cmath>
#include <gnuradio/block_detail.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
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

//! \throws std::invalid_argument unless `value` is finite and not negative
void require_not_negative(const char* name, double value)
{
    if (!std::isfinite(value) || value < 0.0) {
        throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) +
                                    " is not a number of at least zero");
    }
}

//! [1, Q, D] float64
at::Tensor coordinates(const char* name,
                       const std::vector<double>& values,
                       const cfisac::Scenario& scenario)
{
    const std::int64_t count = scenario.targets.count;
    const std::int64_t dimensions = scenario.dimensions;
    if (values.size() != static_cast<std::size_t>(count * dimensions)) {
        throw std::invalid_argument(
            std::string(name) + ": " + std::to_string(values.size()) + " values; " +
            std::to_string(count) + " targets of " + std::to_string(dimensions) +
            " coordinates are needed");
    }
    for (const double value : values) {
        if (!std::isfinite(value)) {
            throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) +
                                        " is not finite");
        }
    }
    return at::tensor(values, at::TensorOptions(at::kDouble))
        .reshape({1, count, dimensions});
}

bool is_own_tag(const pmt::pmt_t& key)
{
    return pmt::eq(key, names::frame()) || pmt::eq(key, names::csi()) ||
           pmt::eq(key, names::power_dbm()) || pmt::eq(key, names::seed());
}

} // namespace

bistatic_channel::sptr bistatic_channel::make(const cfisac::Scenario& scenario,
                                              std::uint64_t seed)
{
    return gnuradio::make_block_sptr<bistatic_channel_impl>(scenario, seed);
}

bistatic_channel_impl::bistatic_channel_impl(const cfisac::Scenario& scenario,
                                             std::uint64_t seed)
    : gr::sync_block(
          "bistatic_channel",
          gr::io_signature::make(
              static_cast<int>(scenario.transmit.size()),
              static_cast<int>(scenario.transmit.size()),
              static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex))),
          outputs(scenario)),
      d_layout(scenario),
      d_seed(seed),
      d_settings{cfisac::signal::Impairments::of(scenario), {}, {}}
{
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_in(names::command_port());
    set_msg_handler(names::command_port(),
                    [this](const pmt::pmt_t& m) { on_command(m); });
    set_min_output_buffer(4);
}

bool bistatic_channel_impl::start()
{
    use_one_thread();
    d_failure.clear();
    return true;
}

void bistatic_channel_impl::change_noise(settings& next, double noise_dbm) const
{
    const double watt = cfisac::dbm_to_watt(noise_dbm);
    if (!std::isfinite(watt) || watt <= 0.0) {
        throw std::invalid_argument("noise: " + std::to_string(noise_dbm) +
                                    " dBm is not a power");
    }
    next.noise_dbm = noise_dbm;
}

void bistatic_channel_impl::change_clutter(settings& next,
                                           int scatterers,
                                           double variance) const
{
    using Limits = cfisac::ScenarioLimits;
    const std::int64_t pairs = d_layout.transmitters() * d_layout.receivers();
    const std::int64_t most = std::min<std::int64_t>(
        Limits::scatterers, Limits::paths / pairs - d_layout.scenario.targets.count);
    if (scatterers < 0 || scatterers > most) {
        throw std::invalid_argument("clutter scatterers: " + std::to_string(scatterers) +
                                    " is not between 0 and " + std::to_string(most));
    }
    require_not_negative("clutter variance", variance);
    next.clutter.scatterers = scatterers;
    next.clutter.reflection_variance = variance;
}

void bistatic_channel_impl::change_offsets(settings& next,
                                           double timing_std_s,
                                           double frequency_std_hz) const
{
    require_not_negative("timing offset", timing_std_s);
    require_not_negative("frequency offset", frequency_std_hz);
    next.clocks.timing_offset_std_s = timing_std_s;
    next.clocks.frequency_offset_std_hz = frequency_std_hz;
}

void bistatic_channel_impl::change_targets(settings& next,
                                           const std::vector<double>& positions,
                                           const std::vector<double>& velocities) const
{
    if (positions.empty() && velocities.empty()) {
        next.position = at::Tensor();
        next.velocity = at::Tensor();
        return;
    }
    const at::Tensor position =
        coordinates("target positions", positions, d_layout.scenario);
    next.velocity = coordinates("target velocities", velocities, d_layout.scenario);
    next.position = position;
}

template <typename Change>
void bistatic_channel_impl::update(Change change)
{
    const gr::thread::scoped_lock lock(d_setlock);
    settings next = d_settings;
    change(next);
    d_settings = next;
}

bistatic_channel_impl::settings bistatic_channel_impl::current() const
{
    const gr::thread::scoped_lock lock(const_cast<gr::thread::mutex&>(d_setlock));
    return d_settings;
}

void bistatic_channel_impl::set_noise_dbm(double noise_dbm)
{
    update([&](settings& next) { change_noise(next, noise_dbm); });
}

double bistatic_channel_impl::noise_dbm() const { return current().noise_dbm; }

void bistatic_channel_impl::set_clutter(int scatterers, double variance)
{
    update([&](settings& next) { change_clutter(next, scatterers, variance); });
}

void bistatic_channel_impl::set_clutter_scatterers(int scatterers)
{
    update([&](settings& next) {
        change_clutter(next, scatterers, next.clutter.reflection_variance);
    });
}

void bistatic_channel_impl::set_clutter_variance(double variance)
{
    update(
        [&](settings& next) { change_clutter(next, next.clutter.scatterers, variance); });
}

void bistatic_channel_impl::set_offsets(double timing_std_s, double frequency_std_hz)
{
    update([&](settings& next) { change_offsets(next, timing_std_s, frequency_std_hz); });
}

void bistatic_channel_impl::set_timing_offset(double std_s)
{
    update([&](settings& next) {
        change_offsets(next, std_s, next.clocks.frequency_offset_std_hz);
    });
}

void bistatic_channel_impl::set_frequency_offset(double std_hz)
{
    update([&](settings& next) {
        change_offsets(next, next.clocks.timing_offset_std_s, std_hz);
    });
}

void bistatic_channel_impl::set_targets(const std::vector<double>& positions,
                                        const std::vector<double>& velocities)
{
    update([&](settings& next) { change_targets(next, positions, velocities); });
}

void bistatic_channel_impl::on_command(const pmt::pmt_t& message)
{
    try {
        message_reader reader(message);
        const auto noise_dbm = reader.number("noise_dbm");
        const auto scatterers = reader.integer("clutter_scatterers");
        const auto variance = reader.number("clutter_variance");
        const auto timing = reader.number("timing_std_s");
        const auto frequency = reader.number("frequency_std_hz");
        const auto positions = reader.numbers("target_positions");
        const auto velocities = reader.numbers("target_velocities");
        reader.finish();
        update([&](settings& next) {
            if (noise_dbm) {
                change_noise(next, *noise_dbm);
            }
            change_clutter(next,
                           scatterers.value_or(next.clutter.scatterers),
                           variance.value_or(next.clutter.reflection_variance));
            change_offsets(next,
                           timing.value_or(next.clocks.timing_offset_std_s),
                           frequency.value_or(next.clocks.frequency_offset_std_hz));
            if (positions || velocities) {
                change_targets(next,
                               positions.value_or(std::vector<double>()),
                               velocities.value_or(std::vector<double>()));
            }
        });
    } catch (const std::exception& cause) {
        d_messages_refused++;
        d_logger->error("message at port command refused: {:s}", cause.what());
    }
}

cfisac::signal::Scene bistatic_channel_impl::targets(
    const settings& now, const cfisac::signal::Random& random) const
{
    auto scene =
        cfisac::signal::draw_targets(d_layout, d_layout.scenario.targets, random);
    if (now.position.defined()) {
        scene.position = now.position;
        scene.velocity = now.velocity;
    }
    return scene;
}

void bistatic_channel_impl::run_frame(const settings& now,
                                      std::uint64_t frame,
                                      const at::Tensor& transmit,
                                      std::size_t item,
                                      gr_vector_void_star& output_items) const
{
    const cfisac::signal::Random random(d_seed, {static_cast<std::int64_t>(frame)});
    const auto truth = targets(now, random);
    const at::Tensor echo = cfisac::signal::received_echo(
        d_layout, transmit, truth, now, random); // [1, M, M_r, S, T]

    const auto receivers = static_cast<std::size_t>(d_layout.receivers());
    const std::size_t size = d_layout.scenario.receive_frame_size();
    for (std::size_t m = 0; m < receivers; m++) {
        copy_out(echo.select(1, static_cast<std::int64_t>(m)),
                 static_cast<gr_complex*>(output_items[m]) + item * size,
                 at::kComplexFloat);
    }
    const std::size_t values = estimate_size(d_layout.scenario);
    copy_out(at::cat({truth.position.flatten(), truth.velocity.flatten()}),
             static_cast<float*>(output_items[receivers]) + item * values);
    if (output_items.size() > receivers + 1) {
        const std::int64_t count = d_layout.scenario.targets.count;
        const auto bound = cfisac::signal::root_bound(
            cfisac::signal::cramer_rao_bound(
                d_layout, transmit, truth, cfisac::dbm_to_watt(now.noise_dbm)),
            count);
        copy_out(at::cat({bound.location_m.flatten(), bound.velocity_mps.flatten()}),
                 static_cast<float*>(output_items[receivers + 1]) + item * 2 * count);
    }
}

void bistatic_channel_impl::pass_tags(int input, int items)
{
    std::vector<tag_t> tags;
    get_tags_in_window(tags, input, 0, items);
    for (const tag_t& tag : tags) {
        if (input > 0 && is_own_tag(tag.key)) {
            continue;
        }
        for (int output = 0; output < detail()->noutputs(); output++) {
            add_item_tag(output, tag.offset, tag.key, tag.value, tag.srcid);
        }
    }
}

int bistatic_channel_impl::work(int noutput_items,
                                gr_vector_const_void_star& input_items,
                                gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const auto shape = transmit_shape(d_layout.scenario);
    const std::vector<const void*> frames(input_items.begin(), input_items.end());
    std::vector<tag_t> tags;
    get_tags_in_window(tags, 0, 0, noutput_items);
    try {
        for (int item = 0; item < noutput_items; item++) {
            run_frame(current(),
                      frame_number(tags, nitems_read(0) + item),
                      stack_frames(frames, item, shape),
                      item,
                      output_items);
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    for (std::size_t input = 0; input < input_items.size(); input++) {
        pass_tags(static_cast<int>(input), noutput_items);
    }
    return noutput_items;
}

} // namespace isac
} // namespace gr
