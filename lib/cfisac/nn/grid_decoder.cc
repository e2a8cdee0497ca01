// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "grid_cells.h"

#include <cfisac/nn/grid_decoder.h>
#include <cfisac/nn/model_io.h>

#include <limits>

#include <algorithm>

namespace cfisac::nn {

namespace {

constexpr double fresh_residual_gain = 0.3;
constexpr double fresh_presence_logit = -4.0;
constexpr double same_target_cells = 0.6;

// All pairs of `first` and `second`: [n, 2]
at::Tensor plane_of(const at::Tensor& first, const at::Tensor& second)
{
    const auto rows = first.size(0), columns = second.size(0);
    return at::stack({first.unsqueeze(1).expand({rows, columns}),
                      second.unsqueeze(0).expand({rows, columns})},
                     -1)
        .reshape({-1, 2});
}

// Weights that read a Doppler profile at the frequency of every velocity: [M·N·G'², V²,
// F]
at::Tensor lift_weights(const signal::Layout& layout,
                        const at::Tensor& centres,
                        const at::Tensor& velocities,
                        const GridDecoderOptions& options)
{
    const auto departing = signal::rays(layout.transmit, centres.unsqueeze(0));
    const auto arriving = signal::rays(layout.receive, centres.unsqueeze(0));
    // Sum of the unit vectors of both legs: its product with the velocity is the range
    // rate.
    const auto legs = arriving.direction[0].unsqueeze(1) +
                      departing.direction[0].unsqueeze(0); // [M,N,C,2]
    const auto rate = at::matmul(legs.reshape({-1, 2}), velocities.t());
    const double carrier = layout.scenario.waveform.carrier_hz;
    const auto doppler_hz = rate * (-carrier / speed_of_light);
    const auto lines =
        signal::doppler_lines(options.doppler_lines(), options.doppler_spacing_hz());
    const auto distance =
        (doppler_hz.unsqueeze(-1) - lines).abs() / options.doppler_spacing_hz();
    return (1.0 - distance).clamp_min(0.0).to(at::kFloat);
}

GridPeaks peaks_at(const GridOutput& output,
                   const GridGeometry& geometry,
                   const at::Tensor& index)
{
    const auto at_peaks =
        [&index](const torch::Tensor& plane) { // [B, 2, G', G'] → [B, n, 2]
            return plane.flatten(2)
                .gather(2, index.unsqueeze(1).expand({-1, plane.size(1), -1}))
                .transpose(1, 2);
        };
    const auto location =
        geometry.centres + output.offset * geometry.cell_size.view({1, 2, 1, 1});
    return {at_peaks(location),
            at_peaks(output.velocity),
            output.presence.flatten(1).gather(1, index).sigmoid()};
}

} // namespace

detail::ReadCells detail::read_cells(const at::Tensor& presence_of_cells,
                                     const at::Tensor& offset,
                                     const GridGeometry& geometry,
                                     int64_t count)
{
    const auto presence = presence_of_cells.flatten(1);
    // Where each cell sees its target, in cells: [B, 2, G'²]
    const auto centres = geometry.centres / geometry.cell_size.view({2, 1, 1});
    const auto seen = (centres + offset).flatten(2);
    const auto span = presence.amax() - presence.amin() + 1.0;
    auto ranked = presence.clone();
    auto free = at::ones_like(presence, at::kBool);
    std::vector<at::Tensor> index, alone;
    for (int64_t k = 0; k < count; k++) {
        // Those that are not free come behind all that are, so that there are always
        // enough.
        const auto best =
            at::where(free, ranked, ranked - span).argmax(1, /*keepdim=*/true);
        index.push_back(best);
        alone.push_back(free.gather(1, best));
        if (k + 1 == count) {
            break;
        }
        const auto place = seen.gather(2, best.unsqueeze(1).expand({-1, 2, -1}));
        const auto apart =
            (seen - place).square().sum(1) > same_target_cells * same_target_cells;
        free = free.logical_and(apart).scatter(1, best, false);
        ranked = ranked.scatter(1, best, -std::numeric_limits<double>::infinity());
    }
    return {at::cat(index, 1), at::cat(alone, 1)};
}

GridDecoderImpl::GridDecoderImpl(const Scenario& scenario,
                                 const GridDecoderOptions& options)
    : d_receivers(static_cast<int64_t>(scenario.receive.size())), d_options(options)
{
    const char* owner = "GridDecoderOptions";
    detail::require_positive(options.codeword_dim(), owner, "codeword_dim");
    detail::require_positive(options.profiles(), owner, "profiles");
    detail::require_positive(options.cell_features(), owner, "cell_features");
    detail::require_positive(options.channels(), owner, "channels");
    detail::require_not_negative(options.residual_layers(), owner, "residual_layers");
    detail::require(options.velocity_steps() >= 2,
                    owner,
                    ": velocity_steps is ",
                    options.velocity_steps(),
                    ", must be at least 2");

    const signal::Layout layout(scenario);
    const auto cells = options.cells();
    const auto steps = options.velocity_steps();
    const auto centres = signal::cell_centres(scenario, cells).reshape({-1, 2});
    const auto low = at::tensor(scenario.targets.area_m.min, at::kDouble);
    const auto high = at::tensor(scenario.targets.area_m.max, at::kDouble);
    const auto& speed = scenario.targets.velocity_mps;
    const auto axis = [&](int k) {
        return at::linspace(speed.min[k], speed.max[k], steps, at::kDouble);
    };
    const auto velocities = plane_of(axis(0), axis(1));
    d_lift = lift_weights(layout, centres, velocities, options);
    const auto place = ((centres - low) / (high - low) * 2.0 - 1.0).to(at::kFloat);
    d_position = at::cat({place, place.square()}, 1).t().reshape({4, cells, cells});
    d_geometry.centres = centres.t().reshape({2, cells, cells}).to(at::kFloat);
    d_geometry.cell_size = ((high - low) / static_cast<double>(cells)).to(at::kFloat);
    d_geometry.velocities = velocities.to(at::kFloat);
    d_geometry.velocity_step =
        ((at::tensor(speed.max, at::kDouble) - at::tensor(speed.min, at::kDouble)) /
         static_cast<double>(steps - 1))
            .to(at::kFloat);

    const auto in = fused_planes(scenario, options);
    d_profile =
        register_module("profile",
                        torch::nn::Linear(options.codeword_dim(),
                                          options.profiles() * options.doppler_lines()));
    d_cell = register_module(
        "cell", torch::nn::Linear(options.codeword_dim(), options.cell_features()));
    d_fusion = register_module(
        "fusion", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, options.channels(), 1)));
    for (int64_t k = 0; k < options.residual_layers(); k++) {
        d_residual.push_back(
            register_module("residual" + std::to_string(k),
                            PlaneResidual(options.channels(), dilation(k))));
    }
    d_head = register_module("head",
                             torch::nn::Conv2d(torch::nn::Conv2dOptions(
                                 options.channels(), 5 + steps * steps, 1)));
    initialise_weights(*this, options.seed());
    for (auto& layer : d_residual) {
        layer->damp(fresh_residual_gain);
    }
    torch::NoGradGuard no_grad;
    d_head->weight.mul_(fresh_residual_gain);
    d_head->bias[0].fill_(fresh_presence_logit);
}

