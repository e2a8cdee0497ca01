// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_meter.h"

#include "synchronisation_paths.h"
#include "synchronisation_search.h"
#include "synchronisation_turn.h"
#include <ATen/ATen.h>
#include <algorithm>
#include <cmath>
#include <volk/volk.h>

namespace cfisac::signal {

namespace {

// Repetitions that are added coherently before the frequency is known well.
constexpr int coherent_repetitions = 4;
// Metric that the autocorrelation of noise hardly reaches: its frequency is believed then.
constexpr double believable = 12.0;

// One bin after the other, of a transform of every `length` samples.
at::Tensor transform(const std::vector<std::complex<double>>& samples, int length)
{
    const auto values =
        at::from_blob(const_cast<std::complex<double>*>(samples.data()),
                      {static_cast<std::int64_t>(samples.size()) / length, length},
                      at::TensorOptions().dtype(at::kComplexDouble));
    return at::fft_fft(values).contiguous();
}

const std::complex<double>* values_of(const at::Tensor& tensor)
{
    return reinterpret_cast<const std::complex<double>*>(
        tensor.data_ptr<c10::complex<double>>());
}

// `count` samples from `first` on, turned back; see turn_back().
template <typename Value>
std::vector<std::complex<Value>> turned_back(const Samples& samples,
                                             std::int64_t first,
                                             std::int64_t count,
                                             double frequency,
                                             double origin = 0.0)
{
    std::vector<std::complex<Value>> result(count);
    turn_back(samples.data() + first, result.data(), count, frequency, origin);
    return result;
}

} // namespace

PreambleMeter::PreambleMeter(const FrameTiming& timing, int antennas, double false_alarm)
    : d_length(timing.preamble_length),
      d_repetitions(timing.preamble_repetitions),
      d_antennas(antennas),
      d_reach(std::clamp(timing.prefix, 4, timing.preamble_length / 4)),
      d_false_alarm(false_alarm)
{
    const int middle = d_length / 2;
    for (int n = 0; n < timing.transmitters; n++) {
        d_sequences.push_back(preamble_sequence(timing, n));
        std::vector<std::complex<double>> from_middle(d_sequences[n].begin(),
                                                      d_sequences[n].end());
        std::rotate(from_middle.begin(), from_middle.begin() + middle, from_middle.end());
        const auto spectrum = transform(from_middle, d_length);
        const auto* const values = values_of(spectrum);
        d_spectra.emplace_back();
        for (int bin = -middle; bin < middle; bin++) {
            const auto value = values[(bin + d_length) % d_length];
            if (std::norm(value) > 0.1 * d_length) { // of 0 or at least the length
                d_spectra[n].push_back(value);
                if (n == 0) {
                    d_bins.push_back(bin);
                }
            }
        }
    }
    d_bin_energy =
        static_cast<double>(d_length) * d_length / static_cast<double>(d_bins.size());
}

PreamblePeak PreambleMeter::find(const std::vector<Samples>& antennas,
                                 int n,
                                 const PreambleGuess& guess) const
{
    const std::int64_t slot = std::int64_t{d_length} * d_repetitions;
    PreamblePeak peak;
    peak.frequency = guess.frequency;
    if (!guess.frequency_known) {
        auto repeating =
            autocorrelation(antennas, guess.place, slot - d_length, d_length);
        repeating.sum -= guess.steady * repeating.terms;
        if (repeating.metric() > believable) {
            peak.frequency = repeating.frequency(d_length);
        }
    }

    const std::int64_t first = guess.place - guess.guard;
    const int places = 2 * guess.guard + 1;
    const std::int64_t lags = places + slot - d_length;
    std::vector<double> metric(places, 0.0);
    int groups = 0;
    Samples correlation(lags);
    for (const auto& antenna : antennas) {
        const auto samples =
            turned_back<float>(antenna, first, lags + d_length - 1, peak.frequency);
        // Energy before a sample; each sum is compared with that of its own samples, so that
        // what others send beside the preamble does not stand out in a silence.
        std::vector<double> energy(samples.size() + 1, 0.0);
        for (std::size_t k = 0; k < samples.size(); k++) {
            energy[k + 1] = energy[k] + std::norm(samples[k]);
        }
        if (energy.back() <= 0.0) {
            continue;
        }
        for (std::int64_t k = 0; k < lags; k++) {
            volk_32fc_x2_conjugate_dot_prod_32fc(&correlation[k],
                                                 samples.data() + k,
                                                 d_sequences[n].data(),
                                                 static_cast<unsigned>(d_length));
        }
        for (int r = 0; r < d_repetitions; r += coherent_repetitions) {
            const int last = std::min(r + coherent_repetitions, d_repetitions);
            for (int place = 0; place < places; place++) {
                std::complex<float> sum = 0.0f;
                for (int i = r; i < last; i++) {
                    sum += correlation[place + std::int64_t{i} * d_length];
                }
                const double of_samples = energy[place + std::int64_t{last} * d_length] -
                                          energy[place + std::int64_t{r} * d_length];
                metric[place] += of_samples > 0.0 ? std::norm(sum) / of_samples : 0.0;
            }
            groups++;
        }
    }
    if (groups == 0) {
        return peak;
    }
    const auto best = std::max_element(metric.begin(), metric.end());
    peak.place = first + (best - metric.begin());
    // What most places have is not the preamble: of noise a Gamma variable of so many
    // degrees, of a tone more, and everywhere the same.
    auto others = metric;
    const auto middle = others.begin() + places / 2;
    std::nth_element(others.begin(), middle, others.end());
    const double floor = std::max<double>(*middle, groups);
    peak.excess = (*best - floor) / std::sqrt(static_cast<double>(groups));
    peak.seen = *best * groups / floor > gamma_threshold(groups, d_false_alarm / places);
    return peak;
}

std::vector<std::complex<double>> PreambleMeter::channel_of_repetitions(
    const std::vector<Samples>& antennas,
    int n,
    std::int64_t place,
    double frequency) const
{
    // Half a repetition is left out at either end, so that all of what is looked at is
    // there for every delay.
    const std::int64_t count = std::int64_t{d_length} * (d_repetitions - 1);
    const int middle = d_length / 2;
    Spectrum channel;
    channel.reserve(antennas.size() * (d_repetitions - 1) * d_bins.size());
    for (const auto& antenna : antennas) {
        const auto spectrum = transform(
            turned_back<double>(antenna, place + middle, count, frequency, -0.5 * count),
            d_length);
        const auto* values = values_of(spectrum);
        for (int r = 0; r < d_repetitions - 1; r++, values += d_length) {
            for (std::size_t b = 0; b < d_bins.size(); b++) {
                channel.push_back(values[(d_bins[b] + d_length) % d_length] *
                                  std::conj(d_spectra[n][b]));
            }
        }
    }
    return channel;
}

double PreambleMeter::residual_frequency(const Spectrum& channel, double delay) const
{
    const int repetitions = d_repetitions - 1;
    std::vector<std::complex<double>> sums(d_antennas * repetitions, 0.0);
    for (std::size_t b = 0; b < d_bins.size(); b++) {
        const auto turn = std::polar(1.0, 2.0 * M_PI * d_bins[b] * delay / d_length);
        for (std::size_t i = 0; i < sums.size(); i++) {
            sums[i] += channel[i * d_bins.size() + b] * turn;
        }
    }
    const auto power = [&](double turns) {
        double total = 0.0;
        for (int a = 0; a < d_antennas; a++) {
            std::complex<double> sum = 0.0;
            for (int r = 0; r < repetitions; r++) {
                sum +=
                    sums[a * repetitions + r] * std::polar(1.0, -2.0 * M_PI * turns * r);
            }
            total += std::norm(sum);
        }
        return total;
    };
    return maximum(power, -0.5, 0.5, 0.25 / repetitions) / d_length;
}

std::int64_t PreambleMeter::told_apart(const std::vector<Samples>& antennas,
                                       int n,
                                       std::int64_t place,
                                       double frequency,
                                       const PreambleGuess& guess) const
{
    const int before = static_cast<int>((place - guess.place + guess.guard) / d_length);
    const int behind = static_cast<int>((guess.place + guess.guard - place) / d_length);
    if (before + behind == 0) {
        return place;
    }
    const std::int64_t first = place - std::int64_t{before} * d_length;
    const int repetitions = before + d_repetitions + behind;
    std::vector<double> power(before + behind + 1, 0.0);
    for (const auto& antenna : antennas) {
        const auto samples = turned_back<float>(
            antenna, first, std::int64_t{repetitions} * d_length, frequency);
        std::vector<std::complex<double>> sums(repetitions + 1, 0.0);
        for (int r = 0; r < repetitions; r++) {
            std::complex<float> correlation;
            volk_32fc_x2_conjugate_dot_prod_32fc(&correlation,
                                                 samples.data() +
                                                     std::int64_t{r} * d_length,
                                                 d_sequences[n].data(),
                                                 static_cast<unsigned>(d_length));
            sums[r + 1] = sums[r] + std::complex<double>(correlation);
        }
        for (std::size_t i = 0; i < power.size(); i++) {
            power[i] += std::norm(sums[i + d_repetitions] - sums[i]);
        }
    }
    const auto best = std::max_element(power.begin(), power.end()) - power.begin();
    return first + best * d_length;
}

PreambleMeasurement PreambleMeter::refine(const std::vector<Samples>& antennas,
                                          int n,
                                          const PreamblePeak& peak,
                                          const PreambleGuess& guess) const
{
    const int repetitions = d_repetitions - 1;
    const std::size_t bins = d_bins.size();
    PreambleMeasurement result;
    result.seen = true;
    result.frequency = peak.frequency;
    result.frequency += residual_frequency(
        channel_of_repetitions(antennas, n, peak.place, result.frequency), 0.0);
    result.strongest = told_apart(antennas, n, peak.place, result.frequency, guess);
    const auto channel =
        channel_of_repetitions(antennas, n, result.strongest, result.frequency);

    // Sum of the repetitions, and what they differ by.
    Spectrum sum(d_antennas * bins, 0.0);
    double scatter = 0.0;
    for (int a = 0; a < d_antennas; a++) {
        for (std::size_t b = 0; b < bins; b++) {
            double energy = 0.0;
            auto& total = sum[a * bins + b];
            for (int r = 0; r < repetitions; r++) {
                const auto& value = channel[(a * repetitions + r) * bins + b];
                total += value;
                energy += std::norm(value);
            }
            scatter += std::max(energy - std::norm(total) / repetitions, 0.0);
        }
    }
    const double noise = scatter / static_cast<double>(sum.size() * (repetitions - 1));
    const ChannelPaths paths(
        sum, d_bins, d_antennas, d_length, repetitions * noise, d_reach);
    const auto direct = paths.direct();
    result.place = static_cast<double>(result.strongest) + direct.delay;
    result.frequency += residual_frequency(channel, direct.delay);

    const double power =
        direct.energy() / d_antennas / std::pow(repetitions * d_bin_energy, 2);
    const double noise_power = std::max(noise / (d_length * d_bin_energy), 1e-12 * power);
    result.snr = power / noise_power;
    double square_frequency = 0.0;
    for (const int bin : d_bins) {
        square_frequency += std::pow(2.0 * M_PI * bin / d_length, 2);
    }
    square_frequency /= static_cast<double>(bins);
    const double samples = static_cast<double>(d_length) * repetitions;
    const double energy = result.snr * d_antennas * samples;
    result.place_deviation = std::sqrt(1.0 / (2.0 * energy * square_frequency));
    result.frequency_deviation = std::sqrt(6.0 / energy) / (samples * 2.0 * M_PI);
    return result;
}

PreambleMeasurement PreambleMeter::measure(const std::vector<Samples>& antennas,
                                           int n,
                                           const PreambleGuess& guess) const
{
    const auto peak = find(antennas, n, guess);
    return peak.seen ? refine(antennas, n, peak, guess) : PreambleMeasurement();
}

} // namespace cfisac::signal
