// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_ENTROPY_CODING_H
#define INCLUDED_CFISAC_FRONTHAUL_ENTROPY_CODING_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfisac::fronthaul {

/*! \file
 * Codeword indices as a string of bytes whose length follows how likely they are: a
 * frequent codeword takes less than ⌈log2(N_c)⌉ bits, a rare one more.
 *
 * The code is rANS (J. Duda, "Asymmetric numeral systems: entropy coding combining speed
 * of Huffman coding with compression rate of arithmetic coding", arXiv:1311.2540) with a
 * state x of 32 bits, 2^24 ≤ x < 2^32, that gives and takes whole bytes. With f_j the
 * frequency of codeword j and c_j = f_0 + … + f_{j-1}, a decoder starts from the state in
 * the first four bytes, little endian, and does for each index:
 *
 *     s = x mod 2^16
 *     j = the codeword with c_j ≤ s < c_j + f_j
 *     x = f_j · ⌊x / 2^16⌋ + s - c_j
 *     while x < 2^24: x = 256 · x + next byte
 *
 * It ends with x = 2^24 and no byte left. An encoder goes the same way backwards, from
 * the last index to the first. A sequence of indices has one string, and no other string
 * decodes to it.
 */

//! The frequencies of a table sum to 2^frequency_bits.
constexpr unsigned frequency_bits = 16;

/*! How likely each codeword is, in units of 2^-16: the static prior of a code, which both
 * ends must know.
 *
 * It is made of counts, such as the moving averages (18) of a trained quantizer:
 * 1. Weights w_j = ⌊count_j · 2^(32-e)⌋ with e the least integer for which every count is
 *    below 2^e, or w_j = 1 if all counts are zero.
 * 2. Let F = 2^16 frequencies be left and W = Σ w_j. In ascending order of weight, as
 *    long as w_j F < W: f_j = 1, F becomes F - 1, and W becomes W - w_j.
 * 3. Each codeword that is left gets f_j = ⌊w_j F / W⌋, and those of the largest
 *    remainders w_j F mod W (of equal ones the lowest index) get one more, until all
 *    frequencies sum to 2^16.
 *
 * So every codeword can be coded, and a table is the same wherever it is made: step 1
 * multiplies binary32 numbers by a power of two, which binary64 holds exactly, and the
 * rest are integers below 2^64. No order of summation and no rounding mode enters.
 */
class FrequencyTable
{
public:
    /*!
     * \param counts [N_c] how often each codeword occurs, in any unit; zero is allowed
     * \throws std::invalid_argument unless 2 ≤ N_c ≤ 65536 and every count is finite and
     * not negative
     */
    explicit FrequencyTable(const std::vector<float>& counts);

    //! N_c. With 65536, every frequency is one.
    std::uint32_t codewords() const
    {
        return static_cast<std::uint32_t>(d_starts.size() - 1);
    }
    //! f_j, 1 … 65535; `index` must be below codewords().
    std::uint32_t frequency(std::uint32_t index) const
    {
        return d_starts[index + 1] - d_starts[index];
    }
    //! c_j, the sum of the frequencies before that of `index`.
    std::uint32_t start(std::uint32_t index) const { return d_starts[index]; }
    //! The codeword j with c_j ≤ slot < c_j + f_j; `slot` must be below 2^16.
    std::uint32_t index_at(std::uint32_t slot) const { return d_owners[slot]; }
    //! -Σ p_j log2 p_j with p_j = f_j / 2^16: mean bits per index when the prior is true.
    double entropy_bits() const;

private:
    std::vector<std::uint32_t> d_starts; //!< [N_c + 1], the last one is 2^16
    std::vector<std::uint16_t> d_owners; //!< [2^16] codeword of each slot
};

//! What became of coded bytes.
enum class CodeStatus {
    ok,
    truncated, //!< the bytes end before the last index
    excess,    //!< bytes are left after the last index
    bad_state  //!< the state at the start or the end is not that of a code
};

//! Name of a status as in the enumeration.
const char* to_string(CodeStatus status);

/*! Code `count` indices.
 * \throws std::invalid_argument naming an index that is not below table.codewords()
 */
std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         std::uint32_t count,
                                         const FrequencyTable& table);

/*! Read `count` indices from coded bytes, which may come from anywhere.
 *
 * Never reads beyond `size` and allocates nothing. Damage is not always noticed: bytes
 * may happen to be the code of other indices.
 * \param data coded bytes
 * \param size their number
 * \param count number of indices that were coded
 * \param table that they were coded with
 * \param indices where to write `count` indices below table.codewords(); unspecified
 * unless the status is `ok`
 */
CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          std::uint32_t count,
                          const FrequencyTable& table,
                          std::uint32_t* indices);

/*! Ideal length of the code of `count` indices in bits, -Σ log2 p_j; entropy_encode()
 * takes some four bytes more.
 * \throws std::invalid_argument as entropy_encode()
 */
double cost_bits(const std::uint32_t* indices,
                 std::uint32_t count,
                 const FrequencyTable& table);

} // namespace cfisac::fronthaul

#endif
