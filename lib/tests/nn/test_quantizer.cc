// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/quantizer.h>

#include "support.h"

#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

QuantizerOptions small()
{
    return QuantizerOptions().features(6).codeword_dim(10).codewords(7);
}

//! with a codebook of the same spread as the projected latent, so that all are in use
VectorQuantizer spread(const QuantizerOptions& options, const at::Tensor& latent)
{
    VectorQuantizer quantizer(options);
    quantizer->to(latent.scalar_type());
    quantizer->initialise(quantizer->project(latent), 5, 3);
    return quantizer;
}

double value_of(const at::Tensor& tensor, int64_t i, int64_t j)
{
    return tensor[i][j].item<double>();
}

} // namespace

TEST(Quantizer, PaperSizeHasThePaperParameters)
{
    VectorQuantizer quantizer;
    EXPECT_EQ(parameter_count(*quantizer), 65536);
    EXPECT_EQ(projector_parameter_count({}), 65536);
    EXPECT_EQ(quantizer->codebook().numel(), 16384);
    EXPECT_EQ(codebook_parameter_count({}), 16384);
    EXPECT_EQ(quantizer->bits_per_index(), 5);
    EXPECT_EQ(quantizer->bits_per_index() * 4 * 64 * 64, 81920);
    EXPECT_TRUE(quantizer->counts().equal(at::ones({32})));
    EXPECT_EQ(VectorQuantizer(small())->bits_per_index(), 3);
    EXPECT_EQ(VectorQuantizer(small().codewords(1))->bits_per_index(), 0);
}

TEST(Quantizer, CodebookAndAccumulatorsAreSaved)
{
    const auto state = state_of(*VectorQuantizer(small()), "quantizer.1");
    ASSERT_EQ(state.size(), 4u);
    EXPECT_EQ(state.at("quantizer.1.projector.weight").sizes(), (at::IntArrayRef{10, 6}));
    EXPECT_EQ(state.at("quantizer.1.codebook").sizes(), (at::IntArrayRef{7, 10}));
    EXPECT_EQ(state.at("quantizer.1.counts").sizes(), (at::IntArrayRef{7}));
    EXPECT_EQ(state.at("quantizer.1.sums").sizes(), (at::IntArrayRef{7, 10}));
}

TEST(Quantizer, FoldedSearchEqualsTheDistance)
{
    for (const bool projector : {true, false}) {
        const auto latent = normal({3, 6, 2, 4, 5}, 11, at::kDouble);
        auto quantizer =
            spread(small().projector(projector).codeword_dim(projector ? 10 : 6), latent);
        const auto rows = quantizer->project(latent);
        const auto distances =
            (rows.unsqueeze(1) - quantizer->codebook().unsqueeze(0)).square().sum(2);
        const auto found = quantizer->indices(latent);
        EXPECT_EQ(found.sizes(), (at::IntArrayRef{3, 40}));
        EXPECT_TRUE(found.reshape({-1}).equal(distances.argmin(1)));
        EXPECT_GE(quantizer->distinct(found), 5);
    }
}

TEST(Quantizer, RowsAreBatchFirstThenRowMajor)
{
    const auto latent = normal({2, 6, 2, 3, 4}, 12);
    VectorQuantizer quantizer(small().projector(false).codeword_dim(6));
    const auto rows = quantizer->project(latent);
    for (int64_t b = 0; b < 2; b++) {
        for (int64_t l = 0; l < 24; l++) {
            EXPECT_TRUE(rows[b * 24 + l].equal(
                latent[b].select(1, l / 12).select(1, l / 4 % 3).select(1, l % 4)));
        }
    }
}

