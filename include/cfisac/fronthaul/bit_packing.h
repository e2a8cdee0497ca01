// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_BIT_PACKING_H
#define INCLUDED_CFISAC_FRONTHAUL_BIT_PACKING_H

#include <cstddef>
#include <cstdint>

namespace cfisac::fronthaul {

/*! \file
 * Indices as a string of bits.
 *
 * Index i takes the bits i·b … i·b + b - 1 of the string, its least significant bit
 * first; bit j of the string is bit j mod 8 (of value 2^(j mod 8)) of byte j / 8. The
 * bits after the last index, up to the end of its byte, are zero.
 */

constexpr unsigned max_bits_per_index = 16; //!< most bits that an index may take
//! Most codewords that indices of so many bits can tell apart.
constexpr std::uint32_t max_codewords = std::uint32_t{1} << max_bits_per_index;

/*! Bits that an index into `codewords` codewords needs: ⌈log2(codewords)⌉, at least 1.
 * \throws std::invalid_argument unless 1 ≤ codewords ≤ max_codewords
 */
unsigned bits_for(std::uint32_t codewords);

/*! Bytes that `count` indices of `bits` bits take.
 * \throws std::invalid_argument unless 1 ≤ bits ≤ max_bits_per_index
 */
std::size_t packed_size(unsigned bits, std::uint32_t count);

/*! Write `count` indices into `packed_size(bits, count)` bytes at `out`.
 * \throws std::invalid_argument when an index needs more than `bits` bits (what is in
 * `out` is then unspecified), or unless 1 ≤ bits ≤ max_bits_per_index
 */
void pack(const std::uint32_t* indices,
          std::uint32_t count,
          unsigned bits,
          std::uint8_t* out);

/*! Read `count` indices from `packed_size(bits, count)` bytes at `in`.
 * \throws std::invalid_argument unless 1 ≤ bits ≤ max_bits_per_index
 */
void unpack(const std::uint8_t* in,
            std::uint32_t count,
            unsigned bits,
            std::uint32_t* indices);

/*! Whether packed bytes are what pack() can write: every index is below `codewords` and
 * the bits after the last index are zero.
 * \throws std::invalid_argument unless 1 ≤ bits ≤ max_bits_per_index
 */
bool is_packed(const std::uint8_t* in,
               std::uint32_t count,
               unsigned bits,
               std::uint32_t codewords);

} // namespace cfisac::fronthaul

#endif
