/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ACCESS_POINT_ESTIMATOR_H
#define INCLUDED_ISAC_ACCESS_POINT_ESTIMATOR_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

/*!
 * \brief What the blocks of access points have in common that estimate by themselves.
 *
 * \details
 * The access point estimates from its own echo and the transmitted signal, and sends what
 * it has found to the central unit, a parameter_fusion of the same scheme. What is sent
 * are words of 16 bits, as many for every frame; see cfisac/estimators/message.h.
 *
 * Inputs:
 * - 0: echo frames, one per item, gr_complex [M_r, S, T], sqrt(W);
 * - 1 … N: transmit frames X with the precoder in them, one per item, gr_complex [N_t, S,
 *   T], sqrt(W), paired with the echoes by frame number; one without a partner is passed
 *   over.
 *
 * Output: fronthaul packets (cfisac/fronthaul/packet.h) with the words as indices of 16
 * bits, one per item, packet_size() bytes.
 *
 * The frame number is that of the tag `frame`, or the item's number; the capture time is
 * that of the tag `rx_time`, or frame number times interval. A frame with a sample that
 * is not finite is logged, counted and left out: the central unit sees a gap.
 */
class ISAC_API access_point_estimator : virtual public gr::block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<access_point_estimator>;

    //! Bytes of one packet.
    virtual std::size_t packet_size() const = 0;
    //! Bits of the words of one frame.
    virtual std::size_t fronthaul_bits() const = 0;
    //! Frames that were worked on.
    virtual std::uint64_t frames() const = 0;
    //! Frames left out because of a sample that is not finite.
    virtual std::uint64_t frames_refused() const = 0;
    //! Frames passed over because echo and transmit frames were not of the same number.
    virtual std::uint64_t frames_unmatched() const = 0;
    //! Frames skipped because later ones were waiting; in real time only. Transmit frames
    //! of the same numbers count as unmatched.
    virtual std::uint64_t frames_skipped() const = 0;
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
