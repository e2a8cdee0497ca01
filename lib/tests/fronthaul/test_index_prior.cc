// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/entropy_coding.h>
#include <cfisac/fronthaul/packet.h>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

//! Messages of ascending positions and codewords.
namespace cfisac::fronthaul {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Indices = std::vector<std::uint32_t>;

struct Sizes {
    std::uint32_t sent, positions, codewords, groups;
};

constexpr Sizes many_sizes[] = {{1, 2, 2, 1},
                                {1, 400, 512, 2},
                                {2, 2, 3, 1},
                                {7, 64, 16, 3},
                                {64, 64, 16, 1},
                                {48, 400, 512, 2},
                                {399, 400, 5, 1},
                                {3, 65536, 4096, 2},
                                {65536, 65536, 2, 1}};

std::vector<float> uneven_counts(std::uint32_t codewords)
{
    std::vector<float> counts(codewords, 1.0f);
    counts[0] = 3.0f * static_cast<float>(codewords);
    return counts;
}

IndexPrior prior_of(const Sizes& sizes)
{
    return *message_prior(uneven_counts(sizes.codewords),
                          sizes.sent * sizes.groups,
                          sizes.sent,
                          sizes.positions);
}

//! Positions drawn at random, without replacement, and codewords.
Indices random_message(const Sizes& sizes, std::mt19937& engine)
{
    Indices all(sizes.positions);
    std::iota(all.begin(), all.end(), 0u);
    Indices message;
    std::sample(all.begin(), all.end(), std::back_inserter(message), sizes.sent, engine);
    std::uniform_int_distribution<std::uint32_t> any(0, sizes.codewords - 1);
    for (std::uint32_t i = 0; i < sizes.sent * sizes.groups; ++i) {
        message.push_back(engine() % 2 ? 0 : any(engine));
    }
    return message;
}

//! Decodes from and into memory of exactly the size needed, so that a sanitizer sees
//! every access beyond it.
CodeStatus decoded(const Bytes& bytes, const IndexPrior& prior, Indices& indices)
{
    const std::unique_ptr<std::uint8_t[]> in(new std::uint8_t[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), in.get());
    const std::unique_ptr<std::uint32_t[]> out(new std::uint32_t[prior.count()]());
    const auto status = entropy_decode(in.get(), bytes.size(), prior, out.get());
    indices.assign(out.get(), out.get() + prior.count());
    return status;
}

void expect_message(const Indices& message, const Sizes& sizes)
{
    for (std::uint32_t i = 0; i < message.size(); ++i) {
        if (i < sizes.sent) {
            ASSERT_LT(message[i], sizes.positions);
            ASSERT_TRUE(i == 0 || message[i] > message[i - 1]);
        } else {
            ASSERT_LT(message[i], sizes.codewords);
        }
    }
}

std::string error_of(const Indices& message, const IndexPrior& prior)
{
    try {
        entropy_encode(message.data(), prior);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(GapTable, FollowsTheShareOfPositionsThatAreNotSent)
{
    // Every position is sent: there are no gaps but of zero.
    const auto all = gap_table(4, 4);
    EXPECT_EQ(all.codewords(), 4u);
    EXPECT_EQ(all.frequency(0), 65533u);
    EXPECT_EQ(all.frequency(3), 1u);
    // One of two: gaps of 0 and 1, of weights 1 and 1/2.
    const auto one = gap_table(1, 2);
    EXPECT_EQ(one.frequency(0), 43691u);
    EXPECT_EQ(one.frequency(1), 21845u);
    // Frequencies fall by the same factor from gap to gap.
    const auto table = gap_table(48, 400);
    const double expected = 65536.0 * 48 / 400;
    for (std::uint32_t gap = 0; gap < 30; ++gap) {
        EXPECT_NEAR(table.frequency(gap), expected * std::pow(1 - 48.0 / 400, gap), 60.0);
    }
    EXPECT_EQ(table.frequency(399), 1u);
}

TEST(GapTable, RefusesWhatIsNone)
{
    EXPECT_THROW(gap_table(0, 4), std::invalid_argument);
    EXPECT_THROW(gap_table(5, 4), std::invalid_argument);
    EXPECT_THROW(gap_table(1, 1), std::invalid_argument);
    EXPECT_THROW(gap_table(1, 65537), std::invalid_argument);
    EXPECT_NO_THROW(gap_table(1, 65536));
}

TEST(IndexPrior, CountsAndRange)
{
    const auto prior = prior_of({7, 64, 16, 3});
    ASSERT_EQ(prior.segments().size(), 2u);
    EXPECT_TRUE(prior.segments()[0].ascending);
    EXPECT_FALSE(prior.segments()[1].ascending);
    EXPECT_EQ(prior.count(), 28u);
    EXPECT_EQ(prior.range(), 64u);
    EXPECT_EQ(prior_of({7, 64, 512, 3}).range(), 512u);
    EXPECT_NEAR(prior.expected_bits(),
                7 * gap_table(7, 64).entropy_bits() +
                    21 * FrequencyTable(uneven_counts(16)).entropy_bits(),
                1e-9);
    const auto dense = message_prior(uneven_counts(16), 40, 0, 0);
    ASSERT_TRUE(dense);
    EXPECT_EQ(dense->segments().size(), 1u);
    EXPECT_EQ(dense->count(), 40u);
    EXPECT_FALSE(message_prior({1.0f}, 40, 0, 0)); // a codebook of one codeword
    EXPECT_FALSE(message_prior(uneven_counts(16), 1, 1, 1));
    EXPECT_THROW(IndexPrior({}), std::invalid_argument);
    EXPECT_THROW(IndexPrior({{5, gap_table(2, 4), true}}), std::invalid_argument);
}

TEST(IndexPrior, RoundTripAndLength)
{
    std::mt19937 engine(1);
    for (const auto& sizes : many_sizes) {
        const auto prior = prior_of(sizes);
        for (int i = 0; i < (sizes.positions > 1000 ? 3 : 50); ++i) {
            const auto message = random_message(sizes, engine);
            const auto bytes = entropy_encode(message.data(), prior);
            Indices back;
            ASSERT_EQ(decoded(bytes, prior, back), CodeStatus::ok);
            ASSERT_EQ(back, message);
            const double ideal = cost_bits(message.data(), prior);
            ASSERT_LE(8.0 * bytes.size(), 1.001 * ideal + 64.0);
            ASSERT_GE(8.0 * bytes.size(), 0.999 * ideal);
        }
    }
}

//! A message with one table is coded as the indices alone.
TEST(IndexPrior, OneSegmentIsThePlainCoder)
{
    std::mt19937 engine(2);
    const FrequencyTable table(uneven_counts(16));
    const auto prior = *message_prior(uneven_counts(16), 100, 0, 0);
    Indices indices(100);
    std::generate(indices.begin(), indices.end(), [&] { return engine() % 16; });
    EXPECT_EQ(entropy_encode(indices.data(), prior),
              entropy_encode(indices.data(), 100, table));
    EXPECT_EQ(cost_bits(indices.data(), prior), cost_bits(indices.data(), 100, table));
}

//! Random positions take about the bits of log2 of the binomial coefficient.
TEST(IndexPrior, PositionsTakeFewBits)
{
    std::mt19937 engine(3);
    const std::uint32_t sent = 48;
    const std::uint32_t positions = 400;
    const IndexPrior prior({{sent, gap_table(sent, positions), true}});
    double mean = 0.0;
    for (int i = 0; i < 200; ++i) {
        mean += cost_bits(random_message({sent, positions, 2, 0}, engine).data(), prior);
    }
    mean /= 200;
    const auto log2_factorial = [](double n) { return std::lgamma(n + 1) / std::log(2); };
    const double least = log2_factorial(positions) - log2_factorial(sent) -
                         log2_factorial(positions - sent);
    EXPECT_GT(mean, least);
    EXPECT_LT(mean, 1.03 * least);
    EXPECT_NEAR(mean, prior.expected_bits(), 0.02 * mean);
    EXPECT_LT(mean, 0.6 * sent * 9); // nine bits each when plain
}

TEST(IndexPrior, EncodeNamesWhatIsWrong)
{
    const auto prior = prior_of({3, 8, 4, 1});
    EXPECT_EQ(error_of({0, 3, 7, 0, 1, 3}, prior), "");
    EXPECT_NE(error_of({0, 3, 8, 0, 1, 3}, prior).find("position 8"), std::string::npos);
    EXPECT_NE(error_of({0, 3, 3, 0, 1, 3}, prior).find("position 3 comes after 3"),
              std::string::npos);
    EXPECT_NE(error_of({5, 3, 7, 0, 1, 3}, prior).find("position 3 comes after 5"),
              std::string::npos);
    EXPECT_NE(error_of({0xFFFFFFFF, 0, 1, 0, 1, 3}, prior).find("position"),
              std::string::npos);
    EXPECT_NE(error_of({0, 3, 7, 0, 4, 3}, prior).find("index 4"), std::string::npos);
}

//! Gaps that lead beyond the last position have a code, but no position.
TEST(IndexPrior, PositionsBeyondTheLastAreRefused)
{
    const auto prior = prior_of({3, 8, 4, 1});
    const IndexPrior gaps({{3, gap_table(3, 8)}, {3, FrequencyTable(uneven_counts(4))}});
    Indices back;
    for (const Indices& bad : {Indices{0, 0, 7, 0, 0, 0},
                               Indices{7, 0, 0, 0, 0, 0},
                               Indices{7, 7, 7, 3, 3, 3},
                               Indices{5, 1, 0, 1, 1, 1}}) {
        EXPECT_EQ(decoded(entropy_encode(bad.data(), gaps), prior, back),
                  CodeStatus::bad_position);
    }
    const Indices good{5, 0, 0, 1, 2, 3};
    ASSERT_EQ(decoded(entropy_encode(good.data(), gaps), prior, back), CodeStatus::ok);
    EXPECT_EQ(back, (Indices{5, 6, 7, 1, 2, 3}));
    EXPECT_STREQ(to_string(CodeStatus::bad_position), "bad_position");
}

//! Whatever bytes come, what is accepted is a message and the code of no other.
TEST(IndexPrior, HostileBytes)
{
    std::mt19937 engine(4);
    int accepted = 0;
    for (const auto& sizes : many_sizes) {
        if (sizes.sent > 1000) {
            continue;
        }
        const auto prior = prior_of(sizes);
        const auto good = entropy_encode(random_message(sizes, engine).data(), prior);
        for (int i = 0; i < 2000; ++i) {
            Bytes bytes = good;
            if (i % 2) {
                bytes[engine() % bytes.size()] = static_cast<std::uint8_t>(engine());
            } else {
                bytes.resize(engine() % 64);
                std::generate(bytes.begin(), bytes.end(), [&] {
                    return static_cast<std::uint8_t>(engine());
                });
            }
            Indices back;
            if (decoded(bytes, prior, back) == CodeStatus::ok) {
                expect_message(back, sizes);
                ASSERT_EQ(entropy_encode(back.data(), prior), bytes);
                ++accepted;
            }
        }
    }
    EXPECT_GT(accepted, 0);
}

TEST(IndexPrior, TravelsInAPacket)
{
    const Sizes sizes{48, 400, 64, 2};
    const PacketFormat format(400, 144, 1, 2, {prior_of(sizes), prior_of(sizes)});
    EXPECT_EQ(format.bits_per_index(), 9);
    std::mt19937 engine(5);
    Packet packet;
    packet.access_point = 1;
    packet.bits_per_index = 9;
    packet.scenario_fingerprint = 1;
    packet.model_fingerprint = 2;
    packet.indices = random_message(sizes, engine);
    Bytes bytes(format.size());
    for (const bool coded : {false, true}) {
        const auto bits =
            encode(packet, bytes.data(), bytes.size(), coded ? format.prior(1) : nullptr);
        EXPECT_EQ(bytes[25], coded);
        EXPECT_TRUE(coded ? bits < 144u * 9 : bits == 144u * 9);
        Packet received;
        ASSERT_EQ(decode(bytes.data(), bytes.size(), format, received), PacketStatus::ok);
        EXPECT_EQ(received.indices, packet.indices);
    }
}

} // namespace
} // namespace cfisac::fronthaul
