// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>
#include <algorithm>
#include <boost/crc.hpp>
#include <cfisac/signal/preamble.h>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace cfisac::signal {

namespace {

using crc_ccitt = boost::crc_optimal<16, 0x1021, 0xffff, 0, false, false>;
constexpr int number_bits = 32;
constexpr int check_bits = 16;

// Bins to either side of the centre of a transform of `length` samples that lie within
// the occupied band.
int half_band(const FrameTiming& timing, int length)
{
    const std::int64_t bins =
        (timing.subcarriers / 2 - 1) * std::int64_t{length} / timing.fft_size;
    return std::max(1, static_cast<int>(bins));
}

// Zadoff-Chu with the `index`-th root that has no factor in common with its length.
std::vector<std::complex<double>> zadoff_chu(int length, int index)
{
    int root = 0;
    for (int found = -1; found < index;) {
        if (++root >= length) {
            throw std::invalid_argument(
                "the band has no preamble for transmit access point " +
                std::to_string(index) + ": make radio.preamble_length larger");
        }
        found += std::gcd(root, length) == 1 ? 1 : 0;
    }
    std::vector<std::complex<double>> sequence(length);
    for (std::int64_t k = 0; k < length; k++) {
        // k (k + length mod 2) root modulo twice the length, so that the phase stays exact
        const auto turns =
            k * (k + length % 2) % (2 * std::int64_t{length}) * root % (2 * length);
        sequence[k] = std::polar(1.0, -M_PI * static_cast<double>(turns) / length);
    }
    return sequence;
}

// A sequence of `length` samples and unit mean power with these values on the bins of the
// band, the centre left out.
Samples band_sequence(const FrameTiming& timing, int length, int index)
{
    const int half = half_band(timing, length);
    const auto values = zadoff_chu(2 * half, index);
    const auto spectrum =
        at::zeros({length}, at::TensorOptions().dtype(at::kComplexDouble));
    auto* const bins = reinterpret_cast<std::complex<double>*>(
        spectrum.data_ptr<c10::complex<double>>());
    for (int k = 0; k < half; k++) {
        bins[k + 1] = values[half + k];
        bins[length - half + k] = values[k];
    }
    const auto time = at::fft_ifft(spectrum) * (length / std::sqrt(2.0 * half));
    const auto narrow = time.to(at::kComplexFloat);
    const auto* const first = reinterpret_cast<const std::complex<float>*>(
        narrow.data_ptr<c10::complex<float>>());
    return Samples(first, first + length);
}

std::uint16_t check_of(std::uint32_t number)
{
    crc_ccitt check;
    for (int shift = number_bits - 8; shift >= 0; shift -= 8) {
        check.process_byte(static_cast<unsigned char>(number >> shift));
    }
    return static_cast<std::uint16_t>(check.checksum());
}

} // namespace

Samples preamble_sequence(const FrameTiming& timing, int n)
{
    if (n < 0 || n >= timing.transmitters) {
        throw std::invalid_argument("there is no transmit access point " +
                                    std::to_string(n));
    }
    return band_sequence(timing, timing.preamble_length, n);
}

Samples preamble(const FrameTiming& timing, int n)
{
    const auto sequence = preamble_sequence(timing, n);
    Samples repeated;
    repeated.reserve(timing.preamble_samples());
    for (int r = 0; r < timing.preamble_repetitions; r++) {
        repeated.insert(repeated.end(), sequence.begin(), sequence.end());
    }
    return repeated;
}

Samples header_sequence(const FrameTiming& timing)
{
    return band_sequence(timing, timing.header_symbol, 0);
}

Samples header(const FrameTiming& timing, std::uint64_t frame)
{
    Samples samples;
    if (timing.header_symbols == 0) {
        return samples;
    }
    const auto number = static_cast<std::uint32_t>(frame);
    const auto word = std::uint64_t{number} << check_bits | check_of(number);
    const auto sequence = header_sequence(timing);
    float sign = 1.0f;
    const auto append = [&] {
        for (const auto& sample : sequence) {
            samples.push_back(sign * sample);
        }
    };
    samples.reserve(timing.header_samples());
    append();
    for (int bit = number_bits + check_bits - 1; bit >= 0; bit--) {
        if ((word >> bit & 1) != 0) {
            sign = -sign;
        }
        append();
    }
    return samples;
}

std::optional<std::uint32_t> read_header(const FrameTiming& timing,
                                         const std::vector<Samples>& antennas)
{
    if (timing.header_symbols == 0) {
        throw std::invalid_argument("the scenario has no header to read");
    }
    const auto sequence = header_sequence(timing);
    std::vector<double> products(timing.header_symbols - 1, 0.0);
    for (const auto& samples : antennas) {
        if (samples.size() != static_cast<std::size_t>(timing.header_samples())) {
            throw std::invalid_argument(
                "a header has " + std::to_string(timing.header_samples()) +
                " samples, not " + std::to_string(samples.size()));
        }
        std::complex<double> before = 0.0;
        for (int symbol = 0; symbol < timing.header_symbols; symbol++) {
            std::complex<double> sum = 0.0;
            for (int k = 0; k < timing.header_symbol; k++) {
                sum += std::complex<double>(samples[symbol * timing.header_symbol + k] *
                                            std::conj(sequence[k]));
            }
            if (symbol > 0) {
                products[symbol - 1] += std::real(sum * std::conj(before));
            }
            before = sum;
        }
    }
    std::uint64_t word = 0;
    for (const double product : products) {
        word = word << 1 | (product < 0.0 ? 1 : 0);
    }
    const auto number = static_cast<std::uint32_t>(word >> check_bits);
    if (check_of(number) != static_cast<std::uint16_t>(word)) {
        return std::nullopt;
    }
    return number;
}

} // namespace cfisac::signal
