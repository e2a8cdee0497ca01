// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_turn.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace cfisac::signal {

template <typename Value>
void turn_back(const std::complex<float>* samples,
               std::complex<Value>* turned,
               std::size_t count,
               double frequency,
               double first)
{
    // Blocks begin at multiples of their length, wherever the samples do: how a stream is
    // cut into calls changes no bit. The phase of every block is exact.
    constexpr std::int64_t block = 256;
    const auto whole = static_cast<std::int64_t>(std::floor(first));
    const double fraction = first - std::floor(first);
    std::int64_t within = (whole % block + block) % block;

    const auto length = static_cast<std::int64_t>(count);
    std::complex<Value> ramp[block];
    const auto step = std::polar(1.0, -2.0 * M_PI * frequency);
    std::complex<double> power = 1.0;
    for (std::int64_t k = 0; k < std::min(block, within + length); k++) {
        ramp[k] = std::complex<Value>(power);
        power *= step;
    }
    for (std::int64_t from = 0; from < length; within = 0) {
        const double turns =
            frequency * (static_cast<double>(whole + from - within) + fraction);
        const auto start = std::complex<Value>(
            std::polar(1.0, -2.0 * M_PI * (turns - std::floor(turns))));
        const std::int64_t until = std::min(from + block - within, length);
        for (std::int64_t k = from; k < until; k++) {
            const auto& turn = ramp[k - from + within];
            const Value real = start.real() * turn.real() - start.imag() * turn.imag();
            const Value imag = start.real() * turn.imag() + start.imag() * turn.real();
            turned[k] = {samples[k].real() * real - samples[k].imag() * imag,
                         samples[k].real() * imag + samples[k].imag() * real};
        }
        from = until;
    }
}

template void turn_back(
    const std::complex<float>*, std::complex<float>*, std::size_t, double, double);
template void turn_back(
    const std::complex<float>*, std::complex<double>*, std::size_t, double, double);

} // namespace cfisac::signal
