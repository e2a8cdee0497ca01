// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_paths.h"
#include "complex_data.h"
#include "sample_channel_kernel.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

static_assert(SampleChannel::block == host::sample_block);

// Of a place in an array, whose direction and path loss are void.
constexpr double least_distance_m = 1e-9;
// Of access points between which a direct path makes sense.
constexpr double least_direct_path_m = 1e-3;
// Relative, of what the sum of two ways may be below the direct one for rounding.
constexpr double length_tolerance = 1e-12;
// Samples by which a time may be off that is meant to be that of a sample.
constexpr double sample_tolerance = 1e-3;
constexpr double most_offset_s = 1e9;

std::vector<RadioClock> checked_clocks(const std::string& what,
                                       const std::vector<RadioClock>& clocks,
                                       const std::vector<AccessPoint>& points)
{
    if (clocks.empty()) {
        return std::vector<RadioClock>(points.size());
    }
    if (clocks.size() != points.size()) {
        throw std::invalid_argument(what + " clocks: " + std::to_string(clocks.size()) +
                                    " given for " + std::to_string(points.size()) +
                                    " access points");
    }
    for (std::size_t k = 0; k < clocks.size(); k++) {
        if (!(std::abs(clocks[k].offset_s) <= most_offset_s)) {
            throw std::invalid_argument(
                what + " clock of " + points[k].name + ": an offset of " +
                std::to_string(clocks[k].offset_s) + " s is not one of at most 1e9 s");
        }
        if (!(std::abs(clocks[k].ppm) <= RadioClock::most_ppm)) {
            throw std::invalid_argument(
                what + " clock of " + points[k].name + ": " +
                std::to_string(clocks[k].ppm) + " ppm is not within ±" +
                std::to_string(static_cast<int>(RadioClock::most_ppm)) + " ppm");
        }
    }
    return clocks;
}

std::int64_t to_sample(double position)
{
    constexpr auto most = 0x1p62;
    return position >= most    ? std::numeric_limits<std::int64_t>::max()
           : position <= -most ? std::numeric_limits<std::int64_t>::min()
                               : static_cast<std::int64_t>(std::ceil(position));
}

} // namespace

SamplePaths::SamplePaths(const Scenario& scenario_,
                         std::shared_ptr<SceneSource> scenes,
                         const SampleChannelOptions& options)
    : scenario(scenario_), timing(scenario_), d_direct_path(false)
{
    const std::vector<double> still(scenario.dimensions, 0.0);
    for (const auto& transmit : scenario.transmit) {
        for (const auto& receive : scenario.receive) {
            d_direct_m.push_back(
                leg(transmit, receive.position_m.data(), still.data()).length_m);
        }
    }
    set_scenes(std::move(scenes));
    set_clocks(options.transmit_clocks, options.receive_clocks);
    set_direct_path(options.direct_path, options.direct_path_gain_db);
}

void SamplePaths::set_direct_path(bool on, double gain_db)
{
    if (!std::isfinite(gain_db)) {
        throw std::invalid_argument("direct path gain: " + std::to_string(gain_db) +
                                    " dB is not finite");
    }
    if (on) {
        require_direct_paths();
    }
    d_direct_path = on;
    d_direct_gain = std::pow(10.0, gain_db / 20.0);
}

void SamplePaths::require_direct_paths() const
{
    auto length_m = d_direct_m.begin();
    for (const auto& transmit : scenario.transmit) {
        for (const auto& receive : scenario.receive) {
            if (*length_m++ < least_direct_path_m) {
                throw std::invalid_argument(
                    "direct path: " + transmit.name + " and " + receive.name +
                    " stand at one place, and have no direct path between them");
            }
        }
    }
}

void SamplePaths::set_clocks(const std::vector<RadioClock>& transmit,
                             const std::vector<RadioClock>& receive)
{
    auto sending = checked_clocks("transmit", transmit, scenario.transmit);
    d_receive_clocks = checked_clocks("receive", receive, scenario.receive);
    d_transmit_clocks = std::move(sending);
    d_views.assign(scenario.receive.size(), View{});
}

void SamplePaths::set_scenes(std::shared_ptr<SceneSource> scenes)
{
    if (!scenes) {
        throw std::invalid_argument("scenes: there are none");
    }
    d_scenes = std::move(scenes);
    d_views.assign(scenario.receive.size(), View{});
}

double SamplePaths::time_s(int m, std::int64_t k) const
{
    return d_receive_clocks.at(m).time_s(static_cast<double>(k) / timing.sample_rate_hz);
}

