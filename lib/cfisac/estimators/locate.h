// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_ESTIMATORS_LOCATE_H
#define CFISAC_ESTIMATORS_LOCATE_H

#include <cfisac/estimators/fusion.h>

namespace cfisac::estimators {

//! \throws std::invalid_argument as fuse() does
void check_reports(const Scenario& scenario, const std::vector<Report>& reports);

//! As Prediction, row by row.
struct PredictedValues {
    std::vector<double> value;    //!< [K]
    std::vector<double> jacobian; //!< [K, 2D]
};
PredictedValues predict_values(const Scenario& scenario,
                               const Report& report,
                               const State& state);

/*! Members of `reports` as one target; `reports` of the result are the members.
 * \param members at least one, ascending
 */
FusedTarget locate_members(const Scenario& scenario,
                           const std::vector<Report>& reports,
                           const std::vector<std::size_t>& members);

/*! Score of the members as a scatterer of (29), whose prior is that of the scenario's
 * clutter, with the odds of scatterers to targets; minus infinity where there are none.
 */
double clutter_score(const Scenario& scenario,
                     const std::vector<Report>& reports,
                     const std::vector<std::size_t>& members);

} // namespace cfisac::estimators

#endif
