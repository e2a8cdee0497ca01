// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fronthaul packets. What is accepted is in range and is what encode() makes of it, byte
// for byte; what is refused changes nothing; every packet that is encoded is decoded to
// itself, and none after one of its bytes has changed.

#include "fuzz.h"

#include <cfisac/fronthaul/packet.h>

#include <cmath>

namespace {

using namespace cfisac::fronthaul;
using cfisac::fuzz::Input;
using cfisac::fuzz::require;

constexpr std::uint64_t scenario_fingerprint = 0x0123456789abcdef;
constexpr std::uint64_t model_fingerprint = 0xfedcba9876543210;
constexpr std::size_t at_coding = 25; // see packet.h
constexpr std::size_t crc_size = 4;

std::vector<float> falling_counts(std::size_t size)
{
    std::vector<float> counts(size);
    for (std::size_t j = 0; j < size; ++j) {
        counts[j] = static_cast<float>(size) / static_cast<float>(1 + j * j);
    }
    return counts;
}

PacketFormat plain_format(std::uint32_t range, std::uint32_t count)
{
    return {range, count, scenario_fingerprint, model_fingerprint};
}

//! Entropy coded from access points 0 and 1, plain from the others.
PacketFormat coded_format(std::uint32_t codewords,
                          std::uint32_t codewords_sent,
                          std::uint32_t sent,
                          std::uint32_t positions)
{
    const auto prior =
        *message_prior(falling_counts(codewords), codewords_sent, sent, positions);
    return {prior.range(),
            prior.count(),
            scenario_fingerprint,
            model_fingerprint,
            {prior, prior}};
}

const std::vector<PacketFormat>& formats()
{
    static const std::vector<PacketFormat> formats{plain_format(512, 12),
                                                   plain_format(1, 1),
                                                   plain_format(65536, 46),
                                                   plain_format(33, 7),
                                                   coded_format(512, 32, 0, 0),
                                                   coded_format(16, 24, 12, 100),
                                                   coded_format(200, 9, 9, 9),
                                                   coded_format(2, 64, 0, 0),
                                                   coded_format(65536, 16, 8, 65536)};
    return formats;
}

void put_crc(std::vector<std::uint8_t>& bytes)
{
    const auto place = bytes.size() - crc_size;
    const auto crc = crc32c(bytes.data(), place);
    for (std::size_t i = 0; i < crc_size; ++i) {
        bytes[place + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
}

bool same(const Packet& a, const Packet& b)
{
    return a.access_point == b.access_point && a.frame == b.frame &&
           a.capture_time_ns == b.capture_time_ns &&
           a.bits_per_index == b.bits_per_index && a.scale == b.scale &&
           a.scenario_fingerprint == b.scenario_fingerprint &&
           a.model_fingerprint == b.model_fingerprint && a.indices == b.indices;
}

void check_accepted(const Packet& packet,
                    const std::vector<std::uint8_t>& bytes,
                    const PacketFormat& format)
{
    require(packet.indices.size() == format.index_count(), "as many indices as expected");
    for (const auto index : packet.indices) {
        require(index < format.index_range(), "indices are in range");
    }
    require(std::isfinite(packet.scale) && packet.scale >= 0.0f, "the scale is a scale");
    const bool coded = bytes[at_coding] != 0;
    std::vector<std::uint8_t> again(bytes.size());
    encode(packet,
           again.data(),
           again.size(),
           coded ? format.prior(packet.access_point) : nullptr);
    require(again == bytes, "an accepted packet encodes to the same bytes");
}

PacketStatus check_decoded(const std::vector<std::uint8_t>& bytes,
                           const PacketFormat& format)
{
    Packet before;
    before.frame = 77;
    before.indices = {1, 2, 3};
    Packet packet = before;
    const auto status = decode(bytes.data(), bytes.size(), format, packet);
    if (status == PacketStatus::ok) {
        check_accepted(packet, bytes, format);
    } else {
        require(same(packet, before), "a refused packet changes nothing");
    }
    return status;
}

//! As it is, and as one that somebody has made who knows the CRC.
void check_bytes(std::vector<std::uint8_t> bytes, const PacketFormat& format)
{
    check_decoded(bytes, format);
    bytes.resize(format.size());
    put_crc(bytes);
    const auto status = check_decoded(bytes, format);
    require(status != PacketStatus::bad_size && status != PacketStatus::bad_crc,
            "size and CRC are right");
}

//! Indices that `prior` allows: below the sizes of its tables, positions in order.
std::vector<std::uint32_t> indices_for(const IndexPrior& prior, Input& input)
{
    std::vector<std::uint32_t> indices;
    for (const auto& segment : prior.segments()) {
        std::uint32_t least = 0;
        for (std::uint32_t i = 0; i < segment.count; ++i) {
            const auto end = segment.ascending
                                 ? segment.table.codewords() - segment.count + i + 1
                                 : segment.table.codewords();
            const auto index = least + input.below(end - least);
            indices.push_back(index);
            least = segment.ascending ? index + 1 : 0;
        }
    }
    return indices;
}

void check_values(Input& input, const PacketFormat& format)
{
    Packet packet;
    packet.access_point = input.take<std::uint16_t>() % 4;
    packet.frame = input.take<std::uint64_t>();
    packet.capture_time_ns = input.take<std::int64_t>();
    packet.bits_per_index = format.bits_per_index();
    packet.scale = static_cast<float>(input.take<std::uint16_t>());
    packet.scenario_fingerprint = format.scenario_fingerprint();
    packet.model_fingerprint = format.model_fingerprint();
    const auto place = input.take<std::uint16_t>() % format.size();
    const auto change = static_cast<std::uint8_t>(1 + input.below(255));
    const auto* const prior = format.prior(packet.access_point);
    if (prior) {
        packet.indices = indices_for(*prior, input);
    } else {
        for (std::uint32_t i = 0; i < format.index_count(); ++i) {
            packet.indices.push_back(input.below(format.index_range()));
        }
    }
    if (const auto* first = format.prior(0); first && !prior) {
        packet.indices = indices_for(*first, input);
    }
    std::vector<std::uint8_t> bytes(format.size());
    encode(packet, bytes.data(), bytes.size(), prior);
    Packet found;
    require(decode(bytes.data(), bytes.size(), format, found) == PacketStatus::ok &&
                same(found, packet),
            "what is encoded is decoded");

    bytes[place] ^= change;
    require(check_decoded(bytes, format) != PacketStatus::ok, "damage is found");
    put_crc(bytes);
    check_decoded(bytes, format);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const auto choice = input.take<std::uint8_t>();
    const auto& format = formats()[choice / 2 % formats().size()];
    if (choice % 2 == 0) {
        check_bytes(input.rest(), format);
    } else {
        check_values(input, format);
    }
    return 0;
}