int64_t fused_planes(const Scenario& scenario, const GridDecoderOptions& options)
{
    const auto receivers = static_cast<int64_t>(scenario.receive.size());
    const auto pairs = static_cast<int64_t>(scenario.transmit.size()) * receivers;
    return options.profiles() * options.velocity_steps() * options.velocity_steps() +
           pairs * options.cell_features() + 4 + receivers;
}

int64_t parameter_count(const Scenario& scenario, const GridDecoderOptions& options)
{
    const auto channels = options.channels();
    const auto read =
        options.profiles() * options.doppler_lines() + options.cell_features();
    const auto head = 5 + options.velocity_steps() * options.velocity_steps();
    return (options.codeword_dim() + 1) * read +
           (fused_planes(scenario, options) + 1) * channels +
           options.residual_layers() * plane_residual_parameter_count(channels) +
           (channels + 1) * head;
}

void GridDecoderImpl::move_geometry(const at::TensorOptions& options)
{
    if (d_lift.device() == options.device() && d_lift.dtype() == options.dtype()) {
        return;
    }
    for (auto* tensor : {&d_lift,
                         &d_position,
                         &d_geometry.centres,
                         &d_geometry.cell_size,
                         &d_geometry.velocities,
                         &d_geometry.velocity_step}) {
        *tensor = tensor->to(options);
    }
}

