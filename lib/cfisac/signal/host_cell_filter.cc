// SPDX-License-Identifier: GPL-3.0-or-later
#include "host_cell_filter.h"
#include "cell_geometry.h"
#include "simd.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cfisac/signal/cell_filter.h>
#include <cmath>
#include <iterator>
#include <numeric>

namespace cfisac::signal {

/* Data of one frame and transmit access point, U = M_r N_t pairs of antennas:
 *
 * product  [U][re, im][T]         echo times conjugated signal, one subcarrier; then sums
 *                                 (first half of U) and differences times j (second half) of
 *                                 opposite pairs of antennas. Symbols of the second half run
 *                                 backwards, so that opposite ones lie half a row apart.
 * cube     [S][U][re, im][lines]  over Doppler lines: row r of the transform at r and rows + r
 * delays   [steps][U][re, im][lines]
 *
 * A row [re, im][lines] is padded to whole vectors.
 */

namespace {

// In a loop, since an initialiser becomes a call that fills memory.
template <std::size_t count>
CFISAC_INLINE void set_to_zero(Vector16 (&vectors)[count])
{
    for (std::size_t k = 0; k < count; k++) {
        vectors[k] = Vector16{};
    }
}

// C ± D of `count` lanes, where C and D are sums of rows of `even` and `odd` with the
// coefficients of one row of a transform.
struct Rows {
    const float* even;
    const float* odd;
    std::int64_t even_stride;
    std::int64_t odd_stride;
};

constexpr std::int64_t lanes_at_a_time = 3; // vectors
constexpr std::int64_t rows_at_a_time = 4;

template <std::int64_t rows, std::int64_t lanes>
CFISAC_INLINE void mirror_rows(const Rows& in,
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
CFISAC_INLINE void mirror_lanes(const Rows& in,
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
        const Rows rest{in.even + lane, in.odd + lane, in.even_stride, in.odd_stride};
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

// Rows from `r` on, as many as are done at a time: returns how many.
CFISAC_MULTIVERSION std::int64_t transform_delays(const Rows& in,
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

// Sizes and buffers of one call, see the top of this file.
struct Frame {
    std::int64_t receive, transmit, subcarriers, symbols;
    std::int64_t rows;         // of the Doppler transform
    std::int64_t row;          // padded [re, im][2 rows]
    float *echo, *sent;        // [antennas][re, im][T] of one subcarrier
    float* product;            // [U][re, im][T]
    float *sums, *differences; // [U][re, im][even or odd]
    float* lags;               // [N_t, re, im, T]
    float* cube;               // [S, U, row] and a vector more
};

CFISAC_MULTIVERSION void to_cube(const Frame& f,
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

// Σ |a_t^H x|² of every cell, times the number of antennas
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

// Squared magnitudes of one cell's lines, which lie as in a row of the cube.
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

// Buffers that a thread keeps: a frame after the first allocates nothing.
float* buffer(std::size_t size)
{
    thread_local std::vector<float> memory;
    if (memory.size() < size) {
        memory.resize(size);
    }
    return memory.data();
}

std::vector<float> to_floats(const at::Tensor& values)
{
    const auto flat = values.to(at::kFloat).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// Distances from the middle of `count` places: -(count - 1) / 2 ...
at::Tensor from_middle(std::int64_t count)
{
    return at::arange(count, at::kDouble) - 0.5 * static_cast<double>(count - 1);
}

} // namespace

HostCellFilter::Transform HostCellFilter::make_transform(std::int64_t count,
                                                         double step,
                                                         std::int64_t terms,
                                                         double spacing)
{
    Transform result;
    result.count = count;
    result.rows = (count + 1) / 2;
    result.odd = terms / 2;
    result.even = terms - result.odd;
    const auto output = from_middle(count).slice(0, count / 2) * step;
    const auto phase = output.unsqueeze(1) * from_middle(terms) *
                       (2.0 * M_PI * spacing); // [rows, terms]
    result.cosines = to_floats(phase.slice(1, 0, result.even).cos());
    result.sines = to_floats(phase.slice(1, 0, result.odd).sin());
    return result;
}

HostCellFilter::HostCellFilter(const Layout& host,
                               std::int64_t receiver,
                               std::int64_t cells,
                               std::int64_t lines,
                               double spacing_hz)
    : d_receive_antennas(host.scenario.receive_antennas()),
      d_transmit_antennas(host.scenario.transmit_antennas()),
      d_subcarriers(host.subcarriers()),
      d_symbols(host.symbols()),
      d_cells(cells * cells),
      d_lines(lines)
{
    // exp(-j2πft): the sines with the other sign
    const auto spacing_s =
        d_symbols > 1 ? (host.time_s[1] - host.time_s[0]).item<double>() : 0.0;
    d_doppler = make_transform(lines, spacing_hz, d_symbols, -spacing_s);
    const auto across = [this](std::vector<float>& coefficients, std::int64_t terms) {
        const auto table =
            at::from_blob(coefficients.data(), {d_doppler.rows, terms}, at::kFloat);
        auto wide = at::zeros({terms, padded(d_doppler.rows)});
        wide.slice(1, 0, d_doppler.rows).copy_(table.t());
        coefficients = to_floats(wide);
    };
    across(d_doppler.cosines, d_doppler.even);
    across(d_doppler.sines, d_doppler.odd);
    for (const auto& geometry : cell_geometry(host, receiver, cells)) {
        d_pairs.push_back(make_pair(geometry, host));
    }
}

HostCellFilter::Pair HostCellFilter::make_pair(const CellGeometry& geometry,
                                               const Layout& host) const
{
    Pair pair;
    const auto steps = geometry.count + 2;
    const auto offset_hz = host.frequency_hz - host.frequency_hz.mean();
    const double middle_s = geometry.delays_s().mean().item<double>();
    pair.rotation =
        to_floats(at::view_as_real(phasor(offset_hz * (-2.0 * M_PI * middle_s))));
    const auto spacing_hz =
        d_subcarriers > 1 ? (host.frequency_hz[1] - host.frequency_hz[0]).item<double>()
                          : 0.0;
    pair.delays = make_transform(steps, geometry.step_s, d_subcarriers, spacing_hz);

    const at::Tensor order = geometry.step.argsort(/*dim=*/-1, /*descending=*/false);
    const at::Tensor sorted = geometry.step.index_select(0, order);
    pair.cell.assign(order.data_ptr<std::int64_t>(),
                     order.data_ptr<std::int64_t>() + d_cells);
    const auto* step = sorted.data_ptr<std::int64_t>();
    for (std::int64_t k = 0; k <= geometry.count; k++) {
        pair.first.push_back(std::lower_bound(step, step + d_cells, k) - step);
    }

    // Phases of the pairs of antennas, counted from the middle of the arrays: [G², U]
    const auto phases = [](const at::Tensor& steering) {
        const auto count = steering.size(1);
        const auto slope =
            at::angle(count > 1 ? steering.select(1, 1) / steering.select(1, 0)
                                : at::ones_like(steering.select(1, 0)));
        return slope.unsqueeze(1) * from_middle(count);
    };
    const auto departing = phases(geometry.departing);
    const auto phase =
        (departing.unsqueeze(1) - phases(geometry.arriving).unsqueeze(2)).flatten(1);
    const auto antennas = phase.size(1);
    const auto half = (antennas + 1) / 2;
    const auto row = at::cat({phase.slice(1, 0, half).cos(),
                              phase.slice(1, 0, antennas / 2).sin().flip(1)},
                             1) /
                     std::sqrt(static_cast<double>(antennas));
    const auto weights =
        geometry.weights.t().unsqueeze(2) * row.unsqueeze(1); // [G², 3, U]
    pair.weights = to_floats(weights.index_select(0, order));

    const auto slope =
        departing.select(1, 0) - departing.select(1, d_transmit_antennas > 1 ? 1 : 0);
    const auto lag = slope * at::arange(1, d_transmit_antennas, at::kDouble).unsqueeze(1);
    pair.lags = to_floats(at::stack({lag.cos(), lag.sin()}, 1));
    return pair;
}

void HostCellFilter::run(const float* echo,
                         const float* transmit,
                         const Pair& pair,
                         float* power,
                         float* illumination) const
{
    const auto antennas = d_receive_antennas * d_transmit_antennas;
    const auto row = padded(4 * d_doppler.rows);
    const auto lanes = antennas * row;
    const auto steps = pair.delays.count;
    const auto terms = 3 * antennas;
    const auto most = [&] {
        std::int64_t cells = 0;
        for (std::size_t k = 0; k + 1 < pair.first.size(); k++) {
            cells = std::max(cells, pair.first[k + 1] - pair.first[k]);
        }
        return cells;
    }();
    const std::int64_t sizes[] = {2 * d_receive_antennas * d_symbols,
                                  2 * d_transmit_antennas * d_symbols,
                                  2 * antennas * d_symbols,
                                  2 * antennas * d_doppler.even,
                                  2 * antennas * d_doppler.odd,
                                  2 * d_transmit_antennas * d_symbols,
                                  d_subcarriers * lanes,
                                  steps * lanes,
                                  most * row};
    std::int64_t total = 0, offsets[std::size(sizes)];
    for (std::size_t k = 0; k < std::size(sizes); k++) {
        offsets[k] = total;
        total += padded(sizes[k]) + vector_size;
    }
    float* const memory = buffer(static_cast<std::size_t>(total));
    const Frame frame{d_receive_antennas,
                      d_transmit_antennas,
                      d_subcarriers,
                      d_symbols,
                      d_doppler.rows,
                      row,
                      memory + offsets[0],
                      memory + offsets[1],
                      memory + offsets[2],
                      memory + offsets[3],
                      memory + offsets[4],
                      memory + offsets[5],
                      memory + offsets[6]};
    float* const delays = memory + offsets[7];
    float* const cells = memory + offsets[8];

    to_cube(frame,
            echo,
            transmit,
            pair.rotation.data(),
            d_doppler.cosines.data(),
            d_doppler.sines.data());
    std::vector<float> lags(2 * d_transmit_antennas);
    for (std::int64_t k = 0; k < 2 * d_transmit_antennas; k++) {
        const float* values = frame.lags + k * d_symbols;
        lags[k] = static_cast<float>(std::accumulate(values, values + d_symbols, 0.0) /
                                     d_transmit_antennas);
    }
    illuminate(lags.data(), pair.lags.data(), d_transmit_antennas, d_cells, illumination);

    const auto samples = 2 * d_receive_antennas * d_subcarriers * d_symbols;
    const double mean_power =
        2.0 *
        at::from_blob(const_cast<float*>(echo), {samples}).square().mean().item<double>();
    const auto weigh_step = [&](std::int64_t k) {
        const auto first = pair.first[k], count = pair.first[k + 1] - first;
        weigh_cells(delays + k * lanes,
                    terms,
                    row,
                    count,
                    pair.weights.data() + first * terms,
                    cells);
        for (std::int64_t c = 0; c < count; c++) {
            const auto cell = pair.cell[first + c];
            const double scale = std::max(illumination[cell] * mean_power, 1e-37);
            lines_of(cells + c * row,
                     d_lines,
                     d_doppler.rows,
                     static_cast<float>(1.0 / scale),
                     power + cell * d_lines);
        }
    };
    // From the middle delay outwards: the cells of a step are weighed as soon as the delays
    // around it are there, while these are in the cache. Done are steps from `low` to `high`.
    std::int64_t low = steps / 2 - 1, high = low;
    const Rows cube{frame.cube, frame.cube + (d_subcarriers - 1) * lanes, lanes, -lanes};
    for (std::int64_t r = 0; r < pair.delays.rows;) {
        r += transform_delays(cube,
                              lanes,
                              steps,
                              pair.delays.rows,
                              r,
                              pair.delays.even,
                              pair.delays.odd,
                              pair.delays.cosines.data(),
                              pair.delays.sines.data(),
                              delays);
        const auto first = (steps - 1) / 2 - (r - 1), last = steps / 2 + (r - 1) - 2;
        while (high <= last) {
            weigh_step(high++);
        }
        while (low > first && low <= last + 1) {
            weigh_step(--low);
        }
    }
}

void HostCellFilter::operator()(const at::Tensor& echo,
                                const at::Tensor& transmit,
                                const at::Tensor& power,
                                const at::Tensor& illumination) const
{
    const auto pairs = static_cast<std::int64_t>(d_pairs.size());
    const auto at =
        [](const at::Tensor& tensor, std::int64_t place, std::int64_t places) {
            return static_cast<float*>(tensor.data_ptr()) +
                   place * (tensor.nbytes() / sizeof(float) / places);
        };
    const auto items = echo.size(0) * pairs;
    at::parallel_for(0, items, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t k = begin; k < end; k++) {
            run(at(echo, k / pairs, echo.size(0)),
                at(transmit, k, items),
                d_pairs[k % pairs],
                at(power, k, items),
                at(illumination, k, items));
        }
    });
}

} // namespace cfisac::signal
