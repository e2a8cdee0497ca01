/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can be changed in the channel while it runs.

#include "bistatic_channel_impl.h"
#include "coordinates.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

//! \throws std::invalid_argument unless `value` is finite and not negative
void require_not_negative(const char* name, double value)
{
    if (!std::isfinite(value) || value < 0.0) {
        throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) +
                                    " is not a number of at least zero");
    }
}

} // namespace

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

std::shared_ptr<cfisac::signal::MovingScene> bistatic_channel_impl::moving_targets() const
{
    auto scenario = d_layout.scenario;
    scenario.clutter.scatterers = 0; // it is drawn for every frame
    return std::make_shared<cfisac::signal::MovingScene>(scenario, d_seed);
}

void bistatic_channel_impl::change_targets(settings& next,
                                           const std::vector<double>& positions,
                                           const std::vector<double>& velocities) const
{
    if (positions.empty() && velocities.empty()) {
        next.position = at::Tensor();
        next.velocity = at::Tensor();
        if (next.moving) {
            next.moving = moving_targets();
        }
        return;
    }
    const auto position = coordinates("target positions", positions, d_layout.scenario);
    const auto velocity = coordinates("target velocities", velocities, d_layout.scenario);
    if (next.moving) {
        const auto moving = std::make_shared<cfisac::signal::MovingScene>(*next.moving);
        moving->set_targets(position, velocity, d_next_s);
        next.moving = moving;
    } else {
        next.position = position.to(d_queue.device());
        next.velocity = velocity.to(d_queue.device());
    }
}

void bistatic_channel_impl::change_count(settings& next, int count) const
{
    const int most = d_layout.scenario.targets.count;
    if (count < 0 || count > most) {
        throw std::invalid_argument("target count: " + std::to_string(count) +
                                    " is not between 0 and " + std::to_string(most));
    }
    next.count = count;
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

void bistatic_channel_impl::set_target_count(int count)
{
    update([&](settings& next) { change_count(next, count); });
}

int bistatic_channel_impl::target_count() const
{
    return static_cast<int>(current().count);
}

void bistatic_channel_impl::on_command(message_reader& reader)
{
    const auto noise_dbm = reader.number("noise_dbm");
    const auto scatterers = reader.integer("clutter_scatterers");
    const auto variance = reader.number("clutter_variance");
    const auto timing = reader.number("timing_std_s");
    const auto frequency = reader.number("frequency_std_hz");
    const auto count = reader.integer("target_count");
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
        if (count) {
            change_count(next, *count);
        }
        if (positions || velocities) {
            change_targets(next,
                           positions.value_or(std::vector<double>()),
                           velocities.value_or(std::vector<double>()));
        }
    });
}

} // namespace isac
} // namespace gr
