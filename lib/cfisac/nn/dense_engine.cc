// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "engine_backend.h"
#include "engine_layers.h"
#include "kmeans.h"
#include "latent_convolution.h"
#include "recorded.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>
#include <cfisac/signal/front_end.h>

namespace cfisac::nn::detail {

namespace {

using at::Tensor;

// From the rows of a latent to what travels, but for the words of a D-VAE.
class MessageLayer
{
public:
    explicit MessageLayer(VectorQuantizerImpl& quantizer)
    {
        const auto& options = quantizer.options();
        const auto parameters = quantizer.named_parameters();
        const auto& projector = parameters["projector.weight"]; // [D, H]
        if (options.codewords() > 0) {
            // Folded in float64: between neighbouring codewords small differences decide.
            const auto codebook = quantizer.codebook().to(at::kDouble);
            d_weight = at::matmul(codebook, projector.to(at::kDouble)).to(at::kFloat);
            d_squares = codebook.square().sum(1).to(at::kFloat);
        } else if (quantizer.unquantized_features() < options.features()) {
            d_weight = projector.detach().clone();
        }
    }

    // [B·P, H] → [B, P] int64, or elements [B, P·F] float32
    Tensor operator()(const Tensor& rows, std::int64_t batch) const
    {
        const auto message = d_squares.defined()  ? nearest(rows, d_weight, d_squares)
                             : d_weight.defined() ? at::linear(rows, d_weight)
                                                  : rows;
        return message.reshape({batch, -1});
    }

private:
    Tensor d_weight;  // Wᵀc_j [N_c, H], or W [D, H]
    Tensor d_squares; // ‖c_j‖² [N_c]
};

class DenseEncoder : public EncoderBackend
{
public:
    DenseEncoder(const Model& model,
                 const std::vector<std::int64_t>& receivers,
                 const EngineOptions& options)
        : d_numerics(Numerics::of(model.device(), options.precision)),
          d_architecture(model.architecture()),
          d_one_batch(d_architecture.shared_encoder && model.device().is_cuda()),
          d_encode([this](const auto& inputs) { return messages(inputs); },
                   options.cuda_graphs)
    {
        const auto parameters = model.network()->named_parameters();
        for (const auto receiver : receivers) {
            if (d_encoders.empty() || !d_architecture.shared_encoder) {
                const auto own = d_architecture.shared_encoder ? 0 : receiver;
                d_encoders.emplace_back(
                    d_numerics, parameters, "encoder" + std::to_string(own) + ".");
            }
            d_message.emplace_back(*model.network()->quantizer(receiver));
        }
    }

    std::vector<Tensor> encode(const std::vector<Tensor>& echoes,
                               const Tensor& transmit) override
    {
        auto inputs = echoes;
        if (d_architecture.reference != signal::Reference::raw) {
            inputs.push_back(transmit);
        }
        auto results = d_encode(inputs);
        if (d_architecture.latents != Latents::quantized) {
            for (auto& result : results) {
                result = LatentWords(d_architecture.latents).to_words(result);
            }
        }
        return results;
    }

private:
    Tensor front_end(const std::vector<Tensor>& inputs, std::size_t k) const
    {
        return d_architecture.reference == signal::Reference::raw
                   ? signal::echo_channels(inputs[k])
                   : signal::correlated_channels(inputs[k], inputs.back());
    }

    std::vector<Tensor> messages(const std::vector<Tensor>& inputs) const
    {
        const auto count = d_message.size();
        const auto batch = inputs[0].size(0);
        std::vector<Tensor> results(count);
        if (d_one_batch) {
            std::vector<Tensor> fronts;
            for (std::size_t k = 0; k < count; k++) {
                fronts.push_back(front_end(inputs, k));
            }
            const auto rows = d_numerics.rows(d_encoders[0](at::cat(fronts)))
                                  .chunk(static_cast<std::int64_t>(count));
            for (std::size_t k = 0; k < count; k++) {
                results[k] = d_message[k](rows[k], batch);
            }
            return results;
        }
        on_own_streams(inputs[0].device(), count, [&](std::size_t k) {
            const auto& encoder = d_encoders[d_encoders.size() > 1 ? k : 0];
            results[k] =
                d_message[k](d_numerics.rows(encoder(front_end(inputs, k))), batch);
        });
        return results;
    }

    const Numerics d_numerics;
    const Architecture d_architecture;
    // A GPU is better used by all at once; a CPU's caches by one after another.
    const bool d_one_batch;
    std::vector<PackedEncoder> d_encoders; // one where it is shared
    std::vector<MessageLayer> d_message;
    Recorded d_encode;
};

class DenseDecoder : public DecoderBackend
{
public:
    DenseDecoder(const Model& model, const EngineOptions& options)
        : DenseDecoder(model, options, model.network()->named_parameters())
    {
    }

    Tensor prepare(const Tensor& transmit) override { return d_prepare({transmit})[0]; }

