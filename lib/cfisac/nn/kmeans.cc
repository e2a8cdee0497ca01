// SPDX-License-Identifier: GPL-3.0-or-later
#include "kmeans.h"

#include "random.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace cfisac::nn::detail {

using at::Tensor;

namespace {

constexpr int64_t ROWS_PER_CENTRE = 256;
constexpr int64_t ROWS_PER_PIECE = 65536;

Tensor nearest_centre(const Tensor& rows, const Tensor& centres)
{
    const auto squares = centres.square().sum(1);
    return at::addmm(squares.unsqueeze(0), rows, centres.t(), 1, -2).argmin(1);
}

//! k-means++: each next centre is a row drawn with the square of its distance as weight
Tensor spread_centres(const Tensor& rows, int64_t count, uint64_t seed)
{
    const auto draws =
        at::rand({count}, generator(seed, "k-means++"), at::TensorOptions(at::kDouble));
    const auto* draw = draws.data_ptr<double>();
    const auto size = rows.size(0);
    std::vector<Tensor> centres;
    auto weight = at::ones({size}, at::TensorOptions(at::kDouble));
    for (int64_t j = 0; j < count; j++) {
        const auto steps = weight.cumsum(0);
        const auto* step = steps.data_ptr<double>();
        // the first row whose step is above the draw has a weight above zero; with no
        // weight left (fewer distinct rows than centres) this is the last row
        const auto found = std::upper_bound(step, step + size, draw[j] * step[size - 1]);
        const auto chosen = std::min<int64_t>(found - step, size - 1);
        centres.push_back(rows[chosen]);
        const auto distance =
            (rows - centres.back()).square().sum(1).to(at::kCPU).to(at::kDouble);
        weight = j == 0 ? distance : at::minimum(weight, distance);
    }
    return at::stack(centres);
}

} // namespace

Tensor sums_by_index(const Tensor& rows, const Tensor& indices, int64_t count)
{
    auto sums = at::zeros({count, rows.size(1)}, rows.options());
    for (int64_t begin = 0; begin < rows.size(0); begin += ROWS_PER_PIECE) {
        const auto end = std::min(begin + ROWS_PER_PIECE, rows.size(0));
        const auto one_hot =
            at::one_hot(indices.slice(0, begin, end), count).to(rows.scalar_type());
        sums.addmm_(one_hot.t(), rows.slice(0, begin, end));
    }
    return sums;
}

Tensor kmeans(const Tensor& rows, int64_t count, uint64_t seed, int64_t iterations)
{
    auto sample = rows;
    if (rows.size(0) > ROWS_PER_CENTRE * count) {
        const auto chosen =
            random_rows(rows.size(0), ROWS_PER_CENTRE * count, seed, "k-means rows");
        sample = rows.index_select(0, chosen.to(rows.device()));
    }
    auto centres = spread_centres(sample, count, seed);
    for (int64_t i = 0; i < iterations; i++) {
        const auto nearest = nearest_centre(sample, centres);
        const auto sizes = at::bincount(nearest, {}, count).unsqueeze(1);
        const auto means = sums_by_index(sample, nearest, count) / sizes.clamp_min(1);
        centres = at::where(sizes > 0, means, centres);
    }
    return centres;
}

} // namespace cfisac::nn::detail
