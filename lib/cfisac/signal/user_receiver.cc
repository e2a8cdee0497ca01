// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/transmitter.h>
#include <cfisac/signal/user_receiver.h>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

// Loop that follows the phase: shares of the error that go into phase and rate.
constexpr double phase_gain = 0.4;
constexpr double rate_gain = 0.05;

double ratio(double over, double under)
{
    return under > 0.0 ? over / under : std::numeric_limits<double>::quiet_NaN();
}

std::vector<std::complex<double>> values_of(const char* name,
                                            const at::Tensor& tensor,
                                            std::int64_t s,
                                            std::int64_t t)
{
    if (!tensor.defined() || tensor.sizes() != at::IntArrayRef({s, t})) {
        std::ostringstream text;
        text << name << " must have shape [" << s << ", " << t << "], has "
             << (tensor.defined() ? tensor.sizes() : at::IntArrayRef());
        throw std::invalid_argument(text.str());
    }
    const auto host = tensor.resolve_conj().to(at::kCPU, at::kComplexDouble).contiguous();
    const auto* first = reinterpret_cast<const std::complex<double>*>(host.data_ptr());
    return {first, first + host.numel()};
}

} // namespace

void UserScores::add(const UserScores& other)
{
    symbols += other.symbols;
    error_energy += other.error_energy;
    reference_energy += other.reference_energy;
    signal_power += other.signal_power;
    disturbance_power += other.disturbance_power;
    bits += other.bits;
    bit_errors += other.bit_errors;
}

double UserScores::evm() const
{
    return std::sqrt(ratio(error_energy, reference_energy));
}

double UserScores::evm_db() const { return 20.0 * std::log10(evm()); }

double UserScores::sinr_db() const
{
    return 10.0 * std::log10(ratio(std::max(signal_power, 0.0), disturbance_power));
}

double UserScores::bit_error_rate() const
{
    return ratio(static_cast<double>(bit_errors), static_cast<double>(bits));
}

UserReceiver::UserReceiver(const Layout& layout,
                           std::int64_t user,
                           std::int64_t training_symbols,
                           bool track_phase,
                           std::int64_t silent)
    : d_subcarriers(layout.subcarriers()),
      d_symbols(layout.symbols()),
      d_training(training_symbols),
      d_track_phase(track_phase),
      d_silent(silent),
      d_bits(static_cast<std::uint64_t>(layout.scenario.waveform.modulation))
{
    const std::int64_t users = layout.scenario.users.count;
    if (user < 0 || user >= users) {
        throw std::invalid_argument("user: " + std::to_string(user) +
                                    " is not one of 0 … " + std::to_string(users - 1));
    }
    if (training_symbols < 1 || training_symbols >= d_symbols) {
        throw std::invalid_argument(
            "training symbols: " + std::to_string(training_symbols) +
            " are not between 1 and " + std::to_string(d_symbols - 1));
    }
    if (silent >= d_subcarriers) {
        throw std::invalid_argument("silent subcarrier: " + std::to_string(silent) +
                                    " is not one of " + std::to_string(d_subcarriers));
    }
    const auto points = constellation(layout.scenario.waveform.modulation);
    const auto* first = reinterpret_cast<const Complex*>(points.data_ptr());
    d_points.assign(first, first + points.numel());
}

std::size_t UserReceiver::decide(Complex symbol) const
{
    std::size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t word = 0; word < d_points.size(); word++) {
        const double distance = std::norm(symbol - d_points[word]);
        if (distance < least) {
            least = distance;
            nearest = word;
        }
    }
    return nearest;
}

