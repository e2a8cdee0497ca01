// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_GRAM_KERNEL_H
#define CFISAC_SIGNAL_GRAM_KERNEL_H

#include "frame_tables.h"
#include <complex>
#include <cstdint>
#include <vector>

/*! \file
 * Gram matrices of the functions over resource elements that the information matrix (23)
 * consists of; see cramer_rao_bound.cc.
 */

namespace cfisac::signal::host {

//! Functions of a path: plain, times frequency, times time, derived a_t.
constexpr std::int64_t gram_functions = 4;

struct GramInputs {
    FrameSizes sizes;
    FrameGrid grid;
    //! X [B, N, N_t, S, T] in one of the two precisions; the other is null.
    const std::complex<float>* transmit_single = nullptr;
    const std::complex<double>* transmit_double = nullptr;
    SplitTable<double> departing;        //!< conj(a_t) [B, N, Q, N_t]
    SplitTable<double> derived;          //!< conj(da_t / dcos) [B, N, Q, N_t]
    SplitTable<double> over_subcarriers; //!< [B, N, M, Q, S]
    SplitTable<double> over_symbols;     //!< [B, N, M, Q, T]
};

//! Number of parts in which `gram_part` goes over a frame.
std::int64_t gram_parts(const FrameSizes& sizes);
//! Size of what `gram_part` gives.
std::int64_t gram_sums(const FrameSizes& sizes);
//! Sums over one part of a frame, which `gram_matrix` takes; zeroes them first.
void gram_part(const GramInputs& inputs,
               std::int64_t frame,
               std::int64_t part,
               double* sums);
/*! conj(f_i) f_j summed over the resource elements, for one receiver.
 * \param sums added over all parts of the frame
 * \return [N, Q, 4, N, Q, 4]
 */
std::vector<std::complex<double>> gram_matrix(const FrameSizes& sizes,
                                              std::int64_t receiver,
                                              const double* sums);

} // namespace cfisac::signal::host

#endif
