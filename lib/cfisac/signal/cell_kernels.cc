// SPDX-License-Identifier: GPL-3.0-or-later
#include "cell_kernels.h"
#include "simd.h"

#include <algorithm>

namespace cfisac::signal {

namespace {

// In a loop, since an initialiser becomes a call that fills memory.
template <std::size_t count>
CFISAC_INLINE void set_to_zero(Vector16 (&vectors)[count])
{
    for (std::size_t k = 0; k < count; k++) {
        vectors[k] = Vector16{};
    }
}

constexpr std::int64_t lanes_at_a_time = 3; // vectors
constexpr std::int64_t rows_at_a_time = 4;

template <std::int64_t rows, std::int64_t lanes>
CFISAC_INLINE void mirror_rows(const MirroredRows& in,
                               std::int64_t even_terms,
                               std::int64_t odd_terms,
                               const float* cosines,
                               const float* sines,
                               float* const* plus,
                               float* const* minus)
{
    Vector16 sum[rows][lanes], difference[rows][lanes];
    for (std::int64_t r = 0; r < rows; r++) {
        set_to_zero(sum[r]);
        set_to_zero(difference[r]);
    }
    for (std::int64_t i = 0; i < even_terms; i++) {
        for (std::int64_t r = 0; r < rows; r++) {
            for (std::int64_t k = 0; k < lanes; k++) {
                sum[r][k] += cosines[r * even_terms + i] *
                             vector_at(in.even + i * in.even_stride + k * vector_size);
            }
        }
    }
    for (std::int64_t i = 0; i < odd_terms; i++) {
        for (std::int64_t r = 0; r < rows; r++) {
            for (std::int64_t k = 0; k < lanes; k++) {
                difference[r][k] +=
                    sines[r * odd_terms + i] *
                    vector_at(in.odd + i * in.odd_stride + k * vector_size);
            }
        }
    }
    for (std::int64_t r = 0; r < rows; r++) {
        for (std::int64_t k = 0; k < lanes; k++) {
            vector_at(minus[r] + k * vector_size) = sum[r][k] - difference[r][k];
            vector_at(plus[r] + k * vector_size) = sum[r][k] + difference[r][k];
        }
    }
}

// Rows r to r + `rows` of a transform to the delays count / 2 + r and (count - 1) / 2 - r, all
// lanes.
template <std::int64_t rows>
CFISAC_INLINE void mirror_lanes(const MirroredRows& in,
                                std::int64_t lanes,
                                std::int64_t count,
                                std::int64_t r,
                                std::int64_t even_terms,
                                std::int64_t odd_terms,
                                const float* cosines,
                                const float* sines,
                                float* out)
{
    constexpr auto step = lanes_at_a_time * vector_size;
    for (std::int64_t lane = 0; lane < lanes;) {
        float *plus[rows], *minus[rows];
        for (std::int64_t k = 0; k < rows; k++) {
            plus[k] = out + (count / 2 + r + k) * lanes + lane;
            minus[k] = out + ((count - 1) / 2 - r - k) * lanes + lane;
        }
        const MirroredRows rest{
            in.even + lane, in.odd + lane, in.even_stride, in.odd_stride};
        const float* cosine = cosines + r * even_terms;
        const float* sine = sines + r * odd_terms;
        if (lane + step <= lanes) {
            mirror_rows<rows, lanes_at_a_time>(
                rest, even_terms, odd_terms, cosine, sine, plus, minus);
            lane += step;
        } else {
            mirror_rows<rows, 1>(rest, even_terms, odd_terms, cosine, sine, plus, minus);
            lane += vector_size;
        }
    }
}

// Echo or signal of one subcarrier, [antennas][re, im][T] with the second half backwards, from
// interleaved rows.
CFISAC_INLINE void take_subcarrier(const float* in,
                                   std::int64_t antennas,
                                   std::int64_t stride,
                                   std::int64_t symbols,
                                   float rotation_re,
                                   float rotation_im,
                                   float* out)
{
    const auto half = symbols - symbols / 2;
    for (std::int64_t a = 0; a < antennas; a++) {
        const float* row = in + a * stride;
        float* re = out + 2 * a * symbols;
        float* im = re + symbols;
        for (std::int64_t t = 0; t < symbols; t++) {
            const float* sample = row + 2 * (t < half ? t : symbols - 1 - (t - half));
            re[t] = sample[0] * rotation_re - sample[1] * rotation_im;
            im[t] = sample[0] * rotation_im + sample[1] * rotation_re;
        }
    }
}

CFISAC_INLINE void multiply(const float* echo,
                            std::int64_t receive,
                            const float* sent,
                            std::int64_t transmit,
                            std::int64_t symbols,
                            float* product)
{
    for (std::int64_t a = 0; a < receive; a++) {
        const float* y_re = echo + 2 * a * symbols;
        const float* y_im = y_re + symbols;
        for (std::int64_t b = 0; b < transmit; b++) {
            const float* x_re = sent + 2 * b * symbols;
            const float* x_im = x_re + symbols;
            float* re = product + 2 * (a * transmit + b) * symbols;
            float* im = re + symbols;
            for (std::int64_t t = 0; t < symbols; t++) {
                re[t] = y_re[t] * x_re[t] + y_im[t] * x_im[t];
                im[t] = y_im[t] * x_re[t] - y_re[t] * x_im[t];
            }
        }
    }
}

// first + second → first, (first - second) times j → second; both [re, im] of `size`
CFISAC_INLINE void sum_and_difference(float* __restrict first,
                                      float* __restrict second,
                                      std::int64_t size)
{
    for (std::int64_t k = 0; k < size; k++) {
        const float re = first[k], im = first[size + k];
        const float other_re = second[k], other_im = second[size + k];
        first[k] = re + other_re;
        first[size + k] = im + other_im;
        second[k] = other_im - im;
        second[size + k] = re - other_re;
    }
}

// Sums and differences times j of opposite symbols of a row [T].
CFISAC_INLINE void fold(const float* __restrict re,
                        const float* __restrict im,
                        std::int64_t symbols,
                        float* __restrict sums,        // [re, im][even]
                        float* __restrict differences) // [re, im][odd]
{
    const auto odd = symbols / 2, even = symbols - odd;
    for (std::int64_t i = 0; i < odd; i++) {
        sums[i] = re[i] + re[even + i];
        sums[even + i] = im[i] + im[even + i];
        differences[i] = im[even + i] - im[i];
        differences[odd + i] = re[i] - re[even + i];
    }
    if (even > odd) {
        sums[odd] = re[odd];
        sums[even + odd] = im[odd];
    }
}

constexpr std::int64_t folded_at_a_time = 8;

// Doppler lines of `count` folded rows: C + D of row r to out[r], C - D to out[rows + r].
// Where one vector holds all rows, it is written as a whole: what lies beyond is zero, and
// the next row is written over it.
template <std::int64_t count>
CFISAC_INLINE void to_lines(const float* sums,
                            const float* differences,
                            std::int64_t even,
                            std::int64_t odd,
                            const float* cosines,
                            const float* sines,
                            std::int64_t rows,
                            float* const* out)
{
    const auto stride = padded(rows);
    for (std::int64_t k = 0; k < rows; k += vector_size) {
        Vector16 c[count], d[count];
        set_to_zero(c);
        set_to_zero(d);
        for (std::int64_t i = 0; i < even; i++) {
            const Vector16 cosine = vector_at(cosines + i * stride + k);
            for (std::int64_t n = 0; n < count; n++) {
                c[n] += sums[n * even + i] * cosine;
            }
        }
        for (std::int64_t i = 0; i < odd; i++) {
            const Vector16 sine = vector_at(sines + i * stride + k);
            for (std::int64_t n = 0; n < count; n++) {
                d[n] += differences[n * odd + i] * sine;
            }
        }
        for (std::int64_t n = 0; n < count; n++) {
            const Vector16 above = c[n] + d[n], below = c[n] - d[n];
            if (rows <= vector_size) {
                vector_at(out[n]) = above;
                vector_at(out[n] + rows) = below;
                continue;
            }
            for (std::int64_t r = 0; r < std::min(vector_size, rows - k); r++) {
                out[n][k + r] = above[r];
                out[n][rows + k + r] = below[r];
            }
        }
    }
}

// Cells of one step: window [3 U] rows of `row` lanes, weights [cells, 3 U] → [cells, row]
template <std::int64_t cells, std::int64_t lanes>
CFISAC_INLINE void weigh(const float* window,
                         std::int64_t terms,
                         std::int64_t row,
                         const float* weights,
                         float* out)
{
    Vector16 sum[cells][lanes];
    for (std::int64_t c = 0; c < cells; c++) {
        set_to_zero(sum[c]);
    }
    for (std::int64_t j = 0; j < terms; j++) {
        Vector16 value[lanes];
        for (std::int64_t k = 0; k < lanes; k++) {
            value[k] = vector_at(window + j * row + k * vector_size);
        }
        for (std::int64_t c = 0; c < cells; c++) {
            for (std::int64_t k = 0; k < lanes; k++) {
                sum[c][k] += weights[c * terms + j] * value[k];
            }
        }
    }
    for (std::int64_t c = 0; c < cells; c++) {
        for (std::int64_t k = 0; k < lanes; k++) {
            vector_at(out + c * row + k * vector_size) = sum[c][k];
        }
    }
}

template <std::int64_t cells>
CFISAC_INLINE void weigh_row(const float* window,
                             std::int64_t terms,
                             std::int64_t row,
                             const float* weights,
                             float* out)
{
    std::int64_t lane = 0;
    for (; lane + 3 * vector_size <= row; lane += 3 * vector_size) {
        weigh<cells, 3>(window + lane, terms, row, weights, out + lane);
    }
    for (; lane < row; lane += vector_size) {
        weigh<cells, 1>(window + lane, terms, row, weights, out + lane);
    }
}

constexpr std::int64_t cells_at_a_time = 4;

// x_b conj(x_b') of one subcarrier for b - b' = d, added to lags [N_t, re, im, T].
CFISAC_INLINE void add_lags(const float* sent,
                            std::int64_t antennas,
                            std::int64_t symbols,
                            float* lags)
{
    for (std::int64_t b = 0; b < antennas; b++) {
        for (std::int64_t other = 0; other <= b; other++) {
            const float* re = sent + 2 * b * symbols;
            const float* im = re + symbols;
            const float* other_re = sent + 2 * other * symbols;
            const float* other_im = other_re + symbols;
            float* lag_re = lags + 2 * (b - other) * symbols;
            float* lag_im = lag_re + symbols;
            for (std::int64_t t = 0; t < symbols; t++) {
                lag_re[t] += re[t] * other_re[t] + im[t] * other_im[t];
                lag_im[t] += im[t] * other_re[t] - re[t] * other_im[t];
            }
        }
    }
}

} // namespace

CFISAC_MULTIVERSION std::int64_t transform_delays(const MirroredRows& in,
                                                  std::int64_t lanes,
                                                  std::int64_t count,
                                                  std::int64_t rows,
                                                  std::int64_t r,
                                                  std::int64_t even_terms,
                                                  std::int64_t odd_terms,
                                                  const float* cosines,
                                                  const float* sines,
                                                  float* out)
{
    if (r + rows_at_a_time <= rows) {
        mirror_lanes<rows_at_a_time>(
            in, lanes, count, r, even_terms, odd_terms, cosines, sines, out);
        return rows_at_a_time;
    }
    mirror_lanes<1>(in, lanes, count, r, even_terms, odd_terms, cosines, sines, out);
    return 1;
}

CFISAC_MULTIVERSION void weigh_cells(const float* window,
                                     std::int64_t terms,
                                     std::int64_t row,
                                     std::int64_t cells,
                                     const float* weights,
                                     float* out)
{
    std::int64_t c = 0;
    for (; c + cells_at_a_time <= cells; c += cells_at_a_time) {
        weigh_row<cells_at_a_time>(
            window, terms, row, weights + c * terms, out + c * row);
    }
    for (; c + 2 <= cells; c += 2) {
        weigh_row<2>(window, terms, row, weights + c * terms, out + c * row);
    }
    if (c < cells) {
        weigh_row<1>(window, terms, row, weights + c * terms, out + c * row);
    }
}

CFISAC_MULTIVERSION void to_cube(const CellCube& f,
                                 const float* echo,
                                 const float* transmit,
                                 const float* rotation,
                                 const float* cosines,
                                 const float* sines)
{
    const auto pairs = f.receive * f.transmit;
    const auto odd = f.symbols / 2, even = f.symbols - odd;
    const auto stride = 2 * f.subcarriers * f.symbols;
    std::fill(f.lags, f.lags + 2 * f.transmit * f.symbols, 0.0f);
    for (std::int64_t s = 0; s < f.subcarriers; s++) {
        const auto first = 2 * s * f.symbols;
        take_subcarrier(echo + first, f.receive, stride, f.symbols, 1.0f, 0.0f, f.echo);
        take_subcarrier(transmit + first,
                        f.transmit,
                        stride,
                        f.symbols,
                        rotation[2 * s],
                        rotation[2 * s + 1],
                        f.sent);
        add_lags(f.sent, f.transmit, f.symbols, f.lags);
        multiply(f.echo, f.receive, f.sent, f.transmit, f.symbols, f.product);
        for (std::int64_t u = 0; u < pairs / 2; u++) {
            sum_and_difference(f.product + 2 * u * f.symbols,
                               f.product + 2 * (pairs - 1 - u) * f.symbols,
                               f.symbols);
        }
        for (std::int64_t u = 0; u < pairs; u++) {
            const float* re = f.product + 2 * u * f.symbols;
            fold(re,
                 re + f.symbols,
                 f.symbols,
                 f.sums + 2 * u * even,
                 f.differences + 2 * u * odd);
        }
        float* cube = f.cube + s * pairs * f.row;
        std::int64_t n = 0;
        for (; n + folded_at_a_time <= 2 * pairs; n += folded_at_a_time) {
            float* out[folded_at_a_time];
            for (std::int64_t k = 0; k < folded_at_a_time; k++) {
                out[k] = cube + (n + k) / 2 * f.row + (n + k) % 2 * 2 * f.rows;
            }
            to_lines<folded_at_a_time>(f.sums + n * even,
                                       f.differences + n * odd,
                                       even,
                                       odd,
                                       cosines,
                                       sines,
                                       f.rows,
                                       out);
        }
        for (; n < 2 * pairs; n++) {
            float* const out[] = {cube + n / 2 * f.row + n % 2 * 2 * f.rows};
            to_lines<1>(f.sums + n * even,
                        f.differences + n * odd,
                        even,
                        odd,
                        cosines,
                        sines,
                        f.rows,
                        out);
        }
    }
    for (std::int64_t s = 0; s < f.subcarriers / 2; s++) {
        for (std::int64_t u = 0; u < pairs; u++) {
            sum_and_difference(f.cube + (s * pairs + u) * f.row,
                               f.cube + ((f.subcarriers - 1 - s) * pairs + u) * f.row,
                               2 * f.rows);
        }
    }
}

CFISAC_MULTIVERSION void illuminate(const float* sums,    // [N_t, re, im]
                                    const float* phasors, // [N_t - 1, 2, G²]
                                    std::int64_t antennas,
                                    std::int64_t cells,
                                    float* illumination)
{
    std::fill(illumination, illumination + cells, sums[0]);
    for (std::int64_t d = 1; d < antennas; d++) {
        const float re = 2.0f * sums[2 * d], im = 2.0f * sums[2 * d + 1];
        const float* cosine = phasors + 2 * (d - 1) * cells;
        const float* sine = cosine + cells;
        for (std::int64_t c = 0; c < cells; c++) {
            illumination[c] += cosine[c] * re - sine[c] * im;
        }
    }
}

CFISAC_MULTIVERSION void lines_of(
    const float* row, std::int64_t lines, std::int64_t rows, float scale, float* power)
{
    const float* im = row + 2 * rows;
    for (std::int64_t r = 0; r < rows; r++) {
        power[(lines - 1) / 2 - r] =
            scale * (row[rows + r] * row[rows + r] + im[rows + r] * im[rows + r]);
    }
    for (std::int64_t r = 0; r < rows; r++) {
        power[lines / 2 + r] = scale * (row[r] * row[r] + im[r] * im[r]);
    }
}

} // namespace cfisac::signal
