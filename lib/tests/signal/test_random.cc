// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/random.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using cfisac::signal::Purpose;
using cfisac::signal::Random;

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

TEST(Random, NoFrameIsRefused)
{
    EXPECT_THROW(Random(0, std::vector<std::int64_t>{}), std::invalid_argument);
}

} // namespace
