// SPDX-License-Identifier: GPL-3.0-or-later
#include "gram_kernel.h"
#include "gram_loops_kernel.h"
#include <algorithm>

namespace cfisac::signal::host {

namespace {

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

constexpr std::int64_t tile_elements = 256;
constexpr std::int64_t most_parts = 8;

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
        // Four rows a path, one an antenna at work, one of weights.
        storage.resize(2 * (4 * d_paths + antennas_at_a_time + 1) * tile_elements);
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
    Samples samples(std::int64_t antenna) { return row(antenna); }
    // Frequency and time of each element.
    Samples weights() { return row(antennas_at_a_time); }
    Samples row_of_path(std::int64_t path, std::int64_t which)
    {
        return row(antennas_at_a_time + 1 + 4 * path + which);
    }
    Samples illumination(std::int64_t path) { return row_of_path(path, 0); }
    Samples derived_illumination(std::int64_t path) { return row_of_path(path, 1); }
    Samples plain(std::int64_t path) { return row_of_path(path, 2); }
    Samples derived(std::int64_t path) { return row_of_path(path, 3); }

    void fill_weights();
    void illuminate();
    void load_samples(std::int64_t antenna, std::int64_t antennas);
    void add_weighted(Samples sum, Row<const double> factors, std::int64_t antennas);
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
        const auto point = d_frame * d_sizes.transmitters + n;
        for (std::int64_t a = 0; a < antennas; a += antennas_at_a_time) {
            const auto most = std::min(antennas_at_a_time, antennas - a);
            load_samples(point * antennas + a, most);
            for (std::int64_t q = 0; q < d_sizes.reflectors; q++) {
                const auto path = n * d_sizes.reflectors + q;
                const auto k = (point * d_sizes.reflectors + q) * antennas + a;
                add_weighted(illumination(path), rows_of(d_in.departing).from(k), most);
                add_weighted(
                    derived_illumination(path), rows_of(d_in.derived).from(k), most);
            }
        }
    }
}

// Samples of up to four antennas, the rest zero.
void Tile::load_samples(std::int64_t antenna, std::int64_t antennas)
{
    for (std::int64_t a = 0; a < antennas_at_a_time; a++) {
        const auto start = (antenna + a) * d_sizes.elements() + d_first;
        if (a >= antennas) {
            std::fill_n(samples(a).re, 2 * tile_elements, 0.0);
        } else if (d_in.transmit_single) {
            split_samples(reinterpret_cast<const float*>(d_in.transmit_single + start),
                          samples(a),
                          d_count);
        } else {
            split_samples(reinterpret_cast<const double*>(d_in.transmit_double + start),
                          samples(a),
                          d_count);
        }
    }
}

// sum += Σ factor samples
void Tile::add_weighted(Samples sum, Row<const double> factors, std::int64_t antennas)
{
    double re[antennas_at_a_time] = {};
    double im[antennas_at_a_time] = {};
    std::copy_n(factors.re, antennas, re);
    std::copy_n(factors.im, antennas, im);
    const Row<const double> first{samples(0).re, samples(0).im};
    add_multiples(sum, first, 2 * tile_elements, {re, im}, d_count);
}

// The functions at one receiver: delay and Doppler of each path turn the illumination.
void Tile::turn_paths(std::int64_t receiver)
{
    const auto reflectors = d_sizes.reflectors;
    const auto over_symbols = rows_of(d_in.over_symbols);
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
