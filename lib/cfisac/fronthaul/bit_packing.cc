// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/fronthaul/bit_packing.h>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul {
namespace {

void check_bits(unsigned bits)
{
    if (bits < 1 || bits > max_bits_per_index) {
        throw std::invalid_argument("bits per index must lie between 1 and " +
                                    std::to_string(max_bits_per_index) + ", is " +
                                    std::to_string(bits));
    }
}

//! Takes indices of `bits` bits one after the other from packed bytes.
class Reader
{
public:
    Reader(const std::uint8_t* in, unsigned bits) : d_in(in), d_bits(bits) {}

    std::uint32_t next()
    {
        while (d_held < d_bits) {
            d_buffer |= std::uint32_t{*d_in++} << d_held;
            d_held += 8;
        }
        const std::uint32_t index = d_buffer & ((std::uint32_t{1} << d_bits) - 1);
        d_buffer >>= d_bits;
        d_held -= d_bits;
        return index;
    }
    //! Bits of the last byte that no index has taken.
    std::uint32_t rest() const { return d_buffer; }

private:
    const std::uint8_t* d_in;
    unsigned d_bits;
    std::uint32_t d_buffer = 0; //!< bits read and not yet taken, the next one lowest
    unsigned d_held = 0;        //!< how many; at most bits + 7 <= 23
};

} // namespace

unsigned bits_for(std::uint32_t codewords)
{
    if (codewords < 1 || codewords > max_codewords) {
        throw std::invalid_argument("the number of codewords must lie between 1 and " +
                                    std::to_string(max_codewords) + ", is " +
                                    std::to_string(codewords));
    }
    unsigned bits = 1;
    while ((std::uint32_t{1} << bits) < codewords) {
        ++bits;
    }
    return bits;
}

std::size_t packed_size(unsigned bits, std::uint32_t count)
{
    check_bits(bits);
    return static_cast<std::size_t>((std::uint64_t{bits} * count + 7) / 8);
}

void pack(const std::uint32_t* indices,
          std::uint32_t count,
          unsigned bits,
          std::uint8_t* out)
{
    check_bits(bits);
    std::uint32_t buffer = 0;
    unsigned held = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (indices[i] >> bits != 0) {
            throw std::invalid_argument("index " + std::to_string(indices[i]) +
                                        " does not fit into " + std::to_string(bits) +
                                        " bits");
        }
        buffer |= indices[i] << held;
        held += bits;
        while (held >= 8) {
            *out++ = static_cast<std::uint8_t>(buffer);
            buffer >>= 8;
            held -= 8;
        }
    }
    if (held > 0) {
        *out = static_cast<std::uint8_t>(buffer);
    }
}

void unpack(const std::uint8_t* in,
            std::uint32_t count,
            unsigned bits,
            std::uint32_t* indices)
{
    check_bits(bits);
    Reader reader(in, bits);
    for (std::uint32_t i = 0; i < count; ++i) {
        indices[i] = reader.next();
    }
}

bool is_packed(const std::uint8_t* in,
               std::uint32_t count,
               unsigned bits,
               std::uint32_t codewords)
{
    check_bits(bits);
    Reader reader(in, bits);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (reader.next() >= codewords) {
            return false;
        }
    }
    return reader.rest() == 0;
}

} // namespace cfisac::fronthaul
