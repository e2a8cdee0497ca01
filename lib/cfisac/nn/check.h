// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cfisac::nn::detail {

//! throws std::invalid_argument with the message, put together only if the check fails
template <typename... Parts>
void require(bool condition, const Parts&... parts)
{
    if (!condition) {
        throw std::invalid_argument(c10::str(parts...));
    }
}

//! owner and name say whose option it is: "EncoderOptions: hidden_channels is 0, …"
inline void require_positive(int64_t value, const char* owner, const char* name)
{
    require(value > 0, owner, ": ", name, " is ", value, ", must be at least 1");
}

inline void require_not_negative(int64_t value, const char* owner, const char* name)
{
    require(value >= 0, owner, ": ", name, " is ", value, ", must not be negative");
}

/*!
 * refuses NaN and infinity. The smallest and largest value carry a NaN along, so no mask
 * of the tensor's size is made.
 */
inline void require_finite(const at::Tensor& tensor, const char* owner, const char* name)
{
    if (tensor.numel() == 0) {
        return;
    }
    const auto values = tensor.detach();
    const auto ends = at::stack({values.min(), values.max()});
    if (at::isfinite(ends).all().item<bool>()) {
        return;
    }
    const auto bad = at::isfinite(values).logical_not().sum().item<int64_t>();
    require(false,
            owner,
            ": ",
            name,
            " has ",
            bad,
            " of ",
            tensor.numel(),
            " values that are NaN or infinite");
}

} // namespace cfisac::nn::detail
