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
constexpr int64_t ELEMENTS_PER_PIECE = int64_t{1} << 24;

//! Rows whose [rows, count] matrix is made at once: with thousands of codewords that of
//! all rows would take gigabytes
int64_t rows_per_piece(int64_t count)
{
    return std::max<int64_t>(ELEMENTS_PER_PIECE / count, 1);
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

Tensor nearest(const Tensor& rows, const Tensor& centres, const Tensor& squares)
{
    const auto piece = rows_per_piece(centres.size(0));
    const auto bias = squares.unsqueeze(0);
    std::vector<Tensor> found;
    for (int64_t begin = 0; begin < rows.size(0); begin += piece) {
        const auto part = rows.slice(0, begin, std::min(begin + piece, rows.size(0)));
        found.push_back(at::addmm(bias, part, centres.t(), 1, -2).argmin(1));
    }
    return found.size() == 1 ? found[0] : at::cat(found);
}

Tensor sums_by_index(const Tensor& rows, const Tensor& indices, int64_t count)
{
    auto sums = at::zeros({count, rows.size(1)}, rows.options());
    const auto piece = std::min({rows_per_piece(count), ROWS_PER_PIECE, rows.size(0)});
    const auto one_hot = at::empty({piece, count}, rows.options());
    for (int64_t begin = 0; begin < rows.size(0); begin += piece) {
        const auto end = std::min(begin + piece, rows.size(0));
        const auto part = one_hot.slice(0, 0, end - begin).zero_();
        part.scatter_(1, indices.slice(0, begin, end).unsqueeze(1), 1);
        sums.addmm_(part.t(), rows.slice(0, begin, end));
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
        const auto index = nearest(sample, centres, centres.square().sum(1));
        const auto sizes = at::bincount(index, {}, count).unsqueeze(1);
        const auto means = sums_by_index(sample, index, count) / sizes.clamp_min(1);
        centres = at::where(sizes > 0, means, centres);
    }
    return centres;
}

} // namespace cfisac::nn::detail
