/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can be changed in the channel while it runs.

#include "antenna_channel_impl.h"
#include "checks.h"
#include "coordinates.h"
#include "message.h"

#include <cmath>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

//! `values`, or zeros where there are none.
std::vector<double> for_each_clock(const std::string& name,
                                   const std::vector<double>& values,
                                   std::size_t clocks)
{
    if (values.empty()) {
        return std::vector<double>(clocks, 0.0);
    }
    if (values.size() != clocks) {
        throw std::invalid_argument(name + ": " + std::to_string(values.size()) +
                                    " values for " + std::to_string(clocks) +
                                    " access points");
    }
    return values;
}

} // namespace

std::shared_ptr<cfisac::signal::SceneSource> antenna_channel_impl::drawn() const
{
    if (d_moving) {
        return std::make_shared<cfisac::signal::MovingScene>(
            d_scenario, d_seed, d_start_s);
    }
    return std::make_shared<cfisac::signal::DrawnScenes>(d_scenario, d_seed, d_start_s);
}

std::unique_ptr<cfisac::signal::SampleChannel> antenna_channel_impl::channel(
    const settings& from) const
{
    cfisac::signal::SampleChannelOptions options;
    options.direct_path = from.direct_path;
    options.direct_path_gain_db = from.direct_path_gain_db;
    options.noise_dbm = from.noise_dbm;
    options.seed = d_seed;
    options.transmit_clocks = from.transmit.clocks;
    options.receive_clocks = from.receive.clocks;
    return std::make_unique<cfisac::signal::SampleChannel>(
        d_scenario, from.scenes, options);
}

double antenna_channel_impl::next_s(const cfisac::signal::RadioClock& clock) const
{
    return clock.time_s(static_cast<double>(d_next) / d_channel->sample_rate_hz());
}

double antenna_channel_impl::now_s(const settings& of) const
{
    return d_next == 0 ? 0.0 : next_s(of.receive.clocks.front());
}

void antenna_channel_impl::change_timing(const char* name,
                                         side& next,
                                         const std::vector<double>& timing_s) const
{
    const auto values = for_each_clock(name, timing_s, next.clocks.size());
    for (std::size_t k = 0; k < values.size(); k++) {
        if (!(std::abs(values[k]) <= most_timing_s)) {
            throw std::invalid_argument(std::string(name) + ": " +
                                        std::to_string(values[k]) +
                                        " s is not within ±0.1 s");
        }
        next.clocks[k].offset_s += values[k] - next.timing_s[k];
        next.timing_s[k] = values[k];
    }
}

void antenna_channel_impl::change_ppm(const char* name,
                                      side& next,
                                      const std::vector<double>& ppm,
                                      std::optional<double> now_s) const
{
    const auto values = for_each_clock(name, ppm, next.clocks.size());
    constexpr double most = cfisac::signal::RadioClock::most_ppm;
    for (std::size_t k = 0; k < values.size(); k++) {
        if (!(std::abs(values[k]) <= most)) {
            throw std::invalid_argument(
                std::string(name) + ": " + std::to_string(values[k]) +
                " ppm is not within ±" + std::to_string(static_cast<int>(most)) + " ppm");
        }
        auto& clock = next.clocks[k];
        if (d_next == 0) {
            clock.ppm = values[k];
        } else {
            clock = clock.with_ppm(values[k], now_s ? *now_s : next_s(clock));
        }
    }
}

void antenna_channel_impl::change_targets(settings& next,
                                          const std::vector<double>& positions,
                                          const std::vector<double>& velocities) const
{
    if (positions.empty() && velocities.empty()) {
        next.scenes = drawn();
        return;
    }
    const auto position = coordinates("target positions", positions, d_scenario);
    const auto velocity = coordinates("target velocities", velocities, d_scenario);
    if (d_moving) {
        const auto scene = std::make_shared<cfisac::signal::MovingScene>(
            dynamic_cast<const cfisac::signal::MovingScene&>(*next.scenes));
        scene->set_targets(position, velocity, now_s(next));
        next.scenes = scene;
    } else {
        const auto scenes =
            std::make_shared<cfisac::signal::DrawnScenes>(d_scenario, d_seed, d_start_s);
        scenes->set_targets(position, velocity);
        next.scenes = scenes;
    }
}

template <typename Change>
void antenna_channel_impl::update(Change change)
{
    const gr::thread::scoped_lock lock(d_setlock);
    settings next = d_settings;
    change(next);
    d_channel = channel(next);
    d_settings = next;
}

