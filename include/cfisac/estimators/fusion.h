// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_FUSION_H
#define INCLUDED_CFISAC_ESTIMATORS_FUSION_H

#include <cfisac/estimators/estimates.h>
#include <cfisac/estimators/message.h>
#include <optional>
#include <vector>

namespace cfisac::estimators {

//! Where a target is and how fast it moves, D coordinates each, m and m/s.
struct State {
    Coordinates location; //!< m
    Coordinates velocity; //!< m/s
};

/*! What one receive access point reports of one target: some values with their information
 * (inverse covariance), all float64.
 */
struct Report {
    //! Which values.
    enum class Kind {
        path, //!< of one path (n, m): cosine of the angle of arrival, bistatic range (m) and
              //!< range rate (m/s)
        target //!< location (m, D values) and range rates over every transmit access point
               //!< (m/s, N values)
    };
    Kind kind = Kind::path;      //!< what `value` holds
    std::size_t receiver = 0;    //!< m
    std::size_t transmitter = 0; //!< n; of a path
    at::Tensor value;            //!< [K]
    at::Tensor information;      //!< [K, K]
    //! Log-likelihood ratio of the target against noise alone
    double gain = 0.0;
};

//! The values that a state would give, and their derivatives.
struct Prediction {
    at::Tensor value;    //!< [K]
    at::Tensor jacobian; //!< [K, 2D], with respect to (location, velocity)
};
Prediction predict(const Scenario& scenario, const Report& report, const State& state);

/*! The information of a path that comes with none: a unit covariance, in units of a tenth of
 * the resolution of each value: 1 / (M_r d_r/λ) of the cosine, c / (N_s Δf) of the range, λ /
 * (T_s ΔT) of the range rate. [3, 3]
 */
at::Tensor unit_information(const Scenario& scenario, std::size_t receiver);

/*! A path as a report.
 * \param information of its values [3, 3]; unit_information() where none is sent
 * \param gain see Report; where none is sent, one that outweighs any prior
 */
Report report_of(const Scenario& scenario,
                 std::size_t receiver,
                 const PathParameters& path,
                 const std::optional<at::Tensor>& information = std::nullopt,
                 std::optional<double> gain = std::nullopt);

//! The state that explains some reports best.
struct FusedTarget {
    State state;                      //!< that fits the reports best
    at::Tensor covariance;            //!< [2D, 2D] of (location, velocity)
    double mismatch = 0.0;            //!< Σ of the squared normalised residuals
    double score = 0.0;               //!< see fuse()
    std::vector<std::size_t> reports; //!< which ones, ascending
};

/*! Location and velocity by weighted non-linear least squares (Gauss–Newton with damping),
 * from reports of one target.
 *
 * Directions that the reports leave open, as the velocity across the only path, take the
 * prior of the scenario: its mean, with the covariance of a uniform density in its box. Open
 * is where the reports have less than a hundredth of the prior's information. Where they
 * determine all coordinates, and these lie in the box of the prior or up to a tenth of its
 * width beside it, the prior does not enter; where they do not lie there, it enters for all.
 *
 * \param scenario deployment and prior; of two dimensions for reports of paths
 * \param reports at least one
 * \throws std::invalid_argument on no report, on a report whose sizes or access points are
 * not the scenario's, on one of a path in three dimensions, and on values that are not finite
 */
FusedTarget locate(const Scenario& scenario, const std::vector<Report>& reports);

/*! The Q targets that explain the reports of all access points best: association, location,
 * and removal of outliers and ghosts.
 *
 * A target is explained by at most one report of each access point (for paths: of each pair
 * of access points). The score of a target is the logarithm of its evidence against noise,
 *
 *   Σ gain − mismatch / 2 − ln(V / √|2π C|),
 *
 * with the volume V of the prior of location and velocity and the covariance C (Laplace's
 * method: MacKay, "Information Theory, Inference, and Learning Algorithms", 2003, ch. 28).
 * From every report a target is grown: the report of another access point that raises the
 * score most joins, as long as the sum is better than both apart; a report without which the
 * score is better leaves. The target with the best score is taken, its reports are done with,
 * and so on: what remains are ghosts and is dropped.
 *
 * Where the scenario has clutter, what is likelier to be one of its scatterers (by the same
 * evidence with their prior: they stand still unless the scenario says otherwise) is taken
 * only when nothing else is left.
 *
 * \return at most `targets`, best score first
 * \throws std::invalid_argument as locate()
 */
std::vector<FusedTarget> fuse(const Scenario& scenario,
                              const std::vector<Report>& reports,
                              std::size_t targets);

/*! As Q targets: where fewer were found, the rest is prior_estimates(). The confidence is that
 * of the score, 1 / (1 + exp(−score)).
 */
TargetEstimates to_estimates(const Scenario& scenario,
                             const std::vector<FusedTarget>& targets);

} // namespace cfisac::estimators

#endif
