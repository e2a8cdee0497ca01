/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATE_JSON_H
#define INCLUDED_ISAC_ESTIMATE_JSON_H

#include <cstddef>
#include <cstdint>
#include <pmt/pmt.h>
#include <string>

namespace gr {
namespace isac {

/*! The estimates of a frame as a JSON object, see docs/files.md.
 * \param pdu of the message port `estimates`
 * \param dimensions D, \param targets Q of the scenario
 * \param sequence how many objects there were before
 * \throws std::invalid_argument naming what is not as it is in such a PDU
 */
std::string estimates_to_json(const pmt::pmt_t& pdu,
                              std::size_t dimensions,
                              std::size_t targets,
                              std::uint64_t sequence);

/*! Bytes that the longest object has.
 * \param access_points M of the scenario
 */
std::size_t longest_estimates_json(std::size_t dimensions,
                                   std::size_t targets,
                                   std::size_t access_points);

} // namespace isac
} // namespace gr

#endif
