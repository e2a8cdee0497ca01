// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cfisac/nn/engine.h>
#include <torch/ordered_dict.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cfisac::nn::detail {

//! Parameters of a trained network by name, as Module::named_parameters gives them
using Parameters = torch::OrderedDict<std::string, at::Tensor>;

/*!
 * How activations lie in memory.
 *
 * - blocked: oneDNN's own formats, handed from layer to layer without a reorder; weights
 *   are brought into theirs once. On CPUs.
 * - channels_last: what matrix units of GPUs read. Convolutions of stride 2 with few
 *   channels become convolutions of stride 1 with eight times the channels.
 * - plain: [B, C, r, s, t], where LibTorch has no oneDNN, or the CPU none of the
 *   instructions that oneDNN needs for bfloat16 (there it is slow).
 */
enum class ActivationLayout { blocked, channels_last, plain };

//! Type and layout of weights and activations
struct Numerics {
    at::ScalarType type;
    ActivationLayout layout;

    static Numerics of(const at::Device& device, Precision precision);

    //! [B, C, r, s, t] of any floating type and strides → activations
    at::Tensor enter(const at::Tensor& dense) const;
    //! activations [B, C, r, s, t] → rows [B·r·s·t, C], float32
    at::Tensor rows(const at::Tensor& activations) const;
    //! rows [B·r·s·t, C] → activations [B, C, shape…]
    at::Tensor from_rows(const at::Tensor& rows, at::IntArrayRef shape) const;
};

//! A 3D convolution with packed weights
class PackedConvolution
{
public:
    using Sizes = std::vector<std::int64_t>;

    /*!
     * \param weight [C_out, C_in, kernel…], copied
     * \param bias [C_out], copied; undefined for none
     * \param stride, \param padding of each of the three dimensions
     */
    PackedConvolution(const Numerics& numerics,
                      const at::Tensor& weight,
                      const at::Tensor& bias,
                      const Sizes& stride,
                      const Sizes& padding);
    //! the same in all dimensions
    PackedConvolution(const Numerics& numerics,
                      const at::Tensor& weight,
                      const at::Tensor& bias,
                      std::int64_t stride,
                      std::int64_t padding);

    //! activations → activations
    at::Tensor operator()(const at::Tensor& input) const;

private:
    Numerics d_numerics;
    Sizes d_stride;
    Sizes d_padding;
    bool d_space_to_depth;
    /*! Activations and weights of a narrower type are made float32 for the sum, where LibTorch's
     * own convolution on CPUs would round the sum to their type. */
    bool d_widens;
    at::Tensor d_weight;
    at::Tensor d_bias;
};

//! ResidualStack with packed weights
class PackedResidualStack
{
public:
    //! \param prefix of the stack's parameters, as "residual."
    PackedResidualStack(const Numerics& numerics,
                        const Parameters& parameters,
                        const std::string& prefix);

    //! activations → activations; may overwrite its input
    at::Tensor operator()(at::Tensor x) const;

private:
    struct Layer {
        PackedConvolution conv1;
        PackedConvolution conv2;
    };
    std::vector<Layer> d_layers;
};

/*!
 * Two convolutions of kernel 4, stride 2 and padding 1 with a ReLU between them, for
 * oneDNN in float32, which computes these at half of its rate because of the stride along
 * the last dimension, and in bfloat16 does not. Even and odd outputs of the first come
 * from one convolution each, of stride 4 there; then each passes the two taps of the
 * second that meet it, with stride 1. The same products, but for one column in the padding.
 */
class ParityStem
{
public:
    //! weights [C_1, C, 4, 4, 4] and [C_2, C_1, 4, 4, 4], biases [C_1] and [C_2]
    ParityStem(const Numerics& numerics,
               const at::Tensor& weight1,
               const at::Tensor& bias1,
               const at::Tensor& weight2,
               const at::Tensor& bias2);

    //! [B, C, R, S, T] float32 → activations [B, C_2, R/4, S/4, T/4]; T a multiple of 4
    at::Tensor operator()(const at::Tensor& input) const;

private:
    Numerics d_numerics;
    PackedConvolution d_even1;
    PackedConvolution d_odd1;
    PackedConvolution d_even2;
    PackedConvolution d_odd2;
};

//! Encoder (12) with packed weights
class PackedEncoder
{
public:
    //! \param prefix of the encoder's parameters, as "encoder0." or "transmit."
    PackedEncoder(const Numerics& numerics,
                  const Parameters& parameters,
                  const std::string& prefix);

    //! [B, C, R, S, T] float32 → activations [B, H, r, s, t]
    at::Tensor operator()(const at::Tensor& input) const;

private:
    Numerics d_numerics;
    std::optional<ParityStem> d_stem; // the first two, where it gains
    std::vector<PackedConvolution> d_downsampling;
    std::optional<PackedConvolution> d_last;
    PackedResidualStack d_residual;
};

/*!
 * Linear layer on all elements of activations, with many more inputs than outputs: bound
 * by reading its weights, once for a batch. They are kept in the order of the activations
 * in memory. In bfloat16 and float16, and on GPUs, the sum is cut in pieces that are each
 * computed with float32 accumulation and rounded to the engine's type once, then added in
 * float32.
 */
class FlatProjection
{
public:
    /*!
     * \param weight [F, C·P], copied
     * \param bias [F], copied
     * \param channels C
     */
    FlatProjection(const Numerics& numerics,
                   const at::Tensor& weight,
                   const at::Tensor& bias,
                   std::int64_t channels);

    //! activations [B, C, r, s, t] → [B, F], float32
    at::Tensor operator()(const at::Tensor& activations) const;

private:
    Numerics d_numerics;
    at::Tensor d_weight; // [F, K], or [pieces, F, K / pieces]
    at::Tensor d_bias;
    bool d_in_pieces;
};

} // namespace cfisac::nn::detail