TEST(Quantizer, LookupPutsEachCodewordInItsPlace)
{
    const auto latent = normal({2, 6, 3, 2, 4}, 13);
    auto quantizer = spread(small(), latent);
    const auto indices = quantizer->indices(latent);
    const auto found = quantizer->lookup(indices, {3, 2, 4});
    ASSERT_EQ(found.sizes(), (at::IntArrayRef{2, 10, 3, 2, 4}));
    for (int64_t b = 0; b < 2; b++) {
        for (int64_t l = 0; l < 24; l++) {
            EXPECT_TRUE(found[b].reshape({10, 24}).select(1, l).equal(
                quantizer->codebook()[indices[b][l].item<int64_t>()]));
        }
    }
    EXPECT_TRUE(quantizer->forward(latent).quantized.equal(found));
    EXPECT_TRUE(quantizer->forward(latent).indices.equal(indices));
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->lookup(indices, {3, 2, 3});
        },
        {"[2, 24]", "[batch, 18]", "[3, 2, 3]"});
    expect_error<std::invalid_argument>([&] { quantizer->lookup(indices + 7, {24}); },
                                        {"outside the codebook of 7"});
    expect_error<std::invalid_argument>([&] { quantizer->lookup(indices - 7, {24}); },
                                        {"index -7"});
    expect_error<std::invalid_argument>(
        [&] { quantizer->lookup(indices.to(at::kFloat), {24}); }, {"Float", "int64"});
}

TEST(Quantizer, StraightThroughGradientIsTheIdentity)
{
    const auto latent = normal({2, 6, 3, 4}, 14, at::kDouble).requires_grad_();
    const auto upstream = normal({2, 6, 3, 4}, 15, at::kDouble);
    auto quantizer =
        spread(small().projector(false).codeword_dim(6), latent.detach().clone());
    quantizer->forward(latent).quantized.backward(upstream);
    EXPECT_TRUE(latent.grad().equal(upstream));
}

TEST(Quantizer, GradientPassesTheProjector)
{
    const auto latent = normal({2, 6, 12}, 16, at::kDouble).requires_grad_();
    const auto upstream = normal({2, 10, 12}, 17, at::kDouble);
    auto quantizer = spread(small(), latent.detach().clone());
    quantizer->forward(latent).quantized.backward(upstream);
    const auto weight = quantizer->named_parameters()["projector.weight"];
    EXPECT_TRUE(latent.grad().allclose(at::matmul(weight.t(), upstream)));
    const auto expected = at::einsum("bdl,bhl->dh", {upstream, latent});
    EXPECT_TRUE(weight.grad().allclose(expected));
}

TEST(Quantizer, CommitmentIsTheMeanSquareAndMovesTheLatentOnly)
{
    const auto latent = normal({2, 6, 12}, 18, at::kDouble).requires_grad_();
    auto quantizer = spread(small(), latent.detach().clone());
    const auto out = quantizer->forward(latent);
    double sum = 0;
    const auto indices = out.indices.reshape({-1});
    for (int64_t row = 0; row < 24; row++) {
        for (int64_t d = 0; d < 10; d++) {
            sum += std::pow(
                value_of(out.projected, row, d) -
                    value_of(quantizer->codebook(), indices[row].item<int64_t>(), d),
                2);
        }
    }
    EXPECT_NEAR(out.commitment.item<double>(), sum / 240, 1e-12);
    auto leaves = parameters_of(*quantizer);
    leaves.emplace_back("latent", latent);
    expect_gradients([&] { return quantizer->forward(latent).commitment; }, leaves);
    EXPECT_FALSE(quantizer->codebook().requires_grad());
}

TEST(Quantizer, MovingAverageEqualsTheDoubleLoop)
{
    const double gamma = 0.9;
    const double epsilon = 1e-2;
    const int64_t n = 29;
    VectorQuantizer quantizer(small().decay(gamma).epsilon(epsilon));
    quantizer->to(at::kDouble);
    std::vector<double> counts(7, 1);
    std::vector<std::vector<double>> sums(7, std::vector<double>(10));
    for (int64_t j = 0; j < 7; j++) {
        for (int64_t d = 0; d < 10; d++) {
            sums[j][d] = value_of(quantizer->codebook(), j, d);
        }
    }
    for (uint64_t step = 0; step < 4; step++) {
        const auto rows = normal({n, 10}, 20 + step, at::kDouble);
        // the last codeword is never used
        const auto indices =
            (normal({n}, 30 + step).abs() * 4).to(at::kLong).clamp_max(5);
        for (int64_t j = 0; j < 7; j++) {
            double used = 0;
            std::vector<double> sum(10);
            for (int64_t l = 0; l < n; l++) {
                if (indices[l].item<int64_t>() == j) {
                    used += 1;
                    for (int64_t d = 0; d < 10; d++) {
                        sum[d] += value_of(rows, l, d);
                    }
                }
            }
            counts[j] = gamma * counts[j] + (1 - gamma) * used;
            for (int64_t d = 0; d < 10; d++) {
                sums[j][d] = gamma * sums[j][d] + (1 - gamma) * sum[d];
            }
        }
        quantizer->ema_update(rows, indices);
    }
    double total = 0;
    for (const double count : counts) {
        total += count;
    }
    for (int64_t j = 0; j < 7; j++) {
        EXPECT_NEAR(quantizer->counts()[j].item<double>(), counts[j], 1e-12);
        const double divisor = (counts[j] + epsilon) / (total + 7 * epsilon) * total;
        for (int64_t d = 0; d < 10; d++) {
            EXPECT_NEAR(value_of(quantizer->sums(), j, d), sums[j][d], 1e-12);
            EXPECT_NEAR(
                value_of(quantizer->codebook(), j, d), sums[j][d] / divisor, 1e-12);
        }
    }
}

