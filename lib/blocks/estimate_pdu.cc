/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_pdu.h"

#include <gnuradio/isac/names.h>
#include <stdexcept>
#include <string>

namespace gr {
namespace isac {

namespace estimate_keys {

const pmt::pmt_t& time()
{
    static const pmt::pmt_t key = pmt::intern("time");
    return key;
}
const pmt::pmt_t& confidence()
{
    static const pmt::pmt_t key = pmt::intern("confidence");
    return key;
}
const pmt::pmt_t& covariance()
{
    static const pmt::pmt_t key = pmt::intern("covariance");
    return key;
}
const pmt::pmt_t& access_points()
{
    static const pmt::pmt_t key = pmt::intern("access_points");
    return key;
}

} // namespace estimate_keys

namespace {

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
    if (pmt::is_real(about(estimate_keys::time()))) {
        all.time_s = pmt::to_double(about(estimate_keys::time()));
    }
    if (pmt::is_s32vector(about(estimate_keys::access_points()))) {
        all.access_points =
            pmt::s32vector_elements(about(estimate_keys::access_points()));
    }
    all.values = floats(pmt::cdr(pdu), 2 * dimensions * targets, "estimates");
    all.confidence = floats(about(estimate_keys::confidence()), targets, "confidence");
    if (!pmt::is_null(about(estimate_keys::covariance()))) {
        all.covariance = floats(about(estimate_keys::covariance()),
                                4 * dimensions * dimensions * targets,
                                "covariance");
    }
    return all;
}

} // namespace isac
} // namespace gr
