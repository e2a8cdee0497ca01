// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_turn.h"

#include <algorithm>
#include <cmath>

namespace cfisac::signal {

template <typename Value>
void turn_back(const std::complex<float>* samples,
               std::complex<Value>* turned,
               std::size_t count,
               double frequency,
               double first)
{
    constexpr std::size_t block = 256;
    std::complex<Value> ramp[block];
    for (std::size_t k = 0; k < std::min(block, count); k++) {
        ramp[k] = std::complex<Value>(
            std::polar(1.0, -2.0 * M_PI * frequency * static_cast<double>(k)));
    }
    for (std::size_t from = 0; from < count; from += block) {
        // The phase of every block is exact, whatever came before it.
        const double turns = frequency * (first + static_cast<double>(from));
        const auto start = std::complex<Value>(
            std::polar(1.0, -2.0 * M_PI * (turns - std::floor(turns))));
        const std::size_t length = std::min(block, count - from);
        for (std::size_t k = 0; k < length; k++) {
            const Value real =
                start.real() * ramp[k].real() - start.imag() * ramp[k].imag();
            const Value imag =
                start.real() * ramp[k].imag() + start.imag() * ramp[k].real();
            const auto& sample = samples[from + k];
            turned[from + k] = {sample.real() * real - sample.imag() * imag,
                                sample.real() * imag + sample.imag() * real};
        }
    }
}

template void turn_back(
    const std::complex<float>*, std::complex<float>*, std::size_t, double, double);
template void turn_back(
    const std::complex<float>*, std::complex<double>*, std::size_t, double, double);

} // namespace cfisac::signal
