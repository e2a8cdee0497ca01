/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_pdu.h"

#include <gnuradio/isac/names.h>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

namespace {

const pmt::pmt_t& time_key()
{
    static const pmt::pmt_t key = pmt::intern("time");
    return key;
}
const pmt::pmt_t& confidence_key()
{
    static const pmt::pmt_t key = pmt::intern("confidence");
    return key;
}
const pmt::pmt_t& covariance_key()
{
    static const pmt::pmt_t key = pmt::intern("covariance");
    return key;
}
const pmt::pmt_t& access_points_key()
{
    static const pmt::pmt_t key = pmt::intern("access_points");
    return key;
}

std::vector<float> floats(const pmt::pmt_t& value, std::size_t count, const char* what)
{
    if (!pmt::is_f32vector(value) || pmt::length(value) != count) {
        throw std::invalid_argument(std::string(what) + ": want " +
                                    std::to_string(count) + " floats, got " +
                                    pmt::write_string(value).substr(0, 100));
    }
    return pmt::f32vector_elements(value);
}

} // namespace

estimate_pdu read_estimates(const pmt::pmt_t& pdu,
                            std::size_t dimensions,
                            std::size_t targets)
{
    if (!pmt::is_pdu(pdu)) {
        throw std::invalid_argument("want a PDU, got " +
                                    pmt::write_string(pdu).substr(0, 100));
    }
    const auto about = [&pdu](const pmt::pmt_t& key) {
        return pmt::dict_ref(pmt::car(pdu), key, pmt::PMT_NIL);
    };
    const auto frame = about(names::frame());
    if (!pmt::is_uint64(frame)) {
        throw std::invalid_argument("the metadata have no frame");
    }
    estimate_pdu all;
    all.frame = pmt::to_uint64(frame);
    if (pmt::is_real(about(time_key()))) {
        all.time_s = pmt::to_double(about(time_key()));
    }
    if (pmt::is_s32vector(about(access_points_key()))) {
        all.access_points = pmt::s32vector_elements(about(access_points_key()));
    }
    all.values = floats(pmt::cdr(pdu), 2 * dimensions * targets, "estimates");
    all.confidence = floats(about(confidence_key()), targets, "confidence");
    if (!pmt::is_null(about(covariance_key()))) {
        all.covariance = floats(
            about(covariance_key()), 4 * dimensions * dimensions * targets, "covariance");
    }
    return all;
}

} // namespace isac
} // namespace gr
