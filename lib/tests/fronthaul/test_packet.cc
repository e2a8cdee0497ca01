// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/bit_packing.h>
#include <cfisac/fronthaul/packet.h>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t scenario_print = 0x1122334455667788ull;
constexpr std::uint64_t model_print = 0x99AABBCCDDEEFF00ull;

PacketFormat format(std::uint32_t codewords = 1000, std::uint32_t count = 25)
{
    return PacketFormat(codewords, count, scenario_print, model_print);
}

Packet packet_of(const PacketFormat& f, unsigned seed = 1)
{
    std::mt19937 engine(seed);
    Packet p;
    p.access_point = 513;
    p.frame = 0x0102030405060708ull;
    p.capture_time_ns = -2;
    p.bits_per_index = f.bits_per_index();
    p.scale = 1.5f;
    p.scenario_fingerprint = f.scenario_fingerprint();
    p.model_fingerprint = f.model_fingerprint();
    p.indices.resize(f.index_count());
    for (auto& index : p.indices) {
        index =
            std::uniform_int_distribution<std::uint32_t>(0, f.index_range() - 1)(engine);
    }
    return p;
}

Bytes encoded(const Packet& p)
{
    const auto count = static_cast<std::uint32_t>(p.indices.size());
    Bytes bytes(packet_size(p.bits_per_index, count), 0xAA);
    encode(p, bytes.data(), bytes.size());
    return bytes;
}

//! Decodes from memory of exactly the size of `bytes`, so that a sanitizer sees every
//! read beyond it. Checks that nothing is written unless the packet is accepted.
PacketStatus status_of(const Bytes& bytes, const PacketFormat& f)
{
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), exact.get());
    Packet out;
    out.frame = 42;
    out.indices = {7};
    const PacketStatus status = decode(exact.get(), bytes.size(), f, out);
    if (status != PacketStatus::ok) {
        EXPECT_EQ(out.frame, 42u);
        EXPECT_EQ(out.indices, std::vector<std::uint32_t>{7});
    }
    return status;
}

