// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/front_end.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cfisac::signal {
namespace {

TEST(MeanPower, IsThatOfTheSamplesAndTellsBadOnes)
{
    const auto frame = at::randn({1, 4, 33, 77}, at::kComplexFloat);
    const double wanted =
        frame.to(at::kComplexDouble).abs().square().mean().item<double>();
    EXPECT_NEAR(mean_power(frame), wanted, 1e-6 * wanted);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                            -std::numeric_limits<float>::infinity()}) {
        auto broken = frame.clone();
        at::view_as_real(broken)[0][3][32][76][1] = bad;
        EXPECT_FALSE(std::isfinite(mean_power(broken)));
    }
}

} // namespace
} // namespace cfisac::signal
