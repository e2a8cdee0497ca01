// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/random.h>
#include <cmath>
#include <gtest/gtest.h>
#include <signal/random_kernel.h>
#ifdef CFISAC_CUDA
#include <torch/cuda.h>
#endif

namespace {

using namespace cfisac::signal;

TEST(Random, PhiloxKnownAnswer)
{
    // Salmon et al. publish the block of counter zero and key zero.
    const auto words =
        Random(0, {0}).words(static_cast<Purpose>(0), {4}, at::kCPU).flatten();
    EXPECT_EQ(words[0].item<std::int64_t>(), 0x6627e8d5);
    EXPECT_EQ(words[1].item<std::int64_t>(), 0xe169c58d);
    EXPECT_EQ(words[2].item<std::int64_t>(), 0xbc57ac4c);
    EXPECT_EQ(words[3].item<std::int64_t>(), 0x9b00dbd8);
}

TEST(Random, TensorOperationsGiveTheSameWords)
{
    const Random random(0xfedcba9876543210ULL, {0, 5, (1LL << 40) + 3});
    const auto host = random.words(Purpose::sensing_noise, {3, 67}, at::kCPU);
    const auto device =
        random.words_by_tensor_operations(Purpose::sensing_noise, {3, 67}, at::kCPU);
    EXPECT_TRUE(at::equal(host, device));
}

TEST(Random, FrameDoesNotDependOnItsBatch)
{
    const auto options = at::TensorOptions().dtype(at::kDouble);
    const auto batch =
        Random::range(3, 10, 5).normal(Purpose::target_position, {7}, options);
    const auto alone = Random(3, {12}).normal(Purpose::target_position, {7}, options);
    EXPECT_TRUE(at::equal(batch[2], alone[0]));
}

TEST(Random, SeedFrameAndPurposeMatter)
{
    const auto words = [](std::uint64_t seed, std::int64_t frame, Purpose purpose) {
        return Random(seed, {frame}).words(purpose, {64}, at::kCPU);
    };
    const auto base = words(1, 1, Purpose::payload);
    EXPECT_FALSE(at::equal(base, words(2, 1, Purpose::payload)));
    EXPECT_FALSE(at::equal(base, words(1ULL << 33 | 1, 1, Purpose::payload)));
    EXPECT_FALSE(at::equal(base, words(1, 2, Purpose::payload)));
    EXPECT_FALSE(at::equal(base, words(1, 1, Purpose::sensing_noise)));
}

TEST(Random, Moments)
{
    const auto options = at::TensorOptions().dtype(at::kDouble);
    const Random random(11, {0});
    const double count = 1 << 18;
    const auto uniform = random.uniform(Purpose::payload, {1 << 18}, options);
    EXPECT_NEAR(uniform.mean().item<double>(), 0.5, 5 * std::sqrt(1.0 / 12 / count));
    EXPECT_GT(uniform.min().item<double>(), 0.0);
    EXPECT_LT(uniform.max().item<double>(), 1.0);
    const auto normal = random.normal(Purpose::payload, {1 << 18}, options);
    EXPECT_NEAR(normal.mean().item<double>(), 0.0, 5 / std::sqrt(count));
    EXPECT_NEAR(normal.square().mean().item<double>(), 1.0, 5 * std::sqrt(2 / count));
    EXPECT_NEAR(normal.pow(4).mean().item<double>(), 3.0, 5 * std::sqrt(96 / count));
    const auto complex = random.complex_normal(Purpose::payload, {1 << 18}, options);
    EXPECT_NEAR(complex.abs().square().mean().item<double>(), 1.0, 5 / std::sqrt(count));
    EXPECT_NEAR(complex.square().mean().abs().item<double>(), 0.0, 10 / std::sqrt(count));
}

TEST(Random, SingleAndDoublePrecisionAgree)
{
    const Random random(11, {4});
    const auto narrow = random.complex_normal(Purpose::sensing_noise, {1000}, at::kFloat);
    const auto wide = random.complex_normal(Purpose::sensing_noise, {1000}, at::kDouble);
    EXPECT_LT((narrow - wide).abs().max().item<double>(), 1e-5);
}

TEST(Random, SinglePrecisionIsCloseWhateverTheRangeOfWords)
{
    // Two million draws reach far into the tails of radius and phase.
    const Random random(21, {2});
    const auto narrow =
        random.complex_normal(Purpose::sensing_noise, {1 << 21}, at::kFloat);
    const auto wide =
        random.complex_normal(Purpose::sensing_noise, {1 << 21}, at::kDouble);
    EXPECT_LT((narrow - wide).abs().max().item<double>(), 1e-6);
    EXPECT_GT(wide.abs().max().item<double>(), 3.5);
    EXPECT_LT(wide.abs().min().item<double>(), 1e-2);
}

TEST(Random, DeviationScales)
{
    const Random random(21, {2});
    for (const auto type : {at::kFloat, at::kDouble}) {
        const auto unit = random.complex_normal(Purpose::user_noise, {333}, type);
        const auto scaled = random.complex_normal(Purpose::user_noise, {333}, type, 3e-5);
        EXPECT_TRUE(at::allclose(scaled, unit * 3e-5, 1e-5, 1e-12));
    }
}

TEST(Random, NoiseIsGaussianAndIndependent)
{
    const Random random(31, {6});
    const std::int64_t count = 1 << 20;
    const auto noise = at::view_as_real(
        random.complex_normal(Purpose::sensing_noise, {count}, at::kFloat)
            .to(at::kComplexDouble))[0]; // [count, 2]
    const auto parts = noise * M_SQRT2;
    const auto deviations = [&](double value, double variance) {
        return std::abs(value) / std::sqrt(variance / count);
    };
    for (int part = 0; part < 2; part++) {
        const auto x = parts.select(1, part);
        EXPECT_LT(deviations(x.mean().item<double>(), 1.0), 5.0);
        EXPECT_LT(deviations(x.square().mean().item<double>() - 1.0, 2.0), 5.0);
        EXPECT_LT(deviations(x.pow(4).mean().item<double>() - 3.0, 96.0), 5.0);
        // Neighbours, those a block, a vector and a row apart.
        for (const int lag : {1, 2, 3, 8, 16, 64, 256}) {
            const auto product = x.slice(0, lag) * x.slice(0, 0, count - lag);
            EXPECT_LT(deviations(product.mean().item<double>(), 1.0), 5.0) << lag;
            const auto power = x.square() - 1.0;
            const auto of_power = power.slice(0, lag) * power.slice(0, 0, count - lag);
            EXPECT_LT(deviations(of_power.mean().item<double>(), 4.0), 5.0) << lag;
        }
    }
    const auto cross = (parts.select(1, 0) * parts.select(1, 1)).mean().item<double>();
    EXPECT_LT(deviations(cross, 1.0), 5.0);
}

TEST(Random, ExtremeWordsGiveFiniteNumbers)
{
    for (const std::uint32_t word :
         {0U, 1U, 2U, 0x7FFFFFFFU, 0x80000000U, 0xB504F333U, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
        const double expected = -std::log((word + 0.5) * 0x1p-32);
        EXPECT_NEAR(minus_log(word) / expected, 1.0, 5e-7) << word;
        for (const std::uint32_t other : {0U, 0x80000000U, 0xFFFFFFFFU}) {
            const auto value = complex_gaussian(word, other, 1.0f);
            const double phase = 2.0 * M_PI * (other + 0.5) * 0x1p-32;
            EXPECT_NEAR(value.re, std::sqrt(expected) * std::cos(phase), 2e-6);
            EXPECT_NEAR(value.im, std::sqrt(expected) * std::sin(phase), 2e-6);
        }
    }
    // The largest radius, sqrt(33 ln 2).
    EXPECT_NEAR(complex_gaussian(0, 0, 1.0f).re, 4.7827, 1e-4);
}

TEST(Random, PhasorsOfManyTurns)
{
    for (double turns = -1000.0; turns < 1000.0; turns += 0.0917) {
        const auto value = turn_phasor(turns);
        const double phase = 2.0 * M_PI * std::remainder(turns, 1.0);
        EXPECT_NEAR(value.re, std::cos(phase), 3e-7) << turns;
        EXPECT_NEAR(value.im, std::sin(phase), 3e-7) << turns;
    }
}

TEST(Random, PartsOfARangeAreThoseOfTheWhole)
{
    const Stream stream{5, 1LL << 33, 40};
    std::vector<float> whole(2 * 1000);
    host::draw_complex_normal(stream, 0, 1000, 1.0f, whole.data());
    for (const auto& [first, count] :
         {std::pair{0, 1}, {1, 5}, {63, 2}, {64, 64}, {100, 300}, {999, 1}}) {
        std::vector<float> part(2 * count);
        host::draw_complex_normal(stream, first, count, 1.0f, part.data());
        for (int k = 0; k < 2 * count; k++) {
            EXPECT_EQ(part[k], whole[2 * first + k]) << first << " " << k;
        }
    }
}

#ifdef CFISAC_CUDA
TEST(Random, CudaGivesTheSameDraws)
{
    if (!torch::cuda::is_available()) {
        GTEST_SKIP() << "no CUDA device";
    }
    const Random random = Random::range(13, (1LL << 33) - 40, 80);
    const at::TensorOptions device(at::kCUDA);
    EXPECT_TRUE(at::equal(random.words(Purpose::payload, {37}, at::kCPU),
                          random.words(Purpose::payload, {37}, at::kCUDA).cpu()));
    EXPECT_TRUE(at::equal(
        random.uniform(Purpose::payload, {37}, at::kDouble),
        random.uniform(Purpose::payload, {37}, device.dtype(at::kDouble)).cpu()));
    for (const auto type : {at::kFloat, at::kDouble}) {
        const auto host = random.complex_normal(Purpose::payload, {37}, type);
        const auto there =
            random.complex_normal(Purpose::payload, {37}, device.dtype(type)).cpu();
        EXPECT_LT((host - there).abs().max().item<double>(),
                  type == at::kFloat ? 2e-6 : 1e-14);
    }
}
#endif

TEST(Random, NoFrameIsRefused)
{
    EXPECT_THROW(Random(0, std::vector<std::int64_t>{}), std::invalid_argument);
}

} // namespace
