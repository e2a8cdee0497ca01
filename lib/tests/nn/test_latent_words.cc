// SPDX-License-Identifier: GPL-3.0-or-later
#include "support.h"

#include <cfisac/nn/latent_words.h>
#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

using Limits = std::numeric_limits<float>;

at::Tensor words_of(Latents type, const std::vector<float>& values)
{
    return LatentWords(type).to_words(at::tensor(values).unsqueeze(0))[0];
}

at::Tensor value_of(Latents type, const std::vector<int64_t>& words)
{
    return LatentWords(type).from_words(at::tensor(words, at::kLong).unsqueeze(0))[0];
}

TEST(LatentWords, TheBitsOfFloat32LowWordFirst)
{
    EXPECT_TRUE(words_of(Latents::float32, {1.0f, -0.0f, -2.5f, Limits::denorm_min()})
                    .equal(at::tensor({0, 0x3f80, 0, 0x8000, 0, 0xc020, 1, 0},
                                      at::TensorOptions(at::kLong))));
}

TEST(LatentWords, TheBitsOfFloat16)
{
    EXPECT_TRUE(
        words_of(Latents::float16,
                 {1.0f, -0.0f, -2.5f, 65504.0f, -65504.0f, 0x1p-24f, 0x1p-14f, 1e-30f})
            .equal(at::tensor(
                {0x3c00, 0x8000, 0xc100, 0x7bff, 0xfbff, 0x0001, 0x0400, 0x0000},
                at::TensorOptions(at::kLong))));
}

TEST(LatentWords, Float16RoundsToTheNearestAndToEven)
{
    const float step = 0x1p-10f; // of float16 above one
    EXPECT_TRUE(words_of(Latents::float16,
                         {1 + 0.49f * step,
                          1 + 0.51f * step,
                          1 + 0.5f * step,
                          1 + 1.5f * step,
                          -1 - 1.5f * step})
                    .equal(at::tensor({0x3c00, 0x3c01, 0x3c00, 0x3c02, 0xbc02},
                                      at::TensorOptions(at::kLong))));
}

TEST(LatentWords, Float32IsExact)
{
    const LatentWords words(Latents::float32);
    const auto ends = at::tensor({0.0f,
                                  -0.0f,
                                  Limits::denorm_min(),
                                  -Limits::denorm_min(),
                                  Limits::min(),
                                  Limits::max(),
                                  Limits::lowest(),
                                  1.0f + Limits::epsilon()})
                          .unsqueeze(0);
    const auto many = normal({3, 1000}, 1) * normal({3, 1000}, 2).mul(20).exp();
    for (const auto& values : {ends, many}) {
        const auto sent = words.to_words(values);
        EXPECT_EQ(sent.sizes(), (at::IntArrayRef{values.size(0), 2 * values.size(1)}));
        EXPECT_TRUE(words.accepts(sent));
        const auto back = words.from_words(sent);
        EXPECT_TRUE(back.equal(values));
        EXPECT_TRUE(back.signbit().equal(values.signbit()));
    }
}

TEST(LatentWords, EveryFiniteFloat16IsExact)
{
    const LatentWords words(Latents::float16);
    const auto all = at::arange(LatentWords::range, at::kLong).unsqueeze(0);
    const auto finite =
        all.masked_select(at::isfinite(words.from_words(all))).view({2, -1});
    EXPECT_EQ(finite.numel(), 65536 - 2 * 1024);
    EXPECT_TRUE(words.accepts(finite));
    EXPECT_TRUE(words.to_words(words.from_words(finite)).equal(finite));
    EXPECT_EQ(value_of(Latents::float16, {0x7bff})[0].item<float>(), 65504.0f);
    EXPECT_EQ(value_of(Latents::float16, {0x8001})[0].item<float>(), -0x1p-24f);
}

TEST(LatentWords, Float16RefusesValuesBeyondItsRange)
{
    const LatentWords words(Latents::float16);
    for (const float value : {65505.0f, -70000.0f}) {
        expect_error<std::invalid_argument>(
            [&] {
                words.to_words(at::tensor({1.0f, value}).unsqueeze(0));
            },
            {c10::str(value), "65504"});
    }
    expect_error<std::invalid_argument>(
        [&] { words.to_words(at::tensor({std::nanf("")}).unsqueeze(0)); }, {"nan"});
    EXPECT_NO_THROW(
        LatentWords(Latents::float32).to_words(at::tensor({70000.0f}).unsqueeze(0)));
}

TEST(LatentWords, WordsThatAreNotNumbersAreRefused)
{
    const auto accepts = [](Latents type, const std::vector<int64_t>& words) {
        return LatentWords(type).accepts(at::tensor(words, at::kLong).unsqueeze(0));
    };
    for (const int64_t bad : {0x7c00, 0xfc00, 0x7c01, 0x7e00, 0xffff, 0x10000, -1}) {
        EXPECT_FALSE(accepts(Latents::float16, {0, bad})) << bad;
    }
    for (const int64_t bad : {0x7f80, 0xff80, 0x7fc0, 0xffff, 0x10000, -1}) {
        EXPECT_FALSE(accepts(Latents::float32, {0, bad})) << bad;
    }
    EXPECT_FALSE(accepts(Latents::float32, {1, 0x7f80})); // NaN by its low word
    EXPECT_TRUE(accepts(Latents::float32, {0x7f80, 0}));  // a low word may be anything
}

TEST(LatentWords, QuantizedLatentsHaveNone)
{
    expect_error<std::invalid_argument>([] { LatentWords{Latents::quantized}; },
                                        {"quantized"});
}

} // namespace
