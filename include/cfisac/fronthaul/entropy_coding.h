// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_ENTROPY_CODING_H
#define INCLUDED_CFISAC_FRONTHAUL_ENTROPY_CODING_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cfisac::fronthaul {

/*! \file
 * Indices as a string of bytes whose length follows how likely they are: a frequent
 * codeword takes less than ⌈log2(N_c)⌉ bits, a rare one more.
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

/*! How likely each gap between the positions of the vectors that are sent is, where K of
 * P positions are, in ascending order: entry g = 0 … P - 1 is for a position that is 1 +
 * g above the one before it, the first one counting from -1.
 *
 * Of positions chosen at random, (1 - K/P)^g is the share of the gaps g (but for the end
 * of the range). The counts of the table are w_0 = 2^24 and w_{g+1} = ⌊w_g (P - K) / P⌋,
 * computed in integers: binary32 holds them exactly, and no rounding, mathematical
 * library or compiler option has a say in what both ends must agree on.
 * \param sent K, \param positions P
 * \throws std::invalid_argument unless 2 ≤ P ≤ 65536 and 1 ≤ K ≤ P
 */
FrequencyTable gap_table(std::uint32_t sent, std::uint32_t positions);

//! Indices of a message that follow one another and have a table in common.
struct IndexSegment {
    std::uint32_t count;  //!< how many
    FrequencyTable table; //!< how likely each value is
    //! they are positions below table.codewords() that ascend, coded as their gaps; see
    //! gap_table()
    bool ascending = false;
};

//! How likely the indices of a message are: what both ends of a code must know.
class IndexPrior
{
public:
    //! \throws std::invalid_argument on no segment, or more ascending positions than
    //! there are
    explicit IndexPrior(std::vector<IndexSegment> segments);

    //! In the order of the message.
    const std::vector<IndexSegment>& segments() const { return d_segments; }
    //! Indices of a message, those of all segments.
    std::uint32_t count() const { return d_count; }
    //! Every index is below this: size of the largest table.
    std::uint32_t range() const { return d_range; }
    //! Mean bits of a message when the tables are true: Σ count · entropy_bits().
    double expected_bits() const;

private:
    std::vector<IndexSegment> d_segments;
    std::uint32_t d_count = 0;
    std::uint32_t d_range = 0;
};

/*! Prior of the messages of one access point: K ascending positions below P, if K is not
 * zero, and then codewords.
 * \param counts [N_c] of the codewords, as for FrequencyTable
 * \param codewords_sent number of codewords in a message
 * \param sent K, \param positions P; not used where K is zero
 * \return nothing where N_c or P is one, for then a table would have one entry only
 * \throws std::invalid_argument as FrequencyTable, gap_table() and IndexPrior
 */
std::optional<IndexPrior> message_prior(const std::vector<float>& counts,
                                        std::uint32_t codewords_sent,
                                        std::uint32_t sent,
                                        std::uint32_t positions);

//! What became of coded bytes.
enum class CodeStatus {
    ok,
    truncated,   //!< the bytes end before the last index
    excess,      //!< bytes are left after the last index
    bad_state,   //!< the state at the start or the end is not that of a code
    bad_position //!< the gaps lead beyond the last position
};

//! Name of a status as in the enumeration.
const char* to_string(CodeStatus status);

/*! Code the `prior.count()` indices of a message.
 * \throws std::invalid_argument naming an index that is not below the size of its table,
 * or a position that is not above the one before it
 */
std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         const IndexPrior& prior);
//! Code `count` indices with one table.
std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         std::uint32_t count,
                                         const FrequencyTable& table);

/*! Read the indices of a message from coded bytes, which may come from anywhere.
 *
 * Never reads beyond `size` and allocates nothing. Damage is not always noticed: bytes
 * may happen to be the code of other indices.
 * \param data coded bytes
 * \param size their number
 * \param prior that they were coded with
 * \param indices where to write `prior.count()` indices, each below the size of its
 * table and positions in ascending order; unspecified unless the status is `ok`
 */
CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          const IndexPrior& prior,
                          std::uint32_t* indices);
//! Read `count` indices that were coded with one table.
CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          std::uint32_t count,
                          const FrequencyTable& table,
                          std::uint32_t* indices);

/*! Ideal length of the code of the `prior.count()` indices of a message in bits,
 * -Σ log2 p_j; entropy_encode() takes some four bytes more.
 * \throws std::invalid_argument as entropy_encode()
 */
double cost_bits(const std::uint32_t* indices, const IndexPrior& prior);
//! The same of `count` indices with one table.
double cost_bits(const std::uint32_t* indices,
                 std::uint32_t count,
                 const FrequencyTable& table);

} // namespace cfisac::fronthaul

#endif
