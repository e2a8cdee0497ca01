/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MUSIC_ESTIMATOR_H
#define INCLUDED_ISAC_MUSIC_ESTIMATOR_H

#include <gnuradio/isac/access_point_estimator.h>

namespace gr {
namespace isac {

/*!
 * \brief Paths of one receive access point by MUSIC.
 * \ingroup isac
 *
 * \details
 * Fully distributed MUSIC: angles of arrival from the noise subspace of the smoothed
 * covariance of the receive array, with a model-order estimate; then range and range rate
 * of each path by a periodogram of the echo divided by what was transmitted. At most Q
 * paths, strongest first, are sent with 96 bits each (Section III-D).
 *
 * Inputs, output and tags are those of access_point_estimator.
 */
class ISAC_API music_estimator : virtual public access_point_estimator
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<music_estimator>;

    /*!
     * \param scenario what the flowgraph works on
     * \param access_point m, from 0
     * \param device "cpu", "cuda:N", or "auto" for a GPU where there is one
     * \param real_time whether the block skips frames when more are waiting than it can
     * work off: it keeps the latest two, instead of holding up the block before it
     * \throws std::invalid_argument on a wrong access point or device, and on a scenario
     * that the scheme does not work on
     */
    static sptr make(const cfisac::Scenario& scenario,
                     int access_point,
                     const std::string& device = "auto",
                     bool real_time = false);
};

} // namespace isac
} // namespace gr

#endif
