/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "estimate_json.h"
#include "estimate_pdu.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

namespace gr {
namespace isac {

namespace {

using json = nlohmann::ordered_json;

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

std::string write(const estimate_pdu& all,
                  std::size_t dimensions,
                  std::size_t targets,
                  std::uint64_t sequence)
{
    json object;
    object["sequence"] = sequence;
    object["frame"] = all.frame;
    object["time"] = all.time_s ? number(*all.time_s) : json(nullptr);
    object["access_points"] =
        all.access_points ? json(*all.access_points) : json(nullptr);
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
    return write(read_estimates(pdu, dimensions, targets), dimensions, targets, sequence);
}

std::size_t longest_estimates_json(std::size_t dimensions,
                                   std::size_t targets,
                                   std::size_t access_points)
{
    constexpr float longest = -1.17549435e-38f; // nine digits, sign and exponent
    const auto most = std::numeric_limits<std::uint64_t>::max();
    std::vector<std::int32_t> points(access_points);
    std::iota(points.begin(), points.end(), 0);
    const estimate_pdu all{
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
