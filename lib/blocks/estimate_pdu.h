/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_ESTIMATE_PDU_H
#define INCLUDED_ISAC_ESTIMATE_PDU_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <pmt/pmt.h>
#include <vector>

namespace gr {
namespace isac {

//! A PDU of the message port `estimates`.
struct estimate_pdu {
    std::uint64_t frame = 0;
    std::optional<double> time_s;
    std::optional<std::vector<std::int32_t>> access_points; //!< that took part
    std::vector<float> values;                              //!< [2, Q, D], m and m/s
    std::vector<float> confidence;                          //!< [Q]
    std::vector<float> covariance;                          //!< [Q, 2D, 2D], or empty
};

/*! Read a PDU.
 * \param dimensions D, \param targets Q of the scenario
 * \throws std::invalid_argument naming what is not as it is in such a PDU
 */
estimate_pdu read_estimates(const pmt::pmt_t& pdu,
                            std::size_t dimensions,
                            std::size_t targets);

} // namespace isac
} // namespace gr

#endif
