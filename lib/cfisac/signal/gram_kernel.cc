// SPDX-License-Identifier: GPL-3.0-or-later
#include "gram_kernel.h"
#include "multiversion.h"
#include <algorithm>

namespace cfisac::signal::host {

namespace {

using Samples = Row<double>;

// What is kept of a pair of paths (i, j): the sums of conj(p_i) p_j with the weights 1, f,
// f², t, f t, t², those of conj(p_i) d_j with 1, f, t, and that of conj(d_i) d_j, where p
// is the plain function and d the one with the derived steering vector. All complex.
enum Sum {
    plain_plain,
    plain_plain_f,
    plain_plain_ff,
    plain_plain_t,
    plain_plain_ft,
    plain_plain_tt,
    plain_derived,
    plain_derived_f,
    plain_derived_t,
    derived_derived,
    sums_of_pair
};

constexpr std::int64_t tile_elements = 512;
constexpr std::int64_t most_parts = 8;

struct Factor {
    double re, im;
};

CFISAC_MULTIVERSION
void split_samples(const float* __restrict samples, Samples out, std::int64_t count)
{
    double* __restrict re = out.re;
    double* __restrict im = out.im;
    for (std::int64_t k = 0; k < count; k++) {
        re[k] = samples[2 * k];
        im[k] = samples[2 * k + 1];
    }
}

CFISAC_MULTIVERSION
void split_samples(const double* __restrict samples, Samples out, std::int64_t count)
{
    double* __restrict re = out.re;
    double* __restrict im = out.im;
    for (std::int64_t k = 0; k < count; k++) {
        re[k] = samples[2 * k];
        im[k] = samples[2 * k + 1];
    }
}

// sum += factor x
CFISAC_MULTIVERSION
void add_multiple(Samples sum, Samples x, Factor factor, std::int64_t count)
{
    double* __restrict sum_re = sum.re;
    double* __restrict sum_im = sum.im;
    for (std::int64_t k = 0; k < count; k++) {
        sum_re[k] += factor.re * x.re[k] - factor.im * x.im[k];
        sum_im[k] += factor.re * x.im[k] + factor.im * x.re[k];
    }
}

// out = scale x y
CFISAC_MULTIVERSION
void multiply(
    Samples out, Samples x, Row<const double> y, Factor scale, std::int64_t count)
{
    double* __restrict out_re = out.re;
    double* __restrict out_im = out.im;
    for (std::int64_t k = 0; k < count; k++) {
        const double re = scale.re * y.re[k] - scale.im * y.im[k];
        const double im = scale.re * y.im[k] + scale.im * y.re[k];
        out_re[k] = re * x.re[k] - im * x.im[k];
        out_im[k] = re * x.im[k] + im * x.re[k];
    }
}

// Adds Σ conj(x) y {1, f, f², t, f t, t²} to six complex sums.
CFISAC_MULTIVERSION
void add_six_sums(Samples x,
                  Samples y,
                  const double* __restrict f,
                  const double* __restrict t,
                  std::int64_t count,
                  double* __restrict sums)
{
    double re_1 = 0, re_f = 0, re_ff = 0, re_t = 0, re_ft = 0, re_tt = 0;
    double im_1 = 0, im_f = 0, im_ff = 0, im_t = 0, im_ft = 0, im_tt = 0;
#pragma omp simd reduction(+ : re_1, re_f, re_ff, re_t, re_ft, re_tt, im_1, im_f, im_ff, \
                               im_t, im_ft, im_tt)
    for (std::int64_t k = 0; k < count; k++) {
        const double re = x.re[k] * y.re[k] + x.im[k] * y.im[k];
        const double im = x.re[k] * y.im[k] - x.im[k] * y.re[k];
        const double times_f_re = re * f[k], times_f_im = im * f[k];
        const double times_t_re = re * t[k], times_t_im = im * t[k];
        re_1 += re;
        im_1 += im;
        re_f += times_f_re;
        im_f += times_f_im;
        re_t += times_t_re;
        im_t += times_t_im;
        re_ff += times_f_re * f[k];
        im_ff += times_f_im * f[k];
        re_ft += times_f_re * t[k];
        im_ft += times_f_im * t[k];
        re_tt += times_t_re * t[k];
        im_tt += times_t_im * t[k];
    }
    const double added[] = {
        re_1, im_1, re_f, im_f, re_ff, im_ff, re_t, im_t, re_ft, im_ft, re_tt, im_tt};
    for (int k = 0; k < 12; k++) {
        sums[k] += added[k];
    }
}

// Adds Σ conj(x) y {1, f, t} to three complex sums.
CFISAC_MULTIVERSION
void add_three_sums(Samples x,
                    Samples y,
                    const double* __restrict f,
                    const double* __restrict t,
                    std::int64_t count,
                    double* __restrict sums)
{
    double re_1 = 0, re_f = 0, re_t = 0, im_1 = 0, im_f = 0, im_t = 0;
#pragma omp simd reduction(+ : re_1, re_f, re_t, im_1, im_f, im_t)
    for (std::int64_t k = 0; k < count; k++) {
        const double re = x.re[k] * y.re[k] + x.im[k] * y.im[k];
        const double im = x.re[k] * y.im[k] - x.im[k] * y.re[k];
        re_1 += re;
        im_1 += im;
        re_f += re * f[k];
        im_f += im * f[k];
        re_t += re * t[k];
        im_t += im * t[k];
    }
    const double added[] = {re_1, im_1, re_f, im_f, re_t, im_t};
    for (int k = 0; k < 6; k++) {
        sums[k] += added[k];
    }
}

// Adds Σ conj(x) y.
CFISAC_MULTIVERSION
void add_sum(Samples x, Samples y, std::int64_t count, double* __restrict sums)
{
    double re_1 = 0, im_1 = 0;
#pragma omp simd reduction(+ : re_1, im_1)
    for (std::int64_t k = 0; k < count; k++) {
        re_1 += x.re[k] * y.re[k] + x.im[k] * y.im[k];
        im_1 += x.re[k] * y.im[k] - x.im[k] * y.re[k];
    }
    sums[0] += re_1;
    sums[1] += im_1;
}

// Resource elements [first, first + count) of one frame.
class Tile
{
public:
    Tile(const GramInputs& inputs,
         std::int64_t frame,
         std::int64_t first,
         std::int64_t count,
         std::vector<double>& storage)
        : d_in(inputs),
          d_sizes(inputs.sizes),
          d_frame(frame),
          d_first(first),
          d_count(count),
          d_paths(d_sizes.transmitters * d_sizes.reflectors),
          d_storage(storage)
    {
        // Four rows a path, one of samples, one of weights.
        storage.resize(2 * (4 * d_paths + 2) * tile_elements);
    }

