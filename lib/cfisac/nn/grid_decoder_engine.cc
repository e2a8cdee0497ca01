// SPDX-License-Identifier: GPL-3.0-or-later
#include "grid_cells.h"
#include "grid_engine.h"
#include "grid_kernels.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>

#include <algorithm>

namespace cfisac::nn::detail {

namespace {

// What a message adds to the input of the fusion: profiles and features of one place.
class Receiver
{
public:
    Receiver(const Model& model, std::int64_t receiver)
        : d_quantizer(model.network()->quantizer(receiver)),
          d_latents(model.architecture().latents),
          d_positions(model.network()->positions())
    {
        const auto weights = weights_of(model);
        d_weight =
            at::cat({weights("decoder.profile.weight"), weights("decoder.cell.weight")});
        d_bias = at::cat({weights("decoder.profile.bias"), weights("decoder.cell.bias")});
        const auto& options = d_quantizer->options();
        if (model.network()->quantized()) {
            // [G, N_c, W]: what each codeword adds in each of its groups
            d_table =
                at::matmul(d_quantizer->codebook().to(at::kCPU).unsqueeze(0),
                           d_weight.view({-1, options.groups(), options.codeword_dim()})
                               .permute({1, 2, 0}))
                    .contiguous();
        }
    }

    const at::Tensor& bias() const { return d_bias; } //!< [W], of every place

    //! message [B, L] → positions [B, n] and what they add to the bias, [B, n, W]
    std::pair<at::Tensor, at::Tensor> operator()(const at::Tensor& message)
    {
        const auto batch = message.size(0);
        const auto ahead = d_quantizer->options().sent();
        const auto positions =
            ahead > 0 ? message.slice(1, 0, ahead).contiguous()
                      : at::arange(d_positions).expand({batch, -1}).contiguous();
        const auto rest = message.slice(1, ahead);
        const auto count = positions.size(1);
        if (!d_table.defined()) {
            UnquantizedLatent latent;
            latent.elements = LatentWords(d_latents).from_words(rest);
            const auto rows = d_quantizer->restore(latent, {count}); // [B, G·D, n]
            return {positions,
                    at::matmul(rows.transpose(1, 2), d_weight.t()).contiguous()};
        }
        const auto groups = d_table.size(0), width = d_table.size(2);
        const auto rows = at::empty({batch, count, width});
        const auto codewords = rest.contiguous();
        const auto* code = codewords.data_ptr<std::int64_t>();
        const auto* table = d_table.data_ptr<float>();
        auto* out = rows.data_ptr<float>();
        for (std::int64_t k = 0; k < batch * count; k++, code += groups, out += width) {
            std::copy_n(table + code[0] * width, width, out);
            for (std::int64_t g = 1; g < groups; g++) {
                add(table + (g * d_table.size(1) + code[g]) * width, width, out);
            }
        }
        return {positions, rows};
    }

private:
    VectorQuantizer d_quantizer;
    const Latents d_latents;
    const std::int64_t d_positions;
    at::Tensor d_weight; // [W, G·D]
    at::Tensor d_bias;   // [W]
    at::Tensor d_table;  // [G, N_c, W], undefined where latents are not quantized
};

class GridDecoderEngine : public DecoderBackend
{
public:
    GridDecoderEngine(const Model& model, const EngineOptions& options)
        : d_sizes(model.architecture().grid),
          d_side(d_sizes.cells / 2),
          d_cells(d_side * d_side),
          d_transmitters(static_cast<std::int64_t>(model.scenario().transmit.size())),
          d_targets(model.scenario().targets.count),
          d_type(type_of(options.precision)),
          d_lift(model.network()->grid_decoder().lift()),
          d_fusion(weights_of(model), "decoder.fusion", {}, d_type),
          d_head(weights_of(model), "decoder.head", {}, d_type)
    {
        const auto& decoder = model.network()->grid_decoder();
        const auto weights = weights_of(model);
        for (std::int64_t m = 0; m < model.network()->receivers(); m++) {
            d_receivers.emplace_back(model, m);
        }
        for (std::int64_t k = 0; k < d_sizes.decoder_layers; k++) {
            d_layers.emplace_back(weights,
                                  numbered("decoder.residual", k),
                                  GridDecoderImpl::dilation(k),
                                  d_type);
        }
        const auto to_host = [](const at::Tensor& tensor) {
            return tensor.to(at::kCPU, at::kFloat).clone();
        };
        const auto& geometry = decoder.geometry();
        d_geometry = {to_host(geometry.centres),
                      to_host(geometry.cell_size),
                      to_host(geometry.velocities),
                      to_host(geometry.velocity_step)};
        d_empty = at::zeros({d_cells, width()});
        d_empty.slice(1, places(), places() + 4)
            .copy_(to_host(decoder.position()).flatten(1).t());
        d_complete = d_empty.clone();
        for (std::size_t m = 0; m < d_receivers.size(); m++) {
            add_bias(m, d_complete.data_ptr<float>());
        }
    }

    at::Tensor prepare(const at::Tensor&) override { return {}; }

    Estimates decode(const std::vector<at::Tensor>& indices, const at::Tensor&) override
    {
        const auto found = run(indices);
        const auto planes = found.head.transpose(1, 2).unflatten(2, {d_side, d_side});
        const auto cells =
            read_cells(planes.select(1, 0), planes.slice(1, 1, 3), d_geometry, d_targets);
        const auto at_cells = [&cells](const at::Tensor& values) { // [B, G'², C]
            return values.gather(
                1, cells.index.unsqueeze(2).expand({-1, -1, values.size(2)}));
        };
        const auto head = at_cells(found.head); // [B, Q, 5 + V²]
        const auto centre =
            at_cells(d_geometry.centres.flatten(1).t().unsqueeze(0).expand(
                {head.size(0), -1, -1}));
        return {centre + head.slice(2, 1, 3) * d_geometry.cell_size,
                velocity(logits_of(head, at_cells(found.lifted)), head),
                head.select(2, 0).sigmoid()};
    }

