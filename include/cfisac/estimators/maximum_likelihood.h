// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_MAXIMUM_LIKELIHOOD_H
#define INCLUDED_CFISAC_ESTIMATORS_MAXIMUM_LIKELIHOOD_H

#include <cfisac/estimators/fusion.h>
#include <cfisac/signal/cell_filter.h>
#include <cfisac/signal/layout.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::estimators {

//! What one receive access point has found of one target.
struct LocalEstimate {
    Coordinates location;               //!< m
    std::vector<double> range_rate_mps; //!< [N], over every transmit access point
    //! Information (23) of (location, range rates), the complex gains and the other targets
    //! being unknown; [D + N, D + N], float64
    at::Tensor information;
    double gain = 0.0; //!< log-likelihood ratio against noise in its place
};

//! What is done about reflectors that stand still.
enum class StaticClutter {
    keep,       //!< nothing: they are found as targets
    remove,     //!< their echoes are taken out, whatever they are
    as_scenario //!< `remove` where the scenario has scatterers, none of them moves, and
                //!< there are four symbols for each user
};

//! \param word "keep", "remove" or "scenario" \throws std::invalid_argument naming another
StaticClutter static_clutter_from_string(const std::string& word);

//! How MaximumLikelihood searches.
struct MaximumLikelihoodOptions {
    std::int64_t candidates =
        0; //!< places that are reported; zero: two more than targets
    double cells_per_resolution = 3.0; //!< of the search, along each coordinate
    double lines_per_resolution = 2.0; //!< Doppler lines of the search
    std::int64_t iterations = 30;      //!< at most, of every Gauss–Newton descent
    //! What becomes of echoes without Doppler
    StaticClutter static_clutter = StaticClutter::as_scenario;
};

class CellSearch;

/*! Targets in the echo of one receive access point by maximum likelihood.
 *
 * The access point knows what was transmitted (see signal::Reference). Correlating its echo
 * with it over both arrays, delay and Doppler gives every cell of the area its place in a
 * cube (signal::CellFilter): the cell where the powers over all transmit access points, each
 * at its strongest Doppler line that the prior of the velocity allows, add up to the most is
 * where a target is likeliest. Location, Doppler frequencies and complex gains are then
 * refined by Gauss–Newton steps on the likelihood, together with those found before; what
 * all of them explain is taken from the echo, and the next one is sought in the rest
 * (successive cancellation). A last descent refines all of them at once, and the information
 * (23) at its end goes with the estimates.
 *
 * Echoes of what stands still are a linear combination of what was transmitted on each
 * subcarrier, for every antenna. Where they are to be removed, the echo and all functions of
 * the likelihood are projected on the rest (signal::without_static): K dimensions of T are
 * lost, or as many as there are where clocks differ, and with them targets
 * so slow that their phase hardly turns within the interval, |range rate| < λ / (2 T_s ΔT)
 * over every transmit access point (3.7 m/s at 30 GHz and 1.33 ms).
 *
 * Where the scenario has timing or frequency offsets (30), they scatter a part of every echo
 * over all Doppler lines at its place. Gains and information count it as noise, so that what is
 * found of it beside a strong target does not pass for another one.
 *
 * The noise is estimated from what remains of the echo. The Gauss–Newton steps keep to the
 * area of the targets and five metres around it.
 *
 * In three dimensions, planar arrays tell azimuth and elevation. A linear array sees a target
 * on a cone only, of which the ranges over the transmit access points leave a few places: the
 * likelihood has several maxima, and the strongest may be the wrong one.
 */
class MaximumLikelihood
{
public:
    /*!
     * \param layout scenario and device
     * \param receiver m, from 0
     * \throws std::invalid_argument naming an access point that is not there, an option out
     * of range, or too few symbols (four for each user) to remove static clutter
     */
    MaximumLikelihood(const signal::Layout& layout,
                      std::int64_t receiver,
                      const MaximumLikelihoodOptions& options = {});
    ~MaximumLikelihood();

    /*!
     * \param echo Y_m [M_r, S, T], complex64, on the device
     * \param transmit X [N, N_t, S, T], complex64, there too
     * \return at most `candidates`, in the order in which they were found; none in an echo
     * that is zero
     * \throws std::invalid_argument on a wrong shape or type, or a sample that is not finite
     */
    std::vector<LocalEstimate> operator()(const at::Tensor& echo,
                                          const at::Tensor& transmit) const;

    //! Cells of the search along each coordinate: of the plane 8 … 256, of space at most
    //! 32,768 in all.
    const std::vector<std::int64_t>& cells() const;

private:
    std::unique_ptr<const CellSearch> d_search;
};

//! Places that are reported where the options leave it open: Q + 2.
std::size_t local_estimates_sent(const Scenario& scenario);

/*! Local estimates as they are sent, `count` of the same size:
 *
 * | bits              | field                                                          |
 * |-------------------|----------------------------------------------------------------|
 * | 16                | gain in steps of 1/16, at most 4095.9; 65535: no estimate      |
 * | 32 D              | location, m, IEEE 754 binary32                                 |
 * | 32 N              | range rates, m/s, binary32                                     |
 * | 16 (D + N)        | square roots of the diagonal of the information, as 256 log2   |
 * | 16 (D+N)(D+N+1)/2 | rows of its Cholesky factor, each scaled to unit length, in    |
 * |                   | steps of 2^-15, two's complement                               |
 *
 * With two dimensions and two transmit access points 368 bits: 1,472 for two targets. With
 * three dimensions 496 and 1,984.
 *
 * \throws std::invalid_argument on more estimates than `count`, on values that are not finite
 * and on information that is not positive
 */
Message encode_local_estimates(const std::vector<LocalEstimate>& estimates,
                               const Scenario& scenario,
                               std::size_t count);
//! Words of a message of `count` local estimates.
std::size_t words_of_local_estimates(const Scenario& scenario, std::size_t count);
//! The estimates of a message, which may come from anywhere; nothing when it is none.
std::optional<std::vector<LocalEstimate>> decode_local_estimates(const Message& message,
                                                                 const Scenario& scenario,
                                                                 std::size_t count);

//! A local estimate as a report to the central unit.
Report report_of(std::size_t receiver, const LocalEstimate& estimate);

} // namespace cfisac::estimators

#endif