    void add(double* sums)
    {
        fill_weights();
        illuminate();
        for (std::int64_t m = 0; m < d_sizes.receivers; m++) {
            turn_paths(m);
            add_pairs(sums + m * d_paths * d_paths * 2 * sums_of_pair);
        }
    }

private:
    Samples row(std::int64_t index)
    {
        double* begin = d_storage.data() + 2 * index * tile_elements;
        return {begin, begin + tile_elements};
    }
    Samples samples() { return row(0); }
    // Frequency and time of each element.
    Samples weights() { return row(1); }
    Samples illumination(std::int64_t path) { return row(2 + 4 * path); }
    Samples derived_illumination(std::int64_t path) { return row(3 + 4 * path); }
    Samples plain(std::int64_t path) { return row(4 + 4 * path); }
    Samples derived(std::int64_t path) { return row(5 + 4 * path); }

    void fill_weights();
    void illuminate();
    void turn_paths(std::int64_t receiver);
    void add_pairs(double* sums);

    const GramInputs& d_in;
    const FrameSizes& d_sizes;
    std::int64_t d_frame, d_first, d_count, d_paths;
    std::vector<double>& d_storage;
};

void Tile::fill_weights()
{
    const auto [frequency, time] = weights();
    for_each_piece(d_first,
                   d_count,
                   d_sizes.symbols,
                   [&, f = frequency, t = time](std::int64_t subcarrier,
                                                std::int64_t symbol,
                                                std::int64_t place,
                                                std::int64_t count) {
                       for (std::int64_t k = 0; k < count; k++) {
                           f[place + k] = static_cast<double>(subcarrier) *
                                          d_in.grid.subcarrier_step_hz;
                           t[place + k] =
                               d_in.grid.first_symbol_s +
                               static_cast<double>(symbol + k) * d_in.grid.symbol_step_s;
                       }
                   });
}

// a_t^H x and the same with the derivative of a_t.
void Tile::illuminate()
{
    for (std::int64_t path = 0; path < d_paths; path++) {
        std::fill_n(illumination(path).re, 4 * tile_elements, 0.0);
    }
    const auto antennas = d_sizes.transmit_antennas;
    for (std::int64_t n = 0; n < d_sizes.transmitters; n++) {
        for (std::int64_t a = 0; a < antennas; a++) {
            const auto point = d_frame * d_sizes.transmitters + n;
            const auto start = (point * antennas + a) * d_sizes.elements() + d_first;
            if (d_in.transmit_single) {
                split_samples(
                    reinterpret_cast<const float*>(d_in.transmit_single + start),
                    samples(),
                    d_count);
            } else {
                split_samples(
                    reinterpret_cast<const double*>(d_in.transmit_double + start),
                    samples(),
                    d_count);
            }
            for (std::int64_t q = 0; q < d_sizes.reflectors; q++) {
                const auto path = n * d_sizes.reflectors + q;
                const auto k = (point * d_sizes.reflectors + q) * antennas + a;
                add_multiple(illumination(path),
                             samples(),
                             {d_in.departing.re[k], d_in.departing.im[k]},
                             d_count);
                add_multiple(derived_illumination(path),
                             samples(),
                             {d_in.derived.re[k], d_in.derived.im[k]},
                             d_count);
            }
        }
    }
}

// The functions at one receiver: delay and Doppler of each path turn the illumination.
void Tile::turn_paths(std::int64_t receiver)
{
    const auto reflectors = d_sizes.reflectors;
    const Row<const double> over_symbols{d_in.over_symbols.re.data(),
                                         d_in.over_symbols.im.data()};
    for (std::int64_t path = 0; path < d_paths; path++) {
        const auto n = d_frame * d_sizes.transmitters + path / reflectors;
        const auto ramp =
            (n * d_sizes.receivers + receiver) * reflectors + path % reflectors;
        for_each_piece(d_first,
                       d_count,
                       d_sizes.symbols,
                       [&](std::int64_t subcarrier,
                           std::int64_t symbol,
                           std::int64_t place,
                           std::int64_t count) {
                           const auto i = ramp * d_sizes.subcarriers + subcarrier;
                           const auto t = ramp * d_sizes.symbols + symbol;
                           const Factor over_subcarriers{d_in.over_subcarriers.re[i],
                                                         d_in.over_subcarriers.im[i]};
                           multiply(plain(path).from(place),
                                    illumination(path).from(place),
                                    over_symbols.from(t),
                                    over_subcarriers,
                                    count);
                           multiply(derived(path).from(place),
                                    derived_illumination(path).from(place),
                                    over_symbols.from(t),
                                    over_subcarriers,
                                    count);
                       });
    }
}

void Tile::add_pairs(double* sums)
{
    const auto [f, t] = weights();
    for (std::int64_t i = 0; i < d_paths; i++) {
        for (std::int64_t j = 0; j < d_paths; j++) {
            double* of_pair = sums + (i * d_paths + j) * 2 * sums_of_pair;
            add_three_sums(
                plain(i), derived(j), f, t, d_count, of_pair + 2 * plain_derived);
            if (i <= j) { // the others are their conjugates
                add_six_sums(plain(i), plain(j), f, t, d_count, of_pair);
                add_sum(derived(i), derived(j), d_count, of_pair + 2 * derived_derived);
            }
        }
    }
}

} // namespace

