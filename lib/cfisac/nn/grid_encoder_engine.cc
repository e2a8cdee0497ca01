// SPDX-License-Identifier: GPL-3.0-or-later
#include "codeword_search.h"
#include "grid_engine.h"
#include "grid_kernels.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>

#include <algorithm>
#include <numeric>

namespace cfisac::nn::detail {

namespace {

// What travels of a latent: projector and quantizer of one access point.
class Sender
{
public:
    Sender(const Model& model, std::int64_t receiver)
        : d_options(model.network()->quantizer(receiver)->options()),
          d_projector(
              weights_of(model)(numbered("quantizer", receiver) + ".projector.weight")
                  .t()
                  .contiguous()),
          d_search(codebook_of(model, receiver),
                   codebook_of(model, receiver).square().sum(1))
    {
    }

    //! rows [B, P, H] → [B, L]
    at::Tensor operator()(const at::Tensor& rows)
    {
        const auto batch = rows.size(0), positions = rows.size(1);
        const auto width = d_projector.size(1);
        const auto ahead = d_options.sent();
        const auto sent = ahead > 0 ? ahead : positions;
        const auto groups = d_options.groups();
        const auto projected = at::mm(rows.flatten(0, 1), d_projector);
        const auto indices = at::empty({batch, ahead + sent * groups}, at::kLong);
        d_chosen.resize(sent * width);
        for (std::int64_t b = 0; b < batch; b++) {
            const auto vectors = projected.narrow(0, b * positions, positions);
            const auto* from = vectors.data_ptr<float>();
            auto* out = indices.data_ptr<std::int64_t>() + b * indices.size(1);
            if (ahead > 0) {
                choose(vectors, out);
                for (std::int64_t k = 0; k < sent; k++) {
                    std::copy_n(
                        from + out[k] * width, width, d_chosen.data() + k * width);
                }
                from = d_chosen.data();
            }
            d_search(from, sent * groups, out + ahead);
        }
        return indices;
    }

private:
    static at::Tensor codebook_of(const Model& model, std::int64_t receiver)
    {
        return model.network()->quantizer(receiver)->codebook().to(at::kCPU);
    }

    // Ascending positions of the vectors of the largest norm.
    void choose(const at::Tensor& vectors, std::int64_t* out)
    {
        d_norms.resize(vectors.size(0));
        d_order.resize(vectors.size(0));
        squared_norms(vectors, d_norms.data());
        std::iota(d_order.begin(), d_order.end(), 0);
        const auto last = d_order.begin() + d_options.sent();
        std::nth_element(
            d_order.begin(), last, d_order.end(), [this](std::int64_t a, std::int64_t b) {
                return d_norms[a] > d_norms[b] || (d_norms[a] == d_norms[b] && a < b);
            });
        std::sort(d_order.begin(), last);
        std::copy(d_order.begin(), last, out);
    }

    const QuantizerOptions d_options;
    const at::Tensor d_projector; // [H, G·D]
    const CodewordSearch d_search;
    std::vector<float> d_chosen;
    std::vector<float> d_norms;
    std::vector<std::int64_t> d_order;
};

class GridEncoderEngine : public EncoderBackend
{
public:
    GridEncoderEngine(const Model& model,
                      const std::vector<std::int64_t>& receivers,
                      const EngineOptions& options)
        : d_sizes(model.architecture().grid),
          d_type(type_of(options.precision)),
          d_shared(model.architecture().shared_encoder),
          d_latents(model.architecture().latents)
    {
        const signal::Layout layout(model.scenario());
        for (const auto m : receivers) {
            d_features.emplace_back(layout,
                                    m,
                                    d_sizes.cells,
                                    d_sizes.doppler_lines,
                                    d_sizes.doppler_spacing_hz);
            d_directions.push_back(
                d_features.back().directions().flatten(2).transpose(1, 2).contiguous());
            if (d_networks.empty() || !d_shared) {
                d_networks.emplace_back(weights_of(model),
                                        numbered("encoder", d_shared ? 0 : m),
                                        d_sizes,
                                        d_type);
            }
            if (model.network()->quantized()) {
                d_senders.emplace_back(model, m);
            } else {
                d_quantizers.push_back(model.network()->quantizer(m));
            }
        }
    }

