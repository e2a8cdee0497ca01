// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_CODEWORD_COUNTS_H
#define INCLUDED_CFISAC_FRONTHAUL_CODEWORD_COUNTS_H

#include <cfisac/fronthaul/packet.h>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfisac::fronthaul {

//! How often each codeword of a codebook occurs in packets.
class CodewordCounts
{
public:
    /*!
     * \param codewords size of the codebook N_c; zero where latents travel unquantized and
     * there is nothing to count
     * \param positions indices ahead of the codewords in every packet
     */
    explicit CodewordCounts(std::size_t codewords, std::size_t positions = 0);

    /*! Count the codewords of a packet.
     * \return whether all of them are of the codebook; if not, none is counted
     */
    bool add(const Packet& packet);
    //! Add what another one of the same codebook has counted.
    //! \throws std::invalid_argument on a codebook of another size
    void add(const CodewordCounts& other);
    //! Forget everything counted.
    void clear();

    const std::vector<std::uint64_t>& counts() const { return d_counts; } //!< [N_c]
    //! Number of codewords that occurred.
    std::size_t distinct() const;
    //! exp of the entropy of the codewords' frequencies, from 1 to the size of the
    //! codebook; NaN before anything was counted.
    double perplexity() const;

private:
    std::size_t d_positions;
    std::vector<std::uint64_t> d_counts;
};

} // namespace cfisac::fronthaul

#endif
