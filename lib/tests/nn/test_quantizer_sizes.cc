// SPDX-License-Identifier: GPL-3.0-or-later
// The quantizer from the smallest codebook to large ones.
#include <cfisac/nn/quantizer.h>

#include "support.h"

#include <algorithm>
#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

constexpr int64_t DIM = 4;

class QuantizerSizes : public testing::TestWithParam<int64_t>
{
protected:
    int64_t codewords() const { return GetParam(); }

    //! in float64, whose codewords are compared with rows as they are
    VectorQuantizer quantizer(double decay = 0.99, double epsilon = 1e-5) const
    {
        VectorQuantizer result(QuantizerOptions()
                                   .features(DIM)
                                   .codeword_dim(DIM)
                                   .codewords(codewords())
                                   .projector(false)
                                   .decay(decay)
                                   .epsilon(epsilon));
        result->to(at::kDouble);
        return result;
    }

    //! more rows than codewords, no two alike; few enough that k-means takes them all
    at::Tensor rows(uint64_t seed) const
    {
        return normal({codewords() + 500, DIM}, seed, at::kDouble);
    }

    //! indices [n] that use the codewords 0 … used−1 unequally, each at least once
    static at::Tensor indices(int64_t n, int64_t used, int64_t step)
    {
        const auto number = at::arange(n, at::kLong);
        return at::where(
            number < used, number, (number * number + step * number).remainder(used));
    }
};

int64_t distinct_rows(const at::Tensor& rows)
{
    return std::get<0>(at::unique_dim(rows, 0)).size(0);
}

double distortion(const at::Tensor& rows, const at::Tensor& codebook)
{
    const auto nearest = std::get<0>(at::cdist(rows, codebook).min(1));
    return nearest.square().mean().item<double>();
}

//! how many of each index, and the sums of their rows: one row after the other
std::pair<at::Tensor, at::Tensor> totals(const at::Tensor& rows,
                                         const at::Tensor& indices,
                                         int64_t codewords)
{
    auto counts = at::zeros({codewords}, at::kDouble);
    auto sums = at::zeros({codewords, DIM}, at::kDouble);
    auto count = counts.accessor<double, 1>();
    auto sum = sums.accessor<double, 2>();
    const auto row = rows.accessor<double, 2>();
    const auto index = indices.accessor<int64_t, 1>();
    for (int64_t l = 0; l < rows.size(0); l++) {
        count[index[l]] += 1;
        for (int64_t d = 0; d < DIM; d++) {
            sum[index[l]][d] += row[l][d];
        }
    }
    return {counts, sums};
}

} // namespace

TEST_P(QuantizerSizes, BitsPerIndexAreTheSmallestThatCount)
{
    const auto bits = quantizer()->bits_per_index();
    EXPECT_GE(std::pow(2.0, bits), codewords());
    EXPECT_LT(std::pow(2.0, bits - 1), codewords());
}

TEST_P(QuantizerSizes, IndexIsThatOfTheNearestCodeword)
{
    auto vq = quantizer();
    const auto all = rows(1);
    vq->initialise(all, 2, 1);
    const auto distance = at::cdist(all, vq->codebook());
    const auto chosen = distance.gather(1, vq->indices(all)).squeeze(1);
    EXPECT_TRUE(chosen.allclose(std::get<0>(distance.min(1)), 1e-9, 1e-7));
}

TEST_P(QuantizerSizes, KMeansStartsFromDistinctRows)
{
    auto vq = quantizer();
    const auto all = rows(3);
    vq->initialise(all, 4, 0);
    EXPECT_EQ(distinct_rows(vq->codebook()), codewords());
    EXPECT_EQ(distinct_rows(at::cat({vq->codebook(), all})), all.size(0))
        << "every codeword is one of the rows";
    vq->initialise(all, 4);
    EXPECT_EQ(distinct_rows(vq->codebook()), codewords());
    EXPECT_EQ(vq->distinct(vq->indices(all)), codewords());
}

TEST_P(QuantizerSizes, EveryIterationLowersTheDistortion)
{
    auto vq = quantizer();
    const auto all = rows(5);
    double before = std::numeric_limits<double>::infinity();
    for (const int64_t iterations : {0, 1, 3}) {
        vq->initialise(all, 6, iterations);
        const auto now = distortion(all, vq->codebook());
        EXPECT_LE(now, before * (1 + 1e-9)) << iterations << " iterations";
        before = now;
    }
    // below that of a single codeword
    EXPECT_LT(before, distortion(all, all.mean(0, true)));
}

