// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace cfisac::nn::detail {

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
