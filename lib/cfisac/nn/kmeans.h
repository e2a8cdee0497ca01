// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace cfisac::nn::detail {

/*!
 * Index [n] of the nearest codeword for each row [n, H], from argmin(‖c_j‖² − 2 a_jᵀy):
 * `centres` [count, H] are the a_j, `squares` [count] the ‖c_j‖². In pieces of rows.
 */
at::Tensor nearest(const at::Tensor& rows,
                   const at::Tensor& centres,
                   const at::Tensor& squares);

/*!
 * Sum of the rows [n, D] that carry each index [n] in 0 … count−1 → [count, D]. As a
 * product with the one-hot matrix in pieces, so that the order of the sum, unlike that of
 * atomic additions, does not change from run to run on a GPU.
 */
at::Tensor sums_by_index(const at::Tensor& rows,
                         const at::Tensor& indices,
                         int64_t count);

/*!
 * Centres [count, D] of rows [n, D]: seeded k-means++ on at most 256·count random rows,
 * then Lloyd's iterations. A cluster that becomes empty keeps its centre.
 */
at::Tensor kmeans(const at::Tensor& rows,
                  int64_t count,
                  uint64_t seed,
                  int64_t iterations);

} // namespace cfisac::nn::detail
