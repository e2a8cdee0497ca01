// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_scenario.h"

#include <cfisac/signal/sample_channel.h>
#include <cmath>
#include <complex>
#include <functional>
#include <map>
#include <random>
#include <vector>

namespace cfisac::test {

using Complex = std::complex<double>;
using Streams = std::vector<std::vector<std::complex<float>>>; // [antenna][sample]

//! Power that disappears in float32 beside the samples of these tests.
constexpr double no_noise_dbm = -290.0;

//! exp(j2π turns), of turns that may be many.
inline Complex phasor_of(long double turns)
{
    const auto fraction = static_cast<double>(turns - std::rint(turns));
    return std::polar(1.0, 2.0 * M_PI * fraction);
}

//! Sent samples as a function of (access point, antenna, sample number).
class SampleFunction : public signal::SampleSource
{
public:
    using Function = std::function<Complex(int, int, std::int64_t)>;
    SampleFunction(int antennas, Function function)
        : d_antennas(antennas), d_function(std::move(function))
    {
    }

    void read(int n,
              std::int64_t first,
              std::int64_t count,
              std::complex<float>* const* antennas) override
    {
        auto& span = reads.try_emplace(n, first, first + count).first->second;
        span = {std::min(span.first, first), std::max(span.second, first + count)};
        for (int a = 0; a < d_antennas; a++) {
            for (std::int64_t k = 0; k < count; k++) {
                antennas[a][k] = std::complex<float>(d_function(n, a, first + k));
            }
        }
    }

    //! [access point] → the first and the one after the last sample that was read.
    std::map<int, std::pair<std::int64_t, std::int64_t>> reads;

private:
    int d_antennas;
    Function d_function;
};

//! exp(j2π frequency k) from the first antenna of access point 0, all else silent.
inline SampleFunction tone(const Scenario& scenario, double cycles_per_sample)
{
    return {scenario.transmit_antennas(), [=](int n, int a, std::int64_t k) {
                return n == 0 && a == 0
                           ? phasor_of(static_cast<long double>(cycles_per_sample) * k)
                           : 0.0;
            }};
}

//! White samples that depend on nothing but their place (SplitMix64), |re|, |im| < 1.
inline SampleFunction white(const Scenario& scenario)
{
    return {scenario.transmit_antennas(), [](int n, int a, std::int64_t k) {
                auto word = (static_cast<std::uint64_t>(k) * 64 + n * 8 + a) *
                            0x9E3779B97F4A7C15ULL;
                word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
                word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
                word ^= word >> 31;
                const auto part = [](std::uint64_t bits) {
                    return static_cast<double>(static_cast<std::int32_t>(bits)) * 0x1p-31;
                };
                return Complex(part(word), part(word >> 32));
            }};
}

inline Streams receive(signal::SampleChannel& channel,
                       const Scenario& scenario,
                       int m,
                       std::int64_t first,
                       std::int64_t count,
                       signal::SampleSource& sent)
{
    Streams streams(scenario.receive_antennas(), std::vector<std::complex<float>>(count));
    std::vector<std::complex<float>*> antennas;
    for (auto& stream : streams) {
        antennas.push_back(stream.data());
    }
    channel.receive(m, first, count, sent, antennas.data());
    return streams;
}

//! One reflector with β = `reflection` for all pairs of access points.
inline signal::Scene reflector(const Scenario& scenario,
                               const Coordinates& position,
                               const Coordinates& velocity,
                               Complex reflection)
{
    const auto n = static_cast<std::int64_t>(scenario.transmit.size());
    const auto m = static_cast<std::int64_t>(scenario.receive.size());
    const auto row = [](const Coordinates& values) {
        return at::tensor(values, at::kDouble).view({1, 1, -1});
    };
    return {row(position),
            row(velocity),
            at::full({1, n, m, 1},
                     c10::complex<double>(reflection.real(), reflection.imag()),
                     at::kComplexDouble)};
}

//! A way between two points and its direction at an array.
struct Way {
    Way(const AccessPoint& point, const Coordinates& place) : length_m(0.0), cosine(0.0)
    {
        for (std::size_t d = 0; d < place.size(); d++) {
            length_m += std::pow(place[d] - point.position_m[d], 2);
            cosine += (place[d] - point.position_m[d]) * point.axis[d];
        }
        length_m = std::sqrt(length_m);
        cosine /= length_m;
        spacing = point.spacing_wavelengths;
        antennas = point.antennas;
    }

    //! Antenna `a` of (1), (2).
    Complex steering(int a) const
    {
        return phasor_of(-a * spacing * cosine) / std::sqrt(antennas);
    }

    double length_m, cosine, spacing, antennas;
};

inline double amplitude(const Scenario& scenario, double length_m)
{
    const auto& loss = scenario.path_loss;
    return std::sqrt(std::pow(10.0, loss.reference_gain_db / 10.0) *
                     std::pow(length_m / loss.reference_distance_m, -loss.exponent));
}

//! Largest difference to `expected(k)` over its largest magnitude.
inline double largest_error(const std::vector<std::complex<float>>& samples,
                            const std::function<Complex(std::size_t)>& expected)
{
    double error = 0.0;
    double magnitude = 0.0;
    for (std::size_t k = 0; k < samples.size(); k++) {
        error = std::max(error, std::abs(Complex(samples[k]) - expected(k)));
        magnitude = std::max(magnitude, std::abs(expected(k)));
    }
    return error / magnitude;
}

} // namespace cfisac::test
