// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_BENCHMARKS_OPERATIONS_H
#define INCLUDED_CFISAC_BENCHMARKS_OPERATIONS_H

#include <functional>

namespace cfisac::benchmarks {

/*! Floating-point operations of the convolutions and matrix products that LibTorch runs
 * for `work`, from the shapes of their tensors; a multiplication with its addition counts
 * two, and eight where the numbers are complex. What is not one of these (table sums,
 * element by element) is not counted, so that a floor made of it is a lower one.
 */
double count_operations(const std::function<void()>& work);

} // namespace cfisac::benchmarks

#endif
