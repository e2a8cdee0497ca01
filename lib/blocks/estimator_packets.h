/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATOR_PACKETS_H
#define INCLUDED_ISAC_ESTIMATOR_PACKETS_H

#include <cfisac/estimators/access_point.h>
#include <cfisac/fronthaul/packet.h>

namespace gr {
namespace isac {

//! The packets of a scheme whose access points estimate by themselves: the words of a
//! message as indices of 16 bits.
cfisac::fronthaul::PacketFormat packet_format(cfisac::estimators::Scheme scheme,
                                              const cfisac::Scenario& scenario);

} // namespace isac
} // namespace gr

#endif
