// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_EVALUATION_FRAME_ERRORS_H
#define INCLUDED_CFISAC_EVALUATION_FRAME_ERRORS_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <vector>

namespace cfisac::evaluation {

//! What of an estimate is scored: a monostatic receiver sees no whole velocity.
enum class Scored { location_and_velocity, location };

/*! Euclidean distances of one frame after matching, target by target of the truth; P ≤ Q of
 * them are there.
 */
struct FrameErrors {
    std::vector<double> location_m;   //!< [P]
    std::vector<double> velocity_mps; //!< [P]; empty where locations alone are scored
    std::vector<std::size_t> match;   //!< [P], the estimate that belongs to each
    std::vector<std::size_t> target;  //!< [P], which targets of the truth these are
};

/*! Matches estimates with the truth by the best permutation, over location and velocity
 * together (or over locations alone, where nothing else is scored), each coordinate scaled
 * by the width of its prior; one of zero width is left out. A target whose values in the
 * truth are all NaN is not there; the estimates that are left over belong to nothing.
 */
class Matcher
{
public:
    //! \throws std::invalid_argument on a scenario without targets or with boxes of
    //! another dimension
    explicit Matcher(const Scenario& scenario,
                     Scored scored = Scored::location_and_velocity);

    //! Q
    std::size_t targets() const { return d_targets; }
    //! D
    std::size_t dimensions() const { return d_dimensions; }
    //! what is matched
    Scored scored() const { return d_scored; }

    /*! \param truth, estimate  target by target, [location D × Q, velocity D × Q], m and
     * m/s; velocities are not read where locations alone are scored
     * \throws std::invalid_argument on an estimate that is not finite, or a target of the
     * truth some of whose values are not
     */
    FrameErrors operator()(const float* truth, const float* estimate) const;

private:
    //! The targets of a truth that are there.
    std::vector<std::size_t> present(const float* truth) const;

    std::size_t d_targets;
    std::size_t d_dimensions;
    Scored d_scored;
    std::vector<double> d_location_scale; //!< [D], m
    std::vector<double> d_velocity_scale; //!< [D], m/s
};

} // namespace cfisac::evaluation

#endif
