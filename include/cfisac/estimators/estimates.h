// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_ESTIMATORS_ESTIMATES_H
#define INCLUDED_CFISAC_ESTIMATORS_ESTIMATES_H

#include <ATen/ATen.h>
#include <cfisac/scenario/scenario.h>

namespace cfisac::estimators {

//! What the central unit tells of the Q targets of one frame; all float64 on the processor.
struct TargetEstimates {
    at::Tensor location;   //!< [Q, D], m
    at::Tensor velocity;   //!< [Q, D], m/s
    at::Tensor covariance; //!< [Q, 2D, 2D] of (location, velocity), m and m/s; undefined
                           //!< where the estimator gives none
    at::Tensor confidence; //!< [Q], in [0, 1]
};

/*! Estimates where nothing is known: the middles of the priors, with the covariances of the
 * priors (uniform in the boxes) and no confidence.
 */
TargetEstimates prior_estimates(const Scenario& scenario);

} // namespace cfisac::estimators

#endif
