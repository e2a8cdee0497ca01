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

//! Keys of the metadata of these PDUs, beside that of the tag `frame`.
namespace estimate_keys {
const pmt::pmt_t& time();          //!< capture time, s
const pmt::pmt_t& confidence();    //!< f32vector [Q]
const pmt::pmt_t& covariance();    //!< f32vector [Q, 2D, 2D]
const pmt::pmt_t& access_points(); //!< s32vector of those that took part
} // namespace estimate_keys

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
