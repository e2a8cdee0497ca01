// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/codeword_counts.h>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

namespace cfisac::fronthaul {
namespace {

Packet packet(std::vector<std::uint32_t> indices)
{
    Packet all;
    all.indices = std::move(indices);
    return all;
}

TEST(CodewordCounts, CountsTheCodewordsBehindThePositions)
{
    CodewordCounts counts(4, 2);
    EXPECT_TRUE(counts.add(packet({700, 701, 0, 3, 3})));
    EXPECT_EQ(counts.counts(), (std::vector<std::uint64_t>{1, 0, 0, 2}));
    EXPECT_EQ(counts.distinct(), 2u);
}

TEST(CodewordCounts, PerplexityIsTheExponentialOfTheEntropy)
{
    CodewordCounts counts(8);
    EXPECT_TRUE(std::isnan(counts.perplexity()));
    counts.add(packet({5, 5, 5}));
    EXPECT_DOUBLE_EQ(counts.perplexity(), 1.0);
    counts.clear();
    // Equally often: as many as there are.
    std::vector<std::uint32_t> all(8);
    std::iota(all.begin(), all.end(), 0);
    counts.add(packet(all));
    EXPECT_NEAR(counts.perplexity(), 8.0, 1e-12);
    // Shares 1/2, 1/4, 1/4: the entropy is 3/2 ln 2.
    counts.clear();
    counts.add(packet({0, 0, 1, 2}));
    EXPECT_NEAR(counts.perplexity(), std::pow(2.0, 1.5), 1e-12);
}

TEST(CodewordCounts, APacketWithAnotherCodewordIsNotCounted)
{
    CodewordCounts counts(4);
    EXPECT_FALSE(counts.add(packet({1, 4})));
    EXPECT_EQ(counts.distinct(), 0u);
}

TEST(CodewordCounts, WithoutACodebookThereIsNothingToCount)
{
    CodewordCounts counts(0);
    EXPECT_TRUE(counts.add(packet({60000})));
    EXPECT_EQ(counts.distinct(), 0u);
    EXPECT_TRUE(std::isnan(counts.perplexity()));
}

TEST(CodewordCounts, CountsOfTheSameCodebookAdd)
{
    CodewordCounts one(3), other(3);
    one.add(packet({0, 1}));
    other.add(packet({1, 2}));
    one.add(other);
    EXPECT_EQ(one.counts(), (std::vector<std::uint64_t>{1, 2, 1}));
    EXPECT_THROW(one.add(CodewordCounts(4)), std::invalid_argument);
}

} // namespace
} // namespace cfisac::fronthaul
