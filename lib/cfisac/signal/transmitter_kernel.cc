// SPDX-License-Identifier: GPL-3.0-or-later
#include "transmitter_kernel.h"
#include "multiversion.h"
#include <algorithm>
#include <cmath>
#include <volk/volk.h>

namespace cfisac::signal::host {

namespace {

struct Factor {
    double re, im;
};

// sum += factor x
CFISAC_MULTIVERSION
void add_multiple(Row<double> sum, Row<const double> x, Factor factor, std::int64_t count)
{
    double* sum_re = sum.re;
    double* sum_im = sum.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        sum_re[k] += factor.re * x.re[k] - factor.im * x.im[k];
        sum_im[k] += factor.re * x.im[k] + factor.im * x.re[k];
    }
}

constexpr auto lanes = precoder_lanes;

// One complex number for each of a few subcarriers.
struct alignas(64) Lanes {
    double re[lanes];
    double im[lanes];
};

// sum -= x conj(y)
CFISAC_INLINE void subtract_conjugated(Lanes& sum, const Lanes& x, const Lanes& y)
{
    for (std::int64_t l = 0; l < lanes; l++) {
        sum.re[l] -= x.re[l] * y.re[l] + x.im[l] * y.im[l];
        sum.im[l] -= x.im[l] * y.re[l] - x.re[l] * y.im[l];
    }
}

// sum -= x y
CFISAC_INLINE void subtract_product(Lanes& sum, const Lanes& x, const Lanes& y)
{
    for (std::int64_t l = 0; l < lanes; l++) {
        sum.re[l] -= x.re[l] * y.re[l] - x.im[l] * y.im[l];
        sum.im[l] -= x.im[l] * y.re[l] + x.re[l] * y.im[l];
    }
}

// x times a real number
CFISAC_INLINE void scale(Lanes& x, const double* factor)
{
    for (std::int64_t l = 0; l < lanes; l++) {
        x.re[l] *= factor[l];
        x.im[l] *= factor[l];
    }
}

/* W = H (H^H H + α I)^-1 in place of H [antennas, users].
 *
 * With the Cholesky decomposition L L^H of the matrix in brackets, W L L^H = H is solved
 * row by row. The diagonal of L is kept as its reciprocals.
 */
CFISAC_MULTIVERSION
void solve_lanes(
    Lanes* h, Lanes* gram, std::int64_t antennas, std::int64_t users, double alpha)
{
    for (std::int64_t i = 0; i < users; i++) {
        for (std::int64_t j = 0; j <= i; j++) {
            Lanes sum = {};
            for (std::int64_t a = 0; a < antennas; a++) {
                // minus conj(h_i) h_j
                subtract_conjugated(sum, h[a * users + j], h[a * users + i]);
            }
            for (std::int64_t l = 0; l < lanes; l++) {
                sum.re[l] = (i == j ? alpha : 0.0) - sum.re[l];
                sum.im[l] = -sum.im[l];
            }
            for (std::int64_t k = 0; k < j; k++) {
                subtract_conjugated(sum, gram[i * users + k], gram[j * users + k]);
            }
            if (i == j) {
                for (std::int64_t l = 0; l < lanes; l++) {
                    sum.re[l] = 1.0 / std::sqrt(sum.re[l]);
                    sum.im[l] = 0.0;
                }
            } else {
                scale(sum, gram[j * users + j].re);
            }
            gram[i * users + j] = sum;
        }
    }
    for (std::int64_t a = 0; a < antennas; a++) {
        Lanes* row = h + a * users;
        for (std::int64_t j = 0; j < users; j++) { // Y L^H = H
            for (std::int64_t k = 0; k < j; k++) {
                subtract_conjugated(row[j], row[k], gram[j * users + k]);
            }
            scale(row[j], gram[j * users + j].re);
        }
        for (std::int64_t j = users - 1; j >= 0; j--) { // W L = Y
            for (std::int64_t k = j + 1; k < users; k++) {
                subtract_product(row[j], row[k], gram[k * users + j]);
            }
            scale(row[j], gram[j * users + j].re);
        }
    }
}

constexpr std::int64_t rows_at_a_time = 4;

// Samples in turns = or += Σ weight row, for four rows.
template <bool add>
CFISAC_INLINE void combine_rows(const Row<float>* rows,
                                const std::complex<float>* weights,
                                std::int64_t count,
                                float* __restrict out)
{
    const float *re_0 = rows[0].re, *re_1 = rows[1].re, *re_2 = rows[2].re,
                *re_3 = rows[3].re;
    const float *im_0 = rows[0].im, *im_1 = rows[1].im, *im_2 = rows[2].im,
                *im_3 = rows[3].im;
    const float a_0 = weights[0].real(), a_1 = weights[1].real(), a_2 = weights[2].real(),
                a_3 = weights[3].real();
    const float b_0 = weights[0].imag(), b_1 = weights[1].imag(), b_2 = weights[2].imag(),
                b_3 = weights[3].imag();
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        const float re = a_0 * re_0[k] - b_0 * im_0[k] + a_1 * re_1[k] - b_1 * im_1[k] +
                         a_2 * re_2[k] - b_2 * im_2[k] + a_3 * re_3[k] - b_3 * im_3[k];
        const float im = a_0 * im_0[k] + b_0 * re_0[k] + a_1 * im_1[k] + b_1 * re_1[k] +
                         a_2 * im_2[k] + b_2 * re_2[k] + a_3 * im_3[k] + b_3 * re_3[k];
        out[2 * k] = add ? out[2 * k] + re : re;
        out[2 * k + 1] = add ? out[2 * k + 1] + im : im;
    }
}