// Unrolled: the start weighs γ^T, the batch of step t weighs (1 − γ) γ^(T−1−t).
TEST_P(QuantizerSizes, MovingAveragesAreTheWeightedSums)
{
    const double gamma = 0.8;
    const double epsilon = 1e-3;
    const int64_t steps = 5;
    auto vq = quantizer(gamma, epsilon);
    auto counts = at::full({codewords()}, std::pow(gamma, steps), at::kDouble);
    auto sums = vq->codebook() * std::pow(gamma, steps);
    for (int64_t t = 0; t < steps; t++) {
        const auto batch = rows(10 + t);
        const auto index = indices(batch.size(0), codewords(), t);
        const auto [count, sum] = totals(batch, index, codewords());
        const double weight = (1 - gamma) * std::pow(gamma, steps - 1 - t);
        counts += weight * count;
        sums += weight * sum;
        vq->ema_update(batch, index);
    }
    EXPECT_TRUE(vq->counts().allclose(counts, 1e-12, 1e-14));
    EXPECT_TRUE(vq->sums().allclose(sums, 1e-12, 1e-14));
    const auto total = counts.sum();
    const auto smooth = (counts + epsilon) / (total + codewords() * epsilon) * total;
    EXPECT_TRUE(vq->codebook().allclose(sums / smooth.unsqueeze(1), 1e-12, 1e-14));
}

TEST_P(QuantizerSizes, DeadCodewordsComeBackWithAccumulators)
{
    const double gamma = 0.5;
    auto vq = quantizer(gamma);
    const auto all = rows(20);
    const auto used = codewords() / 2;
    const auto index = indices(all.size(0), used, 1);
    for (int t = 0; t < 5; t++) {
        vq->ema_update(all, index);
    }
    const auto dead = codewords() - used;
    EXPECT_EQ(vq->dead(0.1), dead);
    const auto alive = vq->codebook().slice(0, 0, used).clone();
    EXPECT_EQ(vq->replace_dead(all, 0.1, 7), dead);
    EXPECT_EQ(vq->dead(0.1), 0);

    EXPECT_TRUE(vq->codebook().slice(0, 0, used).equal(alive));
    const auto back = vq->codebook().slice(0, used);
    EXPECT_EQ(distinct_rows(back), dead);
    EXPECT_EQ(distinct_rows(at::cat({back, all})), all.size(0)) << "rows of the batch";
    EXPECT_TRUE(vq->counts().slice(0, used).eq(1).all().item<bool>());
    EXPECT_TRUE(vq->sums().slice(0, used).equal(back));

    // The next update goes on from these accumulators.
    const auto start_counts = vq->counts().clone();
    const auto start_sums = vq->sums().clone();
    const auto next = vq->indices(all).reshape({-1});
    const auto [count, sum] = totals(all, next, codewords());
    vq->ema_update(all, next);
    EXPECT_TRUE(
        vq->counts().allclose(gamma * start_counts + (1 - gamma) * count, 1e-12, 1e-14));
    EXPECT_TRUE(
        vq->sums().allclose(gamma * start_sums + (1 - gamma) * sum, 1e-12, 1e-14));
    EXPECT_GE(vq->distinct(vq->indices(all)), std::max<int64_t>(2, codewords() / 2));
}

TEST_P(QuantizerSizes, PerplexityIsOneToTheNumberOfCodewords)
{
    const auto vq = quantizer();
    const auto each = at::arange(codewords(), at::kLong);
    EXPECT_NEAR(vq->perplexity(each.repeat({3})) / codewords(), 1, 1e-12);
    EXPECT_EQ(vq->distinct(each), codewords());
    for (const int64_t one : {int64_t{0}, codewords() - 1}) {
        const auto only = at::full({50}, one, at::kLong);
        EXPECT_NEAR(vq->perplexity(only), 1, 1e-12);
        EXPECT_EQ(vq->distinct(only), 1);
    }
}

INSTANTIATE_TEST_SUITE_P(Codewords, QuantizerSizes, testing::Values(2, 3, 64, 4096));

TEST(QuantizerBits, OfTheSizesInUse)
{
    const auto bits = [](int64_t codewords) {
        return VectorQuantizer(QuantizerOptions().codewords(codewords))->bits_per_index();
    };
    EXPECT_EQ(bits(2), 1);
    EXPECT_EQ(bits(3), 2);
    EXPECT_EQ(bits(64), 6);
    EXPECT_EQ(bits(65), 7);
    EXPECT_EQ(bits(4096), 12);
}
