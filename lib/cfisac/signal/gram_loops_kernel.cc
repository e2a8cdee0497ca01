// SPDX-License-Identifier: GPL-3.0-or-later
#include "gram_loops_kernel.h"
#include "multiversion.h"

namespace cfisac::signal::host {

CFISAC_MULTIVERSION
void split_samples(const float* __restrict samples, Samples out, std::int64_t count)
{
    double* re = out.re;
    double* im = out.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        re[k] = samples[2 * k];
        im[k] = samples[2 * k + 1];
    }
}

CFISAC_MULTIVERSION
void split_samples(const double* __restrict samples, Samples out, std::int64_t count)
{
    double* re = out.re;
    double* im = out.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        re[k] = samples[2 * k];
        im[k] = samples[2 * k + 1];
    }
}

CFISAC_MULTIVERSION
void add_multiples(Samples sum,
                   Row<const double> x,
                   std::int64_t stride,
                   Row<const double> factors,
                   std::int64_t count)
{
    double* sum_re = sum.re;
    double* sum_im = sum.im;
    const double *x_re = x.re, *x_im = x.im;
    const double *y_re = x.re + stride, *y_im = x.im + stride;
    const double *z_re = y_re + stride, *z_im = y_im + stride;
    const double *w_re = z_re + stride, *w_im = z_im + stride;
    const double a_x = factors.re[0], b_x = factors.im[0];
    const double a_y = factors.re[1], b_y = factors.im[1];
    const double a_z = factors.re[2], b_z = factors.im[2];
    const double a_w = factors.re[3], b_w = factors.im[3];
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        sum_re[k] += a_x * x_re[k] - b_x * x_im[k] + a_y * y_re[k] - b_y * y_im[k] +
                     a_z * z_re[k] - b_z * z_im[k] + a_w * w_re[k] - b_w * w_im[k];
        sum_im[k] += a_x * x_im[k] + b_x * x_re[k] + a_y * y_im[k] + b_y * y_re[k] +
                     a_z * z_im[k] + b_z * z_re[k] + a_w * w_im[k] + b_w * w_re[k];
    }
}

CFISAC_MULTIVERSION
void multiply(
    Samples out, Samples x, Row<const double> y, Factor scale, std::int64_t count)
{
    double* out_re = out.re;
    double* out_im = out.im;
#pragma omp simd
    for (std::int64_t k = 0; k < count; k++) {
        const double re = scale.re * y.re[k] - scale.im * y.im[k];
        const double im = scale.re * y.im[k] + scale.im * y.re[k];
        out_re[k] = re * x.re[k] - im * x.im[k];
        out_im[k] = re * x.im[k] + im * x.re[k];
    }
}

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

} // namespace cfisac::signal::host
