// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"

#include <cfisac/nn/latent_words.h>

namespace cfisac::nn {

namespace {

constexpr double largest_float16 = 65504.0;
constexpr int64_t word_mask = LatentWords::range - 1;

// The integer of the signed type with the same lowest bits: what is at or above `half`
// wraps to the negative ones.
at::Tensor wrapped(const at::Tensor& integers, int64_t half, at::ScalarType type)
{
    return at::where(integers >= half, integers - 2 * half, integers).to(type);
}

void require_float16_range(const at::Tensor& values)
{
    const auto magnitude = values.detach().abs();
    const auto inside = magnitude <= largest_float16; // false for NaN
    if (inside.all().item<bool>()) {
        return;
    }
    const auto outside = values.masked_select(inside.logical_not());
    detail::require(false,
                    "latent value ",
                    outside[0].item<double>(),
                    " is not within the float16 range of ±65504; send float32 latents");
}

} // namespace

LatentWords::LatentWords(Latents type) : d_type(type)
{
    detail::require(type != Latents::quantized, "quantized latents have no words");
}

at::Tensor LatentWords::to_words(const at::Tensor& values) const
{
    if (d_type == Latents::float16) {
        require_float16_range(values);
        return at::bitwise_and(values.to(at::kHalf).view(at::kShort).to(at::kLong),
                               word_mask);
    }
    const auto integers = values.to(at::kFloat).view(at::kInt).to(at::kLong);
    const auto high = at::bitwise_right_shift(integers, LatentWords::bits);
    return at::stack(
               {at::bitwise_and(integers, word_mask), at::bitwise_and(high, word_mask)},
               -1)
        .flatten(1);
}

at::Tensor LatentWords::from_words(const at::Tensor& words) const
{
    if (d_type == Latents::float16) {
        return wrapped(words, range / 2, at::kShort).view(at::kHalf).to(at::kFloat);
    }
    const auto pairs = words.reshape({words.size(0), -1, 2});
    const auto integers = pairs.select(-1, 0) + pairs.select(-1, 1) * range;
    return wrapped(integers, range * range / 2, at::kInt).view(at::kFloat);
}

bool LatentWords::accepts(const at::Tensor& words) const
{
    return (words >= 0).logical_and(words < range).all().item<bool>() &&
           at::isfinite(from_words(words)).all().item<bool>();
}

} // namespace cfisac::nn
