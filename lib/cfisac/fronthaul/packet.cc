// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <boost/crc.hpp>
#include <cfisac/fronthaul/bit_packing.h>
#include <cfisac/fronthaul/packet.h>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace cfisac::fronthaul {
namespace {

static_assert(std::numeric_limits<float>::is_iec559 && sizeof(float) == 4,
              "the scale is an IEEE 754 binary32");

constexpr std::uint32_t magic = 0x50494643; // "CFIP", little endian
constexpr std::size_t crc_size = 4;
constexpr std::size_t length_size = 4; // of the number of coded bytes

// Offsets of the fields, see packet.h.
constexpr std::size_t at_magic = 0;
constexpr std::size_t at_version = 4;
constexpr std::size_t at_access_point = 6;
constexpr std::size_t at_frame = 8;
constexpr std::size_t at_capture_time = 16;
constexpr std::size_t at_bits_per_index = 24;
constexpr std::size_t at_coding = 25;
constexpr std::size_t at_zero = 26;
constexpr std::size_t zero_size = 2;
constexpr std::size_t at_index_count = 28;
constexpr std::size_t at_scale = 32;
constexpr std::size_t at_scenario = 36;
constexpr std::size_t at_model = 44;

template <typename T>
void put(std::uint8_t* out, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        out[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
}

template <typename T>
T get(const std::uint8_t* in)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value |= std::uint64_t{in[i]} << (8 * i);
    }
    return static_cast<T>(value);
}

void put_float(std::uint8_t* out, float value)
{
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    put(out, bits);
}

float get_float(const std::uint8_t* in)
{
    const auto bits = get<std::uint32_t>(in);
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

bool is_scale(float value) { return std::isfinite(value) && !std::signbit(value); }

bool is_zero(const std::uint8_t* begin, const std::uint8_t* end)
{
    return std::all_of(begin, end, [](std::uint8_t byte) { return byte == 0; });
}

//! Whether every field of the header but the fingerprints and those that may have any
//! value is as the format says.
bool fields_fit(const std::uint8_t* data, const PacketFormat& expected)
{
    return get<std::uint8_t>(data + at_bits_per_index) == expected.bits_per_index() &&
           is_zero(data + at_zero, data + at_zero + zero_size) &&
           get<std::uint32_t>(data + at_index_count) == expected.index_count() &&
           is_scale(get_float(data + at_scale));
}

//! "12 indices below 512"
std::string described(const IndexPrior& prior)
{
    return std::to_string(prior.count()) + " indices below " +
           std::to_string(prior.range());
}

/*! Write an entropy-coded payload.
 * \param end of the payload, which begins at `out`
 * \return whether it fits; if not, nothing is written
 */
bool put_coded(const std::vector<std::uint8_t>& coded,
               std::uint8_t* out,
               std::uint8_t* end)
{
    const auto room = static_cast<std::size_t>(end - out);
    if (room < length_size || room - length_size < coded.size()) {
        return false;
    }
    put(out, static_cast<std::uint32_t>(coded.size()));
    std::fill(std::copy(coded.begin(), coded.end(), out + length_size), end, 0);
    return true;
}

//! Read a plain payload; false, and `indices` as they were, if it is not one.
bool get_plain(const std::uint8_t* payload,
               const PacketFormat& expected,
               std::vector<std::uint32_t>& indices)
{
    const auto count = expected.index_count();
    const auto bits = expected.bits_per_index();
    if (!is_packed(payload, count, bits, expected.index_range())) {
        return false;
    }
    indices.resize(count);
    unpack(payload, count, bits, indices.data());
    return true;
}

//! Read an entropy-coded payload; false, and `indices` as they were, if it is not one.
bool get_coded(const std::uint8_t* payload,
               const std::uint8_t* end,
               const PacketFormat& expected,
               const IndexPrior* prior,
               std::vector<std::uint32_t>& indices)
{
    const auto room = static_cast<std::size_t>(end - payload);
    if (!prior || room < length_size) {
        return false;
    }
    const std::size_t size = get<std::uint32_t>(payload);
    if (size > room - length_size || !is_zero(payload + length_size + size, end)) {
        return false;
    }
    std::vector<std::uint32_t> decoded(expected.index_count());
    if (entropy_decode(payload + length_size, size, *prior, decoded.data()) !=
        CodeStatus::ok) {
        return false;
    }
    indices = std::move(decoded);
    return true;
}

} // namespace

std::size_t packet_size(unsigned bits_per_index, std::uint32_t index_count)
{
    if (index_count > max_index_count) {
        throw std::invalid_argument("a packet holds at most " +
                                    std::to_string(max_index_count) + " indices, not " +
                                    std::to_string(index_count));
    }
    return packet_header_size + packed_size(bits_per_index, index_count) + crc_size;
}

PacketFormat::PacketFormat(std::uint32_t index_range,
                           std::uint32_t index_count,
                           std::uint64_t scenario_fingerprint,
                           std::uint64_t model_fingerprint,
                           std::vector<IndexPrior> priors)
    : d_index_range(index_range),
      d_bits_per_index(static_cast<std::uint8_t>(bits_for(index_range))),
      d_index_count(index_count),
      d_scenario_fingerprint(scenario_fingerprint),
      d_model_fingerprint(model_fingerprint),
      d_priors(std::move(priors)),
      d_size(packet_size(d_bits_per_index, index_count))
{
    if (index_count == 0) {
        throw std::invalid_argument("a packet must hold at least 1 index, not 0");
    }
    for (std::size_t m = 0; m < d_priors.size(); ++m) {
        const auto& prior = d_priors[m];
        if (prior.range() != index_range || prior.count() != index_count) {
            throw std::invalid_argument("the prior of access point " + std::to_string(m) +
                                        " is for " + described(prior) + ", not for " +
                                        std::to_string(index_count) + " below " +
                                        std::to_string(index_range));
        }
    }
}

