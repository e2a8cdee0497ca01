// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "path_grid.h"
#include "ray.h"
#include <cfisac/estimators/paths.h>
#include <optional>

namespace cfisac::estimators {

/*! Cosine of the angle of departure of a path, from its place (see location_of_path).
 * \return nothing when there is no place within one range resolution of the targets' area
 */
std::optional<double> departure_cosine(const signal::Layout& layout,
                                       std::int64_t receiver,
                                       const PathParameters& path);

/*! A cosine with those whose steering vectors have the same phases, 1 / spacing apart. Within
 * half of the array's resolution of its ends they count too: there, noise decides.
 */
std::vector<double> indistinct_cosines(const signal::Layout& layout,
                                       std::int64_t receiver,
                                       double cosine);

/*! What the energy of noise hardly exceeds in any of `cells`: the bound of Laurent and
 * Massart for χ² variables of 2 `components` degrees of freedom, over the mean of one
 * component (exact for one).
 * \param false_alarm bound of the probability that it does in one of them
 */
double noise_threshold(std::int64_t components, std::int64_t cells, double false_alarm);

//! All plausible ranges and rates of a receive access point, over every transmit access
//! point.
PathGrid plausible_grid(const signal::Layout& layout,
                        std::int64_t receiver,
                        int range_oversampling,
                        int rate_oversampling);

/*! Range and range rate of a path of known angle, off the grid: the maximum of the
 * periodogram |y x^H|² / |x|² close to a start, where x is the signal towards the path's own
 * place on the ray. In turn over places and rates, three times, on 33 points of an interval
 * that shrinks to an eighth, with a parabola at last.
 *
 * \param beam signal from the angle of arrival [S, T], complex64; the path's component is
 * taken out of it
 * \param path start; refined
 * \param half_range_m, half_rate_mps how far to either side the maximum can be
 * \return power of the peak (squared correlation with the reference of unit energy); zero
 * when the path has no plausible place or nothing is sent there
 */
double refine_and_subtract(const signal::Layout& layout,
                           std::int64_t receiver,
                           const Reference& reference,
                           at::Tensor& beam,
                           PathParameters& path,
                           double half_range_m,
                           double half_rate_mps);

//! Two-dimensional periodogram of one angle of arrival, over all transmit access points.
class Periodogram
{
public:
    //! \param oversampling zero padding over both coordinates
    Periodogram(const signal::Layout& layout, std::int64_t receiver, int oversampling);

    /*! Paths from one angle, one after the other: the largest peak is refined, subtracted
     * and the search repeated.
     * \param beam signal from the angle [S, T], complex64
     * \param noise_w mean power of a sample of it that is noise
     * \param count at most this many
     * \param threshold of a peak over the mean power of noise there
     */
    std::vector<FoundPath> operator()(const Reference& reference,
                                      at::Tensor beam,
                                      double cosine,
                                      double noise_w,
                                      std::int64_t count,
                                      double threshold) const;

    //! Cells that one search looks at.
    std::int64_t cells() const;

private:
    // Places on the rays of one angle over one access point.
    struct Places {
        std::vector<double> range_m;
        at::Tensor delays;       // [P, S], complex64
        at::Tensor coefficients; // [P, B] of the reference's components, complex128
    };
    std::vector<Places> places(const Reference& reference, double cosine) const;

    signal::Layout d_layout;
    std::int64_t d_receiver;
    int d_oversampling;
    PathGrid d_grid;
};

} // namespace cfisac::estimators
