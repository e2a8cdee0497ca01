// SPDX-License-Identifier: GPL-3.0-or-later
#include "latent_convolution.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>

#include <limits>

namespace cfisac::nn::detail {

namespace {

using at::Tensor;

constexpr std::int64_t taps = 27;
constexpr std::int64_t centre_tap = 13;

const Tensor& any_of(const std::vector<Tensor>& messages)
{
    std::size_t m = 0;
    while (!messages[m].defined()) {
        m++;
    }
    return messages[m];
}

/*
 * Positions [P, 27] that each output position reads, in the order of the kernel's
 * elements; P stands for the padding.
 */
Tensor neighbours(at::IntArrayRef shape)
{
    std::int64_t positions = 1;
    for (const auto size : shape) {
        positions *= size;
    }
    auto windows = at::constant_pad_nd(
        at::arange(positions, at::kLong).view(shape), {1, 1, 1, 1, 1, 1}, positions);
    for (int dimension = 0; dimension < 3; dimension++) {
        windows = windows.unfold(dimension, 3, 1);
    }
    return windows.reshape({positions, taps});
}

// [H, C, 3, 3, 3] for access point m of a convolution of M·C channels
Tensor weight_of(const Tensor& weight, std::int64_t m, std::int64_t channels)
{
    return weight.narrow(1, m * channels, channels);
}

class CodewordTable : public LatentConvolution
{
public:
    CodewordTable(const Numerics& numerics,
                  DVqVaeImpl& network,
                  const Tensor& weight,
                  const Tensor& bias)
        : d_numerics(numerics),
          d_shape(network.latent_shape()),
          d_positions(network.positions()),
          d_codewords(network.quantizer(0)->options().codewords()),
          d_receivers(network.receivers())
    {
        // Index N_c stands for no codeword: in the padding, or none has arrived.
        const auto rows = d_codewords + 1;
        const auto hidden = weight.size(0);
        d_table = at::zeros({d_receivers, taps, rows, hidden}, weight.options());
        for (std::int64_t m = 0; m < d_receivers; m++) {
            const auto& codebook = network.quantizer(m)->codebook();
            const auto kernel = weight_of(weight, m, codebook.size(1));
            d_table[m]
                .narrow(1, 0, d_codewords)
                .copy_(at::matmul(codebook, kernel.flatten(2).permute({2, 1, 0})));
        }
        d_table[0][centre_tap] += bias; // read exactly once for every position
        d_table = d_table.view({-1, hidden});

        const auto options = weight.options().dtype(at::kInt);
        const auto access_points = at::arange(d_receivers, at::kLong).unsqueeze(1);
        d_sources = (neighbours(d_shape).unsqueeze(1) + access_points * (d_positions + 1))
                        .flatten()
                        .to(options);
        d_first_rows = (at::arange(d_receivers * taps, at::kLong) * rows).to(options);
    }

    // [B, M·(P + 1)] int32
    Tensor pack(const std::vector<Tensor>& messages) const override
    {
        const auto& any = any_of(messages);
        const auto packed = at::full({any.size(0), d_receivers, d_positions + 1},
                                     d_codewords,
                                     any.options().dtype(at::kInt));
        for (std::int64_t m = 0; m < d_receivers; m++) {
            if (messages[m].defined()) {
                packed.select(1, m).narrow(1, 0, d_positions).copy_(messages[m]);
            }
        }
        return packed.flatten(1);
    }