std::int64_t gram_parts(const FrameSizes& sizes)
{
    return std::min(most_parts, (sizes.elements() + tile_elements - 1) / tile_elements);
}

std::int64_t gram_sums(const FrameSizes& sizes)
{
    const auto paths = sizes.transmitters * sizes.reflectors;
    return sizes.receivers * paths * paths * 2 * sums_of_pair;
}

void gram_part(const GramInputs& inputs,
               std::int64_t frame,
               std::int64_t part,
               double* sums)
{
    static thread_local std::vector<double> storage;
    const auto& sizes = inputs.sizes;
    std::fill_n(sums, gram_sums(sizes), 0.0);
    const auto tiles = (sizes.elements() + tile_elements - 1) / tile_elements;
    for (std::int64_t tile = part; tile < tiles; tile += gram_parts(sizes)) {
        const auto first = tile * tile_elements;
        const auto count = std::min(tile_elements, sizes.elements() - first);
        Tile(inputs, frame, first, count, storage).add(sums);
    }
}

std::vector<std::complex<double>> gram_matrix(const FrameSizes& sizes,
                                              std::int64_t receiver,
                                              const double* sums)
{
    const auto paths = sizes.transmitters * sizes.reflectors;
    const auto size = paths * gram_functions;
    std::vector<std::complex<double>> gram(size * size);
    const double* own = sums + receiver * paths * paths * 2 * sums_of_pair;
    // Places of the sums for functions (a, b) of a pair.
    constexpr int plain_sums[3][3] = {{plain_plain, plain_plain_f, plain_plain_t},
                                      {plain_plain_f, plain_plain_ff, plain_plain_ft},
                                      {plain_plain_t, plain_plain_ft, plain_plain_tt}};
    constexpr int mixed_sums[3] = {plain_derived, plain_derived_f, plain_derived_t};
    for (std::int64_t i = 0; i < paths; i++) {
        for (std::int64_t j = 0; j < paths; j++) {
            const double* values = own + (i * paths + j) * 2 * sums_of_pair;
            const auto put = [&](std::int64_t a, std::int64_t b, int sum) {
                const std::complex<double> value(values[2 * sum], values[2 * sum + 1]);
                const auto row = i * gram_functions + a;
                const auto column = j * gram_functions + b;
                gram[row * size + column] = value;
                gram[column * size + row] = std::conj(value);
            };
            for (int a = 0; a < 3; a++) {
                put(a, 3, mixed_sums[a]);
                for (int b = 0; b < 3 && i <= j; b++) {
                    put(a, b, plain_sums[a][b]);
                }
            }
            if (i <= j) {
                put(3, 3, derived_derived);
            }
        }
    }
    return gram;
}

} // namespace cfisac::signal::host
