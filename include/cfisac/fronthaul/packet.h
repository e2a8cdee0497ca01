// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_PACKET_H
#define INCLUDED_CFISAC_FRONTHAUL_PACKET_H

#include <cfisac/fronthaul/entropy_coding.h>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfisac::fronthaul {

/*! \file
 * What an access point sends to the central unit for one frame, in a packet whose size is
 * the same for every frame. Integers are little endian, the scale is an IEEE 754
 * binary32.
 *
 * | offset | bytes | field                                                              |
 * |-------:|------:|--------------------------------------------------------------------|
 * |      0 |     4 | magic, the characters `CFIP`                                       |
 * |      4 |     2 | version of this layout, 1                                          |
 * |      6 |     2 | access point, counted from 0                                       |
 * |      8 |     8 | frame number                                                       |
 * |     16 |     8 | capture time of the frame's first sample, ns (signed)              |
 * |     24 |     1 | bits per index b, 1 … 16                                           |
 * |     25 |     1 | coding of the payload: 0 plain, 1 entropy coded                    |
 * |     26 |     2 | zero                                                               |
 * |     28 |     4 | number of indices L                                                |
 * |     32 |     4 | scale of the frame, finite and not negative                        |
 * |     36 |     8 | fingerprint of the scenario                                        |
 * |     44 |     8 | fingerprint of the model                                           |
 * |     52 |     P | payload, P = ⌈b L / 8⌉, see below                                  |
 * | 52 + P |     4 | CRC-32C of everything before it                                    |
 *
 * The indices are codewords, or the ascending positions of the vectors that are sent and
 * then their codewords. A plain payload holds them as in bit_packing.h. An entropy-coded
 * one is the number of coded bytes (4 bytes), the coded bytes as in entropy_coding.h, and
 * zeros. It needs the prior of the access point at both ends; where the coded bytes do
 * not fit into P bytes, the packet is plain.
 *
 * The CRC finds damage, not forgery: authentication is the transport's business.
 */

constexpr std::size_t packet_header_size = 52; //!< bytes ahead of the payload
constexpr std::uint16_t packet_version = 1;    //!< of the layout
//! Most indices in a packet (at most 32 MiB of payload).
constexpr std::uint32_t max_index_count = std::uint32_t{1} << 24;

//! How the payload of a packet holds the indices.
enum class Coding : std::uint8_t { plain = 0, entropy = 1 };

//! Content of a packet.
struct Packet {
    std::uint16_t access_point = 0;   //!< receive access point m, counted from 0
    std::uint64_t frame = 0;          //!< its number
    std::int64_t capture_time_ns = 0; //!< since the epoch of the receivers' common clock
    std::uint8_t bits_per_index = 0;  //!< 1 … 16
    float scale = 0.0f; //!< by which the frame was divided before the encoder
    std::uint64_t scenario_fingerprint = 0; //!< see cfisac::fingerprint()
    std::uint64_t model_fingerprint = 0;    //!< of the model that the indices are of
    std::vector<std::uint32_t> indices;     //!< positions, if any, then codewords
};

/*! Bytes of a packet of `index_count` indices of `bits_per_index` bits.
 * \throws std::invalid_argument unless 1 ≤ bits_per_index ≤ 16 and
 * index_count ≤ max_index_count
 */
std::size_t packet_size(unsigned bits_per_index, std::uint32_t index_count);

//! What a receiver of packets expects; the same for every packet of a stream.
class PacketFormat
{
public:
    /*!
     * \param index_range every index is below this, 1 … 65536: the size of the codebook,
     * or the number of positions where that is larger. It sets the bits per index,
     * ⌈log2(index_range)⌉ and at least 1
     * \param index_count indices per packet, 1 … max_index_count
     * \param scenario_fingerprint see cfisac::fingerprint()
     * \param model_fingerprint of the model whose codebook the indices refer to
     * \param priors [M] prior of each access point, for entropy-coded packets; access
     * points that have none send plain packets only
     * \throws std::invalid_argument naming the value that is out of range, or the prior
     * that is not for `index_count` indices below `index_range`
     */
    PacketFormat(std::uint32_t index_range,
                 std::uint32_t index_count,
                 std::uint64_t scenario_fingerprint,
                 std::uint64_t model_fingerprint,
                 std::vector<IndexPrior> priors = {});

