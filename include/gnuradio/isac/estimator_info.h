/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATOR_INFO_H
#define INCLUDED_ISAC_ESTIMATOR_INFO_H

#include <cfisac/scenario/scenario.h>
#include <cstddef>
#include <cstdint>
#include <gnuradio/isac/api.h>
#include <string>

namespace gr {
namespace isac {

//! What a flowgraph must know of a scheme whose access points estimate by themselves.
struct ISAC_API estimator_info {
    std::string scheme;         //!< "music", "cs" or "ml"
    std::size_t packet_size;    //!< bytes of one fronthaul packet, the item of its stream
    std::size_t word_count;     //!< words of 16 bits of one access point and update
    std::size_t fronthaul_bits; //!< their bits
    std::size_t reference_bits; //!< that tell one access point what was transmitted
    std::uint64_t fingerprint;  //!< of scheme and message, in the packets
};

/*!
 * \param scheme "music", "cs" or "ml"
 * \param scenario what the flowgraph works on
 * \param reference how the access points know what was transmitted: "reference", where
 * they are told, or "pilot", where payload and precoder follow from a seed
 * \throws std::invalid_argument naming another scheme or reference
 */
ISAC_API estimator_info describe_estimator(const std::string& scheme,
                                           const cfisac::Scenario& scenario,
                                           const std::string& reference = "reference");

/*!
 * The scenario of monostatic_estimator: one full-duplex base station that transmits and
 * receives, instead of the access points; everything else as it was.
 * \param position of the base station, m
 * \throws std::invalid_argument on a position with another number of coordinates
 * \throws cfisac::ScenarioError when the result is no valid scenario, e.g. has more users
 * than antennas
 */
ISAC_API cfisac::Scenario monostatic_scenario(const cfisac::Scenario& scenario,
                                              const cfisac::Coordinates& position = {
                                                  50.0, 0.0});

} // namespace isac
} // namespace gr

#endif
