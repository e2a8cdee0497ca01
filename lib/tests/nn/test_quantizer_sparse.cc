// SPDX-License-Identifier: GPL-3.0-or-later
// Several codewords for each vector, and only the largest vectors.
#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/quantizer.h>

#include <algorithm>
#include <numeric>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

constexpr int64_t DIM = 3;
constexpr int64_t SIDE = 4;
constexpr int64_t POSITIONS = SIDE * SIDE;

//! Without projector, so that the codebook sees the latent as it is.
QuantizerOptions options(int64_t groups, int64_t sent, int64_t codewords = 5)
{
    return QuantizerOptions()
        .features(groups * DIM)
        .codeword_dim(DIM)
        .codewords(codewords)
        .groups(groups)
        .sent(sent)
        .positions(POSITIONS)
        .projector(false)
        .seed(7);
}

//! [B, G·D, 4, 4], no two vectors of the same norm
at::Tensor latent_of(int64_t groups, uint64_t seed = 1)
{
    return normal({2, groups * DIM, SIDE, SIDE}, seed);
}

//! Vectors of batch b in row-major order, [16, G·D].
at::Tensor vectors(const at::Tensor& latent, int64_t b)
{
    return latent[b].reshape({latent.size(1), POSITIONS}).t();
}

//! The positions of the `sent` longest rows, ascending.
std::vector<int64_t> longest(const at::Tensor& rows, int64_t sent)
{
    std::vector<double> length;
    for (int64_t l = 0; l < rows.size(0); l++) {
        length.push_back(rows[l].norm().item<double>());
    }
    std::vector<int64_t> order(length.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
        return length[a] > length[b];
    });
    order.resize(static_cast<std::size_t>(sent));
    std::sort(order.begin(), order.end());
    return order;
}

//! Codeword at the least distance.
int64_t closest(const at::Tensor& piece, const at::Tensor& codebook)
{
    return (codebook - piece).square().sum(1).argmin().item<int64_t>();
}

TEST(QuantizerSparse, GroupsAreQuantizedAsPiecesOnTheirOwn)
{
    VectorQuantizer quantizer(options(3, 0));
    const auto latent = latent_of(3);
    const auto indices = quantizer->indices(latent);
    ASSERT_EQ(indices.sizes(), at::IntArrayRef({2, POSITIONS * 3}));
    // One group of the same codebook for each piece of the channels.
    VectorQuantizer single(options(1, 0));
    ASSERT_TRUE(single->codebook().equal(quantizer->codebook()));
    const auto value = quantizer->lookup(indices, {SIDE, SIDE});
    for (int64_t g = 0; g < 3; g++) {
        const auto piece = latent.slice(1, g * DIM, (g + 1) * DIM);
        const auto expected = single->indices(piece);
        EXPECT_TRUE(indices.view({2, POSITIONS, 3}).select(2, g).equal(expected));
        EXPECT_TRUE(value.slice(1, g * DIM, (g + 1) * DIM)
                        .equal(single->lookup(expected, {SIDE, SIDE})));
    }
}

TEST(QuantizerSparse, SendsTheLongestVectors)
{
    for (const int64_t groups : {1, 2}) {
        for (const int64_t sent : {int64_t{1}, int64_t{5}, POSITIONS}) {
            VectorQuantizer quantizer(options(groups, sent));
            const auto latent = latent_of(groups);
            const auto indices = quantizer->indices(latent);
            ASSERT_EQ(indices.sizes(), at::IntArrayRef({2, sent * (1 + groups)}));
            EXPECT_TRUE(quantizer->accepts(indices));
            for (int64_t b = 0; b < 2; b++) {
                const auto rows = vectors(latent, b);
                const auto positions = longest(rows, sent);
                for (int64_t k = 0; k < sent; k++) {
                    const auto l = positions[k];
                    ASSERT_EQ(indices[b][k].item<int64_t>(), l);
                    for (int64_t g = 0; g < groups; g++) {
                        const auto piece = rows[l].slice(0, g * DIM, (g + 1) * DIM);
                        ASSERT_EQ(indices[b][sent + k * groups + g].item<int64_t>(),
                                  closest(piece, quantizer->codebook()));
                    }
                }
            }
        }
    }
}

TEST(QuantizerSparse, TheNormIsThatOfTheProjectedVector)
{
    VectorQuantizer quantizer(options(2, 4).features(5).projector(true));
    const auto latent = normal({1, 5, SIDE, SIDE}, 3);
    const auto positions = longest(quantizer->project(latent).detach(), 4);
    const auto indices = quantizer->indices(latent);
    for (int64_t k = 0; k < 4; k++) {
        EXPECT_EQ(indices[0][k].item<int64_t>(), positions[k]);
    }
}

