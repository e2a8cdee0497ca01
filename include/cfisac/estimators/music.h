// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_MUSIC_H
#define INCLUDED_CFISAC_ESTIMATORS_MUSIC_H

#include <ATen/ATen.h>
#include <cfisac/estimators/message.h>
#include <cfisac/signal/layout.h>
#include <memory>
#include <vector>

namespace cfisac::estimators {

/*! How a covariance is averaged, so that coherent paths leave a subspace of as many
 * dimensions as there are paths.
 *
 * - none: not at all
 * - forward: over the subarrays of neighbouring antennas (spatial smoothing)
 * - forward_backward: over the subarrays and their conjugate mirror images
 */
enum class Smoothing { none, forward, forward_backward };

/*! \param covariance [M, M], complex
 * \param subarray antennas of a subarray, L; M where there is no smoothing
 * \return [L, L], complex128
 * \throws std::invalid_argument on a matrix that is not square and a subarray that does not
 * lie between 1 and M, or is not M without smoothing
 */
at::Tensor smoothed_covariance(const at::Tensor& covariance,
                               Smoothing smoothing,
                               std::int64_t subarray);

/*! Pseudospectrum 1 / (a^H E E^H a) of MUSIC, with E the eigenvectors of the smallest L -
 * `sources` eigenvalues and a the steering vector (2) of unit norm: at least one.
 * \param covariance [L, L], Hermitian
 * \param sources 1 … L - 1
 * \param cosine [G], \param spacing_wavelengths of the antennas
 * \return [G], float64
 * \throws std::invalid_argument on another number of sources or shape
 */
at::Tensor music_spectrum(const at::Tensor& covariance,
                          std::int64_t sources,
                          const at::Tensor& cosine,
                          double spacing_wavelengths);

/*! Cosines of the largest local maxima of the pseudospectrum, at most as many as there are
 * sources. The grid has `oversampling` points for each antenna and half-period; around each
 * of its maxima the denominator is followed on two finer grids and the vertex of a parabola
 * is taken: the result is within 1e-6 of the maximum.
 */
std::vector<double> music_cosines(const at::Tensor& covariance,
                                  std::int64_t sources,
                                  double spacing_wavelengths,
                                  int oversampling);

/*! Model order by the minimum description length (Wax and Kailath, "Detection of signals by
 * information theoretic criteria", 1985): the k that minimises
 * -N (p - k) ln(g_k / a_k) + k (2p - k) ln(N) / 2, with g_k and a_k the geometric and the
 * arithmetic mean of the p - k smallest eigenvalues.
 * \param eigenvalues p of a covariance, in any order; below 1e-12 of the largest they count
 * as that
 * \param snapshots N
 * \return 0 … p - 1
 * \throws std::invalid_argument on no eigenvalues, one that is not finite, N below one
 */
int mdl_order(std::vector<double> eigenvalues, std::int64_t snapshots);

//! How MusicEstimator searches.
struct MusicOptions {
    Smoothing smoothing = Smoothing::forward_backward; //!< of the covariance
    //! Antennas of a subarray; 0: M_r - Q + 1, but at least half of them (rounded up) and
    //! two. All without smoothing.
    int subarray = 0;
    //! Angles to look for; 0: as many as MDL says, at most Q and one less than the subarray
    //! has antennas
    int sources = 0;
    int angle_oversampling = 16; //!< points of the pseudospectrum for each antenna
    int oversampling = 2; //!< zero padding of the periodograms over both coordinates
    //! Share of the energy of every access point that the components hold with which the
    //! echo is correlated before the peak is refined
    double energy_share = 0.95;
    //! Probability that noise alone passes for a path, for each search
    double false_alarm = 1e-3;
};

/*! Paths to one receive access point: angles by MUSIC, then range and range rate by
 * two-dimensional periodograms (Section V, "MUSIC-based distributed sensing").
 *
 * At -30 dB in a resource element the covariance of raw samples tells nothing of the
 * targets. So the snapshots are taken behind the matched filter: the echo of each antenna is
 * correlated with the principal components of each access point's signal and transformed to
 * ranges and range rates (lines apart by the resolution, so that noise is white over all).
 * The covariance is that of the cells where a beam stands out of the noise.
 *
 * Angles that the array cannot tell apart (cosines 1 / spacing apart, such as its two ends)
 * are all tried; the one with the stronger path is taken.
 *
 * Each angle has its beam (pseudo-inverse of the steering vectors: nulls at the other
 * angles), in which the periodogram is computed for the places of the angle's ray: place and
 * geometry give bistatic range and angle of departure, and the signal sent there, a_t^H x, is
 * the reference. Places lie dense enough for range and departure (between two access points
 * that look at each other all have nearly one range). The largest peak over access points,
 * places and rates is refined on finer points around it with a parabola at last, which leaves
 * less than a thousandth of the resolutions; its path is subtracted, and the search repeated,
 * up to N Q times, while peaks stand out of the noise. Only places within one range
 * resolution of the targets' area count.
 */
class MusicEstimator
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m, from 0
     * \throws std::invalid_argument on a receiver that is not there, a scenario that does
     * not have two dimensions, a receive array with less than two antennas, and options
     * that are out of range
     */
    MusicEstimator(const signal::Layout& layout,
                   std::int64_t receiver,
                   MusicOptions options = {});
    ~MusicEstimator();
    //! The other one is left unusable.
    MusicEstimator(MusicEstimator&&) noexcept;

    /*!
     * \param echo Y_m [M_r, S, T], \param transmit X [N, N_t, S, T]; complex64, on the
     * layout's device
     * \return strongest first, at most Q and of different targets (see
     * strongest_of_targets); none where nothing stands out of the noise
     * \throws std::invalid_argument on a wrong shape or a sample that is not finite
     */
    std::vector<PathParameters> operator()(const at::Tensor& echo,
                                           const at::Tensor& transmit);

private:
    class Implementation;
    std::unique_ptr<Implementation> d_implementation;
};

} // namespace cfisac::estimators

#endif