//! Makes the CRC fit again after a change.
void seal(Bytes& bytes)
{
    const std::uint32_t crc = crc32c(bytes.data(), bytes.size() - 4);
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[bytes.size() - 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
}

TEST(Crc32c, CheckValues)
{
    const std::string digits = "123456789";
    const auto crc = [](const Bytes& b) { return crc32c(b.data(), b.size()); };
    EXPECT_EQ(crc(Bytes(digits.begin(), digits.end())), 0xE3069283u);
    // RFC 3720, B.4
    EXPECT_EQ(crc(Bytes(32, 0x00)), 0x8A9136AAu);
    EXPECT_EQ(crc(Bytes(32, 0xFF)), 0x62A8AB43u);
    EXPECT_EQ(crc({}), 0u);
}

TEST(Packet, RoundTrip)
{
    for (const std::uint32_t codewords :
         {1u, 2u, 3u, 64u, 1000u, 1024u, 65535u, 65536u}) {
        for (const std::uint32_t count : {1u, 2u, 7u, 8u, 255u}) {
            const PacketFormat f = format(codewords, count);
            const Packet sent = packet_of(f);
            const Bytes bytes = encoded(sent);
            ASSERT_EQ(bytes.size(), f.size());
            Packet received;
            ASSERT_EQ(decode(bytes.data(), bytes.size(), f, received), PacketStatus::ok);
            EXPECT_EQ(received.access_point, sent.access_point);
            EXPECT_EQ(received.frame, sent.frame);
            EXPECT_EQ(received.capture_time_ns, sent.capture_time_ns);
            EXPECT_EQ(received.bits_per_index, sent.bits_per_index);
            EXPECT_EQ(received.scale, sent.scale);
            EXPECT_EQ(received.scenario_fingerprint, sent.scenario_fingerprint);
            EXPECT_EQ(received.model_fingerprint, sent.model_fingerprint);
            EXPECT_EQ(received.indices, sent.indices);
        }
    }
}

TEST(Packet, LimitsOfTheFields)
{
    const PacketFormat f = format();
    Packet sent = packet_of(f);
    sent.access_point = 65535;
    sent.frame = std::numeric_limits<std::uint64_t>::max();
    sent.capture_time_ns = std::numeric_limits<std::int64_t>::min();
    for (const float scale : {0.0f,
                              std::numeric_limits<float>::denorm_min(),
                              std::numeric_limits<float>::max()}) {
        sent.scale = scale;
        const Bytes bytes = encoded(sent);
        Packet received;
        ASSERT_EQ(decode(bytes.data(), bytes.size(), f, received), PacketStatus::ok);
        EXPECT_EQ(received.access_point, sent.access_point);
        EXPECT_EQ(received.frame, sent.frame);
        EXPECT_EQ(received.capture_time_ns, sent.capture_time_ns);
        EXPECT_EQ(received.scale, scale);
    }
}

//! The layout of the header, byte by byte.
TEST(Packet, Layout)
{
    const PacketFormat f = format(16, 3);
    Packet p = packet_of(f);
    p.indices = {1, 2, 15};
    Bytes expected = {'C',  'F',  'I',  'P',                          // magic
                      1,    0,                                        // version
                      1,    2,                                        // access point
                      8,    7,    6,    5,    4,    3,    2,    1,    // frame
                      0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // time
                      4,                                              // bits
                      0,    0,    0,                                  // zero
                      3,    0,    0,    0,                            // indices
                      0,    0,    0xC0, 0x3F,                         // 1.5f
                      0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // scenario
                      0x00, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, // model
                      0x21, 0x0F,                                     // payload
                      0,    0,    0,    0};                           // CRC
    seal(expected);
    EXPECT_EQ(encoded(p), expected);
}

TEST(Packet, EverySingleBitFlipIsDetected)
{
    for (const std::uint32_t codewords : {1000u, 65536u}) {
        const PacketFormat f = format(codewords, 129);
        const Bytes bytes = encoded(packet_of(f));
        ASSERT_EQ(status_of(bytes, f), PacketStatus::ok);
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            Bytes flipped = bytes;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
            ASSERT_EQ(status_of(flipped, f),
                      bit < 32   ? PacketStatus::bad_magic
                      : bit < 48 ? PacketStatus::bad_version
                                 : PacketStatus::bad_crc)
                << "bit " << bit;
        }
    }
}

TEST(Packet, EveryBurstOfUpTo32BitsIsDetected)
{
    const PacketFormat f = format();
    const Bytes bytes = encoded(packet_of(f));
    std::mt19937 engine(3);
    for (std::size_t first = 0; first + 32 <= 8 * bytes.size(); ++first) {
        for (int i = 0; i < 20; ++i) {
            const std::uint32_t burst = static_cast<std::uint32_t>(engine()) | 1u;
            Bytes damaged = bytes;
            for (std::size_t j = 0; j < 32; ++j) {
                const std::size_t bit = first + j;
                damaged[bit / 8] ^=
                    static_cast<std::uint8_t>((burst >> j & 1u) << bit % 8);
            }
            ASSERT_NE(status_of(damaged, f), PacketStatus::ok);
        }
    }
}

TEST(Packet, EveryOtherSizeIsRefused)
{
    const PacketFormat f = format();
    const Bytes bytes = encoded(packet_of(f));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        ASSERT_EQ(status_of(cut, f), PacketStatus::bad_size) << size;
    }
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_EQ(status_of(longer, f), PacketStatus::bad_size);
    EXPECT_EQ(status_of(encoded(packet_of(format(1000, 26))), f), PacketStatus::bad_size);
}

//! Bytes that were never a packet: of the right size or not, with the right beginning or
//! not.
TEST(Packet, RandomBytesAreRefused)
{
    const PacketFormat f = format();
    const Bytes good = encoded(packet_of(f));
    std::mt19937 engine(4);
    for (int i = 0; i < 100000; ++i) {
        const bool right_size = i % 2 == 0;
        Bytes bytes(right_size ? f.size() : engine() % (2 * f.size()));
        std::generate(bytes.begin(), bytes.end(), [&] {
            return static_cast<std::uint8_t>(engine());
        });
        if (i % 4 == 0) {
            std::copy(good.begin(), good.begin() + 52, bytes.begin());
        }
        ASSERT_NE(status_of(bytes, f), PacketStatus::ok);
    }
}

