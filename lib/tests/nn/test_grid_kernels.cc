// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/codeword_search.h"
#include "nn/grid_kernels.h"
#include "support.h"

#include <cfisac/nn/grid_encoder.h>

namespace cfisac::nn::detail {
namespace {

using test::normal;

class Search : public testing::TestWithParam<int64_t>
{
};

TEST_P(Search, FindsTheNearestCodeword)
{
    const auto codewords = GetParam();
    for (const int64_t features : {1, 7, 32, 130}) {
        const auto centres = normal({codewords, features}, 1 + features);
        const auto squares = normal({codewords}, 2).abs();
        const auto rows = normal({29, features}, 3);
        std::vector<int64_t> found(29, -1);
        CodewordSearch(centres, squares)(rows.data_ptr<float>(), 29, found.data());
        const auto values =
            squares.to(at::kDouble).unsqueeze(0) -
            2.0 * at::matmul(rows.to(at::kDouble), centres.to(at::kDouble).t());
        const auto best = values.amin(1);
        for (int64_t r = 0; r < 29; r++) {
            ASSERT_GE(found[r], 0);
            ASSERT_LT(found[r], codewords);
            // another one only where both are as near in float32
            EXPECT_NEAR(values[r][found[r]].item<double>(),
                        best[r].item<double>(),
                        1e-6 * features * (1.0 + std::abs(best[r].item<double>())));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Codewords,
                         Search,
                         testing::Values(1, 2, 15, 16, 17, 64, 100, 1024));

TEST(CodewordSearch, TakesTheLowestOfEqualOnes)
{
    const auto centres = at::ones({90, 3});
    auto squares = at::full({90}, 5.0f);
    squares[37] = 1.0f;
    squares[53] = 1.0f;
    squares[69] = 1.0f;
    const auto rows = at::zeros({6, 3});
    std::vector<int64_t> found(6, -1);
    CodewordSearch(centres, squares)(rows.data_ptr<float>(), 6, found.data());
    EXPECT_EQ(found, std::vector<int64_t>(6, 37));
}

class Storage : public testing::TestWithParam<at::ScalarType>
{
protected:
    // float32 results within rounding to the type
    void expect_near(const at::Tensor& stored, const at::Tensor& expected) const
    {
        const double tolerance = GetParam() == at::kBFloat16 ? 1.0 / 256 : 1e-5;
        const auto difference = (stored.to(at::kFloat) - expected).abs();
        EXPECT_LT((difference / (expected.abs() + 1.0)).max().item<double>(), tolerance);
    }
};

TEST_P(Storage, NormaliseIsReluOfGroupNormalization)
{
    for (const int64_t channels : {3, 16, 80}) {
        const auto groups = normalization_groups(channels);
        const auto planes = (normal({2, 49, channels}, 5) * 3.0 + 20.0).to(at::kFloat);
        const auto weight = normal({channels}, 6), bias = normal({channels}, 7);
        const auto input = planes.to(GetParam());
        const auto out = at::empty(planes.sizes(), GetParam());
        normalise(input, groups, weight, bias, 1e-5, out);
        const auto expected =
            at::group_norm(input.to(at::kFloat).transpose(1, 2).contiguous(),
                           groups,
                           weight,
                           bias,
                           1e-5)
                .transpose(1, 2)
                .relu();
        expect_near(out, expected);
    }
}

TEST_P(Storage, AccumulateAndRectify)
{
    const auto sum = normal({5, 37}, 1), term = normal({5, 37}, 2).to(GetParam());
    const auto expected = sum + term.to(at::kFloat);
    accumulate(sum, term);
    EXPECT_TRUE(sum.equal(expected));
    const auto positive = at::empty({5, 37}, GetParam());
    rectify(sum, positive);
    EXPECT_TRUE(positive.equal(sum.relu().to(GetParam()))); // rounded as LibTorch does
}

TEST_P(Storage, FeaturesAreThoseOfTheirDefinition)
{
    for (const int64_t lines : {1, 16, 23, 40}) {
        const auto power = normal({4, 9, lines}, 8).square() * 30.0;
        const auto illumination = normal({4, 9}, 9).square() + 1e-12;
        const auto directions = normal({2, 9, 4}, 10);
        const auto out = at::empty({4, 9, lines + 8}, GetParam());
        grid_features(power.contiguous(), illumination, directions, out);
        const auto weight = power.square();
        const auto place = (at::arange(lines) - 0.5 * (lines - 1.0)) * (2.0 / lines);
        const auto relative = illumination / illumination.mean(1, /*keepdim=*/true);
        const auto column = [](const at::Tensor& values) { return values.unsqueeze(2); };
        expect_near(
            out,
            at::cat({power.log1p() / 2,
                     column(power.sum(2).log1p() / 2),
                     column(power.amax(2).log1p() / 2),
                     column((weight * place).sum(2) / weight.sum(2)),
                     column((relative.clamp_min(1e-6).log() / 2).clamp(-3.0, 3.0)),
                     directions.repeat({2, 1, 1})},
                    2));
    }
}

INSTANTIATE_TEST_SUITE_P(Types, Storage, testing::Values(at::kFloat, at::kBFloat16));

TEST(Lift, ReadsProfilesAtTwoNeighbours)
{
    for (const int64_t lines : {1, 2, 9}) {
        // positions of velocities on the lines, some of them beyond the ends
        const auto at_lines = at::rand({5, 12, 1}) * (lines + 3.0) - 2.0;
        const auto weights = (1.0 - (at_lines - at::arange(lines)).abs()).clamp_min(0.0);
        const Lift lift(weights);
        const auto profiles = normal({2, lines}, 4);
        const auto padded = at::cat({profiles.flatten(), at::zeros({1})});
        for (int64_t place = 0; place < 5; place++) {
            const auto out = at::ones({2, 12});
            lift.add(place, padded.data_ptr<float>(), 2, out.data_ptr<float>());
            const auto expected = at::matmul(profiles, weights[place].t()) + 1.0;
            EXPECT_LT((out - expected).abs().max().item<double>(), 1e-5);
        }
    }
}

} // namespace
} // namespace cfisac::nn::detail
