// SPDX-License-Identifier: GPL-3.0-or-later
// Preambles and header against closed forms.
#include "small_scenario.h"
#include <ATen/ATen.h>
#include <cfisac/signal/preamble.h>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

namespace {

using namespace cfisac;
using namespace cfisac::signal;
using Complex = std::complex<double>;

FrameTiming timing_of(const char* name)
{
    return FrameTiming(test::example_scenario(name));
}

//! Σ_k x[k] exp(-j2πbk/L)/sqrt(L), [L].
std::vector<Complex> spectrum(const Samples& samples)
{
    const auto length = static_cast<std::int64_t>(samples.size());
    const auto time = at::empty({length}, at::kComplexDouble);
    auto* const entry = time.data_ptr<c10::complex<double>>();
    for (std::int64_t k = 0; k < length; k++) {
        entry[k] = {samples[k].real(), samples[k].imag()};
    }
    const auto bins = at::fft_fft(time) / std::sqrt(static_cast<double>(length));
    const auto* const bin = bins.data_ptr<c10::complex<double>>();
    std::vector<Complex> result;
    for (std::int64_t b = 0; b < length; b++) {
        result.emplace_back(bin[b].real(), bin[b].imag());
    }
    return result;
}

double mean_power(const Samples& samples)
{
    double sum = 0.0;
    for (const auto& sample : samples) {
        sum += std::norm(Complex(sample));
    }
    return sum / static_cast<double>(samples.size());
}

//! Σ_k a[k + lag] b*[k] / L, periodic.
Complex correlation(const Samples& a, const Samples& b, std::size_t lag)
{
    Complex sum = 0.0;
    for (std::size_t k = 0; k < b.size(); k++) {
        sum += Complex(a[(k + lag) % a.size()]) * std::conj(Complex(b[k]));
    }
    return sum / static_cast<double>(b.size());
}

//! Bins to either side of the centre in sequences of the two scenarios: within the occupied
//! band of 31/80 and 79/200 of the rate to either side.
int half_band(const std::string& name, std::size_t length)
{
    return static_cast<int>(name == "sdr_2x2" ? 31 * length / 80 : 79 * length / 200);
}

TEST(Preamble, FillsTheOccupiedBandButTheCentreEvenly)
{
    for (const char* name : {"sdr_2x2", "sdr_4x4"}) {
        const auto timing = timing_of(name);
        for (const auto& sequence : {preamble_sequence(timing, 0),
                                     preamble_sequence(timing, 1),
                                     header_sequence(timing)}) {
            const auto length = static_cast<int>(sequence.size());
            const int half = half_band(name, sequence.size());
            EXPECT_NEAR(mean_power(sequence), 1.0, 1e-6);
            const auto bins = spectrum(sequence);
            for (int b = 0; b < length; b++) {
                const int distance = std::min(b, length - b);
                const bool inside = distance >= 1 && distance <= half;
                EXPECT_NEAR(
                    std::norm(bins[b]), inside ? length / (2.0 * half) : 0.0, 1e-5);
            }
        }
        EXPECT_EQ(preamble_sequence(timing, 0).size(), 128u);
        EXPECT_EQ(header_sequence(timing).size(), 32u);
    }
}

//! What is flat in a band has the transform of the band as its periodic autocorrelation.
TEST(Preamble, AutocorrelationIsThatOfTheBand)
{
    for (const char* name : {"sdr_2x2", "sdr_4x4"}) {
        const auto timing = timing_of(name);
        const auto sequence = preamble_sequence(timing, 1);
        const int half = half_band(name, sequence.size());
        for (std::size_t lag = 0; lag < sequence.size(); lag++) {
            double expected = 0.0;
            for (int b = 1; b <= half; b++) {
                expected += std::cos(2.0 * M_PI * b * static_cast<double>(lag) /
                                     static_cast<double>(sequence.size())) /
                            half;
            }
            EXPECT_LT(std::abs(correlation(sequence, sequence, lag) - expected), 1e-6);
        }
    }
}

TEST(Preamble, ThoseOfTwoAccessPointsHaveLittleInCommon)
{
    for (const char* name : {"sdr_2x2", "sdr_4x4"}) {
        const auto timing = timing_of(name);
        const auto first = preamble_sequence(timing, 0);
        const auto second = preamble_sequence(timing, 1);
        for (std::size_t lag = 0; lag < first.size(); lag++) {
            EXPECT_LT(std::abs(correlation(first, second, lag)), 0.25) << lag;
        }
    }
}

TEST(Preamble, RepeatsItsSequence)
{
    const auto timing = timing_of("sdr_2x2");
    for (int n = 0; n < 2; n++) {
        const auto sequence = preamble_sequence(timing, n);
        const auto whole = preamble(timing, n);
        ASSERT_EQ(whole.size(), 2048u);
        for (std::size_t k = 0; k < whole.size(); k++) {
            EXPECT_EQ(whole[k], sequence[k % 128]);
        }
    }
}

//! Value k of a Zadoff-Chu sequence of even length is exp(-jπ root k²/length). The phases are
//! summed up here one after the other, in whole numbers: (k+1)² = k² + 2k + 1.
TEST(Preamble, IsZadoffChuAlsoWhereNumbersAreLarge)
{
    struct Size {
        int subcarriers, fft_size, preamble_length, access_points;
    };
    for (const Size& size : {Size{64, 80, 128, 3},
                             Size{4096, 6144, 4096, 2},
                             Size{65536, 65536, 1 << 18, 40},
                             Size{65536, 65536, 1 << 20, 2}}) {
        auto timing = timing_of("sdr_2x2");
        timing.subcarriers = size.subcarriers;
        timing.fft_size = size.fft_size;
        timing.preamble_length = size.preamble_length;
        timing.transmitters = size.access_points;
        const std::int64_t half = (size.subcarriers / 2 - 1) *
                                  std::int64_t{size.preamble_length} / size.fft_size;
        const std::int64_t length = 2 * half;
        std::int64_t root = 0;
        for (int found = 0; found < size.access_points;) {
            root++;
            found += std::gcd(root, length) == 1 ? 1 : 0;
        }
        const auto bins = spectrum(preamble_sequence(timing, size.access_points - 1));
        const double magnitude = std::sqrt(size.preamble_length / (2.0 * half));
        std::int64_t turns = 0; // in units of half a turn over the length
        double worst = 0.0;
        for (std::int64_t k = 0; k < length; k++) {
            const auto bin = k < half ? size.preamble_length - half + k : k - half + 1;
            const auto expected = std::polar(magnitude,
                                             -M_PI * static_cast<double>(turns) /
                                                 static_cast<double>(length));
            worst = std::max(worst, std::abs(bins[bin] - expected));
            turns = (turns + root * (2 * k + 1)) % (2 * length);
        }
        EXPECT_LT(worst, 1e-5) << size.preamble_length;
    }
}

TEST(Preamble, RefusesAnAccessPointWithoutOne)
{
    auto timing = timing_of("sdr_2x2");
    EXPECT_THROW(preamble_sequence(timing, 2), std::invalid_argument);
    EXPECT_THROW(preamble_sequence(timing, -1), std::invalid_argument);
    // 16 samples hold 6 bins to either side: of the roots below 12, four have no factor in
    // common with it.
    timing.preamble_length = 16;
    timing.transmitters = 5;
    EXPECT_EQ(preamble_sequence(timing, 3).size(), 16u);
    try {
        preamble_sequence(timing, 4);
        FAIL() << "a fifth root of 12";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("preamble_length"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find(" 4:"), std::string::npos);
    }
}

//! CRC-16 of CCITT bit by bit: its check value of "123456789" is 0x29b1.
std::uint16_t crc16(const std::vector<std::uint8_t>& bytes)
{
    std::uint32_t crc = 0xffff;
    for (const auto byte : bytes) {
        for (int bit = 7; bit >= 0; bit--) {
            const bool out = ((crc >> 15 ^ byte >> bit) & 1) != 0;
            crc = crc << 1 & 0xffff;
            crc ^= out ? 0x1021 : 0;
        }
    }
    return static_cast<std::uint16_t>(crc);
}

TEST(Header, IsDifferentialAndHasTheNumberAndItsCheck)
{
    ASSERT_EQ(crc16({'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0x29b1);
    const auto timing = timing_of("sdr_2x2");
    const auto sequence = header_sequence(timing);
    const std::uint32_t number = 0x9a03f1c7;
    const auto samples = header(timing, 0xffffffff00000000u | number);
    ASSERT_EQ(samples.size(), 49u * 32);
    EXPECT_NEAR(mean_power(samples), 1.0, 1e-6);
    const auto word = std::uint64_t{number} << 16 | crc16({0x9a, 0x03, 0xf1, 0xc7});
    float sign = 1.0f;
    for (int symbol = 0; symbol < 49; symbol++) {
        if (symbol > 0 && (word >> (48 - symbol) & 1) != 0) {
            sign = -sign;
        }
        for (int k = 0; k < 32; k++) {
            EXPECT_EQ(samples[symbol * 32 + k], sign * sequence[k]);
        }
    }
}

//! Signal of unit power through two channels, and noise of 5 dB more.
std::vector<Samples> received(const Samples& sent, std::mt19937& engine)
{
    std::normal_distribution<double> normal(0.0, std::sqrt(std::pow(10.0, 0.5) / 2.0));
    std::vector<Samples> antennas;
    for (int a = 0; a < 2; a++) {
        const auto turn = std::polar(1.0, 1.0 + 2.0 * a);
        antennas.emplace_back();
        for (const auto& sample : sent) {
            const double real = normal(engine);
            antennas[a].emplace_back(Complex(sample) * turn +
                                     Complex(real, normal(engine)));
        }
    }
    return antennas;
}

TEST(Header, IsReadInNoise)
{
    std::mt19937 engine(5);
    for (const char* name : {"sdr_2x2", "sdr_4x4"}) {
        const auto timing = timing_of(name);
        for (int i = 0; i < 500; i++) {
            const auto number = static_cast<std::uint32_t>(engine());
            EXPECT_EQ(read_header(timing, received(header(timing, number), engine)),
                      number);
        }
    }
}

TEST(Header, IsRefusedWithAWrongBitAndInNoiseAlone)
{
    std::mt19937 engine(6);
    const auto timing = timing_of("sdr_2x2");
    const auto right = header(timing, 123456);
    EXPECT_EQ(read_header(timing, {right}), 123456u);
    for (int symbol = 1; symbol < 49; symbol++) {
        auto wrong = right; // one bit: the sign of all that follows
        for (std::size_t k = symbol * 32; k < wrong.size(); k++) {
            wrong[k] = -wrong[k];
        }
        EXPECT_EQ(read_header(timing, {wrong}), std::nullopt) << symbol;
    }
    // The check lets one in 65536 pass.
    int passed = 0;
    for (int i = 0; i < 1000; i++) {
        const auto noise = received(Samples(right.size()), engine);
        passed += read_header(timing, noise).has_value() ? 1 : 0;
    }
    EXPECT_LE(passed, 1);
}

TEST(Header, RefusesWrongArguments)
{
    auto timing = timing_of("sdr_2x2");
    EXPECT_THROW(read_header(timing, {Samples(1567)}), std::invalid_argument);
    timing.header_symbols = 0;
    EXPECT_TRUE(header(timing, 1).empty());
    EXPECT_THROW(read_header(timing, {Samples()}), std::invalid_argument);
}

} // namespace
