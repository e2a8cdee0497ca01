// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace cfisac::nn {

//! Targets found in one frame, their number n not being known before; the surest first.
struct Detections {
    at::Tensor location;   //!< [n, 2], m
    at::Tensor velocity;   //!< [n, 2], m/s
    at::Tensor confidence; //!< [n], probability of presence, descending
};

} // namespace cfisac::nn