//! With a right CRC, what is accepted is exactly what encode() writes.
TEST(Packet, AcceptsOnlyWhatEncodeWrites)
{
    const PacketFormat f = format(5, 11); // codewords and padding that do not exist
    const Bytes good = encoded(packet_of(f));
    std::mt19937 engine(5);
    int accepted = 0;
    for (int i = 0; i < 100000; ++i) {
        Bytes bytes = good;
        for (unsigned changes = 1 + engine() % 3; changes > 0; --changes) {
            bytes[engine() % bytes.size()] = static_cast<std::uint8_t>(engine());
        }
        seal(bytes);
        Packet out;
        if (decode(bytes.data(), bytes.size(), f, out) == PacketStatus::ok) {
            ASSERT_EQ(encoded(out), bytes);
            ASSERT_LT(*std::max_element(out.indices.begin(), out.indices.end()), 5u);
            ++accepted;
        }
    }
    EXPECT_GT(accepted, 1000); // other frames, times, access points
    EXPECT_LT(accepted, 90000);
}

TEST(Packet, StatusOfIntactPackets)
{
    const PacketFormat f = format(1000, 25); // 250 bits, 6 of padding
    const Bytes good = encoded(packet_of(f));
    const auto after = [&](std::size_t at, std::initializer_list<int> values) {
        Bytes bytes = good;
        for (const int value : values) {
            bytes[at++] = static_cast<std::uint8_t>(value);
        }
        seal(bytes);
        return status_of(bytes, f);
    };
    EXPECT_EQ(after(0, {}), PacketStatus::ok);
    EXPECT_EQ(after(0, {'X'}), PacketStatus::bad_magic);
    EXPECT_EQ(after(4, {2}), PacketStatus::bad_version);
    EXPECT_EQ(after(24, {0}), PacketStatus::bad_field);
    EXPECT_EQ(after(24, {9}), PacketStatus::bad_field);
    EXPECT_EQ(after(24, {255}), PacketStatus::bad_field);
    EXPECT_EQ(after(25, {1}), PacketStatus::bad_field);
    EXPECT_EQ(after(27, {128}), PacketStatus::bad_field);
    EXPECT_EQ(after(28, {24}), PacketStatus::bad_field);
    EXPECT_EQ(after(28, {255, 255, 255, 255}), PacketStatus::bad_field);
    EXPECT_EQ(after(32, {0, 0, 0xC0, 0x7F}), PacketStatus::bad_field); // NaN
    EXPECT_EQ(after(32, {0, 0, 0x80, 0x7F}), PacketStatus::bad_field); // infinity
    EXPECT_EQ(after(32, {0, 0, 0x80, 0xBF}), PacketStatus::bad_field); // -1
    EXPECT_EQ(after(32, {0, 0, 0x80, 0x3F}), PacketStatus::ok);        // 1
    EXPECT_EQ(after(36, {0}), PacketStatus::foreign);
    EXPECT_EQ(after(43, {0}), PacketStatus::foreign);
    EXPECT_EQ(after(44, {1}), PacketStatus::foreign);
    EXPECT_EQ(after(51, {0}), PacketStatus::foreign);
    EXPECT_EQ(after(52, {0xE8, 0x03 | (good[53] & 0xFC)}),
              PacketStatus::bad_field);                                       // 1000
    EXPECT_EQ(after(52, {0xE7, 0x03 | (good[53] & 0xFC)}), PacketStatus::ok); // 999
    EXPECT_EQ(after(83, {good[83] | 0x80}), PacketStatus::bad_field);
    EXPECT_EQ(after(83, {good[83] | 0x04}), PacketStatus::bad_field);
}