    //! Every index is below this.
    std::uint32_t index_range() const { return d_index_range; }
    //! In a plain packet.
    std::uint8_t bits_per_index() const { return d_bits_per_index; }
    //! Indices of a packet.
    std::uint32_t index_count() const { return d_index_count; }
    //! That every packet must have.
    std::uint64_t scenario_fingerprint() const { return d_scenario_fingerprint; }
    //! That every packet must have.
    std::uint64_t model_fingerprint() const { return d_model_fingerprint; }
    //! Prior of an access point; null where it has none.
    const IndexPrior* prior(std::size_t access_point) const
    {
        return access_point < d_priors.size() ? &d_priors[access_point] : nullptr;
    }
    //! Bytes of every packet of this format.
    std::size_t size() const { return d_size; }

private:
    std::uint32_t d_index_range;
    std::uint8_t d_bits_per_index;
    std::uint32_t d_index_count;
    std::uint64_t d_scenario_fingerprint;
    std::uint64_t d_model_fingerprint;
    std::vector<IndexPrior> d_priors;
    std::size_t d_size;
};

//! What became of received bytes; the checks are made in this order.
enum class PacketStatus {
    ok,          //!< a packet of the format
    bad_size,    //!< not the size of the format
    bad_magic,   //!< not a packet
    bad_version, //!< a packet of another version of the layout
    bad_crc,     //!< damaged
    foreign,     //!< intact, but from another scenario or model
    bad_field    //!< intact, but a field has a value that the format does not allow
};

//! Name of a status as in the enumeration.
const char* to_string(PacketStatus status);

//! What a transport must know of a packet.
struct PacketHeader {
    std::uint16_t access_point = 0;         //!< receive access point m, counted from 0
    std::uint64_t frame = 0;                //!< its number
    std::uint64_t scenario_fingerprint = 0; //!< see cfisac::fingerprint()
    std::uint64_t model_fingerprint = 0;    //!< of the model that the indices are of
};

/*! Read the header of a packet, which may come from anywhere, without its format. Makes
 * the checks of decode() up to that of the CRC.
 *
 * Never reads beyond `size`, and throws nothing.
 * \param data received bytes; need not be aligned
 * \param size their number
 * \param packet_size bytes of a packet of the stream
 * \param out header; left as it was unless the status is `ok`
 */
PacketStatus read_header(const std::uint8_t* data,
                         std::size_t size,
                         std::size_t packet_size,
                         PacketHeader& out);

/*! Write a packet.
 * \param packet content
 * \param out where to write `size` bytes; need not be aligned
 * \param size `packet_size(packet.bits_per_index, packet.indices.size())`
 * \param prior of the access point, for an entropy-coded payload; a plain one where it is
 * null or the coded bytes do not fit
 * \return bits of the payload in use: b L of a plain one; of an entropy-coded one those of
 * the coded bytes and their number, without the zeros
 * \throws std::invalid_argument when `size` is another, or a field or an index is out of
 * range
 */
std::uint64_t encode(const Packet& packet,
                     std::uint8_t* out,
                     std::size_t size,
                     const IndexPrior* prior = nullptr);

/*! Read a packet, plain or entropy coded, which may come from anywhere. An entropy-coded
 * one whose access point has no prior in `expected` is a `bad_field`.
 *
 * Never reads beyond `size` and throws nothing but std::bad_alloc, for memory whose size
 * is that of `expected` and not of the packet.
 * \param data received bytes; need not be aligned
 * \param size their number
 * \param expected format of the stream
 * \param out content; left as it was unless the status is `ok`. Its memory is reused.
 */
PacketStatus decode(const std::uint8_t* data,
                    std::size_t size,
                    const PacketFormat& expected,
                    Packet& out);

//! CRC-32C (Castagnoli) of `size` bytes; that of "123456789" is 0xE3069283.
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size);

} // namespace cfisac::fronthaul

#endif
