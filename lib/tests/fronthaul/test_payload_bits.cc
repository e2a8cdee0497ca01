// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/payload_bits.h>
#include <gtest/gtest.h>

namespace cfisac::fronthaul {
namespace {

Packet packet(std::uint32_t index)
{
    Packet all;
    all.bits_per_index = 5;
    all.indices.assign(40, index);
    return all;
}

TEST(PayloadBits, OfAPlainPacketAreThoseOfItsIndices)
{
    const PacketFormat format(32, 40, 0, 0);
    std::vector<std::uint8_t> bytes(format.size());
    const auto told = encode(packet(7), bytes.data(), bytes.size());
    EXPECT_EQ(payload_bits(bytes.data(), format), 200u);
    EXPECT_EQ(payload_bits(bytes.data(), format), told);
}

TEST(PayloadBits, OfAnEntropyCodedPacketAreWhatEncodeTells)
{
    // One codeword is a thousand times likelier than the others.
    std::vector<float> counts(32, 1.0f);
    counts[3] = 1000.0f;
    const std::vector<IndexPrior> priors{IndexPrior({{40, FrequencyTable(counts)}})};
    const PacketFormat format(32, 40, 0, 0, priors);
    std::vector<std::uint8_t> bytes(format.size());
    const auto likely = encode(packet(3), bytes.data(), bytes.size(), &priors[0]);
    EXPECT_LT(likely, 200u);
    EXPECT_EQ(payload_bits(bytes.data(), format), likely);
    // What does not fit travels plain.
    const auto rare = encode(packet(4), bytes.data(), bytes.size(), &priors[0]);
    EXPECT_EQ(rare, 200u);
    EXPECT_EQ(payload_bits(bytes.data(), format), rare);
}

} // namespace
} // namespace cfisac::fronthaul
