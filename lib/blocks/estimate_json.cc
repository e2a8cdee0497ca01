/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_json.h"

#include <charconv>
#include <cmath>
#include <gnuradio/isac/names.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace gr {
namespace isac {

namespace {

using json = nlohmann::ordered_json;

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

//! A float with as many digits as tell it from its neighbours, or null.
json number(float value)
{
    if (!std::isfinite(value)) {
        return nullptr;
    }
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    double same_digits = 0.0;
    std::from_chars(digits, end, same_digits);
    return same_digits;
}

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

//! `count` numbers from `first` on.
json numbers(const std::vector<float>& values, std::size_t first, std::size_t count)
{
    json list = json::array();
    for (std::size_t i = 0; i < count; i++) {
        list.push_back(number(values[first + i]));
    }
    return list;
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

//! What a PDU has in common with its JSON.
struct contents {
    std::uint64_t frame;
    json time;
    json access_points;
    std::vector<float> values;     //!< [2, Q, D]
    std::vector<float> confidence; //!< [Q]
    std::vector<float> covariance; //!< [Q, 2D, 2D], or empty
};

contents read(const pmt::pmt_t& pdu, std::size_t dimensions, std::size_t targets)
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
    contents all{pmt::to_uint64(frame), nullptr, nullptr, {}, {}, {}};
    if (pmt::is_real(about(time_key()))) {
        all.time = number(pmt::to_double(about(time_key())));
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

std::string write(const contents& all,
                  std::size_t dimensions,
                  std::size_t targets,
                  std::uint64_t sequence)
{
    json object;
    object["sequence"] = sequence;
    object["frame"] = all.frame;
    object["time"] = all.time;
    object["access_points"] = all.access_points;
    object["targets"] = json::array();
    const std::size_t size = 2 * dimensions;
    for (std::size_t q = 0; q < targets; q++) {
        json target;
        target["position_m"] = numbers(all.values, q * dimensions, dimensions);
        target["velocity_mps"] =
            numbers(all.values, (targets + q) * dimensions, dimensions);
        target["confidence"] = number(all.confidence[q]);
        if (!all.covariance.empty()) {
            target["covariance"] = json::array();
            for (std::size_t row = 0; row < size; row++) {
                target["covariance"].push_back(
                    numbers(all.covariance, (q * size + row) * size, size));
            }
        }
        object["targets"].push_back(std::move(target));
    }
    return object.dump();
}

} // namespace

std::string estimates_to_json(const pmt::pmt_t& pdu,
                              std::size_t dimensions,
                              std::size_t targets,
                              std::uint64_t sequence)
{
    return write(read(pdu, dimensions, targets), dimensions, targets, sequence);
}

std::size_t longest_estimates_json(std::size_t dimensions,
                                   std::size_t targets,
                                   std::size_t access_points)
{
    constexpr float longest = -1.17549435e-38f; // nine digits, sign and exponent
    const auto most = std::numeric_limits<std::uint64_t>::max();
    std::vector<std::int32_t> points(access_points);
    std::iota(points.begin(), points.end(), 0);
    const contents all{
        most,
        -1.2345678901234567e-308,
        points,
        std::vector<float>(2 * dimensions * targets, longest),
        std::vector<float>(targets, longest),
        std::vector<float>(4 * dimensions * dimensions * targets, longest)};
    return write(all, dimensions, targets, most).size();
}

} // namespace isac
} // namespace gr