TEST(Quantizer, UpdateDoesNotDisturbAPendingBackward)
{
    const auto latent = normal({2, 6, 12}, 40).requires_grad_();
    auto quantizer = spread(small(), latent.detach().clone());
    const auto out = quantizer->forward(latent);
    quantizer->ema_update(out.projected, out.indices);
    EXPECT_NO_THROW((out.quantized.sum() + out.commitment).backward());
}

TEST(Quantizer, KMeansFindsSeparateClusters)
{
    const auto centres = 10 * normal({7, 10}, 41, at::kDouble);
    const auto rows =
        (centres.unsqueeze(1) + 0.01 * normal({7, 300, 10}, 42, at::kDouble))
            .reshape({-1, 10});
    VectorQuantizer quantizer(small());
    quantizer->to(at::kDouble);
    quantizer->initialise(rows, 3);
    const auto distances = at::cdist(centres, quantizer->codebook());
    EXPECT_LT(std::get<0>(distances.min(1)).max().item<double>(), 0.02);
    EXPECT_EQ(quantizer->distinct(distances.argmin(1)), 7);
    EXPECT_TRUE(quantizer->counts().eq(1).all().item<bool>());
    EXPECT_TRUE(quantizer->sums().equal(quantizer->codebook()));
}

TEST(Quantizer, KMeansDependsOnItsSeedOnly)
{
    const auto rows = normal({3000, 10}, 43);
    VectorQuantizer a(small());
    VectorQuantizer b(small().seed(9));
    a->initialise(rows, 1);
    at::manual_seed(77);
    b->initialise(rows, 1);
    EXPECT_TRUE(a->codebook().equal(b->codebook()));
    b->initialise(rows, 2);
    EXPECT_FALSE(a->codebook().equal(b->codebook()));
}

TEST(Quantizer, KMeansOnFewerRowsThanCodewords)
{
    VectorQuantizer quantizer(small());
    const auto rows = normal({3, 10}, 44);
    quantizer->initialise(rows, 1);
    EXPECT_LT(
        std::get<0>(at::cdist(rows, quantizer->codebook()).min(1)).max().item<float>(),
        1e-3);
    EXPECT_TRUE(at::isfinite(quantizer->codebook()).all().item<bool>());
    EXPECT_NO_THROW(quantizer->initialise(at::zeros({5, 10}), 1));
    EXPECT_TRUE(quantizer->codebook().equal(at::zeros({7, 10})));
}

