// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_BOOTSTRAP_H
#define INCLUDED_CFISAC_EVALUATION_BOOTSTRAP_H

#include <cfisac/evaluation/frame_errors.h>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfisac::evaluation {

//! Ends of a confidence interval; NaN where there is nothing to score.
struct Interval {
    double low;  //!< lower end
    double high; //!< upper end
};

//! Confidence intervals of the scores that figures show.
struct ScoreIntervals {
    Interval location_rmse_m;     //!< of Scores::location_rmse_m
    Interval location_median_m;   //!< of Scores::location_median_m
    Interval velocity_rmse_mps;   //!< of Scores::velocity_rmse_mps
    Interval velocity_median_mps; //!< of Scores::velocity_median_mps
};

//! How the bootstrap draws.
struct BootstrapOptions {
    std::size_t resamples = 1000; //!< how often all frames are drawn anew
    double level = 0.95;          //!< probability that an interval holds the true score
    std::uint64_t seed = 1;       //!< of the draws
};

/*! Percentile bootstrap (Efron): scores of frames drawn with replacement, `resamples` times,
 * and the quantiles of them that leave (1 - level)/2 on either side. Whole frames are drawn,
 * since the errors of the targets of one frame depend on each other. The draws depend on
 * the seed and the number of frames alone.
 *
 * \param frames of Q targets each
 * \throws std::invalid_argument without resamples, on a level that is not between 0 and 1,
 * and on frames of different numbers of targets
 */
ScoreIntervals bootstrap(const std::vector<FrameErrors>& frames,
                         const BootstrapOptions& options = {});

} // namespace cfisac::evaluation

#endif