GridOutput GridDecoderImpl::forward(const std::vector<torch::Tensor>& latents,
                                    const torch::Tensor& present)
{
    detail::require(static_cast<int64_t>(latents.size()) == d_receivers &&
                        latents[0].dim() == 5 &&
                        latents[0].size(1) == d_options.codeword_dim() &&
                        latents[0].size(3) == d_options.cells() &&
                        latents[0].size(4) == d_options.cells(),
                    "grid decoder: latents must be ",
                    d_receivers,
                    " of [B, ",
                    d_options.codeword_dim(),
                    ", N, ",
                    d_options.cells(),
                    ", ",
                    d_options.cells(),
                    "]");
    move_geometry(latents[0].options());
    const auto batch = latents[0].size(0);
    const auto cells = d_options.cells();
    const auto velocities = d_geometry.velocities.size(0);
    // [B, M, D, N, G', G'] → [B, M·N·G'², D]
    const auto codewords = at::stack(latents, 1)
                               .permute({0, 1, 3, 4, 5, 2})
                               .reshape({batch, -1, d_options.codeword_dim()});
    const auto places = codewords.size(1);
    const auto pairs = places / (cells * cells);
    const auto mask = present.defined()
                          ? present.to(latents[0].options())
                          : at::ones({batch, d_receivers}, latents[0].options());
    // One value for each place of codewords: [B, M·N·G'², 1]
    const auto place_mask = mask.repeat_interleave(places / d_receivers, 1).unsqueeze(-1);
    const auto profiles = (d_profile(codewords) * place_mask)
                              .reshape({batch, places, d_options.profiles(), -1})
                              .permute({1, 3, 0, 2})
                              .reshape({places, -1, batch * d_options.profiles()});
    const auto lifted =
        at::bmm(d_lift, profiles)
            .reshape({pairs, cells, cells, velocities, batch, d_options.profiles()})
            .sum(0)
            .permute({3, 4, 2, 0, 1}); // [B, P, V², G', G']
    const auto features = (d_cell(codewords) * place_mask)
                              .reshape({batch, pairs, cells * cells, -1})
                              .permute({0, 1, 3, 2})
                              .reshape({batch, -1, cells, cells});
    auto plane = d_fusion(
        at::cat({lifted.flatten(1, 2),
                 features,
                 d_position.unsqueeze(0).expand({batch, -1, -1, -1}),
                 mask.view({batch, d_receivers, 1, 1}).expand({-1, -1, cells, cells})},
                1));
    for (auto& layer : d_residual) {
        plane = layer(plane);
    }
    const auto head = d_head(plane.relu());
    GridOutput output;
    output.presence = head.select(1, 0);
    output.offset = head.slice(1, 1, 3);
    output.velocity_logits = head.slice(1, 3, 3 + velocities) + lifted.select(1, 0);
    output.velocity =
        at::einsum("bkxy,kd->bdxy",
                   {output.velocity_logits.softmax(1), d_geometry.velocities}) +
        head.slice(1, 3 + velocities) * d_geometry.velocity_step.view({1, 2, 1, 1});
    return output;
}

GridPeaks read_peaks(const GridOutput& output,
                     const GridGeometry& geometry,
                     int64_t targets)
{
    const auto& presence = output.presence;
    const auto cells = presence.size(1) * presence.size(2);
    detail::require(targets >= 1 && targets <= cells,
                    "cannot read ",
                    targets,
                    " targets from ",
                    cells,
                    " cells");
    const auto read =
        detail::read_cells(output.presence, output.offset, geometry, targets);
    return peaks_at(output, geometry, read.index);
}

std::vector<Detections> read_peaks_above(const GridOutput& output,
                                         const GridGeometry& geometry,
                                         double threshold)
{
    detail::require(threshold > 0.0 && threshold < 1.0,
                    "the threshold of presence is ",
                    threshold,
                    ", must be between 0 and 1, ends excluded");
    const auto above = (output.presence.sigmoid() > threshold).flatten(1).sum(1);
    const auto most = std::max<int64_t>(1, above.max().item<int64_t>());
    const auto read = detail::read_cells(output.presence, output.offset, geometry, most);
    const auto peaks = peaks_at(output, geometry, read.index);
    // The strongest come first, so that each frame keeps its first ones.
    const auto counts =
        read.alone.logical_and(peaks.confidence > threshold).sum(1).to(at::kCPU);
    std::vector<Detections> detections;
    for (int64_t b = 0; b < counts.size(0); b++) {
        const auto count = counts[b].item<int64_t>();
        detections.push_back({peaks.location[b].slice(0, 0, count),
                              peaks.velocity[b].slice(0, 0, count),
                              peaks.confidence[b].slice(0, 0, count)});
    }
    return detections;
}

} // namespace cfisac::nn
