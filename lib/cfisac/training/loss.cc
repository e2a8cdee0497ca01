// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/matching.h>
#include <cfisac/training/loss.h>


namespace cfisac::training {

namespace {

constexpr double bump_radius_cells = 0.6;
constexpr double smallest_weight = 0.25;
constexpr double smooth_l1_knee = 0.05;
constexpr double velocity_plane_weight = 0.5;

at::Tensor smooth_l1(const at::Tensor& output, const at::Tensor& target)
{
    return at::smooth_l1_loss(
        output, target.expand_as(output), at::Reduction::None, smooth_l1_knee);
}

// [B, Q], one where there is a target
at::Tensor weights(const at::Tensor& there, const at::Tensor& location)
{
    return there.defined() ? there : at::ones(location.sizes().slice(0, 2));
}

} // namespace

at::Tensor dense_loss(const at::Tensor& output,
                      const nn::LabelRange& labels,
                      const at::Tensor& location,
                      const at::Tensor& velocity,
                      bool ordered,
                      const at::Tensor& there)
{
    const auto target = labels.normalise(location, velocity).to(output.scalar_type());
    const auto batch = location.size(0);
    const auto targets = location.size(1);
    const auto dimensions = location.size(2);
    // One for a target and zero for none: [B, Q, 1]
    const auto weight = weights(there, location).unsqueeze(-1).to(output.options());
    // (17) as printed divides by the number of labels, those of absent targets included.
    const auto scale = 1.0 / static_cast<double>(target.numel());
    // [B, 2DQ] → [B, Q, 2D]: location and velocity of a target side by side
    const auto by_target = [&](const at::Tensor& label) {
        return label.reshape({batch, 2, targets, dimensions}).transpose(1, 2).flatten(2);
    };
    const auto estimate = by_target(output);
    const auto truth = by_target(target);
    if (ordered) {
        return ((estimate - truth).square() * weight).sum() * scale;
    }
    const auto cost = ((truth.unsqueeze(2) - estimate.detach().unsqueeze(1)).square() *
                       weight.unsqueeze(2))
                          .sum(-1)
                          .to(at::kCPU, at::kDouble)
                          .contiguous();
    std::vector<int64_t> order;
    for (int64_t b = 0; b < batch; b++) {
        const auto* row = cost[b].data_ptr<double>();
        const auto columns = evaluation::assign({row, row + targets * targets}, targets);
        order.insert(order.end(), columns.begin(), columns.end());
    }
    const auto index = at::tensor(order, at::kLong)
                           .to(output.device())
                           .reshape({batch, targets, 1})
                           .expand({batch, targets, 2 * dimensions});
    return ((estimate.gather(1, index) - truth).square() * weight).sum() * scale;
}

GridLoss grid_loss(const nn::GridOutput& output,
                   const nn::GridDecoderImpl& decoder,
                   const at::Tensor& location,
                   const at::Tensor& velocity,
                   const at::Tensor& there)
{
    const auto batch = location.size(0);
    const auto targets = location.size(1);
    // [B, Q, 1, 1]
    const auto counts = weights(there, location)
                            .unsqueeze(-1)
                            .unsqueeze(-1)
                            .to(output.presence.options());
    const auto per_target = [](const at::Tensor& value) { // [B, Q, 2] → [B, Q, 2, 1, 1]
        return value.unsqueeze(-1).unsqueeze(-1);
    };
    // Distance of each target from each cell, in cells: [B, Q, 2, G', G']
    const auto distance =
        (per_target(location) - decoder.geometry().centres) / decoder.geometry().cell_size.view({2, 1, 1});
    const auto bump = distance.square()
                          .sum(2)
                          .mul(-0.5 / (bump_radius_cells * bump_radius_cells))
                          .exp()
                          .mul(counts);
    const auto highest = bump.amax(1);
    const auto occupied = ((distance.abs() <= 0.5).all(2) * counts).amax(1);

    const auto present = output.presence.sigmoid();
    GridLoss loss;
    loss.presence =
        (occupied * (1.0 - present).square() * at::log_sigmoid(output.presence) +
         (1.0 - occupied) * (1.0 - highest).pow(4) * present.square() *
             at::log_sigmoid(-output.presence))
            .sum()
            .mul(-1.0 / static_cast<double>(batch * targets));

    auto weight = bump * (bump > smallest_weight) * (bump == highest.unsqueeze(1));
    // [B, Q, G', G']; every target counts the same, in whatever batch it is
    weight = weight / (weight.sum({2, 3}, /*keepdim=*/true).clamp_min(1e-6) *
                       static_cast<double>(batch * targets));
    loss.offset =
        (weight *
         smooth_l1(output.offset.unsqueeze(1).expand_as(distance), distance).sum(2))
            .sum();
    const auto step = decoder.geometry().velocity_step.view({2, 1, 1});
    loss.velocity =
        (weight * smooth_l1((output.velocity / step).unsqueeze(1).expand_as(distance),
                            per_target(velocity) / step)
                      .sum(2))
            .sum();
    // The true velocity as weights over the plane: bilinear between its four neighbours.
    const auto plane =
        (1.0 -
         ((velocity.unsqueeze(2) - decoder.geometry().velocities) / decoder.geometry().velocity_step).abs())
            .clamp_min(0.0)
            .prod(-1); // [B, Q, V²]
    const auto entropy =
        -at::einsum("bqk,bkxy->bqxy", {plane, output.velocity_logits.log_softmax(1)});
    loss.velocity_plane = (weight * entropy).sum();
    loss.total = loss.presence + loss.offset + loss.velocity +
                 velocity_plane_weight * loss.velocity_plane;
    return loss;
}

} // namespace cfisac::training
