// SPDX-License-Identifier: GPL-3.0-or-later
#include "signal/synchronisation_turn.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {

using cfisac::signal::turn_back;

std::vector<std::complex<float>> noise(std::size_t count)
{
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    std::vector<std::complex<float>> samples(count);
    for (auto& sample : samples) {
        sample = {normal(random), normal(random)};
    }
    return samples;
}

TEST(TurnBack, IsTheClosedForm)
{
    const auto samples = noise(3000);
    for (const double first : {0.0, 100000.25, -700.5}) {
        const double frequency = -0.0123;
        std::vector<std::complex<double>> turned(samples.size());
        turn_back(samples.data(), turned.data(), samples.size(), frequency, first);
        for (std::size_t k = 0; k < samples.size(); k++) {
            const double phase =
                -2.0 * M_PI *
                std::fmod(frequency * (static_cast<double>(k) + first), 1.0);
            const auto expected =
                std::complex<double>(samples[k]) * std::polar(1.0, phase);
            ASSERT_LT(std::abs(turned[k] - expected), 1e-11) << first << " " << k;
        }
    }
}

TEST(TurnBack, DoesNotDependOnHowSamplesAreCut)
{
    const auto samples = noise(2000);
    std::vector<std::complex<float>> whole(samples.size());
    turn_back(samples.data(), whole.data(), samples.size(), 0.0371, 0.0);
    for (const std::size_t piece : {1, 7, 255, 256, 999}) {
        std::vector<std::complex<float>> pieces(samples.size());
        for (std::size_t from = 0; from < samples.size(); from += piece) {
            const auto count = std::min(piece, samples.size() - from);
            turn_back(samples.data() + from,
                      pieces.data() + from,
                      count,
                      0.0371,
                      static_cast<double>(from));
        }
        ASSERT_EQ(pieces, whole) << piece;
    }
}

} // namespace
