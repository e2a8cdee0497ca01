// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/decoder.h>
#include <cfisac/nn/model_io.h>

#include "support.h"

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

DecoderOptions small()
{
    return DecoderOptions()
        .access_points(3)
        .codeword_dim(4)
        .latent_shape({1, 2, 3})
        .transmit_shape({4, 8, 4})
        .targets(2)
        .dimensions(3)
        .hidden_channels(5)
        .stem_channels(3)
        .residual_channels(4)
        .flat_features(6)
        .fully_connected(7);
}

std::vector<at::Tensor> latents(at::ScalarType type = at::kFloat)
{
    return {normal({2, 4, 1, 2, 3}, 1, type),
            normal({2, 4, 1, 2, 3}, 2, type),
            normal({2, 4, 1, 2, 3}, 3, type)};
}

} // namespace

TEST(Decoder, ClosedFormCountOfThePaper)
{
    const int64_t latent_conv = 1024 * 128 * 27 + 128;
    const int64_t residual = 128 * 32 * 27 + 32 * 128;
    const int64_t latent_projection = 128 * 16384 * 32 + 32;
    const int64_t stack =
        2 * 64 * 64 + 64 + 64 * 128 * 64 + 128 + 128 * 128 * 27 + 128 + residual;
    const int64_t transmit_projection = 128 * 32768 * 32 + 32;
    const int64_t head = 64 * 128 + 128 + 128 * 8 + 8;
    const int64_t total = latent_conv + 2 * residual + latent_projection + stack +
                          transmit_projection + head;
    EXPECT_EQ(total, 206194312);
    EXPECT_EQ(parameter_count(DecoderOptions()), total);
    EXPECT_GT(total, 206100000);
    EXPECT_LT(total, 206300000);
}

TEST(Decoder, PaperSizeNetworkHasThatCount)
{
    const Decoder decoder;
    EXPECT_EQ(parameter_count(*decoder), 206194312);
}

TEST(Decoder, ClosedFormCountEqualsTheNetwork)
{
    for (const auto& options : {small(),
                                small().transmit_downsampling_layers(1).targets(5),
                                small().latent_residual_layers(0).dimensions(2)}) {
        EXPECT_EQ(parameter_count(*Decoder(options)), parameter_count(options));
    }
}

TEST(Decoder, OutputHasLocationsAndVelocitiesOfAllTargets)
{
    Decoder decoder(small());
    const auto transmit = normal({2, 2, 4, 8, 4}, 4);
    const auto out = decoder(latents(), transmit);
    EXPECT_EQ(out.sizes(), (at::IntArrayRef{2, 12}));
    const auto parts = decoder->estimate(decoder->latent_features(latents()),
                                         decoder->transmit_features(transmit));
    EXPECT_TRUE(out.equal(parts));
}

TEST(Decoder, FramesOfABatchAreIndependent)
{
    Decoder decoder(small());
    const auto transmit = normal({2, 2, 4, 8, 4}, 4);
    const auto both = decoder(latents(), transmit);
    std::vector<at::Tensor> second;
    for (const auto& latent : latents()) {
        second.push_back(latent.slice(0, 1));
    }
    EXPECT_LT(
        relative_difference(decoder(second, transmit.slice(0, 1)), both.slice(0, 1)),
        1e-6);
}

TEST(Decoder, EveryInputReachesTheOutput)
{
    Decoder decoder(small());
    const auto transmit = normal({2, 2, 4, 8, 4}, 4);
    const auto out = decoder(latents(), transmit);
    EXPECT_FALSE(out.allclose(decoder(latents(), -transmit)));
    for (size_t m = 0; m < 3; m++) {
        auto changed = latents();
        changed[m] = -changed[m];
        EXPECT_FALSE(out.allclose(decoder(changed, transmit))) << "access point " << m;
    }
}

TEST(Decoder, GradientsEqualFiniteDifferences)
{
    Decoder decoder(small());
    decoder->to(at::kDouble);
    const auto z = latents(at::kDouble);
    for (const auto& latent : z) {
        latent.requires_grad_();
    }
    const auto transmit = normal({2, 2, 4, 8, 4}, 5, at::kDouble).requires_grad_();
    const auto weight = normal({2, 12}, 6, at::kDouble);
    auto leaves = parameters_of(*decoder);
    leaves.emplace_back("transmit tensor", transmit);
    for (size_t m = 0; m < z.size(); m++) {
        leaves.emplace_back("latent " + std::to_string(m), z[m]);
    }
    expect_gradients([&] { return (decoder(z, transmit) * weight).sum(); }, leaves);
}

TEST(Decoder, WrongInputsAreNamed)
{
    Decoder decoder(small());
    const auto transmit = normal({2, 2, 4, 8, 4}, 4);
    auto z = latents();
    z.pop_back();
    expect_error<std::invalid_argument>([&] { decoder(z, transmit); },
                                        {"2 latents for 3 access points"});
    z.push_back(at::zeros({2, 4, 1, 2, 4}));
    expect_error<std::invalid_argument>(
        [&] { decoder(z, transmit); },
        {"[2, 4, 1, 2, 4] of access point 2", "[1, 2, 3]"});
    z.back() = at::zeros({1, 4, 1, 2, 3});
    expect_error<std::invalid_argument>([&] { decoder(z, transmit); }, {"one batch"});
    z.back() = at::full({2, 4, 1, 2, 3}, std::numeric_limits<float>::quiet_NaN());
    expect_error<std::invalid_argument>([&] { decoder(z, transmit); },
                                        {"latent has", "NaN"});
    expect_error<std::invalid_argument>(
        [&] {
            decoder(latents(), normal({2, 2, 8, 8, 4}, 4));
        },
        {"transmit tensor [2, 2, 8, 8, 4]", "[4, 8, 4]"});
    expect_error<std::invalid_argument>(
        [&] {
            decoder(latents(), normal({1, 2, 4, 8, 4}, 4));
        },
        {"one batch"});
}

TEST(Decoder, WrongSizesAreNamed)
{
    expect_error<std::invalid_argument>([] { Decoder(small().targets(0)); },
                                        {"targets is 0"});
    expect_error<std::invalid_argument>(
        [] {
            Decoder(small().transmit_shape({4, 6, 4}));
        },
        {"6 subcarriers", "multiple of 4"});
    expect_error<std::invalid_argument>(
        [] {
            Decoder(small().latent_shape({4, 6}));
        },
        {"[4, 6]", "three"});
}