    std::vector<at::Tensor> encode(const std::vector<at::Tensor>& echoes,
                                   const at::Tensor& transmit) override
    {
        const auto batch = transmit.size(0), transmitters = transmit.size(1);
        const auto receivers = static_cast<std::int64_t>(echoes.size());
        const auto cells = d_sizes.cells * d_sizes.cells;
        const auto planes = at::empty({receivers,
                                       batch * transmitters,
                                       cells,
                                       GridFeatures::channels(d_sizes.doppler_lines)},
                                      d_type);
        for (std::int64_t m = 0; m < receivers; m++) {
            const auto found = d_features[m].filter()(echoes[m], transmit);
            grid_features(found.power.permute({0, 1, 3, 4, 2})
                              .reshape({batch * transmitters, cells, -1}),
                          found.illumination.view({-1, cells}),
                          d_directions[m],
                          planes[m]);
        }
        std::vector<at::Tensor> indices;
        at::Tensor rows;
        for (std::int64_t m = 0; m < receivers; m++) {
            if (m == 0 || !d_shared) {
                rows = d_shared ? d_networks[0](planes.flatten(0, 1), d_sizes.cells)
                                : d_networks[m](planes[m], d_sizes.cells);
                rows = rows.view({-1, batch, transmitters * cells / 4, rows.size(2)});
            }
            indices.push_back(message_of(m, rows[d_shared ? m : 0]));
        }
        return indices;
    }

private:
    // Encoder (12) on the plane
    struct Network {
        Network(const Weights& weights,
                const std::string& name,
                const Architecture::Grid& sizes,
                at::ScalarType type)
            : downsampling(weights, name + ".downsampling", {2, 1, 1}, type)
        {
            for (std::int64_t k = 0; k < sizes.encoder_layers; k++) {
                layers.emplace_back(weights, name + numbered(".residual", k), 1, type);
            }
        }

        at::Tensor operator()(const at::Tensor& features, std::int64_t side) const
        {
            auto planes = downsampling(features, side).to(at::kFloat);
            for (const auto& layer : layers) {
                layer(planes, side / 2);
            }
            return planes.relu_();
        }

        PlaneConvolution downsampling;
        std::vector<PlaneLayer> layers;
    };

    // rows [B, P, H] → [B, L]
    at::Tensor message_of(std::int64_t m, const at::Tensor& rows)
    {
        if (!d_senders.empty()) {
            return d_senders[m](rows);
        }
        const auto sent = d_quantizers[m]->unquantized(rows.transpose(1, 2));
        const auto words = LatentWords(d_latents).to_words(sent.elements);
        return sent.positions.defined() ? at::cat({sent.positions, words}, 1) : words;
    }

    const Architecture::Grid d_sizes;
    const at::ScalarType d_type;
    const bool d_shared;
    const Latents d_latents;
    std::vector<GridFeatures> d_features;
    std::vector<at::Tensor> d_directions; // [N, G², 4]
    std::vector<Network> d_networks;
    std::vector<Sender> d_senders;             // where latents are quantized
    std::vector<VectorQuantizer> d_quantizers; // where they are not
};

} // namespace

std::unique_ptr<EncoderBackend> make_grid_encoder(
    const Model& model,
    const std::vector<std::int64_t>& receivers,
    const EngineOptions& options)
{
    if (!on_host(model, options)) {
        return make_network_encoder(model, receivers);
    }
    return std::make_unique<GridEncoderEngine>(model, receivers, options);
}

} // namespace cfisac::nn::detail