std::int64_t SamplePaths::first_sample(int m, double time_s) const
{
    return to_sample(d_receive_clocks[m].reading_s(time_s) * timing.sample_rate_hz -
                     sample_tolerance);
}

double SamplePaths::ahead_s(int m, int n, std::int64_t index, double delay_s) const
{
    const auto& sender = d_transmit_clocks[n];
    const auto& receiver = d_receive_clocks[m];
    const double fast = 1e-6 * sender.ppm;
    const double own_fast = 1e-6 * receiver.ppm;
    const double reading =
        static_cast<double>(index * SampleChannel::block + SampleChannel::block / 2) /
        timing.sample_rate_hz;
    // Small, where the readings become large.
    return reading * (fast - own_fast) / (1.0 + own_fast) +
           (receiver.offset_s - sender.offset_s - delay_s) * (1.0 + fast);
}

std::pair<std::int64_t, std::int64_t> SamplePaths::shifts(int m,
                                                          int n,
                                                          std::int64_t index) const
{
    const auto shift = [&](double delay_s) {
        return static_cast<std::int64_t>(
            std::floor(ahead_s(m, n, index, delay_s) * timing.sample_rate_hz));
    };
    const double direct_m = d_direct_m[n * scenario.receive.size() + m];
    return {shift(SampleChannel::longest_delay_s),
            shift(direct_m * (1.0 - length_tolerance) / speed_of_light)};
}

SamplePaths::Leg SamplePaths::leg(const AccessPoint& point,
                                  const double* place,
                                  const double* velocity) const
{
    double square = 0.0;
    double along_axis = 0.0;
    double along_second = 0.0;
    double along_velocity = 0.0;
    for (std::size_t d = 0; d < point.position_m.size(); d++) {
        const double difference = place[d] - point.position_m[d];
        square += difference * difference;
        along_axis += difference * point.axis[d];
        along_second += point.planar ? difference * point.planar->axis[d] : 0.0;
        along_velocity += difference * velocity[d];
    }
    const double length = std::sqrt(square);
    const double divisor = std::max(length, least_distance_m);
    return {
        length, along_velocity / divisor, {along_axis / divisor, along_second / divisor}};
}

double SamplePaths::amplitude(double length_m) const
{
    const auto& loss = scenario.path_loss;
    return std::pow(10.0, loss.reference_gain_db / 20.0) *
           std::pow(std::max(length_m, least_distance_m) / loss.reference_distance_m,
                    -0.5 * loss.exponent);
}

const SamplePaths::View& SamplePaths::view(int m, std::int64_t k)
{
    auto& view = d_views[m];
    if (k < view.from || k >= view.until) {
        const auto scene =
            d_scenes->at(time_s(m, k) + sample_tolerance / timing.sample_rate_hz);
        fill(view, m, scene);
        view.from = std::min(first_sample(m, scene.from_s), k);
        view.until = std::max(first_sample(m, scene.until_s), k + 1);
    }
    return view;
}

void SamplePaths::fill(View& view, int m, const SceneAt& at) const
{
    const auto& scene = at.scene;
    const auto transmitters = static_cast<std::int64_t>(scenario.transmit.size());
    const auto receivers = static_cast<std::int64_t>(scenario.receive.size());
    const auto dimensions = static_cast<std::int64_t>(scenario.dimensions);
    const auto count = scene.count();
    if (scene.position.sizes() != at::IntArrayRef{1, count, dimensions} ||
        scene.velocity.sizes() != scene.position.sizes() ||
        at.reference_position.sizes() != scene.position.sizes() ||
        scene.reflection.sizes() != at::IntArrayRef{1, transmitters, receivers, count}) {
        throw std::invalid_argument("scene: its shapes do not fit the scenario " +
                                    scenario.name);
    }
    view.time_s = at.time_s;
    view.count = count;
    const auto copy = [](const at::Tensor& values, std::vector<double>& to) {
        const auto row = values.to(at::kDouble).contiguous();
        to.assign(row.data_ptr<double>(), row.data_ptr<double>() + row.numel());
    };
    copy(scene.position, view.position);
    copy(scene.velocity, view.velocity);
    std::vector<double> reference;
    copy(at.reference_position, reference);
    const auto reflection = scene.reflection.to(at::kComplexDouble).contiguous();
    const auto* beta = complex_data<double>(reflection);
    view.reflection.clear();
    view.reference_s.clear();
    for (std::int64_t n = 0; n < transmitters; n++) {
        for (std::int64_t q = 0; q < count; q++) {
            const double* place = reference.data() + q * dimensions;
            const double length = leg(scenario.transmit[n], place, place).length_m +
                                  leg(scenario.receive[m], place, place).length_m;
            view.reference_s.push_back(length / speed_of_light);
            view.reflection.push_back(beta[(n * receivers + m) * count + q]);
        }
    }
}

