/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_RADIO_TIME_TAG_H
#define INCLUDED_ISAC_RADIO_TIME_TAG_H

#include <optional>
#include <pmt/pmt.h>

namespace gr {
namespace isac {

//! GNU Radio's tuple of whole seconds and a fraction below one, as a `Time` {seconds,
//! fraction}; nothing when it is none.
template <typename Time>
std::optional<Time> radio_time(const pmt::pmt_t& value)
{
    if (!pmt::is_tuple(value) || pmt::length(value) != 2) {
        return std::nullopt;
    }
    const auto seconds = pmt::tuple_ref(value, 0);
    const auto fraction = pmt::tuple_ref(value, 1);
    if (!(pmt::is_uint64(seconds) || pmt::is_integer(seconds)) ||
        !pmt::is_real(fraction)) {
        return std::nullopt;
    }
    const double rest = pmt::to_double(fraction);
    const bool negative = pmt::is_integer(seconds) && pmt::to_long(seconds) < 0;
    if (negative || !(rest >= 0.0 && rest < 1.0)) {
        return std::nullopt;
    }
    return Time{pmt::to_uint64(seconds), rest};
}

} // namespace isac
} // namespace gr

#endif