    Tensor operator()(const Tensor& packed) const override
    {
        const auto summands = d_first_rows.size(0);
        const auto rows =
            packed.index_select(1, d_sources).view({-1, summands}).add_(d_first_rows);
        const auto first = at::arange(0, rows.numel(), summands, rows.options());
        const auto sums = std::get<0>(at::embedding_bag(d_table, rows.flatten(), first));
        return d_numerics.from_rows(sums, d_shape);
    }

private:
    const Numerics d_numerics;
    const std::vector<std::int64_t> d_shape;
    const std::int64_t d_positions;
    const std::int64_t d_codewords;
    const std::int64_t d_receivers;
    Tensor d_table;      // [M·27·(N_c + 1), H], float32
    Tensor d_sources;    // [P·M·27] int32: where in what is packed
    Tensor d_first_rows; // [M·27] int32: of each table
};

class ElementConvolution : public LatentConvolution
{
public:
    ElementConvolution(const Numerics& numerics,
                       DVqVaeImpl& network,
                       const Tensor& weight,
                       const Tensor& bias)
        : d_numerics(numerics),
          d_latents(network.architecture().latents),
          d_shape(network.latent_shape()),
          d_positions(network.positions()),
          d_convolution(numerics, folded(network, weight), bias, 1, 1)
    {
        for (std::int64_t m = 0; network.quantized() && m < network.receivers(); m++) {
            d_codebooks.push_back(network.quantizer(m)->codebook().clone());
        }
        d_features = network.quantized() ? d_codebooks[0].size(1)
                                         : network.quantizer(0)->unquantized_features();
    }

    // [B, P, M·F] float32
    Tensor pack(const std::vector<Tensor>& messages) const override
    {
        const auto& any = any_of(messages);
        const auto packed =
            at::zeros({any.size(0),
                       d_positions,
                       static_cast<std::int64_t>(messages.size()) * d_features},
                      any.options().dtype(at::kFloat));
        for (std::size_t m = 0; m < messages.size(); m++) {
            if (messages[m].defined()) {
                const auto elements =
                    d_codebooks.empty()
                        ? LatentWords(d_latents).from_words(messages[m])
                        : d_codebooks[m].index_select(0, messages[m].flatten());
                packed.narrow(2, static_cast<std::int64_t>(m) * d_features, d_features)
                    .copy_(elements.view({any.size(0), d_positions, d_features}));
            }
        }
        return packed;
    }

    Tensor operator()(const Tensor& packed) const override
    {
        return d_convolution(d_numerics.from_rows(packed.flatten(0, 1), d_shape));
    }

private:
    // Weights that read what travels: y in place of Wy where that is shorter
    static Tensor folded(DVqVaeImpl& network, const Tensor& weight)
    {
        const auto& options = network.quantizer(0)->options();
        if (network.quantized() || options.features() >= options.codeword_dim()) {
            return weight;
        }
        std::vector<Tensor> parts;
        for (std::int64_t m = 0; m < network.receivers(); m++) {
            const Tensor projector =
                network.quantizer(m)->named_parameters()["projector.weight"]; // [D, H]
            parts.push_back(
                at::einsum("odxyz,dh->ohxyz",
                           {weight_of(weight, m, options.codeword_dim()), projector}));
        }
        return at::cat(parts, 1);
    }

    const Numerics d_numerics;
    const Latents d_latents;
    const std::vector<std::int64_t> d_shape;
    const std::int64_t d_positions;
    const PackedConvolution d_convolution;
    std::vector<Tensor> d_codebooks;
    std::int64_t d_features;
};

} // namespace

std::unique_ptr<LatentConvolution> make_latent_convolution(const Numerics& numerics,
                                                           const Model& model,
                                                           std::int64_t largest_table)
{
    auto& network = *model.network();
    const auto parameters = network.named_parameters();
    const auto& weight = parameters["decoder.latent_conv.weight"];
    const auto& bias = parameters["decoder.latent_conv.bias"];
    const auto rows = network.receivers() * taps * (model.codewords() + 1);
    const auto bytes = rows * weight.size(0) * static_cast<std::int64_t>(sizeof(float));
    if (network.quantized() && bytes <= largest_table &&
        rows <= std::numeric_limits<std::int32_t>::max()) {
        return std::make_unique<CodewordTable>(numerics, network, weight, bias);
    }
    return std::make_unique<ElementConvolution>(numerics, network, weight, bias);
}

} // namespace cfisac::nn::detail