CFISAC_MULTIVERSION
void set_to_combination(const Row<float>* rows,
                        const std::complex<float>* weights,
                        std::int64_t count,
                        float* out)
{
    combine_rows<false>(rows, weights, count, out);
}

CFISAC_MULTIVERSION
void add_combination(const Row<float>* rows,
                     const std::complex<float>* weights,
                     std::int64_t count,
                     float* out)
{
    combine_rows<true>(rows, weights, count, out);
}

} // namespace

template <typename Real>
void sum_user_paths(const UserSizes& sizes,
                    Row<const double> ramps,
                    Row<const double> steering,
                    std::complex<Real>* channel)
{
    const auto subcarriers = sizes.subcarriers;
    std::vector<double> storage(2 * subcarriers);
    const Row<double> sum{storage.data(), storage.data() + subcarriers};
    for (std::int64_t n = 0; n < sizes.transmitters; n++) {
        for (std::int64_t k = 0; k < sizes.users; k++) {
            for (std::int64_t a = 0; a < sizes.antennas; a++) {
                std::fill(storage.begin(), storage.end(), 0.0);
                for (std::int64_t l = 0; l < sizes.paths; l++) {
                    const auto path = (n * sizes.users + k) * sizes.paths + l;
                    const auto element = path * sizes.antennas + a;
                    add_multiple(sum,
                                 ramps.from(path * subcarriers),
                                 {steering.re[element], steering.im[element]},
                                 subcarriers);
                }
                auto* out = channel + (n * sizes.antennas + a) * sizes.users + k;
                const auto step = sizes.all_antennas() * sizes.users;
                for (std::int64_t s = 0; s < subcarriers; s++) {
                    out[s * step] = {static_cast<Real>(sum.re[s]),
                                     static_cast<Real>(sum.im[s])};
                }
            }
        }
    }
}

template <typename Real>
void mmse_subcarriers(const UserSizes& sizes,
                      const std::complex<Real>* channel,
                      double alpha,
                      std::int64_t first,
                      std::complex<double>* precoder,
                      double* power_of_points)
{
    const auto antennas = sizes.all_antennas();
    const auto matrix = antennas * sizes.users;
    const auto count = std::min(lanes, sizes.subcarriers - first);
    static thread_local std::vector<Lanes> storage;
    storage.resize(matrix + sizes.users * sizes.users);
    Lanes* h = storage.data();
    for (std::int64_t l = 0; l < lanes; l++) {
        // Lanes without a subcarrier repeat the last one.
        const auto* own = channel + (first + std::min(l, count - 1)) * matrix;
        for (std::int64_t k = 0; k < matrix; k++) {
            h[k].re[l] = own[k].real();
            h[k].im[l] = own[k].imag();
        }
    }
    solve_lanes(h, h + matrix, antennas, sizes.users, alpha);
    for (std::int64_t l = 0; l < count; l++) {
        auto* own = precoder + (first + l) * matrix;
        for (std::int64_t k = 0; k < matrix; k++) {
            own[k] = {h[k].re[l], h[k].im[l]};
            power_of_points[k / (sizes.antennas * sizes.users)] +=
                h[k].re[l] * h[k].re[l] + h[k].im[l] * h[k].im[l];
        }
    }
}

void precode_subcarrier(const UserSizes& sizes,
                        std::int64_t symbols_of_frame,
                        std::int64_t subcarrier,
                        const std::complex<float>* precoder,
                        const std::complex<float>* symbols,
                        std::complex<float>* signal)
{
    const auto count = symbols_of_frame;
    const auto padded =
        (sizes.users + rows_at_a_time - 1) / rows_at_a_time * rows_at_a_time;
    static thread_local std::vector<float> storage;
    static thread_local std::vector<Row<float>> rows;
    storage.resize(2 * sizes.users * count);
    rows.resize(padded);
    for (std::int64_t k = 0; k < padded; k++) {
        // Rows beyond the users' have the weight zero.
        float* begin = storage.data() + 2 * std::min(k, sizes.users - 1) * count;
        rows[k] = {begin, begin + count};
        if (k < sizes.users) {
            volk_32fc_deinterleave_32f_x2(rows[k].re,
                                          rows[k].im,
                                          symbols + (k * sizes.subcarriers + subcarrier) *
                                                        count,
                                          static_cast<unsigned>(count));
        }
    }
    for (std::int64_t a = 0; a < sizes.all_antennas(); a++) {
        auto* out = signal + (a * sizes.subcarriers + subcarrier) * count;
        for (std::int64_t k = 0; k < padded; k += rows_at_a_time) {
            std::complex<float> weights[rows_at_a_time] = {};
            std::copy_n(precoder + a * sizes.users + k,
                        std::min(rows_at_a_time, sizes.users - k),
                        weights);
            const auto combine = k == 0 ? set_to_combination : add_combination;
            combine(rows.data() + k, weights, count, reinterpret_cast<float*>(out));
        }
    }
}

template void sum_user_paths(const UserSizes&,
                             Row<const double>,
                             Row<const double>,
                             std::complex<float>*);
template void sum_user_paths(const UserSizes&,
                             Row<const double>,
                             Row<const double>,
                             std::complex<double>*);
template void mmse_subcarriers(const UserSizes&,
                               const std::complex<float>*,
                               double,
                               std::int64_t,
                               std::complex<double>*,
                               double*);
template void mmse_subcarriers(const UserSizes&,
                               const std::complex<double>*,
                               double,
                               std::int64_t,
                               std::complex<double>*,
                               double*);

} // namespace cfisac::signal::host