TEST(QuantizerSparse, LookupPutsCodewordsWhereTheyBelong)
{
    VectorQuantizer quantizer(options(2, 3));
    const auto indices = at::tensor({0, 6, 15, 4, 0, 1, 1, 2, 3}, at::kLong).unsqueeze(0);
    const auto value = quantizer->lookup(indices, {SIDE, SIDE});
    ASSERT_EQ(value.sizes(), at::IntArrayRef({1, 2 * DIM, SIDE, SIDE}));
    auto expected = at::zeros({2 * DIM, SIDE, SIDE});
    const auto put = [&](int64_t y, int64_t x, int64_t first, int64_t second) {
        expected.select(2, x).select(1, y).copy_(
            at::cat({quantizer->codebook()[first], quantizer->codebook()[second]}));
    };
    put(0, 0, 4, 0);
    put(1, 2, 1, 1);
    put(3, 3, 2, 3);
    EXPECT_TRUE(value[0].equal(expected));
    EXPECT_TRUE(quantizer->codewords_of(indices).equal(
        at::tensor({4, 0, 1, 1, 2, 3}, at::kLong).unsqueeze(0)));
}

TEST(QuantizerSparse, ForwardHasTheValueOfLookup)
{
    for (const int64_t sent : {0, 5}) {
        VectorQuantizer quantizer(options(2, sent));
        const auto latent = latent_of(2);
        const auto out = quantizer->forward(latent);
        const auto indices = quantizer->indices(latent);
        EXPECT_TRUE(out.quantized.equal(quantizer->lookup(indices, {SIDE, SIDE})));
        EXPECT_TRUE(out.indices.equal(quantizer->codewords_of(indices)));
        const auto count = 2 * 2 * (sent > 0 ? sent : POSITIONS);
        EXPECT_EQ(out.projected.sizes(), at::IntArrayRef({count, DIM}));
        EXPECT_TRUE(out.projected.equal(quantizer->pieces(latent)));
    }
}

//! Straight through: that of the identity where a vector is sent, and zero elsewhere.
TEST(QuantizerSparse, GradientReachesTheVectorsThatAreSent)
{
    VectorQuantizer quantizer(options(2, 5));
    const auto latent = latent_of(2).requires_grad_();
    const auto weights = normal(latent.sizes(), 2);
    (quantizer->forward(latent).quantized * weights).sum().backward();
    for (int64_t b = 0; b < 2; b++) {
        const auto positions = longest(vectors(latent.detach(), b), 5);
        const auto gradient = vectors(latent.grad(), b);
        const auto expected = vectors(weights, b);
        for (int64_t l = 0; l < POSITIONS; l++) {
            const bool sent = std::binary_search(positions.begin(), positions.end(), l);
            EXPECT_TRUE(gradient[l].equal(sent ? expected[l] : at::zeros({2 * DIM})))
                << l;
        }
    }
}

TEST(QuantizerSparse, RefusesWhatNoEncoderSends)
{
    VectorQuantizer quantizer(options(1, 3));
    const auto refused = [&](std::vector<int64_t> values, const char* part) {
        const auto indices = at::tensor(values, at::kLong).unsqueeze(0);
        EXPECT_FALSE(quantizer->accepts(indices));
        expect_error<std::invalid_argument>(
            [&] {
                quantizer->lookup(indices, {SIDE, SIDE});
            },
            {part});
    };
    EXPECT_TRUE(
        quantizer->accepts(at::tensor({0, 1, 15, 4, 4, 4}, at::kLong).unsqueeze(0)));
    refused({0, 1, 16, 0, 0, 0}, "positions");
    refused({-1, 1, 2, 0, 0, 0}, "positions");
    refused({0, 2, 2, 0, 0, 0}, "positions");
    refused({0, 3, 2, 0, 0, 0}, "positions");
    refused({0, 1, 2, 0, 5, 0}, "index 5");
    refused({0, 1, 2, 0, -1, 0}, "index -1");
    // Another number of indices, or a latent of another number of vectors.
    const auto good = at::tensor({0, 1, 15, 4, 4, 4}, at::kLong).unsqueeze(0);
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->lookup(good.slice(1, 0, 5), {SIDE, SIDE});
        },
        {"[1, 5]"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->lookup(good, {SIDE, SIDE + 1});
        },
        {"[4, 5]"});
    expect_error<std::invalid_argument>(
        [&] {
            quantizer->indices(normal({1, DIM, SIDE, 5}, 1));
        },
        {"20", "16"});
}

