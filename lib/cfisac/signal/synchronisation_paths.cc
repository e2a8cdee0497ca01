// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_paths.h"

#include "synchronisation_search.h"
#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <utility>

namespace cfisac::signal {

namespace {

constexpr std::size_t most_paths = 4;
constexpr int sweeps = 6;
// A path this far below the strongest one is not told from what filters do to it.
const double weakest = std::pow(10.0, -1.5);
constexpr double noise_probability = 1e-4; // that noise is taken for another path
constexpr double grid_step = 0.25;         // samples; the peak is wider than one
constexpr int maximum_bits = 26;

} // namespace

double maximum(const std::function<double(double)>& function,
               double first,
               double last,
               double step)
{
    double best = first;
    double largest = -1.0;
    for (double x = first; x <= last + 1e-9; x += step) {
        const double value = function(x);
        if (value > largest) {
            largest = value;
            best = x;
        }
    }
    // Around zero, as Brent's method knows relative precision only.
    return best +
           boost::math::tools::brent_find_minima(
               [&](double x) { return -function(best + x); }, -step, step, maximum_bits)
               .first;
}

double ChannelPath::energy() const
{
    double sum = 0.0;
    for (const auto& value : amplitude) {
        sum += std::norm(value);
    }
    return sum;
}

ChannelPaths::ChannelPaths(Values channel,
                           const std::vector<int>& bins,
                           int antennas,
                           int length,
                           double noise,
                           int reach)
    : d_channel(std::move(channel)),
      d_bins(bins),
      d_antennas(antennas),
      d_length(length),
      d_noise(noise),
      d_reach(reach)
{
}

std::vector<std::complex<double>> ChannelPaths::amplitude(const Values& channel,
                                                          double delay) const
{
    std::vector<std::complex<double>> sums(d_antennas, 0.0);
    for (std::size_t b = 0; b < d_bins.size(); b++) {
        const auto turn = std::polar(1.0, 2.0 * M_PI * d_bins[b] * delay / d_length);
        for (int a = 0; a < d_antennas; a++) {
            const auto& value = channel[a * d_bins.size() + b];
            sums[a] += std::complex<double>(
                value.real() * turn.real() - value.imag() * turn.imag(),
                value.real() * turn.imag() + value.imag() * turn.real());
        }
    }
    for (auto& sum : sums) {
        sum /= static_cast<double>(d_bins.size());
    }
    return sums;
}

double ChannelPaths::power(const Values& channel, double delay) const
{
    return ChannelPath{delay, amplitude(channel, delay)}.energy();
}

ChannelPath ChannelPaths::fit(const Values& channel, double first, double last) const
{
    const double delay =
        maximum([&](double x) { return power(channel, x); }, first, last, grid_step);
    return {delay, amplitude(channel, delay)};
}

ChannelPaths::Values ChannelPaths::without(const std::vector<ChannelPath>& paths,
                                           std::size_t but) const
{
    Values rest = d_channel;
    for (std::size_t i = 0; i < paths.size(); i++) {
        for (std::size_t b = 0; i != but && b < d_bins.size(); b++) {
            const auto turn =
                std::polar(1.0, -2.0 * M_PI * d_bins[b] * paths[i].delay / d_length);
            for (int a = 0; a < d_antennas; a++) {
                rest[a * d_bins.size() + b] -= paths[i].amplitude[a] * turn;
            }
        }
    }
    return rest;
}

std::vector<ChannelPath> ChannelPaths::resolve() const
{
    std::vector<ChannelPath> paths{fit(d_channel, -d_reach, d_reach)};
    const double in_noise = gamma_threshold(d_antennas, noise_probability / d_reach) *
                            d_noise / static_cast<double>(d_bins.size());
    while (paths.size() < most_paths) {
        auto more = paths;
        more.push_back(fit(without(paths, paths.size()), -d_reach, d_reach));
        if (more.back().energy() < in_noise) {
            break;
        }
        for (int sweep = 0; sweep < sweeps; sweep++) {
            for (std::size_t i = 0; i < more.size(); i++) {
                const double delay = more[i].delay;
                more[i] = fit(without(more, i), delay - grid_step, delay + grid_step);
            }
        }
        double strongest = 0.0;
        for (const auto& path : more) {
            strongest = std::max(strongest, path.energy());
        }
        if (more.back().energy() < std::max(in_noise, weakest * strongest)) {
            break;
        }
        paths = std::move(more);
    }
    return paths;
}

ChannelPath ChannelPaths::direct() const
{
    const auto paths = resolve();
    double strongest = 0.0;
    for (const auto& path : paths) {
        strongest = std::max(strongest, path.energy());
    }
    const ChannelPath* earliest = nullptr;
    for (const auto& path : paths) {
        if (path.energy() >= weakest * strongest &&
            (!earliest || path.delay < earliest->delay)) {
            earliest = &path;
        }
    }
    return *earliest;
}

} // namespace cfisac::signal
