// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_BENCHMARKS_LITERAL_NETWORK_H
#define INCLUDED_CFISAC_BENCHMARKS_LITERAL_NETWORK_H

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model.h>
#include <cfisac/signal/front_end.h>

#include <string>
#include <vector>

namespace cfisac::benchmarks {

/*!
 * The dense network as it is printed, (12)–(16), written down with LibTorch's operators as
 * a plain program would: latents projected to D elements, distances to the codewords there,
 * a convolution over the M·D channels of the codewords. Weights are the model's.
 */
class LiteralNetwork
{
public:
    explicit LiteralNetwork(const nn::Model& model)
        : d_network(model.network()), d_weights(d_network->named_parameters())
    {
    }

    //! echoes [B, M_r, S, T] of all access points and X → labels [B, 2·D_m·Q]
    at::Tensor operator()(const std::vector<at::Tensor>& echoes,
                          const at::Tensor& transmit) const
    {
        std::vector<at::Tensor> latents;
        for (std::size_t m = 0; m < echoes.size(); m++) {
            const auto number = std::to_string(m);
            const auto y =
                encoder("encoder" + number + ".", signal::echo_channels(echoes[m]));
            latents.push_back(
                quantized(y, d_network->quantizer(static_cast<int64_t>(m)), number));
        }
        const auto latent =
            residual("decoder.latent_residual.",
                     convolution("decoder.latent_conv", at::cat(latents, 1), 1, 1));
        const auto sent =
            encoder("decoder.transmit.", signal::transmit_channels(transmit));
        const auto both =
            at::cat({linear("decoder.latent_projection", latent.flatten(1)),
                     linear("decoder.transmit_projection", sent.flatten(1))},
                    1);
        return linear("decoder.output",
                      at::relu(linear("decoder.fully_connected", both)));
    }

private:
    at::Tensor weight(const std::string& name) const { return d_weights[name]; }

    at::Tensor convolution(const std::string& name,
                           const at::Tensor& x,
                           std::int64_t stride,
                           std::int64_t padding) const
    {
        const auto* bias = d_weights.find(name + ".bias");
        return at::conv3d(
            x, weight(name + ".weight"), bias ? *bias : at::Tensor(), stride, padding);
    }

    at::Tensor linear(const std::string& name, const at::Tensor& x) const
    {
        return at::linear(x, weight(name + ".weight"), weight(name + ".bias"));
    }

    at::Tensor residual(const std::string& prefix, at::Tensor x) const
    {
        for (int i = 0; d_weights.contains(prefix + std::to_string(i) + ".conv1.weight");
             i++) {
            const auto layer = prefix + std::to_string(i);
            const auto inner = at::relu(convolution(layer + ".conv1", at::relu(x), 1, 1));
            x = x + convolution(layer + ".conv2", inner, 1, 0);
        }
        return at::relu(x);
    }

    at::Tensor encoder(const std::string& prefix, at::Tensor x) const
    {
        const auto layers = d_network->architecture().dense.downsampling_layers;
        for (std::int64_t i = 1; i <= layers; i++) {
            x = at::relu(convolution(prefix + "conv" + std::to_string(i), x, 2, 1));
        }
        const auto last = prefix + "conv" + std::to_string(layers + 1);
        return residual(prefix + "residual.", convolution(last, x, 1, 1));
    }

    // [B, H, r, s, t] → [B, D, r, s, t]
    at::Tensor quantized(const at::Tensor& y,
                         nn::VectorQuantizer& quantizer,
                         const std::string& number) const
    {
        const auto rows = y.flatten(2).transpose(1, 2);
        const auto projected =
            at::linear(rows, weight("quantizer" + number + ".projector.weight"));
        const auto nearest =
            at::cdist(projected, quantizer->codebook().unsqueeze(0)).argmin(2);
        const auto codewords = quantizer->codebook().index_select(0, nearest.flatten());
        return codewords.view(projected.sizes())
            .transpose(1, 2)
            .reshape({y.size(0), -1, y.size(2), y.size(3), y.size(4)});
    }

    std::shared_ptr<nn::DVqVaeImpl> d_network;
    torch::OrderedDict<std::string, at::Tensor> d_weights;
};

} // namespace cfisac::benchmarks

#endif
