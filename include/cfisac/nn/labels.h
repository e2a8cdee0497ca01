// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cfisac::nn {

/*!
 * Min–max normalisation of the labels (Section IV): each coordinate of location and
 * velocity is mapped from [minimum, maximum] to [0, 1], with one range for all targets,
 * since their order means nothing. Values outside are mapped outside, not clamped.
 */
class LabelRange
{
public:
    /*!
     * Locations in m, velocities in m/s, one entry per coordinate.
     *
     * \throws std::invalid_argument if the numbers of entries differ, or a maximum is not
     * above its minimum, or a value is not finite
     */
    LabelRange(std::vector<double> location_min,
               std::vector<double> location_max,
               std::vector<double> velocity_min,
               std::vector<double> velocity_max);

    //! Smallest and largest value in a data set: both [n, Q, D_m]
    static LabelRange of(const at::Tensor& location, const at::Tensor& velocity);

    //! [B, Q, D_m] and [B, Q, D_m] → [B, 2·D_m·Q] in the order of the decoder's output
    //! (16)
    at::Tensor normalise(const at::Tensor& location, const at::Tensor& velocity) const;

    //! [B, 2·D_m·Q] → location [B, Q, D_m] in m and velocity [B, Q, D_m] in m/s
    std::pair<at::Tensor, at::Tensor> restore(const at::Tensor& labels) const;

    //! D_m
    int64_t dimensions() const { return static_cast<int64_t>(d_location_min.size()); }
    //! [D], m
    const std::vector<double>& location_min() const { return d_location_min; }
    //! [D], m
    const std::vector<double>& location_max() const { return d_location_max; }
    //! [D], m/s
    const std::vector<double>& velocity_min() const { return d_velocity_min; }
    //! [D], m/s
    const std::vector<double>& velocity_max() const { return d_velocity_max; }

    //! For the metadata of a model file; from_json gives the same doubles back
    std::string to_json() const;
    //! \throws std::invalid_argument if the text is not what to_json writes
    static LabelRange from_json(const std::string& text);

private:
    std::vector<double> d_location_min;
    std::vector<double> d_location_max;
    std::vector<double> d_velocity_min;
    std::vector<double> d_velocity_max;
};

bool operator==(const LabelRange& a, const LabelRange& b);

} // namespace cfisac::nn
