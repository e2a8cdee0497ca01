/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PAYLOAD_SOURCE_H
#define INCLUDED_ISAC_PAYLOAD_SOURCE_H

#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <gnuradio/sync_block.h>

namespace gr {
namespace isac {

/*!
 * \brief Payload symbols of all users, drawn from (seed, frame).
 * \ingroup isac
 *
 * \details
 * QAM symbols s_k with unit mean power, the payload of (3), in the constellation of the
 * scenario. They depend on the seed and the frame number only, so that an access point
 * that knows both makes the same symbols itself: this is the payload of the `pilot` front
 * end and of reproducible runs without a radio. The symbols are made frame by frame and
 * the stream never ends.
 *
 * Outputs: one stream for each of the K users, gr_complex, one item per symbol; the
 * symbols of a frame follow each other in the order [subcarrier, symbol], S·T items per
 * frame.
 */
class ISAC_API payload_source : virtual public gr::sync_block
{
public:
    //! How a flowgraph holds the block.
    using sptr = std::shared_ptr<payload_source>;

    /*!
     * \param scenario waveform and users
     * \param seed seed of the draws; the precoder's for pilots
     */
    static sptr make(const cfisac::Scenario& scenario, std::uint64_t seed);
};

} // namespace isac
} // namespace gr

#endif
