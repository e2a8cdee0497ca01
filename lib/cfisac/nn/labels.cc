// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/labels.h>

#include "check.h"
#include "scenario/detail.h"
#include "scenario/json_depth.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <stdexcept>

namespace cfisac::nn {

using at::Tensor;
using detail::require;

namespace {

void check(const char* name,
           const std::vector<double>& minimum,
           const std::vector<double>& maximum,
           size_t dimensions)
{
    require(dimensions > 0, "LabelRange: no coordinates");
    require(minimum.size() == dimensions && maximum.size() == dimensions,
            "LabelRange: ",
            name,
            " has ",
            minimum.size(),
            " minima and ",
            maximum.size(),
            " maxima, expected ",
            dimensions);
    for (size_t i = 0; i < dimensions; i++) {
        require(std::isfinite(minimum[i]) && std::isfinite(maximum[i]) &&
                    minimum[i] < maximum[i],
                "LabelRange: ",
                name,
                " coordinate ",
                i,
                " runs from ",
                minimum[i],
                " to ",
                maximum[i],
                "; the maximum must be above the minimum, both finite");
    }
}

//! [D_m], of the type and on the device of the labels
Tensor row(const std::vector<double>& values, const Tensor& like)
{
    return at::tensor(values, at::TensorOptions(at::kDouble)).to(like);
}

//! location and velocity: same shape [B, Q, D_m] of floating point
void check_labels(const Tensor& location, const Tensor& velocity)
{
    require(location.dim() == 3 && location.sizes() == velocity.sizes() &&
                at::isFloatingType(location.scalar_type()) &&
                location.scalar_type() == velocity.scalar_type(),
            "LabelRange: location ",
            location.sizes(),
            " and velocity ",
            velocity.sizes(),
            " must both be [batch, targets, dimensions] of one floating type");
}

std::vector<double> to_vector(const Tensor& values)
{
    const auto host = values.to(at::kCPU).to(at::kDouble).contiguous();
    const auto* data = host.data_ptr<double>();
    return std::vector<double>(data, data + host.numel());
}

} // namespace

LabelRange::LabelRange(std::vector<double> location_min,
                       std::vector<double> location_max,
                       std::vector<double> velocity_min,
                       std::vector<double> velocity_max)
    : d_location_min(std::move(location_min)),
      d_location_max(std::move(location_max)),
      d_velocity_min(std::move(velocity_min)),
      d_velocity_max(std::move(velocity_max))
{
    const auto dimensions = d_location_min.size();
    check("location", d_location_min, d_location_max, dimensions);
    check("velocity", d_velocity_min, d_velocity_max, dimensions);
}

LabelRange LabelRange::of(const Tensor& location, const Tensor& velocity)
{
    check_labels(location, velocity);
    require(location.numel() > 0, "LabelRange: no labels in ", location.sizes());
    const auto g = location.detach().flatten(0, 1);
    const auto v = velocity.detach().flatten(0, 1);
    return LabelRange(to_vector(g.amin(0)),
                      to_vector(g.amax(0)),
                      to_vector(v.amin(0)),
                      to_vector(v.amax(0)));
}

Tensor LabelRange::normalise(const Tensor& location, const Tensor& velocity) const
{
    check_labels(location, velocity);
    require(location.size(2) == dimensions(),
            "LabelRange: location ",
            location.sizes(),
            " must have ",
            dimensions(),
            " coordinates");
    const auto scale = [](const Tensor& x, const auto& minimum, const auto& maximum) {
        const auto low = row(minimum, x);
        return ((x - low) / (row(maximum, x) - low)).flatten(1);
    };
    return at::cat({scale(location, d_location_min, d_location_max),
                    scale(velocity, d_velocity_min, d_velocity_max)},
                   1);
}

std::pair<Tensor, Tensor> LabelRange::restore(const Tensor& labels) const
{
    require(labels.dim() == 2 && labels.size(1) > 0 &&
                labels.size(1) % (2 * dimensions()) == 0 &&
                at::isFloatingType(labels.scalar_type()),
            "LabelRange: labels ",
            labels.sizes(),
            " must be [batch, multiple of ",
            2 * dimensions(),
            "] of a floating type");
    const auto targets = labels.size(1) / (2 * dimensions());
    const auto split = labels.reshape({labels.size(0), 2, targets, dimensions()});
    const auto scale = [](const Tensor& x, const auto& minimum, const auto& maximum) {
        const auto low = row(minimum, x);
        return x * (row(maximum, x) - low) + low;
    };
    return {scale(split.select(1, 0), d_location_min, d_location_max),
            scale(split.select(1, 1), d_velocity_min, d_velocity_max)};
}

std::string LabelRange::to_json() const
{
    return nlohmann::json{{"location_min_m", d_location_min},
                          {"location_max_m", d_location_max},
                          {"velocity_min_mps", d_velocity_min},
                          {"velocity_max_mps", d_velocity_max}}
        .dump();
}

LabelRange LabelRange::from_json(const std::string& text)
{
    require(!cfisac::detail::nested_deeper(text, 2),
            "LabelRange: lists within the lists of coordinates");
    try {
        const auto json = nlohmann::json::parse(text);
        return LabelRange{json.at("location_min_m").get<std::vector<double>>(),
                          json.at("location_max_m").get<std::vector<double>>(),
                          json.at("velocity_min_mps").get<std::vector<double>>(),
                          json.at("velocity_max_mps").get<std::vector<double>>()};
    } catch (const nlohmann::json::exception& error) {
        throw std::invalid_argument("LabelRange: " +
                                    cfisac::detail::printable(error.what()));
    }
}

bool operator==(const LabelRange& a, const LabelRange& b)
{
    return a.location_min() == b.location_min() && a.location_max() == b.location_max() &&
           a.velocity_min() == b.velocity_min() && a.velocity_max() == b.velocity_max();
}

} // namespace cfisac::nn
