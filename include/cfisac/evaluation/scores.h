// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_SCORES_H
#define INCLUDED_CFISAC_EVALUATION_SCORES_H

#include <cfisac/evaluation/frame_errors.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <string>
#include <vector>

namespace cfisac::evaluation {

/*! Scores over frames and targets. Errors are Euclidean distances per target after
 * matching; a target's root bound is the square root of the trace of its block of (24).
 * All scores run over the same targets. NaN where nothing was counted; those of the velocity
 * are NaN where locations alone are scored.
 */
struct Scores {
    std::size_t frames = 0;             //!< frames with an estimate
    std::size_t frames_lost = 0;        //!< frames without
    double location_rmse_m;             //!< root mean square of the location's error
    double location_median_m;           //!< median of the location's error
    double location_p90_m;              //!< its 90th percentile
    double location_within_1m;          //!< share of targets with an error of at most 1 m
    double velocity_rmse_mps;           //!< root mean square of the velocity's error
    double velocity_median_mps;         //!< median of the velocity's error
    double velocity_p90_mps;            //!< its 90th percentile
    double root_crlb_location_rms_m;    //!< root mean square of the root bounds
    double root_crlb_location_median_m; //!< their median
    double root_crlb_velocity_rms_mps;  //!< the same of the velocity
    double root_crlb_velocity_median_mps; //!< the same of the velocity
};

/*! Whether the confidence of estimates can be believed: means over estimates that came
 * with a confidence, after matching. NaN where nothing was counted.
 */
struct Calibration {
    double confidence_mean;           //!< of all estimates, 0 to 1
    double location_within_5m;        //!< share of them with an error of at most 5 m
    double confidence_mean_within_5m; //!< of those with an error of at most 5 m
    double confidence_mean_beyond_5m; //!< of the others
};

//! Collects the errors of frames and turns them into scores.
class ScoreKeeper
{
public:
    //! \throws std::invalid_argument as Matcher does
    explicit ScoreKeeper(const Scenario& scenario,
                         Scored scored = Scored::location_and_velocity);

    /*! Count one frame; estimate and truth are matched, see Matcher.
     * \param truth, estimate  target by target, [location D × Q, velocity D × Q], m and
     * m/s; NaN for a target that is not there, which is not scored
     * \param root_bound [location × Q, velocity × Q] in the order of `truth`, m and m/s;
     * null when unknown. NaN (parameters that cannot be told apart) counts as infinite.
     * The scores of the bound are NaN unless every frame came with one.
     * \param confidence [Q] of the estimates, in their order; null when unknown
     * \throws std::invalid_argument on a truth or an estimate that is not finite, see
     * Matcher; the frame is then not counted
     */
    void add(const float* truth,
             const float* estimate,
             const float* root_bound = nullptr,
             const float* confidence = nullptr);
    //! Count a frame whose errors are known.
    void add(const FrameErrors& errors, const float* root_bound = nullptr);
    //! Count a frame that has no estimate.
    void add_lost() { d_lost++; }
    //! Forget everything counted.
    void clear();

    //! Scores of what was counted so far.
    Scores scores() const;
    //! Whether the confidences counted so far can be believed.
    Calibration calibration() const;

private:
    Matcher d_match;
    std::size_t d_frames = 0;
    std::size_t d_lost = 0;
    std::vector<double> d_location_error, d_velocity_error;
    std::vector<double> d_location_bound, d_velocity_bound;
    // Confidence of estimates with a location error of at most 5 m, and of others.
    std::vector<double> d_confidence_within, d_confidence_beyond;
};

//! A table for people: one line each for location and velocity; "-" where nothing was
//! counted.
std::string to_table(const Scores& scores);

//! A JSON object on one line with the names of the members as keys; null where a score is
//! not finite.
std::string to_json(const Scores& scores);

} // namespace cfisac::evaluation

#endif
