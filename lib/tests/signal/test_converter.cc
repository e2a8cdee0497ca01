// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/converter.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace {

using cfisac::signal::Converter;
using Samples = std::vector<std::complex<float>>;

//! A sine of full scale whose phase hits every step.
Samples full_scale(std::size_t count, double amplitude = 1.0)
{
    Samples samples;
    for (std::size_t k = 0; k < count; k++) {
        const double turns = std::fmod(0.618033988749895 * k, 1.0);
        samples.emplace_back(std::polar(amplitude, 2.0 * M_PI * turns));
    }
    return samples;
}

TEST(Converter, QuantisationNoiseOfAFullScaleSine)
{
    for (const int bits : {8, 10, 12, 14, 16}) {
        const auto samples = full_scale(100003);
        auto converted = samples;
        Converter(bits).convert(converted.data(), converted.size());
        double signal = 0.0;
        double noise = 0.0;
        for (std::size_t k = 0; k < samples.size(); k++) {
            signal += std::norm(samples[k]);
            noise += std::norm(samples[k] - converted[k]);
        }
        // Full scale is 2^(bits - 1) - 1 steps.
        const double lost = 20.0 * std::log10(1.0 - std::pow(2.0, 1 - bits));
        EXPECT_NEAR(10.0 * std::log10(signal / noise), 6.02 * bits + 1.76 + lost, 0.1)
            << bits << " bits";
    }
}

TEST(Converter, ClipsAndCounts)
{
    const float step = 1.0f / 127.0f;
    Samples samples{{1.0f, -1.0f},
                    {1.01f, 0.0f},
                    {-0.2f, -3.0f},
                    {5.0f, 5.0f},
                    {0.4f * step, -0.6f * step},
                    {INFINITY, 0.0f}};
    EXPECT_EQ(Converter(8).convert(samples.data(), samples.size()), 4);
    EXPECT_EQ(samples[0], std::complex<float>(1.0f, -1.0f));
    EXPECT_EQ(samples[1], std::complex<float>(1.0f, 0.0f));
    EXPECT_NEAR(samples[2].real(), -25.0f * step, 1e-6);
    EXPECT_EQ(samples[2].imag(), -1.0f);
    EXPECT_EQ(samples[3], std::complex<float>(1.0f, 1.0f));
    EXPECT_EQ(samples[4], std::complex<float>(0.0f, -step));
    EXPECT_EQ(samples[5].real(), 1.0f);
}

TEST(Converter, EverySampleBeyondFullScaleIsCounted)
{
    // |cos| > 1/1.25 or |sin| > 1/1.25 in eight of the arcs of acos(0.8)
    auto samples = full_scale(100003, 1.25);
    const auto clipped = Converter(12).convert(samples.data(), samples.size());
    const double expected = 8.0 * std::acos(0.8) / (2.0 * M_PI);
    EXPECT_NEAR(static_cast<double>(clipped) / samples.size(), expected, 1e-3);
}

TEST(Converter, IdealOneChangesNothing)
{
    auto samples = full_scale(100, 3.0);
    EXPECT_EQ(Converter(0).convert(samples.data(), samples.size()), 0);
    EXPECT_EQ(samples, full_scale(100, 3.0));
}

TEST(Converter, RefusesOtherNumbersOfBits)
{
    for (const int bits : {-1, 1, 25}) {
        EXPECT_THROW(Converter{bits}, std::invalid_argument) << bits;
    }
}

} // namespace
