// SPDX-License-Identifier: GPL-3.0-or-later
#include "codeword_search.h"

#include "signal/simd.h"

#include <ATen/ATen.h>

#include <limits>

namespace cfisac::nn::detail {

namespace {

using signal::Vector16;
using signal::vector_at;
using signal::vector_size;

typedef std::int32_t Indices16 __attribute__((vector_size(64)));

constexpr std::int64_t rows_at_a_time = 4;
constexpr std::int64_t vectors_at_a_time = 4; // of codewords

// Values of codewords from `first` on for some rows; what is smaller than before is kept.
template <std::int64_t rows, std::int64_t vectors>
CFISAC_INLINE void compare(const float* row,
                           std::int64_t features,
                           const float* table,
                           const float* square,
                           std::int64_t stride,
                           std::int64_t first,
                           Vector16 (&best)[rows],
                           Indices16 (&found)[rows])
{
    Vector16 value[rows][vectors];
    for (std::int64_t r = 0; r < rows; r++) {
        for (std::int64_t k = 0; k < vectors; k++) {
            value[r][k] = vector_at(square + first + k * vector_size);
        }
    }
    for (std::int64_t h = 0; h < features; h++) {
        for (std::int64_t k = 0; k < vectors; k++) {
            const Vector16 codewords =
                vector_at(table + h * stride + first + k * vector_size);
            for (std::int64_t r = 0; r < rows; r++) {
                value[r][k] += row[r * features + h] * codewords;
            }
        }
    }
    for (std::int64_t k = 0; k < vectors; k++) {
        const auto place = static_cast<std::int32_t>(first / vector_size + k);
        for (std::int64_t r = 0; r < rows; r++) {
            const auto smaller = value[r][k] < best[r];
            best[r] = smaller ? value[r][k] : best[r];
            found[r] = smaller ? Indices16{} + place : found[r];
        }
    }
}

template <std::int64_t rows>
CFISAC_INLINE void search(const float* row,
                          std::int64_t features,
                          const float* table,
                          const float* square,
                          std::int64_t codewords,
                          std::int64_t* indices)
{
    constexpr auto step = vectors_at_a_time * vector_size;
    Vector16 best[rows];
    Indices16 found[rows]; // which vector of the table
    for (std::int64_t r = 0; r < rows; r++) {
        best[r] = Vector16{} + std::numeric_limits<float>::infinity();
        found[r] = Indices16{};
    }
    std::int64_t j = 0;
    for (; j + step <= codewords; j += step) {
        compare<rows, vectors_at_a_time>(
            row, features, table, square, codewords, j, best, found);
    }
    for (; j < codewords; j += vector_size) {
        compare<rows, 1>(row, features, table, square, codewords, j, best, found);
    }
    for (std::int64_t r = 0; r < rows; r++) {
        float smallest = best[r][0];
        std::int64_t index = found[r][0] * vector_size;
        for (std::int64_t k = 1; k < vector_size; k++) {
            const auto other = found[r][k] * vector_size + k;
            if (best[r][k] < smallest || (best[r][k] == smallest && other < index)) {
                smallest = best[r][k];
                index = other;
            }
        }
        indices[r] = index;
    }
}

CFISAC_MULTIVERSION void search_all(const float* rows,
                                    std::int64_t count,
                                    std::int64_t features,
                                    const float* table,
                                    const float* square,
                                    std::int64_t codewords,
                                    std::int64_t* indices)
{
    std::int64_t r = 0;
    for (; r + rows_at_a_time <= count; r += rows_at_a_time) {
        search<rows_at_a_time>(
            rows + r * features, features, table, square, codewords, indices + r);
    }
    for (; r < count; r++) {
        search<1>(rows + r * features, features, table, square, codewords, indices + r);
    }
}

} // namespace

CodewordSearch::CodewordSearch(const at::Tensor& centres, const at::Tensor& squares)
    : d_features(centres.size(1)),
      d_padded(signal::padded(centres.size(0))),
      d_table(d_features * d_padded, 0.0f),
      d_square(d_padded, std::numeric_limits<float>::infinity())
{
    const auto count = centres.size(0);
    at::from_blob(d_table.data(), {d_features, d_padded}, at::kFloat)
        .slice(1, 0, count)
        .copy_(centres.t() * -2.0);
    at::from_blob(d_square.data(), {d_padded}, at::kFloat)
        .slice(0, 0, count)
        .copy_(squares);
}

void CodewordSearch::operator()(const float* rows,
                                std::int64_t count,
                                std::int64_t* indices) const
{
    search_all(
        rows, count, d_features, d_table.data(), d_square.data(), d_padded, indices);
}

} // namespace cfisac::nn::detail
