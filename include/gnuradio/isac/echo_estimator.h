/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ECHO_ESTIMATOR_H
#define INCLUDED_ISAC_ECHO_ESTIMATOR_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief What the blocks have in common that make estimates of echoes in one step.
 *
 * \details
 * Outputs:
 * - 0: estimates, float [2·D·Q] per item: the locations of all targets, target by target
 *   (m), then their velocities likewise (m/s). Every item carries the tag `frame`
 *   (uint64);
 * - 1 (optional): confidence of each target's estimate, float [Q] per item, in [0, 1];
 *   item by item with the estimates.
 *
 * Message port `estimates`: a PDU per frame; metadata "frame" (uint64), "time" (capture
 * time of the frame, s, double) and "confidence" (f32vector [Q]); the data is an
 * f32vector with the values of output 0.
 *
 * All inputs are frames. The frame number is that of the tag `frame`, or the item's
 * number; whatever has no partner of its number in the other streams is passed over. The
 * capture time is that of the tag `rx_time` of input 0, or frame number times interval. A
 * frame with a sample that is not finite is logged, counted and left out.
 */
class ISAC_API echo_estimator : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<echo_estimator>;

    //! Frames estimated.
    virtual std::uint64_t frames() const = 0;
    //! Frames left out because of a sample that is not finite.
    virtual std::uint64_t frames_refused() const = 0;
    //! Frames passed over because not every stream had one of the same number.
    virtual std::uint64_t frames_unmatched() const = 0;
    //! Frames skipped because later ones were waiting; in real time only.
    virtual std::uint64_t frames_skipped() const = 0;
    /*! Latency that a share of the last frames does not exceed, s: from the end of a
     * frame's interval, by its capture time, to its estimate. NaN before the first frame,
     * and unless in real time. The capture times must be those of this machine's steady
     * clock, as of a bistatic_channel in real time.
     * \param share between 0 and 1: 0.5 for the median
     * \throws std::invalid_argument on another share
     */
    virtual double latency_s(double share) const = 0;
    //! Frames copied from items to another place; none from a block of ours on the same
    //! device.
    virtual std::uint64_t host_copies() const = 0;
    //! Bytes of these frames.
    virtual std::uint64_t host_copied_bytes() const = 0;
    //! What ended the flowgraph, empty when nothing went wrong.
    virtual std::string error() const = 0;
};

} // namespace isac
} // namespace gr

#endif