TEST(QuantizerSparse, NumbersOfIndicesAndBits)
{
    VectorQuantizer all(options(2, 0));
    EXPECT_EQ(all->index_count(POSITIONS), 32);
    EXPECT_EQ(all->index_range(), 5);
    EXPECT_EQ(all->bits_per_index(), 3);
    VectorQuantizer few(options(2, 3));
    EXPECT_EQ(few->index_count(POSITIONS), 9);
    EXPECT_EQ(few->index_range(), POSITIONS);
    EXPECT_EQ(few->bits_per_index(), 4);
    VectorQuantizer large(options(2, 3, 17));
    EXPECT_EQ(large->index_range(), 17);
    EXPECT_EQ(large->bits_per_index(), 5);
    expect_error<std::invalid_argument>([] { VectorQuantizer(options(1, 17)); },
                                        {"sent", "17", "16"});
    expect_error<std::invalid_argument>([] { VectorQuantizer(options(1, 1).groups(0)); },
                                        {"groups"});
    expect_error<std::invalid_argument>([] { VectorQuantizer(options(1, -1)); },
                                        {"sent"});
}

// ------------------------------------------------------------- a packet that is missing

Architecture sparse_architecture()
{
    auto a = small_architecture(ReadOut::grid);
    a.grid.codewords_per_vector = 2;
    a.grid.vectors_sent = 7;
    return a;
}

std::vector<at::Tensor> encoded(const Model& model, int64_t first_frame)
{
    const auto batch = frames(model.scenario(), first_frame);
    std::vector<at::Tensor> indices;
    for (int64_t m = 0; m < 2; m++) {
        indices.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
    }
    return indices;
}

void expect_equal(const Estimates& a, const Estimates& b)
{
    EXPECT_TRUE(a.location.equal(b.location));
    EXPECT_TRUE(a.velocity.equal(b.velocity));
    EXPECT_TRUE(a.confidence.equal(b.confidence));
}

TEST(ModelSparse, TellsWhatTravels)
{
    const Model model(cfisac::test::small_scenario(), sparse_architecture(), 1);
    EXPECT_EQ(model.vectors_sent(), 7);
    EXPECT_EQ(model.index_count(), 21);
    EXPECT_EQ(model.positions(), at::zeros(model.network()->latent_shape()).numel());
    EXPECT_EQ(model.index_range(), std::max<int64_t>(12, model.positions()));
    for (int64_t m = 0; m < 2; m++) {
        const auto indices = encoded(model, 0)[m];
        EXPECT_TRUE(model.accepts(m, indices));
        EXPECT_FALSE(model.accepts(m, indices.flip(1)));
        EXPECT_EQ(model.codewords_of(m, indices).sizes(), at::IntArrayRef({3, 14}));
    }
}

TEST(ModelSparse, AMissingAccessPointIsMaskedInTheDecoder)
{
    const Model model(cfisac::test::small_scenario(), sparse_architecture(), 1);
    const auto indices = encoded(model, 0);
    for (const size_t missing : {0u, 1u}) {
        auto received = indices;
        received[missing] = at::Tensor();
        const auto estimates = model.decode(received, {});
        // The same with the decoder itself, its mask and a latent of zeros.
        const at::NoGradGuard no_grad;
        auto& network = *model.network();
        std::vector<at::Tensor> latents;
        for (int64_t m = 0; m < 2; m++) {
            latents.push_back(
                network.quantizer(m)->lookup(indices[m], network.latent_shape()));
        }
        latents[missing].zero_();
        auto present = at::ones({3, 2});
        present.select(1, static_cast<int64_t>(missing)).zero_();
        const auto peaks = read_peaks(network.decode_grid(latents, present),
                                      network.grid_decoder().geometry(),
                                      model.scenario().targets.count);
        expect_equal(estimates, {peaks.location, peaks.velocity, peaks.confidence});
        EXPECT_FALSE(estimates.confidence.equal(model.decode(indices, {}).confidence));
    }
}

//! Whatever the missing access point has seen, the estimates are the same; the decoder's
//! mask keeps its latent out.
TEST(ModelSparse, EstimatesDoNotDependOnAMissingAccessPoint)
{
    const Model model(cfisac::test::small_scenario(), sparse_architecture(), 1);
    const at::NoGradGuard no_grad;
    auto& network = *model.network();
    const auto shape = network.latent_shape();
    const auto seen = network.quantizer(0)->lookup(encoded(model, 0)[0], shape);
    auto present = at::ones({3, 2});
    present.select(1, 1).zero_();
    const auto decoded = [&](int64_t frame) {
        const auto other = network.quantizer(1)->lookup(encoded(model, frame)[1], shape);
        const auto peaks = read_peaks(network.decode_grid({seen, other}, present),
                                      network.grid_decoder().geometry(),
                                      model.scenario().targets.count);
        return Estimates{peaks.location, peaks.velocity, peaks.confidence};
    };
    expect_equal(decoded(0), decoded(100));
    expect_error<std::invalid_argument>([&] { model.decode({{}, {}}, {}); }, {"missing"});
}

} // namespace