TEST(Quantizer, DeadCodewordsAreReplacedWithTheirAccumulators)
{
    const auto rows = normal({50, 10}, 45);
    VectorQuantizer quantizer(small().decay(0.5));
    const auto indices = at::arange(50, at::kLong).remainder(3); // codewords 3 … 6 unused
    for (int i = 0; i < 4; i++) {
        quantizer->ema_update(rows, indices);
    }
    EXPECT_EQ(quantizer->dead(0.5), 4);
    const auto before = quantizer->codebook().clone();
    EXPECT_EQ(quantizer->replace_dead(rows, 0.5, 1), 4);
    EXPECT_EQ(quantizer->dead(0.5), 0);
    for (int64_t j = 0; j < 7; j++) {
        const auto codeword = quantizer->codebook()[j];
        if (j < 3) {
            EXPECT_TRUE(codeword.equal(before[j]));
            continue;
        }
        EXPECT_EQ((rows == codeword).all(1).sum().item<int64_t>(), 1)
            << "one of the rows";
        EXPECT_EQ(quantizer->counts()[j].item<float>(), 1);
        EXPECT_TRUE(quantizer->sums()[j].equal(codeword));
    }
    EXPECT_EQ(at::cdist(quantizer->codebook(), quantizer->codebook())
                  .eq(0)
                  .sum()
                  .item<int64_t>(),
              7)
        << "distinct rows were drawn";
    EXPECT_EQ(quantizer->replace_dead(rows, 0.5, 2), 0);
    // a threshold above one: what was replaced is alive afterwards
    EXPECT_EQ(quantizer->replace_dead(rows.slice(0, 0, 2), 2.5, 3), 4);
    EXPECT_EQ(quantizer->dead(2.5), 0);
    EXPECT_TRUE(quantizer->sums()[4].allclose(quantizer->codebook()[4] * 2.5));
}

TEST(Quantizer, PerplexityClosedForm)
{
    VectorQuantizer quantizer(small());
    const auto perplexity = [&](const std::vector<int64_t>& indices) {
        return quantizer->perplexity(at::tensor(indices, at::kLong));
    };
    EXPECT_NEAR(perplexity({4, 4, 4}), 1, 1e-12);
    EXPECT_NEAR(perplexity({0, 1, 2, 3, 4, 5, 6}), 7, 1e-12);
    EXPECT_NEAR(perplexity({1, 1, 5, 5}), 2, 1e-12);
    // shares 1/2, 1/4, 1/4: entropy 1.5 bit
    EXPECT_NEAR(perplexity({0, 0, 2, 6}), std::pow(2, 1.5), 1e-12);
    EXPECT_EQ(quantizer->distinct(at::tensor({0, 0, 2, 6}, at::kLong)), 3);
    EXPECT_EQ(quantizer->dead(1), 0);
    EXPECT_EQ(quantizer->dead(1.5), 7);
    expect_error<std::invalid_argument>([&] { perplexity({0, 7}); }, {"index 7"});
}

TEST(Quantizer, WrongInputsAreNamed)
{
    VectorQuantizer quantizer(small());
    auto latent = at::zeros({1, 6, 4});
    latent[0][2][3] = NAN;
    for (const auto& call :
         std::vector<std::function<void()>>{[&] { quantizer->indices(latent); },
                                            [&] { quantizer->forward(latent); },
                                            [&] { quantizer->project(latent); }}) {
        expect_error<std::invalid_argument>(call, {"latent has 1 of 24", "NaN"});
    }
    const auto bad_rows = at::full({3, 10}, NAN);
    const auto indices = at::zeros({3}, at::kLong);
    expect_error<std::invalid_argument>([&] { quantizer->initialise(bad_rows, 1); },
                                        {"projected rows has 30 of 30"});
    expect_error<std::invalid_argument>([&] { quantizer->ema_update(bad_rows, indices); },
                                        {"NaN"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->ema_update(at::zeros({4, 10}), indices);
        },
        {"3 indices", "4 projected"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->indices(at::zeros({1, 5, 4}));
        },
        {"[1, 5, 4]", "[batch, 6"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->indices(at::zeros({0, 6, 4}));
        },
        {"empty"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->initialise(at::zeros({0, 10}), 1);
        },
        {"[0, 10]"});
}

TEST(Quantizer, WrongSizesAreNamed)
{
    expect_error<std::invalid_argument>([] { VectorQuantizer(small().codewords(-1)); },
                                        {"codewords is -1"});
    expect_error<std::invalid_argument>([] { VectorQuantizer(small().decay(1)); },
                                        {"decay is 1"});
    expect_error<std::invalid_argument>([] { VectorQuantizer(small().epsilon(-1)); },
                                        {"epsilon is -1"});
    expect_error<std::invalid_argument>([] { VectorQuantizer(small().projector(false)); },
                                        {"codeword_dim 10", "features 6"});
}
