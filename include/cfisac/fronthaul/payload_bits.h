// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_PAYLOAD_BITS_H
#define INCLUDED_CFISAC_FRONTHAUL_PAYLOAD_BITS_H

#include <cfisac/fronthaul/packet.h>
#include <cstdint>

namespace cfisac::fronthaul {

/*! Bits of the payload of a packet in use, those that encode() told: b L of a plain one, of
 * an entropy-coded one those of the coded bytes and their number.
 * \param data `format.size()` bytes that decode() has found to be a packet of the format
 */
std::uint64_t payload_bits(const std::uint8_t* data, const PacketFormat& format);

} // namespace cfisac::fronthaul

#endif
