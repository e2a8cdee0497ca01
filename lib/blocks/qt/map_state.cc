/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_state.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

constexpr int longest_trail = 1000;
constexpr auto rate_step = std::chrono::milliseconds(250);
constexpr std::size_t rate_steps = 12;

} // namespace

map_theme map_theme_from_string(const std::string& word)
{
    for (const map_theme theme :
         {map_theme::automatic, map_theme::dark, map_theme::light}) {
        if (word == to_string(theme)) {
            return theme;
        }
    }
    throw std::invalid_argument("theme: '" + word + "' is not auto, dark or light");
}

const char* to_string(map_theme theme)
{
    switch (theme) {
    case map_theme::dark:
        return "dark";
    case map_theme::light:
        return "light";
    case map_theme::automatic:
        break;
    }
    return "auto";
}

int checked_trail(int frames)
{
    if (frames < 0 || frames > longest_trail) {
        throw std::invalid_argument("trail: " + std::to_string(frames) +
                                    " frames are not between 0 and " +
                                    std::to_string(longest_trail));
    }
    return frames;
}

map_state::map_state(const map_description& description, const map_settings& settings)
    : d_about(description),
      d_settings(settings),
      d_frames(description.scenario,
               description.names.size(),
               description.truth,
               description.bound)
{
    d_frames.set_trail(static_cast<std::size_t>(checked_trail(settings.trail)));
    if (d_about.packets) {
        d_fronthaul.emplace(*d_about.packets, d_about.scenario.receive.size());
    }
}

map_settings map_state::settings() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_settings;
}

void map_state::set_trail(int frames)
{
    checked_trail(frames);
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_settings.trail = frames;
    d_frames.set_trail(static_cast<std::size_t>(frames));
    d_version++;
}

void map_state::set_theme(map_theme theme)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_settings.theme = theme;
    d_version++;
}

void map_state::set_title(const std::string& title)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_settings.title = title;
    d_version++;
}

void map_state::note_rate()
{
    const auto now = std::chrono::steady_clock::now();
    if (d_marks.empty() || now - d_marks.back().when >= rate_step) {
        d_marks.push_back({now, d_frames.frames()});
        if (d_marks.size() > rate_steps) {
            d_marks.pop_front();
        }
    }
}

map_snapshot map_state::snapshot() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    map_snapshot all;
    all.settings = d_settings;
    all.frames.assign(d_frames.settled().begin(), d_frames.settled().end());
    for (std::size_t i = 0; i <= d_about.names.size(); i++) {
        const auto& location = d_frames.location(i);
        const auto& velocity = d_frames.velocity(i);
        all.location.push_back({location.points(d_frames.latest()), location.recent()});
        all.velocity.push_back({velocity.points(d_frames.latest()), velocity.recent()});
    }
    if (d_fronthaul) {
        const auto shown =
            std::min(d_about.scenario.receive.size(), map_snapshot::most_access_points);
        for (std::size_t m = 0; m < shown; m++) {
            all.fronthaul.push_back(d_fronthaul->of(m));
        }
    }
    if (d_marks.size() > 1 && d_marks.back().frames > d_marks.front().frames) {
        const std::chrono::duration<double> span =
            d_marks.back().when - d_marks.front().when;
        all.frames_per_second =
            static_cast<double>(d_marks.back().frames - d_marks.front().frames) /
            span.count();
    }
    all.frames_incomplete = d_frames.frames_incomplete();
    return all;
}

std::uint64_t map_state::frames() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_frames.frames();
}

std::uint64_t map_state::frames_incomplete() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_frames.frames_incomplete();
}

} // namespace isac
} // namespace gr