std::vector<double> UserReceiver::phases(const std::vector<Complex>& received,
                                         const std::vector<Complex>& sent,
                                         std::vector<Complex>& channel) const
{
    const auto at = [&](std::int64_t i, std::int64_t t) { return i * d_symbols + t; };
    std::vector<double> phase(d_symbols, 0.0);
    double rate = 0.0;
    if (d_track_phase && d_training > 1) {
        // What the products with the known symbols turn by from one to the next.
        Complex turn = 0.0;
        for (std::int64_t i = 0; i < d_subcarriers; i++) {
            for (std::int64_t t = 0; i != d_silent && t + 1 < d_training; t++) {
                const auto now = received[at(i, t)] * std::conj(sent[at(i, t)]);
                const auto next = received[at(i, t + 1)] * std::conj(sent[at(i, t + 1)]);
                turn += next * std::conj(now);
            }
        }
        rate = std::arg(turn);
        for (std::int64_t t = 0; t < d_training; t++) {
            phase[t] = rate * (static_cast<double>(t) - 0.5 * (d_training - 1));
        }
    }
    for (std::int64_t i = 0; i < d_subcarriers; i++) {
        Complex sum = 0.0;
        double energy = 0.0;
        for (std::int64_t t = 0; t < d_training; t++) {
            sum += received[at(i, t)] * std::polar(1.0, -phase[t]) *
                   std::conj(sent[at(i, t)]);
            energy += std::norm(sent[at(i, t)]);
        }
        channel[i] = energy > 0.0 ? sum / energy : 0.0;
    }
    for (std::int64_t t = d_training; d_track_phase && t < d_symbols; t++) {
        phase[t] = phase[t - 1] + rate;
        const auto turn = std::polar(1.0, -phase[t]);
        Complex agreed = 0.0;
        for (std::int64_t i = 0; i < d_subcarriers; i++) {
            if (i == d_silent || channel[i] == 0.0) {
                continue;
            }
            const auto turned = received[at(i, t)] * turn;
            agreed +=
                turned * std::conj(channel[i] * d_points[decide(turned / channel[i])]);
        }
        const double error = agreed == 0.0 ? 0.0 : std::arg(agreed);
        phase[t] += phase_gain * error;
        rate += rate_gain * error;
    }
    return phase;
}

void UserReceiver::count(const std::vector<Complex>& turned,
                         const std::vector<Complex>& sent,
                         const std::vector<Complex>& equalised,
                         UserFrame& frame) const
{
    auto& scores = frame.scores;
    for (std::int64_t i = 0; i < d_subcarriers; i++) {
        frame.sinr.push_back(std::numeric_limits<double>::quiet_NaN());
        if (i == d_silent) {
            continue;
        }
        const auto first = i * d_symbols;
        for (auto k = first + d_training; k < first + d_symbols; k++) {
            scores.symbols++;
            scores.error_energy += std::norm(equalised[k] - sent[k]);
            scores.reference_energy += std::norm(sent[k]);
            scores.bits += d_bits;
            scores.bit_errors += static_cast<std::uint64_t>(
                __builtin_popcountll(decide(equalised[k]) ^ decide(sent[k])));
        }
        Complex sum = 0.0;
        double energy = 0.0;
        for (auto k = first; k < first + d_symbols; k++) {
            sum += turned[k] * std::conj(sent[k]);
            energy += std::norm(sent[k]);
        }
        const auto channel = sum / energy;
        double rest = 0.0;
        for (auto k = first; k < first + d_symbols; k++) {
            rest += std::norm(turned[k] - channel * sent[k]);
        }
        rest /= static_cast<double>(d_symbols - 1);
        const double signal = std::norm(channel) - rest / energy;
        scores.signal_power += signal;
        scores.disturbance_power += rest;
        frame.sinr.back() = ratio(std::max(signal, 0.0), rest);
    }
}

UserFrame UserReceiver::operator()(const at::Tensor& received,
                                   const at::Tensor& sent) const
{
    auto turned = values_of("received frame", received, d_subcarriers, d_symbols);
    const auto known = values_of("payload", sent, d_subcarriers, d_symbols);
    std::vector<Complex> channel(d_subcarriers);
    const auto phase = phases(turned, known, channel);
    UserFrame frame;
    frame.symbols = at::zeros({d_subcarriers, d_symbols}, at::kComplexFloat);
    auto* out = reinterpret_cast<std::complex<float>*>(frame.symbols.data_ptr());
    std::vector<Complex> equalised(turned.size());
    for (std::int64_t i = 0; i < d_subcarriers; i++) {
        for (std::int64_t t = 0; t < d_symbols; t++) {
            const auto k = i * d_symbols + t;
            turned[k] *= std::polar(1.0, -phase[t]);
            if (i != d_silent && channel[i] != 0.0) {
                equalised[k] = turned[k] / channel[i];
                out[k] = std::complex<float>(equalised[k]);
            }
        }
        frame.channel.emplace_back(channel[i]);
    }
    count(turned, known, equalised, frame);
    return frame;
}

} // namespace cfisac::signal
