// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/bit_packing.h>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>
#include <vector>

namespace cfisac::fronthaul {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Indices = std::vector<std::uint32_t>;

//! Bit by bit, as the header says it.
Bytes packed_naively(const Indices& indices, unsigned bits)
{
    Bytes bytes((indices.size() * bits + 7) / 8, 0);
    for (std::size_t i = 0; i < indices.size(); ++i) {
        for (unsigned j = 0; j < bits; ++j) {
            const std::size_t position = i * bits + j;
            if (indices[i] >> j & 1u) {
                bytes[position / 8] |= static_cast<std::uint8_t>(1u << position % 8);
            }
        }
    }
    return bytes;
}

Bytes packed(const Indices& indices, unsigned bits)
{
    const auto count = static_cast<std::uint32_t>(indices.size());
    Bytes bytes(packed_size(bits, count), 0xAA); // what was there must not shine through
    pack(indices.data(), count, bits, bytes.data());
    return bytes;
}

Indices unpacked(const Bytes& bytes, std::uint32_t count, unsigned bits)
{
    Indices indices(count, 0xAAAAAAAA);
    unpack(bytes.data(), count, bits, indices.data());
    return indices;
}

//! Every width and every length up to a common multiple of all alignments, random values.
TEST(BitPacking, AgreesWithBitByBit)
{
    std::mt19937 engine(1);
    for (unsigned bits = 1; bits <= max_bits_per_index; ++bits) {
        for (std::uint32_t count = 0; count <= 100; ++count) {
            Indices indices(count);
            for (auto& index : indices) {
                index = static_cast<std::uint32_t>(engine()) & ((1u << bits) - 1);
            }
            const Bytes bytes = packed(indices, bits);
            ASSERT_EQ(bytes, packed_naively(indices, bits)) << bits << " bits, " << count;
            ASSERT_EQ(unpacked(bytes, count, bits), indices)
                << bits << " bits, " << count;
            ASSERT_TRUE(is_packed(bytes.data(), count, bits, 1u << bits));
        }
    }
}

//! Every value of every width at every bit offset, between neighbours of ones and zeros.
TEST(BitPacking, EveryValueAtEveryOffset)
{
    for (unsigned bits = 1; bits <= max_bits_per_index; ++bits) {
        const std::uint32_t ones = (1u << bits) - 1;
        for (std::uint32_t value = 0; value <= ones; ++value) {
            const Indices indices = {
                ones, value, 0, value, ones, value, 0, 0, value, ones};
            const Bytes bytes = packed(indices, bits);
            ASSERT_EQ(bytes, packed_naively(indices, bits)) << bits << " bits, " << value;
            ASSERT_EQ(unpacked(bytes, 10, bits), indices) << bits << " bits, " << value;
        }
    }
}

//! All strings of two bytes: unpacking and packing is the identity but for the padding.
TEST(BitPacking, EveryPairOfBytes)
{
    for (unsigned bits = 1; bits <= max_bits_per_index; ++bits) {
        const std::uint32_t count = 16 / bits;
        const unsigned used = count * bits;
        for (std::uint32_t word = 0; word < 65536; ++word) {
            Bytes bytes = {static_cast<std::uint8_t>(word),
                           static_cast<std::uint8_t>(word >> 8)};
            bytes.resize(packed_size(bits, count));
            const std::uint32_t present = bytes.size() == 2 ? word : word & 0xFF;
            const Indices indices = unpacked(bytes, count, bits);
            const bool clean = present >> used == 0;
            ASSERT_EQ(is_packed(bytes.data(), count, bits, 1u << bits), clean);
            ASSERT_EQ(packed(indices, bits) == bytes, clean);
        }
    }
}

TEST(BitPacking, ExampleOfTheHeader)
{
    // 5 = 101b and 3 = 011b from the least significant bit: 1 0 1 1 1 0, then zeros.
    EXPECT_EQ(packed({5, 3}, 3), (Bytes{0x1D}));
    EXPECT_EQ(packed({0x1234, 0xABCD}, 16), (Bytes{0x34, 0x12, 0xCD, 0xAB}));
    EXPECT_EQ(packed({0xABC, 0x123}, 12), (Bytes{0xBC, 0x3A, 0x12}));
}

TEST(BitPacking, IsPackedFindsCodewordsThatDoNotExist)
{
    for (std::uint32_t codewords : {3u, 5u, 6u, 7u, 1000u, 65535u}) {
        const unsigned bits = bits_for(codewords);
        for (std::uint32_t at = 0; at < 9; ++at) {
            Indices indices(9, codewords - 1);
            ASSERT_TRUE(is_packed(packed(indices, bits).data(), 9, bits, codewords));
            indices[at] = codewords;
            ASSERT_FALSE(is_packed(packed(indices, bits).data(), 9, bits, codewords));
        }
    }
}

TEST(BitPacking, BitsFor)
{
    EXPECT_EQ(bits_for(1), 1u);
    for (unsigned bits = 1; bits <= max_bits_per_index; ++bits) {
        EXPECT_EQ(bits_for(1u << bits), bits);
        EXPECT_EQ(bits_for((1u << (bits - 1)) + 1), bits);
    }
    EXPECT_THROW(bits_for(0), std::invalid_argument);
    EXPECT_THROW(bits_for(65537), std::invalid_argument);
}

TEST(BitPacking, PackedSize)
{
    EXPECT_EQ(packed_size(1, 0), 0u);
    EXPECT_EQ(packed_size(1, 8), 1u);
    EXPECT_EQ(packed_size(1, 9), 2u);
    EXPECT_EQ(packed_size(10, 256), 320u);
    EXPECT_EQ(packed_size(16, 0xFFFFFFFFu), 8589934590u);
}

TEST(BitPacking, RefusesOtherWidthsAndTooLargeIndices)
{
    std::uint8_t bytes[8] = {};
    std::uint32_t index = 0;
    for (const unsigned bits : {0u, 17u, 32u, 0xFFFFFFFFu}) {
        EXPECT_THROW(packed_size(bits, 1), std::invalid_argument);
        EXPECT_THROW(pack(&index, 1, bits, bytes), std::invalid_argument);
        EXPECT_THROW(unpack(bytes, 1, bits, &index), std::invalid_argument);
        EXPECT_THROW(is_packed(bytes, 1, bits, 1), std::invalid_argument);
    }
    for (unsigned bits = 1; bits <= max_bits_per_index; ++bits) {
        index = 1u << bits;
        EXPECT_THROW(pack(&index, 1, bits, bytes), std::invalid_argument);
        index = 0x80000000u;
        EXPECT_THROW(pack(&index, 1, bits, bytes), std::invalid_argument);
    }
}

} // namespace
} // namespace cfisac::fronthaul
