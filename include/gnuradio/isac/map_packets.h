/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_MAP_PACKETS_H
#define INCLUDED_ISAC_MAP_PACKETS_H

#include <cfisac/fronthaul/packet.h>
#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <gnuradio/isac/estimator_info.h>
#include <gnuradio/isac/model_info.h>
#include <gnuradio/isac/qtgui_api.h>

namespace gr {
namespace isac {

//! The packets that a map reads.
struct ISAC_QTGUI_API map_packets {
    cfisac::fronthaul::PacketFormat format; //!< what is expected of a packet
    std::size_t codewords = 0; //!< N_c; zero where latents travel unquantized
    std::size_t positions = 0; //!< indices ahead of the codewords
};

/*! The packets of a model's encoders.
 * \throws std::invalid_argument on a centralized network, which has none
 */
ISAC_QTGUI_API map_packets packets_of(const model_info& model);
//! The packets of a scheme whose access points estimate by themselves.
ISAC_QTGUI_API map_packets packets_of(const estimator_info& estimator,
                                      const cfisac::Scenario& scenario);

} // namespace isac
} // namespace gr

#endif