    std::vector<Detections> detect(const std::vector<at::Tensor>& indices,
                                   double threshold) override
    {
        const auto found = run(indices);
        const auto plane = [this](const at::Tensor& values) { // [B, G'², C]
            return values.transpose(1, 2).unflatten(2, {d_side, d_side});
        };
        const auto logits = logits_of(found.head, found.lifted);
        return read_peaks_above({plane(found.head.slice(2, 0, 1)).select(1, 0),
                                 plane(found.head.slice(2, 1, 3)),
                                 plane(logits),
                                 plane(velocity(logits, found.head))},
                                d_geometry,
                                threshold);
    }

private:
    std::int64_t lifted() const { return d_sizes.profiles * d_lift.velocities(); }
    // Features of the pairs lie behind the lifted profiles, then position and presence.
    std::int64_t pair(std::size_t m, std::int64_t n) const
    {
        return static_cast<std::int64_t>(m) * d_transmitters + n;
    }
    std::int64_t places() const
    {
        return lifted() + pair(d_receivers.size(), 0) * d_sizes.cell_features;
    }
    std::int64_t width() const
    {
        return places() + 4 + static_cast<std::int64_t>(d_receivers.size());
    }

    // Adds profiles and features [W] of one place to its cell in the input of the fusion.
    void add_place(std::size_t m,
                   std::int64_t position,
                   const float* values,
                   float* input) const
    {
        const auto n = position / d_cells, cell = position % d_cells;
        auto* row = input + cell * width();
        d_lift.add(pair(m, n) * d_cells + cell, values, d_sizes.profiles, row);
        add(values + d_sizes.profiles * d_lift.lines(),
            d_sizes.cell_features,
            row + lifted() + pair(m, n) * d_sizes.cell_features);
    }

    // What an access point adds whatever it says: the biases, and that it is present.
    void add_bias(std::size_t m, float* input) const
    {
        const auto* bias = d_receivers[m].bias().data_ptr<float>();
        for (std::int64_t position = 0; position < d_transmitters * d_cells; position++) {
            add_place(m, position, bias, input);
        }
        for (std::int64_t cell = 0; cell < d_cells; cell++) {
            input[cell * width() + places() + 4 + static_cast<std::int64_t>(m)] = 1.0f;
        }
    }

    struct Found {
        at::Tensor head;   // [B, G'², 5 + V²], output of the network
        at::Tensor lifted; // [B, G'², V²], the first profile of all pairs
    };

    at::Tensor logits_of(const at::Tensor& head, const at::Tensor& lifted) const
    {
        return head.slice(2, 3, 3 + d_lift.velocities()) + lifted;
    }

    at::Tensor velocity(const at::Tensor& logits, const at::Tensor& head) const
    {
        return at::matmul(logits.softmax(2), d_geometry.velocities) +
               head.slice(2, 3 + d_lift.velocities()) * d_geometry.velocity_step;
    }

    Found run(const std::vector<at::Tensor>& indices)
    {
        std::int64_t batch = 0;
        bool complete = true;
        for (const auto& message : indices) {
            batch = message.defined() ? message.size(0) : batch;
            complete = complete && message.defined();
        }
        const auto input =
            (complete ? d_complete : d_empty).unsqueeze(0).repeat({batch, 1, 1});
        for (std::size_t m = 0; m < indices.size(); m++) {
            if (!indices[m].defined()) {
                continue;
            }
            const auto [positions, values] = d_receivers[m](indices[m]);
            const auto count = positions.size(1);
            for (std::int64_t b = 0; b < batch; b++) {
                auto* frame = input.data_ptr<float>() + b * d_cells * width();
                if (!complete) {
                    add_bias(m, frame);
                }
                const auto* position = positions.data_ptr<std::int64_t>() + b * count;
                const auto* value = values.data_ptr<float>() + b * count * values.size(2);
                for (std::int64_t k = 0; k < count; k++) {
                    add_place(m, position[k], value + k * values.size(2), frame);
                }
            }
        }
        const auto planes = d_fusion(input.to(d_type), d_side).to(at::kFloat);
        for (const auto& layer : d_layers) {
            layer(planes, d_side);
        }
        const auto active = at::empty(planes.sizes(), d_type);
        rectify(planes, active);
        return {d_head(active, d_side).to(at::kFloat),
                input.slice(2, 0, d_lift.velocities())};
    }

    const Architecture::Grid d_sizes;
    const std::int64_t d_side;  // G'
    const std::int64_t d_cells; // G'²
    const std::int64_t d_transmitters;
    const std::int64_t d_targets;
    const at::ScalarType d_type;
    const Lift d_lift;
    const PlaneConvolution d_fusion;
    const PlaneConvolution d_head;
    std::vector<PlaneLayer> d_layers;
    std::vector<Receiver> d_receivers;
    GridGeometry d_geometry;
    at::Tensor d_empty;    // [G'², width], input of the fusion without any access point
    at::Tensor d_complete; // with the biases of all
};

} // namespace

std::unique_ptr<DecoderBackend> make_grid_decoder(const Model& model,
                                                  const EngineOptions& options)
{
    if (!on_host(model, options)) {
        return make_network_decoder(model);
    }
    return std::make_unique<GridDecoderEngine>(model, options);
}

} // namespace cfisac::nn::detail
