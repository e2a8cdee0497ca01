// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_search.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <iterator>
#include <numeric>
#include <volk/volk.h>

namespace cfisac::signal {

namespace {

constexpr int most_per_block = 16;
// Part of its size that what a steady tone brings may differ by from place to place.
constexpr double unlike = 0.5;
// Autocorrelation at fractions of the lag over that at the lag: little of noise and
// preambles, all of a tone.
constexpr double hardly_tonal = 0.3;
constexpr double wholly_tonal = 0.9;

std::complex<double> lagged_product(const std::complex<float>* samples,
                                    int lag,
                                    unsigned count)
{
    std::complex<float> product;
    volk_32fc_x2_conjugate_dot_prod_32fc(&product, samples + lag, samples, count);
    return product;
}

double energy_of(const std::complex<float>* samples, unsigned count)
{
    const auto* const parts = reinterpret_cast<const float*>(samples);
    float energy = 0.0f;
    volk_32f_x2_dot_prod_32f(&energy, parts, parts, 2 * count);
    return energy;
}

std::complex<double> median(const std::vector<std::complex<double>>& values)
{
    const auto of = [&](double (*part)(const std::complex<double>&)) {
        std::vector<double> parts;
        std::transform(values.begin(), values.end(), std::back_inserter(parts), part);
        const auto middle = parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2);
        std::nth_element(parts.begin(), middle, parts.end());
        return *middle;
    };
    return {of([](const auto& value) { return value.real(); }),
            of([](const auto& value) { return value.imag(); })};
}

} // namespace

double gamma_threshold(double degrees, double probability)
{
    return boost::math::gamma_q_inv(degrees, probability);
}

Autocorrelation autocorrelation(const std::vector<Samples>& antennas,
                                std::int64_t place,
                                std::int64_t count,
                                int lag)
{
    Autocorrelation result{0.0, 0.0, static_cast<double>(count * antennas.size())};
    for (const auto& samples : antennas) {
        for (std::int64_t k = 0; k < count; k += most_per_block) {
            const auto block =
                static_cast<unsigned>(std::min<std::int64_t>(most_per_block, count - k));
            const auto* const first = samples.data() + place + k;
            result.sum += lagged_product(first, lag, block);
            result.energy +=
                0.5 * (energy_of(first, block) + energy_of(first + lag, block));
        }
    }
    return result;
}

PreambleSearch::PreambleSearch(const FrameTiming& timing,
                               int antennas,
                               double false_alarm)
    : d_lag(timing.preamble_length),
      d_repetitions(timing.preamble_repetitions),
      d_slots(timing.transmitters),
      d_antennas(antennas),
      d_step(std::gcd(timing.preamble_length, most_per_block)),
      d_span(std::int64_t{timing.transmitters} * timing.preamble_samples()),
      d_threshold(gamma_threshold(
          d_slots,
          false_alarm * d_step / static_cast<double>(std::max(timing.period, d_span))))
{
}

void PreambleSearch::sum_blocks(const std::vector<Samples>& antennas)
{
    const auto length = static_cast<std::int64_t>(antennas.front().size());
    const std::int64_t blocks = length / d_step;
    const std::int64_t products = std::max<std::int64_t>(blocks - d_lag / d_step, 0);
    d_energies.assign(blocks + 1, 0.0);
    d_products.assign(products + 1, 0.0);
    const auto step = static_cast<unsigned>(d_step);
    for (const auto& samples : antennas) {
        const auto* first = samples.data();
        for (std::int64_t block = 0; block < blocks; block++, first += d_step) {
            d_energies[block + 1] += energy_of(first, step);
            if (block < products) {
                d_products[block + 1] += lagged_product(first, d_lag, step);
            }
        }
    }
    std::partial_sum(d_energies.begin(), d_energies.end(), d_energies.begin());
    std::partial_sum(d_products.begin(), d_products.end(), d_products.begin());
}

Autocorrelation PreambleSearch::slot(std::int64_t block, int n) const
{
    const std::int64_t repetition = d_lag / d_step;
    const std::int64_t first = block + n * d_repetitions * repetition;
    const std::int64_t last = first + (d_repetitions - 1) * repetition;
    const double energy =
        0.5 * (d_energies[last] - d_energies[first] + d_energies[last + repetition] -
               d_energies[first + repetition]);
    const auto terms = static_cast<double>((last - first) * d_step * d_antennas);
    return {d_products[last] - d_products[first], energy, terms};
}