TEST(Packet, EncodeNamesWhatIsOutOfRange)
{
    const Packet good = packet_of(format());
    Bytes bytes(format().size());
    const auto error = [&](const Packet& p, std::size_t size) -> std::string {
        try {
            encode(p, bytes.data(), size);
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    const auto contains = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    EXPECT_EQ(error(good, bytes.size()), "");
    EXPECT_TRUE(
        contains(error(good, bytes.size() - 1), std::to_string(bytes.size() - 1)));
    Packet p = good;
    p.bits_per_index = 0;
    EXPECT_TRUE(contains(error(p, bytes.size()), "is 0"));
    p.bits_per_index = 17;
    EXPECT_TRUE(contains(error(p, bytes.size()), "is 17"));
    p = good;
    p.indices.back() = 1024;
    EXPECT_TRUE(contains(error(p, bytes.size()), "1024"));
    p = good;
    p.indices.clear();
    EXPECT_TRUE(contains(error(p, bytes.size()), "not 0"));
    for (const float scale :
         {-1.0f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
        p = good;
        p.scale = scale;
        EXPECT_TRUE(contains(error(p, bytes.size()), "scale")) << scale;
    }
}

// ------------------------------------------------------------- entropy-coded payloads

//! Prior in which codeword 0 is likely and every second one has never occurred.
IndexPrior uneven_prior(std::uint32_t codewords, std::uint32_t count)
{
    std::vector<float> counts(codewords, 0.0f);
    for (std::size_t j = 0; j < counts.size(); j += 2) {
        counts[j] = 1.0f;
    }
    counts[0] = 20.0f * static_cast<float>(codewords);
    return IndexPrior({{count, FrequencyTable(counts)}});
}

//! Format in which access points 0 … 2 have priors.
PacketFormat coded_format(std::uint32_t codewords = 1000, std::uint32_t count = 100)
{
    return PacketFormat(codewords,
                        count,
                        scenario_print,
                        model_print,
                        std::vector<IndexPrior>(3, uneven_prior(codewords, count)));
}

//! Packet of access point 2 whose indices are mostly 0.
Packet likely_packet(const PacketFormat& f)
{
    Packet p = packet_of(f);
    p.access_point = 2;
    for (std::size_t i = 0; i < p.indices.size(); ++i) {
        p.indices[i] = i % 10 == 9 ? p.indices[i] & ~1u : 0;
    }
    return p;
}

struct Written {
    Bytes bytes;
    std::uint64_t bits;
};

Written written(const Packet& p, const IndexPrior* prior)
{
    const auto count = static_cast<std::uint32_t>(p.indices.size());
    Written result{Bytes(packet_size(p.bits_per_index, count), 0xAA), 0};
    result.bits = encode(p, result.bytes.data(), result.bytes.size(), prior);
    return result;
}

TEST(CodedPacket, RoundTrip)
{
    for (const std::uint32_t codewords : {2u, 3u, 512u, 1000u, 4096u}) {
        const PacketFormat f = coded_format(codewords, 500);
        const Packet sent = likely_packet(f);
        const auto [bytes, bits] = written(sent, f.prior(2));
        const auto code = entropy_encode(sent.indices.data(), *f.prior(2));
        ASSERT_EQ(bytes.size(), f.size());
        EXPECT_EQ(bytes[25], 1) << codewords;
        EXPECT_EQ(bits, 32 + 8 * code.size());
        EXPECT_LT(bits, 500u * f.bits_per_index());
        Packet received;
        ASSERT_EQ(decode(bytes.data(), bytes.size(), f, received), PacketStatus::ok);
        EXPECT_EQ(received.indices, sent.indices);
        EXPECT_EQ(received.access_point, sent.access_point);
        EXPECT_EQ(received.frame, sent.frame);
        EXPECT_EQ(received.capture_time_ns, sent.capture_time_ns);
        EXPECT_EQ(received.bits_per_index, sent.bits_per_index);
        EXPECT_EQ(received.scale, sent.scale);
    }
}

//! The header is that of the plain packet but for the coding; then come length, code and
//! zeros.
TEST(CodedPacket, Layout)
{
    const PacketFormat f = coded_format();
    const Packet p = likely_packet(f);
    const auto code = entropy_encode(p.indices.data(), *f.prior(2));
    Bytes expected = encoded(p);
    expected[25] = 1;
    std::fill(expected.begin() + 52, expected.end(), std::uint8_t{0});
    ASSERT_LT(code.size(), 121u); // of 125 bytes of payload
    expected[52] = static_cast<std::uint8_t>(code.size());
    std::copy(code.begin(), code.end(), expected.begin() + 56);
    seal(expected);
    EXPECT_EQ(written(p, f.prior(2)).bytes, expected);
}

TEST(CodedPacket, PlainPacketsAreReadAsWell)
{
    const PacketFormat f = coded_format();
    const Packet sent = likely_packet(f);
    const auto [bytes, bits] = written(sent, nullptr);
    EXPECT_EQ(bytes, encoded(sent));
    EXPECT_EQ(bytes[25], 0);
    EXPECT_EQ(bits, 1000u);
    Packet received;
    ASSERT_EQ(decode(bytes.data(), bytes.size(), f, received), PacketStatus::ok);
    EXPECT_EQ(received.indices, sent.indices);
}

//! Unlikely indices take more bits than plain ones: the packet is then plain. The coded
//! bytes may fill the payload to its last byte.
TEST(CodedPacket, PlainWhereTheCodeDoesNotFit)
{
    const PacketFormat f = coded_format();
    Packet p = likely_packet(f);
    std::size_t largest = 0;
    bool plain = false;
    for (auto& index : p.indices) { // from likely to unlikely, one after the other
        index = 999;
        const auto [bytes, bits] = written(p, f.prior(2));
        const auto code = entropy_encode(p.indices.data(), *f.prior(2));
        if (code.size() <= 121) {
            EXPECT_EQ(bytes[25], 1);
            EXPECT_EQ(bits, 32 + 8 * code.size());
            largest = std::max(largest, code.size());
        } else {
            EXPECT_EQ(bytes, encoded(p));
            EXPECT_EQ(bits, 1000u);
            plain = true;
        }
        ASSERT_EQ(status_of(bytes, f), PacketStatus::ok);
    }
    EXPECT_TRUE(plain);
    EXPECT_GE(largest, 119u);
    // A payload without room for the length.
    const PacketFormat tiny = coded_format(1000, 2);
    EXPECT_EQ(written(likely_packet(tiny), tiny.prior(2)).bytes[25], 0);
}

TEST(CodedPacket, StatusOfIntactPackets)
{
    const PacketFormat f = coded_format();
    const Packet p = likely_packet(f);
    const Bytes good = written(p, f.prior(2)).bytes;
    const std::size_t size = good[52];
    const auto after = [&](std::size_t at, std::initializer_list<int> values) {
        Bytes bytes = good;
        for (const int value : values) {
            bytes[at++] = static_cast<std::uint8_t>(value);
        }
        seal(bytes);
        return status_of(bytes, f);
    };
    const int length = static_cast<int>(size);
    EXPECT_EQ(after(0, {}), PacketStatus::ok);
    EXPECT_EQ(after(6, {0, 0}), PacketStatus::ok);
    EXPECT_EQ(after(6, {3, 0}), PacketStatus::bad_field);   // has no prior
    EXPECT_EQ(after(6, {2, 255}), PacketStatus::bad_field); // nor has this one
    EXPECT_EQ(after(25, {2}), PacketStatus::bad_field);
    EXPECT_EQ(after(25, {255}), PacketStatus::bad_field);
    EXPECT_EQ(after(26, {1}), PacketStatus::bad_field);
    EXPECT_EQ(after(27, {1}), PacketStatus::bad_field);
    for (int wrong = 0; wrong < 256; ++wrong) {
        EXPECT_EQ(after(52, {wrong}),
                  wrong == length ? PacketStatus::ok : PacketStatus::bad_field)
            << wrong;
    }
    for (const std::size_t at : {53u, 54u, 55u}) {
        EXPECT_EQ(after(at, {1}), PacketStatus::bad_field);
        EXPECT_EQ(after(at, {255}), PacketStatus::bad_field);
    }
    EXPECT_EQ(after(52, {255, 255, 255, 255}), PacketStatus::bad_field);
    for (std::size_t at = 56 + size; at < good.size() - 4; ++at) { // the zeros
        EXPECT_EQ(after(at, {1}), PacketStatus::bad_field);
    }
    EXPECT_EQ(status_of(good, format(1000, 100)), PacketStatus::bad_field); // no priors
}

//! With a right CRC, what is accepted is exactly what encode() writes, plain or coded.
TEST(CodedPacket, AcceptsOnlyWhatEncodeWrites)
{
    const PacketFormat f = coded_format(5, 60);
    const Bytes good = written(likely_packet(f), f.prior(2)).bytes;
    ASSERT_EQ(good[25], 1);
    std::mt19937 engine(6);
    int accepted = 0;
    for (int i = 0; i < 100000; ++i) {
        Bytes bytes = good;
        for (unsigned changes = 1 + engine() % 3; changes > 0; --changes) {
            bytes[engine() % bytes.size()] = static_cast<std::uint8_t>(engine());
        }
        if (i % 5 == 0) {
            bytes[25] = static_cast<std::uint8_t>(engine() % 3);
        }
        seal(bytes);
        Packet out;
        const auto status = decode(bytes.data(), bytes.size(), f, out);
        ASSERT_EQ(status_of(bytes, f), status);
        if (status == PacketStatus::ok) {
            const auto* prior = bytes[25] == 1 ? f.prior(out.access_point) : nullptr;
            ASSERT_EQ(written(out, prior).bytes, bytes);
            ASSERT_LT(*std::max_element(out.indices.begin(), out.indices.end()), 5u);
            accepted += bytes != good;
        }
    }
    EXPECT_GT(accepted, 1000); // other frames, times, access points
    EXPECT_LT(accepted, 90000);
}

TEST(CodedPacket, RefusesPriorsOfOtherMessages)
{
    const auto message = [](const auto& function) -> std::string {
        try {
            function();
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    for (const auto& wrong : {uneven_prior(999, 10), uneven_prior(1000, 9)}) {
        const std::vector<IndexPrior> priors{uneven_prior(1000, 10), wrong};
        const auto wrong_format =
            message([&] { PacketFormat(1000, 10, scenario_print, model_print, priors); });
        const auto expected = "access point 1 is for " + std::to_string(wrong.count()) +
                              " indices below " + std::to_string(wrong.range());
        EXPECT_NE(wrong_format.find(expected), std::string::npos) << wrong_format;
    }
    for (const auto& wrong : {uneven_prior(512, 25), uneven_prior(1000, 24)}) {
        const auto wrong_prior = message([&] { written(packet_of(format()), &wrong); });
        EXPECT_NE(wrong_prior.find("does not go with 25 of 10 bits"), std::string::npos)
            << wrong_prior;
    }
    const PacketFormat f = coded_format();
    Packet p = likely_packet(f);
    p.indices[5] = 1000;
    const auto wrong_index = message([&] { written(p, f.prior(2)); });
    EXPECT_NE(wrong_index.find("index 1000"), std::string::npos) << wrong_index;
    EXPECT_EQ(f.prior(3), nullptr);
    EXPECT_EQ(format().prior(0), nullptr);
}

TEST(PacketFormat, SizesAndRanges)
{
    const PacketFormat f = format(1000, 25);
    EXPECT_EQ(f.bits_per_index(), 10);
    EXPECT_EQ(f.size(), 52u + 32 + 4);
    EXPECT_EQ(f.size(), packet_size(10, 25));
    EXPECT_THROW(format(0, 1), std::invalid_argument);
    EXPECT_THROW(format(65537, 1), std::invalid_argument);
    EXPECT_THROW(format(16, 0), std::invalid_argument);
    EXPECT_THROW(format(16, max_index_count + 1), std::invalid_argument);
    EXPECT_THROW(packet_size(16, 0xFFFFFFFF), std::invalid_argument);
    EXPECT_NO_THROW(format(65536, max_index_count));
}

TEST(PacketStatus, Names)
{
    EXPECT_STREQ(to_string(PacketStatus::ok), "ok");
    EXPECT_STREQ(to_string(PacketStatus::bad_crc), "bad_crc");
    EXPECT_STREQ(to_string(PacketStatus::foreign), "foreign");
    EXPECT_STREQ(to_string(static_cast<PacketStatus>(99)), "unknown");
}

} // namespace
} // namespace cfisac::fronthaul
