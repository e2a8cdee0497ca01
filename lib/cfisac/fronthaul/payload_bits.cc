// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/payload_bits.h>

namespace cfisac::fronthaul {

std::uint64_t payload_bits(const std::uint8_t* data, const PacketFormat& format)
{
    // Offsets as in packet.h.
    constexpr std::size_t at_coding = 25;
    constexpr std::size_t length_size = 4;
    if (data[at_coding] == static_cast<std::uint8_t>(Coding::plain)) {
        return std::uint64_t{format.bits_per_index()} * format.index_count();
    }
    std::uint64_t coded = 0;
    for (std::size_t i = 0; i < length_size; ++i) {
        coded |= std::uint64_t{data[packet_header_size + i]} << (8 * i);
    }
    return 8 * (length_size + coded);
}

} // namespace cfisac::fronthaul