void SamplePaths::add_path(int m,
                           int n,
                           std::int64_t index,
                           const Leg& transmit,
                           const Leg& receive,
                           double reference_s,
                           std::complex<double> reflection,
                           SamplePath path,
                           std::vector<SamplePath>& paths) const
{
    const double length = transmit.length_m + receive.length_m;
    const double delay = length / speed_of_light;
    if (!(delay <= SampleChannel::longest_delay_s)) {
        throw std::invalid_argument(
            "path from " + scenario.transmit[n].name + " to " + scenario.receive[m].name +
            ": " + std::to_string(length) + " m is longer than " +
            std::to_string(SampleChannel::longest_delay_s * speed_of_light) + " m");
    }
    const double delay_rate = (transmit.rate_mps + receive.rate_mps) / speed_of_light;
    const auto& sender = d_transmit_clocks[n];
    const auto& receiver = d_receive_clocks[m];
    const double fast = 1e-6 * sender.ppm;
    const double own_fast = 1e-6 * receiver.ppm;
    const double rate_hz = timing.sample_rate_hz;
    const double ahead = ahead_s(m, n, index, delay);
    const double ahead_rate =
        (fast - own_fast - delay_rate * (1.0 + fast)) / (1.0 + own_fast);

    const double samples = ahead * rate_hz;
    path.transmitter = n;
    path.shift = static_cast<std::int64_t>(std::floor(samples));
    path.position = samples - static_cast<double>(path.shift);
    path.drift = ahead_rate * static_cast<double>(SampleChannel::block);
    path.step = timing.center_hz * ahead_rate / rate_hz;
    const double middle =
        timing.center_hz * ahead + scenario.waveform.carrier_hz * reference_s;
    path.turns = std::remainder(middle, 1.0) -
                 path.step * static_cast<double>(SampleChannel::block / 2);
    path.gain = reflection * amplitude(length);
    path.departing = transmit.cosines;
    path.arriving = receive.cosines;
    paths.push_back(path);
}

void SamplePaths::add(int m, std::int64_t index, std::vector<SamplePath>& paths)
{
    const auto transmitters = static_cast<int>(scenario.transmit.size());
    const std::int64_t first = index * SampleChannel::block;
    const std::int64_t end = first + SampleChannel::block;
    const double middle_s = time_s(m, first + SampleChannel::block / 2);
    const auto& receiver = scenario.receive[m];
    SamplePath path{};
    if (d_direct_path) {
        path.begin = first;
        path.end = end;
        d_place.assign(scenario.dimensions, 0.0);
        for (int n = 0; n < transmitters; n++) {
            const auto& sender = scenario.transmit[n];
            const auto way = leg(sender, receiver.position_m.data(), d_place.data());
            auto back = leg(receiver, sender.position_m.data(), d_place.data());
            back.length_m = 0.0;
            add_path(m,
                     n,
                     index,
                     way,
                     back,
                     way.length_m / speed_of_light,
                     d_direct_gain,
                     path,
                     paths);
        }
    }
    for (std::int64_t k = first; k < end; k = path.end) {
        const auto& now = view(m, k);
        path.begin = k;
        path.end = std::min(now.until, end);
        const double elapsed_s = middle_s - now.time_s;
        d_place.resize(scenario.dimensions);
        for (std::int64_t q = 0; q < now.count; q++) {
            const double* velocity = now.velocity.data() + q * scenario.dimensions;
            for (int d = 0; d < scenario.dimensions; d++) {
                d_place[d] =
                    now.position[q * scenario.dimensions + d] + velocity[d] * elapsed_s;
            }
            const auto back = leg(receiver, d_place.data(), velocity);
            for (int n = 0; n < transmitters; n++) {
                const auto reflection = now.reflection[n * now.count + q];
                if (reflection != 0.0) {
                    add_path(m,
                             n,
                             index,
                             leg(scenario.transmit[n], d_place.data(), velocity),
                             back,
                             now.reference_s[n * now.count + q],
                             reflection,
                             path,
                             paths);
                }
            }
        }
    }
}

std::int64_t SamplePaths::count(int m, std::int64_t index)
{
    return static_cast<std::int64_t>(scenario.transmit.size()) *
           (view(m, index * SampleChannel::block).count + 1);
}

} // namespace cfisac::signal
