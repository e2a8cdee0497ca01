// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "reference.h"
#include <cfisac/estimators/geometry.h>

namespace cfisac::estimators {

//! Differences of range (m) and range rate (m/s) that the waveform tells apart: c over the
//! sensed bandwidth, and the wavelength over the sensed interval.
struct Resolution {
    explicit Resolution(const signal::Layout& layout);
    double range_m;
    double rate_mps;
};

/*! Bistatic ranges and range rates on which paths are looked for: all plausible ones (see
 * plausible_ranges, largest_range_rate), `oversampling` points for each resolution. The
 * transforms are matrix products with these lines of the zero-padded DFT alone, a small
 * part of all.
 */
class PathGrid
{
public:
    PathGrid(const signal::Layout& layout,
             Interval ranges_m,
             double largest_rate_mps,
             int range_oversampling,
             int rate_oversampling);

    std::int64_t ranges() const { return d_delays.size(0); }
    std::int64_t rates() const { return d_lines.size(1); }
    double range_m(std::int64_t index) const
    {
        return d_first_range + d_range_step * index;
    }
    double rate_mps(std::int64_t index) const
    {
        return d_first_rate + d_rate_step * index;
    }
    double range_step_m() const { return d_range_step; }
    double rate_step_mps() const { return d_rate_step; }

    //! exp(j2π f Δ) of the differences Δ of two delays, [2D - 1, S]; none at row D - 1
    at::Tensor differences() const;
    //! Transform of a path of `rate_mps` over time, [F] complex128, on the processor
    at::Tensor response(double rate_mps) const;

    //! The part of transform() over symbols alone, [..., S, F]
    at::Tensor transform_time(const at::Tensor& product) const;

    /*! Transform products of echo and reference, e.g. to the peak of a path.
     * \param product y conj(x) [..., S, T], complex64
     * \return [..., D, F], sums over all resource elements
     */
    at::Tensor transform(const at::Tensor& product) const;

    /*! Correlate every antenna with every reference.
     * \param echo [A, S, T], \param conjugate of the references [C, S, T]; complex64
     * \return [C, A, D, F], complex64
     */
    at::Tensor correlate(const at::Tensor& echo, const at::Tensor& conjugate) const;

private:
    double d_first_range, d_range_step;
    double d_first_rate, d_rate_step;
    double d_wavelength;
    at::Tensor d_frequency; // [S], Hz
    at::Tensor d_time;      // [T], s
    at::Tensor d_delays;    // [D, S], exp(j2π f τ)
    at::Tensor d_lines;     // [T, F], exp(-j2π f_D t)
};

//! exp(j2π f τ) of bistatic ranges [D], m: [D, S], complex128 on the processor
at::Tensor delay_rows(const signal::Layout& layout, const at::Tensor& range_m);
//! exp(-j2π f_D t) of range rates [F], m/s: [T, F], likewise
at::Tensor doppler_columns(const signal::Layout& layout, const at::Tensor& rate_mps);

//! Peak of a transformed product, off the grid.
struct Peak {
    double range_m;
    double rate_mps;
    c10::complex<double> sum; //!< of the product with the peak's phases taken back
};

/*! Search a peak once more around a place, on 33 × 33 lines, and interpolate.
 *
 * Between three lines each way a parabola through the logarithm of the power tells the
 * maximum. For the transform of a path, sinc² close to its peak, its error is below
 * 0.07 δ³ of the resolution where the lines are δ of it apart.
 *
 * \param product y conj(x) [S, T]
 * \param half_range_m, half_rate_mps how far to either side, at most the resolution
 */
Peak zoom(const signal::Layout& layout,
          const at::Tensor& product,
          double range_m,
          double rate_mps,
          double half_range_m,
          double half_rate_mps);

/*! Angle of a path within half of the array's resolution, 1 / (M spacing), of a start: the
 * maximum of |a^H z| on 33 lines, and a parabola as in zoom().
 * \param antennas z [M], what each antenna has of the path
 */
double refine_cosine(const at::Tensor& antennas,
                     double spacing_wavelengths,
                     double cosine);

//! exp(-j2π f τ) exp(j2π f_D t) [S, T] of a path, complex64 on the layout's device.
at::Tensor path_phases(const signal::Layout& layout, double range_m, double rate_mps);

/*! Where the parabola through three samples has its vertex, from the middle one in steps;
 * within half a step.
 */
double parabola_vertex(double before, double middle, double after);

} // namespace cfisac::estimators
