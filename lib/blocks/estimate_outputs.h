/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATE_OUTPUTS_H
#define INCLUDED_ISAC_ESTIMATE_OUTPUTS_H

#include "real_time.h"

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/io_signature.h>

namespace cfisac::estimators {
struct TargetEstimates;
}

namespace gr {
namespace isac {

/*! Outputs of a block that estimates: estimates, float [2·D·Q] per item, with the tag
 * `frame`; optionally the confidence [Q] and, where the block gives it, the covariance
 * [Q·2D·2D] of every target's location and velocity; a PDU for each frame. Not for several
 * threads, except for the latency.
 */
class estimate_outputs
{
public:
    static gr::io_signature::sptr signature(const cfisac::Scenario& scenario,
                                            bool covariance = false);

    //! \param block which estimates, \param real_time whether the latency is measured
    estimate_outputs(gr::block& block, const cfisac::Scenario& scenario, bool real_time);

    //! To be called in start().
    void start() { d_latency.clear(); }

    //! What is known of a frame: locations and velocities, confidences, and covariances,
    //! each in the layout of its output. Without covariances, their output is NaN.
    struct values {
        const float* estimates;
        const float* confidence;
        const float* covariance = nullptr;
        //! Access points that took part, for the PDU; where the block says which
        const std::vector<std::int32_t>* access_points = nullptr;
    };
    /*! Write an item to all outputs that are connected, and send the PDU.
     * \param item of this call of work(), from 0
     */
    void write(std::uint64_t frame,
               std::int64_t capture_time_ns,
               const values& known,
               int item,
               gr_vector_void_star& output_items);
    //! \param access_points see values
    void write(std::uint64_t frame,
               std::int64_t capture_time_ns,
               const cfisac::estimators::TargetEstimates& estimates,
               const std::vector<std::int32_t>* access_points,
               int item,
               gr_vector_void_star& output_items);

    /*! Latency that a share of the last frames does not exceed, s; NaN without any and
     * unless in real time.
     * \throws std::invalid_argument on a share that is not between 0 and 1
     */
    double latency_s(double share) const;

private:
    void note_latency(std::int64_t capture_time_ns);

    gr::block& d_block;
    const std::size_t d_targets;    //!< Q
    const std::size_t d_parameters; //!< 2·D of a target
    const double d_interval_s;
    const bool d_real_time;
    latency_record d_latency;
};

} // namespace isac
} // namespace gr

#endif