double PreambleSearch::tonality(const std::vector<Samples>& antennas,
                                std::int64_t place,
                                std::int64_t count) const
{
    double most = 0.0;
    for (const double part : {0.5, 0.375, 0.25}) {
        const auto lag = std::max(1, static_cast<int>(part * d_lag));
        most = std::max(most, std::abs(autocorrelation(antennas, place, count, lag).sum));
    }
    return most / std::abs(autocorrelation(antennas, place, count, d_lag).sum);
}

std::complex<double> PreambleSearch::steady_part(
    const std::vector<Samples>& antennas) const
{
    // What one preamble's length of samples after the other brings.
    const auto stride = std::int64_t{d_repetitions} * d_lag / d_step;
    const auto products = static_cast<std::int64_t>(d_products.size()) - 1;
    std::vector<std::complex<double>> parts;
    for (std::int64_t block = 0; block + stride - d_lag / d_step <= products;
         block += stride) {
        const auto part = slot(block, 0);
        parts.push_back(part.sum / part.terms);
    }
    if (parts.empty()) {
        return 0.0;
    }
    const auto middle = median(parts);
    const auto alike = std::count_if(parts.begin(), parts.end(), [&](const auto& part) {
        return std::abs(part - middle) < unlike * std::abs(middle);
    });
    const auto count = static_cast<std::int64_t>(antennas.front().size()) - d_lag;
    return 3 * alike > 2 * static_cast<std::ptrdiff_t>(parts.size()) &&
                   tonality(antennas, 0, count) > hardly_tonal
               ? middle
               : 0.0;
}

bool PreambleSearch::is_tone(const std::vector<Samples>& antennas,
                             std::int64_t block) const
{
    int strongest = 0;
    for (int n = 1; n < d_slots; n++) {
        if (std::norm(slot(block, n).sum) > std::norm(slot(block, strongest).sum)) {
            strongest = n;
        }
    }
    const std::int64_t preamble = std::int64_t{d_lag} * d_repetitions;
    return tonality(antennas, block * d_step + strongest * preamble, preamble - d_lag) >
           wholly_tonal;
}

PreambleSearch::Result PreambleSearch::run(const std::vector<Samples>& antennas,
                                           std::int64_t from,
                                           std::int64_t behind)
{
    sum_blocks(antennas);
    const auto steady = steady_part(antennas);
    while (true) {
        const auto result = next_peak(antennas, from, behind, steady);
        if (!result.peak || steady != 0.0 || !is_tone(antennas, *result.peak / d_step)) {
            return result;
        }
        from = result.done;
    }
}

PreambleSearch::Result PreambleSearch::next_peak(const std::vector<Samples>& antennas,
                                                 std::int64_t from,
                                                 std::int64_t behind,
                                                 std::complex<double> steady) const
{
    const auto length = static_cast<std::int64_t>(antennas.front().size());
    const std::int64_t end = (length - d_span) / d_step + 1;
    // The first place that repeats is at most a span before the one that repeats most.
    std::int64_t last = end;
    std::int64_t crossing = end;
    std::int64_t peak = end;
    double strongest = 0.0;
    for (std::int64_t block = (from + d_step - 1) / d_step; block < last; block++) {
        double metric = 0.0;
        double power = 0.0;
        for (int n = 0; n < d_slots; n++) {
            auto part = slot(block, n);
            const double with_all = part.metric();
            part.sum -= steady * part.terms;
            metric += std::min(with_all, part.metric());
            power += std::norm(part.sum);
        }
        if (metric >= d_threshold && crossing == end) {
            crossing = block;
            last = block + d_span / d_step + 1;
            if (last > end) { // the peak is not there yet
                break;
            }
        }
        if (metric >= d_threshold && power > strongest) {
            strongest = power;
            peak = block;
        }
    }
    if (crossing == end) {
        return {std::max(end * d_step, from), std::nullopt, steady};
    }
    if (last > end || peak * d_step + behind > length) {
        return {crossing * d_step, std::nullopt, steady};
    }
    return {last * d_step, peak * d_step, steady};
}

std::vector<double> PreambleSearch::metrics(const std::vector<Samples>& antennas)
{
    sum_blocks(antennas);
    const auto length = static_cast<std::int64_t>(antennas.front().size());
    std::vector<double> values;
    for (std::int64_t block = 0; block * d_step + d_span <= length; block++) {
        double metric = 0.0;
        for (int n = 0; n < d_slots; n++) {
            metric += slot(block, n).metric();
        }
        values.push_back(metric);
    }
    return values;
}

} // namespace cfisac::signal