    Estimates decode(const std::vector<Tensor>& indices, const Tensor& prepared) override
    {
        const auto packed = d_latent_conv->pack(indices);
        const std::vector<std::int64_t> sizes = {packed.size(0), d_flat_features};
        require(prepared.sizes() == at::IntArrayRef(sizes) &&
                    prepared.scalar_type() == at::kFloat,
                "engine: what `prepare` gave must be float32 of ",
                at::IntArrayRef(sizes),
                ", got ",
                prepared.sizes(),
                " of ",
                prepared.scalar_type());
        const auto labels = d_decode({packed, prepared})[0].view(
            {packed.size(0), 2, d_targets, d_dimensions});
        return {labels.select(1, 0),
                labels.select(1, 1),
                at::ones({packed.size(0), d_targets}, labels.options())};
    }

    std::vector<Detections> detect(const std::vector<Tensor>& /*indices*/,
                                   double /*threshold*/) override
    {
        require(false,
                "the dense read-out estimates exactly ",
                d_targets,
                " targets; to detect an unknown number needs the grid read-out");
        return {};
    }

private:
    DenseDecoder(const Model& model,
                 const EngineOptions& options,
                 const Parameters& parameters)
        : d_numerics(Numerics::of(model.device(), options.precision)),
          d_targets(model.scenario().targets.count),
          d_dimensions(model.scenario().dimensions),
          d_latent_conv(make_latent_convolution(d_numerics, model)),
          d_latent_residual(d_numerics, parameters, "decoder.latent_residual."),
          d_latent_projection(projection(parameters, "decoder.latent_projection")),
          d_transmit(d_numerics, parameters, "decoder.transmit."),
          d_transmit_projection(projection(parameters, "decoder.transmit_projection")),
          d_prepare([this](const auto& inputs) { return transmit_features(inputs); },
                    options.cuda_graphs),
          d_decode([this](const auto& inputs) { return estimate(inputs); },
                   options.cuda_graphs)
    {
        d_flat_features = parameters["decoder.latent_projection.bias"].size(0);
        const auto& weight = parameters["decoder.output.weight"];
        d_hidden_weight = parameters["decoder.fully_connected.weight"].detach().clone();
        d_hidden_bias = parameters["decoder.fully_connected.bias"].detach().clone();
        // From labels to metres and metres per second is one more linear step.
        const auto& labels = model.network()->labels();
        const auto ends = at::stack({at::zeros(weight.size(0), at::kDouble),
                                     at::ones(weight.size(0), at::kDouble)});
        const auto [location, velocity] = labels.restore(ends);
        const auto range =
            at::cat({location.flatten(1), velocity.flatten(1)}, 1).to(weight.device());
        const auto scale = range[1] - range[0];
        d_output_weight =
            (weight.to(at::kDouble) * scale.unsqueeze(1)).to(weight.scalar_type());
        d_output_bias =
            (parameters["decoder.output.bias"].to(at::kDouble) * scale + range[0])
                .to(weight.scalar_type());
    }

    FlatProjection projection(const Parameters& parameters, const std::string& name) const
    {
        return {d_numerics,
                parameters[name + ".weight"],
                parameters[name + ".bias"],
                parameters["decoder.latent_conv.bias"].size(0)};
    }

    std::vector<Tensor> transmit_features(const std::vector<Tensor>& inputs) const
    {
        return {d_transmit_projection(d_transmit(signal::transmit_channels(inputs[0])))};
    }

    std::vector<Tensor> estimate(const std::vector<Tensor>& inputs) const
    {
        const auto latent =
            d_latent_projection(d_latent_residual((*d_latent_conv)(inputs[0])));
        const auto hidden =
            at::linear(at::cat({latent, inputs[1]}, 1), d_hidden_weight, d_hidden_bias);
        return {at::linear(hidden.relu(), d_output_weight, d_output_bias)};
    }

    const Numerics d_numerics;
    const std::int64_t d_targets;
    const std::int64_t d_dimensions;
    const std::unique_ptr<LatentConvolution> d_latent_conv;
    const PackedResidualStack d_latent_residual;
    const FlatProjection d_latent_projection;
    const PackedEncoder d_transmit;
    const FlatProjection d_transmit_projection;
    std::int64_t d_flat_features;
    Tensor d_hidden_weight;
    Tensor d_hidden_bias;
    Tensor d_output_weight;
    Tensor d_output_bias;
    Recorded d_prepare;
    Recorded d_decode;
};

} // namespace

std::unique_ptr<EncoderBackend> make_dense_encoder(
    const Model& model,
    const std::vector<std::int64_t>& receivers,
    const EngineOptions& options)
{
    return std::make_unique<DenseEncoder>(model, receivers, options);
}

std::unique_ptr<DecoderBackend> make_dense_decoder(const Model& model,
                                                   const EngineOptions& options)
{
    return std::make_unique<DenseDecoder>(model, options);
}

} // namespace cfisac::nn::detail
