// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_layers.h"
#include "engine_backend.h"

#include <ATen/Context.h>

#include <numeric>

namespace cfisac::nn::detail {

namespace {

using at::Tensor;

constexpr std::int64_t dimensions = 3;

// Below, the matrix units of GPUs are mostly idle for a convolution.
constexpr std::int64_t few_channels = 16;

// Pieces of the sums of a flat projection: enough for all cores of a GPU, and for a CPU
// few, so that each is long.
constexpr std::int64_t pieces_on_gpu = 512;
constexpr std::int64_t pieces_on_cpu = 64;

/*
 * [B, C, 2a, 2b, 2c] → [B, 8·C, a, b, c]. A convolution of kernel 4 and stride 2 is one of
 * kernel 2 and stride 1 of what this gives, if both input and kernel are rearranged.
 */
Tensor space_to_depth(const Tensor& x)
{
    const auto channels = x.size(1);
    return x.unflatten(4, {x.size(4) / 2, 2})
        .unflatten(3, {x.size(3) / 2, 2})
        .unflatten(2, {x.size(2) / 2, 2})
        .permute({0, 3, 5, 7, 1, 2, 4, 6})
        .reshape({x.size(0), 8 * channels, x.size(2) / 2, x.size(3) / 2, x.size(4) / 2});
}

// A copy in any case: the model may be changed or released later.
Tensor copy(const Tensor& tensor, at::ScalarType type)
{
    return tensor.detach().to(type, /*non_blocking=*/false, /*copy=*/true);
}

// Whether oneDNN is there and has this type: which instructions of the CPU it needs for
// bfloat16 differs between releases.
bool blocked_convolves(at::ScalarType type)
{
    try {
        const auto ones = at::ones({1, 1, 1, 1, 1}).to_mkldnn(type);
        at::mkldnn_convolution(ones, ones, {}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, 1);
    } catch (const c10::Error&) {
        return false;
    }
    return true;
}

} // namespace

Numerics Numerics::of(const at::Device& device, Precision precision)
{
    const auto type = type_of(precision);
    if (device.is_cuda()) {
        return {type, ActivationLayout::channels_last};
    }
    const bool blocked = device.is_cpu() && blocked_convolves(type);
    return {type, blocked ? ActivationLayout::blocked : ActivationLayout::plain};
}

Tensor Numerics::enter(const Tensor& dense) const
{
    switch (layout) {
    case ActivationLayout::blocked:
        return dense.contiguous().to_mkldnn(type);
    case ActivationLayout::channels_last:
        return dense.to(type, false, false, at::MemoryFormat::ChannelsLast3d);
    case ActivationLayout::plain:
        break;
    }
    return dense.to(type).contiguous();
}

Tensor Numerics::rows(const Tensor& activations) const
{
    const auto dense = layout == ActivationLayout::blocked
                           ? activations.to_dense(at::kFloat)
                           : activations.to(at::kFloat);
    return dense.flatten(2).transpose(1, 2).reshape({-1, dense.size(1)});
}

Tensor Numerics::from_rows(const Tensor& rows, at::IntArrayRef shape) const
{
    std::vector<std::int64_t> sizes = {-1};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    sizes.push_back(rows.size(1));
    return enter(rows.view(sizes).permute({0, 4, 1, 2, 3}));
}

PackedConvolution::PackedConvolution(const Numerics& numerics,
                                     const Tensor& weight,
                                     const Tensor& bias,
                                     const Sizes& stride,
                                     const Sizes& padding)
    : d_numerics(numerics),
      d_stride(stride),
      d_padding(padding),
      d_space_to_depth(numerics.layout == ActivationLayout::channels_last &&
                       stride == Sizes(dimensions, 2) &&
                       padding == Sizes(dimensions, 1) &&
                       weight.sizes().slice(2) == at::IntArrayRef({4, 4, 4}) &&
                       weight.size(1) < few_channels),
      d_widens(numerics.layout != ActivationLayout::blocked && weight.is_cpu() &&
               numerics.type != at::kFloat),
      d_weight(copy(weight, numerics.type)),
      d_bias(bias.defined() ? copy(bias, numerics.type) : Tensor())
{
    if (d_widens) {
        d_weight = d_weight.to(at::kFloat);
        d_bias = d_bias.defined() ? d_bias.to(at::kFloat) : d_bias;
    }
    if (numerics.layout == ActivationLayout::blocked) {
        const Sizes dilation(dimensions, 1);
        d_weight = at::mkldnn_reorder_conv3d_weight(
            d_weight.contiguous().to_mkldnn(), d_padding, d_stride, dilation, 1);
        d_bias = d_bias.defined() ? d_bias.contiguous().to_mkldnn() : d_bias;
        return;
    }
    if (d_space_to_depth) {
        d_weight = space_to_depth(d_weight);
        d_stride.assign(dimensions, 1);
        d_padding.assign(dimensions, 0);
    }
    if (numerics.layout == ActivationLayout::channels_last) {
        d_weight = d_weight.contiguous(at::MemoryFormat::ChannelsLast3d);
    }
}

PackedConvolution::PackedConvolution(const Numerics& numerics,
                                     const Tensor& weight,
                                     const Tensor& bias,
                                     std::int64_t stride,
                                     std::int64_t padding)
    : PackedConvolution(
          numerics, weight, bias, Sizes(dimensions, stride), Sizes(dimensions, padding))
{
}

Tensor PackedConvolution::operator()(const Tensor& input) const
{
    if (d_numerics.layout == ActivationLayout::blocked) {
        return at::mkldnn_convolution(
            input, d_weight, d_bias, d_padding, d_stride, {1, 1, 1}, 1);
    }
    auto x = d_widens ? input.to(at::kFloat) : input;
    if (d_space_to_depth) {
        x = space_to_depth(at::constant_pad_nd(x, {1, 1, 1, 1, 1, 1}))
                .contiguous(at::MemoryFormat::ChannelsLast3d);
    }
    const auto result = at::conv3d(x, d_weight, d_bias, d_stride, d_padding);
    return d_widens ? result.to(d_numerics.type) : result;
}

PackedResidualStack::PackedResidualStack(const Numerics& numerics,
                                         const Parameters& parameters,
                                         const std::string& prefix)
{
    for (std::size_t i = 0;; i++) {
        const auto layer = prefix + std::to_string(i);
        if (!parameters.contains(layer + ".conv1.weight")) {
            return;
        }
        d_layers.push_back(
            {{numerics, parameters[layer + ".conv1.weight"], Tensor(), 1, 1},
             {numerics, parameters[layer + ".conv2.weight"], Tensor(), 1, 0}});
    }
}

Tensor PackedResidualStack::operator()(Tensor x) const
{
    for (const auto& layer : d_layers) {
        auto branch = layer.conv2(layer.conv1(at::relu(x)).relu_());
        x = branch.add_(x);
    }
    return x.relu_();
}

// Along the last dimension, the second convolution reads outputs 2i − 1 + k of the first:
// for odd taps k the even ones, i and i + 1 of them, for even taps the odd ones, i − 1 and
// i. With one column of padding on both sides each gives one output too many.
ParityStem::ParityStem(const Numerics& numerics,
                       const Tensor& weight1,
                       const Tensor& bias1,
                       const Tensor& weight2,
                       const Tensor& bias2)
    : d_numerics(numerics),
      d_even1(numerics, weight1, bias1, {2, 2, 4}, {1, 1, 1}),
      d_odd1(numerics, weight1, bias1, {2, 2, 4}, {1, 1, 0}),
      d_even2(numerics, weight2.slice(4, 1, 4, 2), bias2, {2, 2, 1}, {1, 1, 1}),
      d_odd2(numerics, weight2.slice(4, 0, 4, 2), Tensor(), {2, 2, 1}, {1, 1, 1})
{
}

Tensor ParityStem::operator()(const Tensor& input) const
{
    auto sum = d_even2(d_even1(d_numerics.enter(input)).relu_()).to_dense().slice(4, 1);
    const auto shifted = at::constant_pad_nd(input.slice(4, 1), {0, 1});
    sum += d_odd2(d_odd1(d_numerics.enter(shifted)).relu_()).to_dense().slice(4, 0, -1);
    return d_numerics.enter(sum);
}

PackedEncoder::PackedEncoder(const Numerics& numerics,
                             const Parameters& parameters,
                             const std::string& prefix)
    : d_numerics(numerics), d_residual(numerics, parameters, prefix + "residual.")
{
    const auto weight = [&](std::size_t i) {
        return prefix + "conv" + std::to_string(i) + ".weight";
    };
    const auto bias = [&](std::size_t i) {
        return parameters[prefix + "conv" + std::to_string(i) + ".bias"];
    };
    std::size_t last = 1; // the one that does not halve
    while (parameters.contains(weight(last + 1))) {
        last++;
    }
    std::size_t next = 1;
    if (numerics.layout == ActivationLayout::blocked && numerics.type == at::kFloat &&
        last > 2) {
        d_stem.emplace(
            numerics, parameters[weight(1)], bias(1), parameters[weight(2)], bias(2));
        next = 3;
    }
    for (; next < last; next++) {
        d_downsampling.emplace_back(numerics, parameters[weight(next)], bias(next), 2, 1);
    }
    d_last.emplace(numerics, parameters[weight(last)], bias(last), 1, 1);
}

Tensor PackedEncoder::operator()(const Tensor& input) const
{
    auto x = d_stem ? (*d_stem)(input).relu_() : d_numerics.enter(input);
    for (const auto& convolution : d_downsampling) {
        x = convolution(x).relu_();
    }
    return d_residual((*d_last)(x));
}

FlatProjection::FlatProjection(const Numerics& numerics,
                               const Tensor& weight,
                               const Tensor& bias,
                               std::int64_t channels)
    : d_numerics(numerics),
      d_bias(copy(bias, at::kFloat)),
      d_in_pieces(weight.is_cuda() || numerics.type != at::kFloat)
{
    const auto features = weight.size(0);
    auto ordered = copy(weight, numerics.type);
    if (numerics.layout == ActivationLayout::channels_last) {
        ordered = ordered.view({features, channels, -1}).transpose(1, 2).flatten(1);
    }
    if (d_in_pieces) {
        const auto pieces =
            std::gcd(ordered.size(1), weight.is_cuda() ? pieces_on_gpu : pieces_on_cpu);
        ordered = ordered.view({features, pieces, -1}).transpose(0, 1);
    }
    d_weight = ordered.contiguous();
}

Tensor FlatProjection::operator()(const Tensor& activations) const
{
    auto x = activations;
    if (d_numerics.layout == ActivationLayout::blocked) {
        x = activations.to_dense();
    } else if (d_numerics.layout == ActivationLayout::channels_last) {
        x = activations.permute({0, 2, 3, 4, 1});
    }
    x = x.flatten(1);
    if (d_in_pieces) {
        const auto pieces = x.view({x.size(0), d_weight.size(0), -1}).permute({1, 2, 0});
        return at::bmm(d_weight, pieces).sum(0, false, at::kFloat).t() + d_bias;
    }
    if (x.size(0) == 1) {
        // A matrix product would first rearrange all weights, four times as much work.
        return (at::mv(d_weight, x[0]) + d_bias).unsqueeze(0);
    }
    return at::addmm(d_bias, x, d_weight.t());
}

} // namespace cfisac::nn::detail
