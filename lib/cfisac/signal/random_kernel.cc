// SPDX-License-Identifier: GPL-3.0-or-later
#include "random_kernel.h"
#include <algorithm>

namespace cfisac::signal::host {

namespace {

constexpr std::int64_t chunk_blocks = draw_chunk / 2; // two samples a block of words

CFISAC_MULTIVERSION
void words_of_chunk(const Stream& stream, std::uint32_t first_block, std::uint32_t* out)
{
#pragma omp simd
    for (std::int64_t k = 0; k < chunk_blocks; k++) {
        const auto words = philox(stream, first_block + static_cast<std::uint32_t>(k));
        out[4 * k] = words.w0;
        out[4 * k + 1] = words.w1;
        out[4 * k + 2] = words.w2;
        out[4 * k + 3] = words.w3;
    }
}

CFISAC_MULTIVERSION
void normals_of_chunk(const std::uint32_t* words, float scale, float* out)
{
#pragma omp simd
    for (std::int64_t k = 0; k < draw_chunk; k++) {
        const auto value = complex_gaussian(words[2 * k], words[2 * k + 1], scale);
        out[2 * k] = value.re;
        out[2 * k + 1] = value.im;
    }
}

/*! Calls `make(block, place)` for every chunk that [first, first + count) touches, to fill
 * `values_per_chunk` values from that block of words on, and keeps those in the range.
 */
template <typename Value, typename Make>
void by_chunks(std::int64_t first,
               std::int64_t count,
               std::int64_t values_per_chunk,
               Value* out,
               Make make)
{
    const std::int64_t end = first + count;
    while (first < end) {
        const std::int64_t chunk = first / values_per_chunk;
        const std::int64_t begin = chunk * values_per_chunk;
        const std::int64_t taken = std::min(end, begin + values_per_chunk) - first;
        const auto block = static_cast<std::uint32_t>(chunk * chunk_blocks);
        if (taken == values_per_chunk) {
            make(block, out);
        } else {
            alignas(64) Value part[4 * chunk_blocks];
            make(block, part);
            std::copy_n(part + (first - begin), taken, out);
        }
        first += taken;
        out += taken;
    }
}

} // namespace

void draw_words(const Stream& stream,
                std::int64_t first,
                std::int64_t count,
                std::uint32_t* out)
{
    by_chunks(
        first, count, 4 * chunk_blocks, out, [&](std::uint32_t block, std::uint32_t* to) {
            words_of_chunk(stream, block, to);
        });
}

void draw_complex_normal(
    const Stream& stream, std::int64_t first, std::int64_t count, float scale, float* out)
{
    by_chunks(
        2 * first, 2 * count, 2 * draw_chunk, out, [&](std::uint32_t block, float* to) {
            alignas(64) std::uint32_t words[4 * chunk_blocks];
            words_of_chunk(stream, block, words);
            normals_of_chunk(words, scale, to);
        });
}

void draw_complex_normal(const Stream& stream,
                         std::int64_t first,
                         std::int64_t count,
                         double scale,
                         double* out)
{
    std::uint32_t words[2 * draw_chunk];
    for (std::int64_t done = 0; done < count; done += draw_chunk) {
        const std::int64_t some = std::min(draw_chunk, count - done);
        draw_words(stream, 2 * (first + done), 2 * some, words);
        for (std::int64_t k = 0; k < some; k++) {
            const double radius =
                scale * std::sqrt(-std::log(unit_interval(words[2 * k])));
            const double phase = 2.0 * M_PI * unit_interval(words[2 * k + 1]);
            out[2 * (done + k)] = radius * std::cos(phase);
            out[2 * (done + k) + 1] = radius * std::sin(phase);
        }
    }
}

} // namespace cfisac::signal::host
