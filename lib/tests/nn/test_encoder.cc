// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/encoder.h>
#include <cfisac/nn/model_io.h>

#include "support.h"

#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

EncoderOptions small()
{
    return EncoderOptions().stem_channels(3).hidden_channels(5).residual_channels(4);
}

} // namespace

TEST(Encoder, PaperSizeHasThePaperParameters)
{
    Encoder encoder;
    EXPECT_EQ(parameter_count(*encoder), 1204544);
    EXPECT_EQ(parameter_count(EncoderOptions()), 1204544);
    EXPECT_EQ(encoder->latent_shape({16, 256, 256}), (std::vector<int64_t>{4, 64, 64}));
}

TEST(Encoder, ClosedFormCountEqualsTheNetwork)
{
    for (const auto& options : {small(),
                                small().downsampling_layers(1).in_channels(4),
                                small().downsampling_layers(3).residual_layers(0)}) {
        EXPECT_EQ(parameter_count(*Encoder(options)), parameter_count(options));
    }
}

TEST(Encoder, EachLayerHalvesEachDimension)
{
    const auto echo = normal({2, 2, 8, 16, 24}, 1);
    EXPECT_EQ(Encoder(small())(echo).sizes(), (at::IntArrayRef{2, 5, 2, 4, 6}));
    EXPECT_EQ(Encoder(small().downsampling_layers(1))(echo).sizes(),
              (at::IntArrayRef{2, 5, 4, 8, 12}));
    EXPECT_EQ(Encoder(small().downsampling_layers(3))(echo).sizes(),
              (at::IntArrayRef{2, 5, 1, 2, 3}));
}

TEST(Encoder, OutputIsNotNegative)
{
    const auto latent = Encoder(small())(normal({1, 2, 8, 8, 8}, 2));
    EXPECT_GE(latent.min().item<float>(), 0);
    EXPECT_GT(latent.max().item<float>(), 0);
}

TEST(Encoder, WeightsDependOnTheSeedOnly)
{
    const Encoder a(small().seed(7));
    at::manual_seed(99);
    const Encoder b(small().seed(7));
    const Encoder c(small().seed(8));
    for (const auto& item : a->named_parameters()) {
        EXPECT_TRUE(item.value().equal(b->named_parameters()[item.key()])) << item.key();
        EXPECT_FALSE(item.value().equal(c->named_parameters()[item.key()])) << item.key();
    }
    const auto weight = a->named_parameters()["conv1.weight"];
    const double bound = 1 / std::sqrt(2 * 64.0);
    EXPECT_LE(weight.abs().max().item<double>(), bound);
    EXPECT_GT(weight.abs().max().item<double>(), 0.9 * bound);
}

TEST(Encoder, GradientsEqualFiniteDifferences)
{
    Encoder encoder(small());
    encoder->to(at::kDouble);
    const auto echo = normal({2, 2, 4, 8, 4}, 3, at::kDouble).requires_grad_();
    const auto weight = normal({2, 5, 1, 2, 1}, 4, at::kDouble);
    auto leaves = parameters_of(*encoder);
    leaves.emplace_back("echo", echo);
    expect_gradients([&] { return (encoder(echo) * weight).sum(); }, leaves);
}

TEST(Encoder, WrongInputsAreNamed)
{
    Encoder encoder(small());
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({1, 2, 8, 18, 8}));
        },
        {"18 subcarriers", "multiple of 4"});
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({1, 2, 2, 8, 8}));
        },
        {"2 antennas"});
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({1, 3, 8, 8, 8}));
        },
        {"[1, 3, 8, 8, 8]", "[batch, 2,"});
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({2, 8, 8, 8}));
        },
        {"[2, 8, 8, 8]"});
    for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                               -std::numeric_limits<double>::infinity()}) {
        auto echo = at::zeros({1, 2, 8, 8, 8});
        echo[0][1][3][4][5] = value;
        expect_error<std::invalid_argument>([&] { encoder(echo); },
                                            {"Encoder: input", "1 of 1024", "NaN"});
    }
    EXPECT_NO_THROW(Encoder(small().check_finite(false))(at::full({1, 2, 4, 4, 4}, NAN)));
}

TEST(Encoder, WrongSizesAreNamed)
{
    expect_error<std::invalid_argument>([] { Encoder(small().hidden_channels(0)); },
                                        {"hidden_channels is 0"});
    expect_error<std::invalid_argument>([] { Encoder(small().residual_layers(-1)); },
                                        {"residual_layers is -1"});
    expect_error<std::invalid_argument>([] { Encoder(small().downsampling_layers(80)); },
                                        {"downsampling_layers is 80"});
}