void antenna_channel_impl::set_noise_dbm(double noise_dbm)
{
    update([&](settings& next) { next.noise_dbm = noise_dbm; });
}

double antenna_channel_impl::noise_dbm() const
{
    const gr::thread::scoped_lock lock(const_cast<gr::thread::mutex&>(d_setlock));
    return d_settings.noise_dbm;
}

void antenna_channel_impl::set_direct_path(bool on)
{
    update([&](settings& next) { next.direct_path = on; });
}

void antenna_channel_impl::set_direct_path_gain_db(double gain_db)
{
    update([&](settings& next) { next.direct_path_gain_db = gain_db; });
}

void antenna_channel_impl::set_transmit_timing(const std::vector<double>& timing_s)
{
    update([&](settings& next) {
        change_timing("transmit timing", next.transmit, timing_s);
    });
}

void antenna_channel_impl::set_receive_timing(const std::vector<double>& timing_s)
{
    update(
        [&](settings& next) { change_timing("receive timing", next.receive, timing_s); });
}

void antenna_channel_impl::set_transmit_ppm(const std::vector<double>& ppm)
{
    update([&](settings& next) {
        change_ppm("transmit clocks", next.transmit, ppm, now_s(next));
    });
}

void antenna_channel_impl::set_receive_ppm(const std::vector<double>& ppm)
{
    update([&](settings& next) { change_ppm("receive clocks", next.receive, ppm); });
}

void antenna_channel_impl::set_targets(const std::vector<double>& positions,
                                       const std::vector<double>& velocities)
{
    update([&](settings& next) { change_targets(next, positions, velocities); });
}

void antenna_channel_impl::set_transmit_full_scale_dbm(double full_scale_dbm)
{
    full_scale_amplitude(full_scale_dbm);
    update([&](settings& next) { next.transmit_full_scale_dbm = full_scale_dbm; });
}

void antenna_channel_impl::set_receive_full_scale_dbm(double full_scale_dbm)
{
    full_scale_amplitude(full_scale_dbm);
    update([&](settings& next) { next.receive_full_scale_dbm = full_scale_dbm; });
}

void antenna_channel_impl::on_command(const pmt::pmt_t& message)
{
    try {
        message_reader reader(message);
        const auto noise_dbm = reader.number("noise_dbm");
        const auto direct_path = reader.integer("direct_path");
        const auto gain_db = reader.number("direct_path_gain_db");
        const auto transmit_dbm = reader.number("transmit_full_scale_dbm");
        const auto receive_dbm = reader.number("receive_full_scale_dbm");
        const auto transmit_timing = reader.numbers("transmit_timing_s");
        const auto receive_timing = reader.numbers("receive_timing_s");
        const auto transmit_ppm = reader.numbers("transmit_ppm");
        const auto receive_ppm = reader.numbers("receive_ppm");
        const auto positions = reader.numbers("target_positions");
        const auto velocities = reader.numbers("target_velocities");
        reader.finish();
        if (direct_path && *direct_path != 0 && *direct_path != 1) {
            throw std::invalid_argument("direct_path: " + std::to_string(*direct_path) +
                                        " is neither 0 nor 1");
        }
        for (const auto& full_scale : {transmit_dbm, receive_dbm}) {
            if (full_scale) {
                full_scale_amplitude(*full_scale);
            }
        }
        update([&](settings& next) {
            next.noise_dbm = noise_dbm.value_or(next.noise_dbm);
            next.direct_path = direct_path.value_or(next.direct_path) == 1;
            next.direct_path_gain_db = gain_db.value_or(next.direct_path_gain_db);
            next.transmit_full_scale_dbm =
                transmit_dbm.value_or(next.transmit_full_scale_dbm);
            next.receive_full_scale_dbm =
                receive_dbm.value_or(next.receive_full_scale_dbm);
            if (transmit_timing) {
                change_timing("transmit timing", next.transmit, *transmit_timing);
            }
            if (receive_timing) {
                change_timing("receive timing", next.receive, *receive_timing);
            }
            if (transmit_ppm) {
                change_ppm("transmit clocks", next.transmit, *transmit_ppm, now_s(next));
            }
            if (receive_ppm) {
                change_ppm("receive clocks", next.receive, *receive_ppm);
            }
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

} // namespace isac
} // namespace gr
