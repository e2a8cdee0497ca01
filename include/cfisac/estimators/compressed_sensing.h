// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_COMPRESSED_SENSING_H
#define INCLUDED_CFISAC_ESTIMATORS_COMPRESSED_SENSING_H

#include <ATen/ATen.h>
#include <cfisac/estimators/message.h>
#include <cfisac/signal/layout.h>
#include <functional>
#include <memory>
#include <vector>

namespace cfisac::estimators {

/*! Which block of atoms orthogonal matching pursuit takes next: the one whose squared
 * correlations with the residual, summed over the block, have the largest
 *
 * - sum over the measurements (simultaneous OMP)
 * - value in one measurement, where few measurements see an atom
 */
enum class Selection { sum, largest };

//! How orthogonal matching pursuit chooses and when it stops.
struct OmpOptions {
    std::int64_t blocks = 1; //!< to choose at most
    std::int64_t block = 1;  //!< atoms of a block, neighbours in the dictionary
    Selection selection = Selection::sum; //!< which block is taken next
    //! Nothing more is chosen when no block exceeds this
    double tolerance = 0.0;
    bool solve = true; //!< whether the coefficients are wanted
};

//! What orthogonal matching pursuit has chosen.
struct OmpResult {
    std::vector<std::int64_t> support; //!< blocks in the order of their choice
    //! [support · block, L], least squares over the chosen atoms; undefined without `solve`
    at::Tensor coefficients;
    //! [support, block, L]: correlations of a block with the residual when it was chosen
    at::Tensor correlations;
};

/*! Orthogonal matching pursuit of several measurements with a common support.
 *
 * Atoms should have unit norm, those of a block be orthogonal. A block that lies in the
 * span of those chosen (to 1e-6 of its energy) is passed over.
 *
 * \param dictionary [R, P], real or complex
 * \param measurements [R, L], of the same type
 * \throws std::invalid_argument on shapes or types that do not match, and options out of
 * range
 */
OmpResult omp(const at::Tensor& dictionary,
              const at::Tensor& measurements,
              const OmpOptions& options);

/*! The same from products with the dictionary alone (batch OMP).
 * \param gram_columns columns [P, block] of the Gram matrix D^H D that belong to a block
 * \param correlations D^H Y [P, L]
 */
OmpResult omp_from_products(const std::function<at::Tensor(std::int64_t)>& gram_columns,
                            const at::Tensor& correlations,
                            const OmpOptions& options);

//! How CompressedSensingEstimator searches.
struct CsOptions {
    int oversampling = 4;      //!< points of the delay grid for each range resolution c/B
    int rate_oversampling = 2; //!< Doppler lines for each resolution
    int blocks = 0;            //!< delays to choose at most; 0: 4 N Q
    Selection selection = Selection::largest; //!< which delay is taken next
    bool refinement = true; //!< off the grid, see CompressedSensingEstimator
    //! Share of the energy of every access point that the atoms of a delay span
    double energy_share = 0.9;
    //! Probability that noise alone passes for a path, for each search
    double false_alarm = 1e-3;
};

/*! Paths to one receive access point: sparse recovery of the delays, then angle of arrival
 * and range rate of each (Section V, "CS-based fully distributed sensing scheme").
 *
 * The dictionary holds, for each transmit access point and each delay of a grid over all
 * plausible bistatic ranges, a block: the principal components of what the access point
 * sent (angles of departure are not known), delayed. The measurements with a common support
 * are the echo in beams of the receive array and turned back by Doppler lines; a path
 * appears in few of them, so a block is chosen by its largest measurement. All access points
 * are in one dictionary: what one sends resembles what the others send, for the precoder is
 * joint. Blocks are chosen while they stand out of the noise.
 *
 * The correlations of a chosen block over beams and lines have a peak at the path's angle
 * and range rate, which a parabola through three points interpolates; its response is taken
 * out, and up to Q peaks of one delay are told. Error of the grid alone: half a step of the
 * delays.
 *
 * With `refinement`, range, rate and angle follow the maximum of the echo's correlation with
 * a_r (a_t^H x), where a_t points to the path's own place: in turn the periodogram of the
 * path's beam (as in MusicEstimator) and the beam pattern of its range and rate, twice. For
 * one path in no noise, that is within a thousandth of the resolutions.
 */
class CompressedSensingEstimator
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m, from 0
     * \throws std::invalid_argument on a receiver that is not there, a scenario that does
     * not have two dimensions, and options that are out of range
     */
    CompressedSensingEstimator(const signal::Layout& layout,
                               std::int64_t receiver,
                               CsOptions options = {});
    ~CompressedSensingEstimator();
    //! The other one is left unusable.
    CompressedSensingEstimator(CompressedSensingEstimator&&) noexcept;

    //! See MusicEstimator.
    std::vector<PathParameters> operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit);

private:
    class Implementation;
    std::unique_ptr<Implementation> d_implementation;
};

} // namespace cfisac::estimators

#endif