const char* to_string(PacketStatus status)
{
    switch (status) {
    case PacketStatus::ok:
        return "ok";
    case PacketStatus::bad_size:
        return "bad_size";
    case PacketStatus::bad_magic:
        return "bad_magic";
    case PacketStatus::bad_version:
        return "bad_version";
    case PacketStatus::bad_crc:
        return "bad_crc";
    case PacketStatus::bad_field:
        return "bad_field";
    case PacketStatus::foreign:
        return "foreign";
    }
    return "unknown";
}

std::uint64_t encode(const Packet& packet,
                     std::uint8_t* out,
                     std::size_t size,
                     const IndexPrior* prior)
{
    if (packet.indices.empty() || packet.indices.size() > max_index_count) {
        throw std::invalid_argument("a packet holds between 1 and " +
                                    std::to_string(max_index_count) + " indices, not " +
                                    std::to_string(packet.indices.size()));
    }
    const auto count = static_cast<std::uint32_t>(packet.indices.size());
    const std::size_t needed = packet_size(packet.bits_per_index, count);
    if (size != needed) {
        throw std::invalid_argument("the packet takes " + std::to_string(needed) +
                                    " bytes, not " + std::to_string(size));
    }
    if (!is_scale(packet.scale)) {
        throw std::invalid_argument("the scale must be finite and not negative, is " +
                                    std::to_string(packet.scale));
    }
    if (prior &&
        (bits_for(prior->range()) != packet.bits_per_index || prior->count() != count)) {
        throw std::invalid_argument("a prior for " + described(*prior) +
                                    " does not go with " + std::to_string(count) +
                                    " of " + std::to_string(packet.bits_per_index) +
                                    " bits");
    }
    put(out + at_magic, magic);
    put(out + at_version, packet_version);
    put(out + at_access_point, packet.access_point);
    put(out + at_frame, packet.frame);
    put(out + at_capture_time, packet.capture_time_ns);
    put(out + at_bits_per_index, packet.bits_per_index);
    std::fill_n(out + at_zero, zero_size, std::uint8_t{0});
    put(out + at_index_count, count);
    put_float(out + at_scale, packet.scale);
    put(out + at_scenario, packet.scenario_fingerprint);
    put(out + at_model, packet.model_fingerprint);

    std::uint8_t* const payload = out + packet_header_size;
    std::uint8_t* const end = out + size - crc_size;
    auto coding = Coding::plain;
    std::uint64_t bits = std::uint64_t{packet.bits_per_index} * count;
    if (prior) {
        const auto coded = entropy_encode(packet.indices.data(), *prior);
        if (put_coded(coded, payload, end)) {
            coding = Coding::entropy;
            bits = 8 * (length_size + coded.size());
        }
    }
    if (coding == Coding::plain) {
        pack(packet.indices.data(), count, packet.bits_per_index, payload);
    }
    put(out + at_coding, static_cast<std::uint8_t>(coding));
    put(end, crc32c(out, size - crc_size));
    return bits;
}

PacketStatus read_header(const std::uint8_t* data,
                         std::size_t size,
                         std::size_t packet_size,
                         PacketHeader& out)
{
    if (size != packet_size || size < packet_header_size + crc_size) {
        return PacketStatus::bad_size;
    }
    if (get<std::uint32_t>(data + at_magic) != magic) {
        return PacketStatus::bad_magic;
    }
    if (get<std::uint16_t>(data + at_version) != packet_version) {
        return PacketStatus::bad_version;
    }
    if (get<std::uint32_t>(data + size - crc_size) != crc32c(data, size - crc_size)) {
        return PacketStatus::bad_crc;
    }
    out.access_point = get<std::uint16_t>(data + at_access_point);
    out.frame = get<std::uint64_t>(data + at_frame);
    out.scenario_fingerprint = get<std::uint64_t>(data + at_scenario);
    out.model_fingerprint = get<std::uint64_t>(data + at_model);
    return PacketStatus::ok;
}

PacketStatus decode(const std::uint8_t* data,
                    std::size_t size,
                    const PacketFormat& expected,
                    Packet& out)
{
    PacketHeader header;
    const auto status = read_header(data, size, expected.size(), header);
    if (status != PacketStatus::ok) {
        return status;
    }
    if (header.scenario_fingerprint != expected.scenario_fingerprint() ||
        header.model_fingerprint != expected.model_fingerprint()) {
        return PacketStatus::foreign;
    }
    if (!fields_fit(data, expected)) {
        return PacketStatus::bad_field;
    }
    const std::uint8_t* const payload = data + packet_header_size;
    bool intact = false;
    switch (static_cast<Coding>(data[at_coding])) {
    case Coding::plain:
        intact = get_plain(payload, expected, out.indices);
        break;
    case Coding::entropy:
        intact = get_coded(payload,
                           data + size - crc_size,
                           expected,
                           expected.prior(header.access_point),
                           out.indices);
        break;
    }
    if (!intact) {
        return PacketStatus::bad_field;
    }
    out.access_point = header.access_point;
    out.frame = header.frame;
    out.capture_time_ns = get<std::int64_t>(data + at_capture_time);
    out.bits_per_index = expected.bits_per_index();
    out.scale = get_float(data + at_scale);
    out.scenario_fingerprint = expected.scenario_fingerprint();
    out.model_fingerprint = expected.model_fingerprint();
    return PacketStatus::ok;
}

std::uint32_t crc32c(const std::uint8_t* data, std::size_t size)
{
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(data, size);
    return crc.checksum();
}

} // namespace cfisac::fronthaul
