// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/quantizer.h>

#include "check.h"
#include "kmeans.h"
#include "random.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cfisac::nn {

using detail::require;
using torch::Tensor;

namespace {

bool within(const Tensor& values, int64_t end)
{
    return (values >= 0).logical_and(values < end).all().item<bool>();
}

void check(const QuantizerOptions& options)
{
    const auto* owner = "QuantizerOptions";
    detail::require_positive(options.features(), owner, "features");
    detail::require_positive(options.codeword_dim(), owner, "codeword_dim");
    detail::require_not_negative(options.codewords(), owner, "codewords");
    require(options.decay() >= 0 && options.decay() < 1,
            "QuantizerOptions: decay is ",
            options.decay(),
            ", must be in [0, 1)");
    require(std::isfinite(options.epsilon()) && options.epsilon() > 0,
            "QuantizerOptions: epsilon is ",
            options.epsilon(),
            ", must be positive");
    detail::require_positive(options.groups(), owner, "groups");
    detail::require_not_negative(options.sent(), owner, "sent");
    require(options.sent() <= options.positions(),
            "QuantizerOptions: sent is ",
            options.sent(),
            ", must be at most the number of positions, ",
            options.positions());
    require(options.projector() ||
                options.features() == options.groups() * options.codeword_dim(),
            "QuantizerOptions: without projector groups times codeword_dim ",
            options.groups() * options.codeword_dim(),
            " must equal features ",
            options.features());
}

} // namespace

VectorQuantizerImpl::VectorQuantizerImpl(const QuantizerOptions& options)
    : d_options(options)
{
    check(options);
    const auto codewords = options.codewords();
    const auto dim = options.codeword_dim();
    if (options.projector()) {
        d_projector = register_module(
            "projector",
            torch::nn::Linear(
                torch::nn::LinearOptions(options.features(), options.groups() * dim)
                    .bias(false)));
        initialise_weights(*this, options.seed());
    }
    if (codewords == 0) {
        return;
    }
    const double bound = 1 / std::sqrt(static_cast<double>(dim));
    auto generator = detail::generator(options.seed(), "codebook");
    d_codebook = register_buffer(
        "codebook", at::empty({codewords, dim}).uniform_(-bound, bound, generator));
    d_counts = register_buffer("counts", at::ones({codewords}));
    d_sums = register_buffer("sums", d_codebook.clone());
}

Tensor VectorQuantizerImpl::flatten(const Tensor& latent) const
{
    require(latent.dim() >= 2 && latent.size(1) == d_options.features(),
            "VectorQuantizer: latent ",
            latent.sizes(),
            " must be [batch, ",
            d_options.features(),
            ", ...]");
    require(latent.numel() > 0, "VectorQuantizer: latent ", latent.sizes(), " is empty");
    if (d_options.check_finite()) {
        detail::require_finite(latent, "VectorQuantizer", "latent");
    }
    const auto batch = latent.size(0);
    return latent.reshape({batch, d_options.features(), -1})
        .transpose(1, 2)
        .reshape({-1, d_options.features()});
}

Tensor VectorQuantizerImpl::project(const Tensor& latent)
{
    return project_rows(flatten(latent));
}

Tensor VectorQuantizerImpl::project_rows(const Tensor& rows)
{
    return d_options.projector() ? d_projector(rows) : rows;
}

Tensor VectorQuantizerImpl::nearest(const Tensor& pieces) const
{
    require_codebook();
    const at::NoGradGuard no_grad;
    return detail::nearest(pieces, d_codebook, d_codebook.square().sum(1));
}

// Positions of the vectors that are sent, ascending: [B, K]; undefined where all are.
Tensor VectorQuantizerImpl::choose(const Tensor& projected, int64_t batch) const
{
    if (d_options.sent() == 0) {
        return {};
    }
    const at::NoGradGuard no_grad;
    const auto energy = projected.detach().square().sum(1).view({batch, -1});
    require(energy.size(1) == d_options.positions(),
            "VectorQuantizer: the latent has ",
            energy.size(1),
            " vectors, must have ",
            d_options.positions());
    const auto largest = std::get<1>(energy.topk(d_options.sent(), 1));
    return std::get<0>(largest.sort(1));
}

// Rows of the vectors that are sent: [B·P, C] → [B·n, C]
Tensor VectorQuantizerImpl::select(const Tensor& rows, const Tensor& chosen) const
{
    if (!chosen.defined()) {
        return rows;
    }
    const auto first =
        at::arange(chosen.size(0), chosen.options()).unsqueeze(1) * d_options.positions();
    return rows.index_select(0, (first + chosen).reshape({-1}));
}

// [B·P, G·D] → [B·n, D]
Tensor VectorQuantizerImpl::pick(const Tensor& projected, const Tensor& chosen) const
{
    return select(projected, chosen).reshape({-1, d_options.codeword_dim()});
}

// [B·n, D] → [B, G·D, latent_shape…], zero where nothing is sent
Tensor VectorQuantizerImpl::spread(const Tensor& codewords,
                                   const Tensor& chosen,
                                   int64_t batch,
                                   torch::IntArrayRef latent_shape) const
{
    const auto channels = d_options.groups() * d_options.codeword_dim();
    auto rows = codewords.reshape({batch, -1, channels});
    if (chosen.defined()) {
        rows = at::zeros({batch, d_options.positions(), channels}, rows.options())
                   .scatter(1, chosen.unsqueeze(-1).expand_as(rows), rows);
    }
    std::vector<int64_t> shape{batch, channels};
    shape.insert(shape.end(), latent_shape.begin(), latent_shape.end());
    return rows.transpose(1, 2).reshape(shape);
}

Tensor VectorQuantizerImpl::pieces(const Tensor& latent)
{
    const auto projected = project(latent);
    return pick(projected, choose(projected, latent.size(0)));
}

int64_t VectorQuantizerImpl::unquantized_features() const
{
    return std::min(d_options.features(), d_options.groups() * d_options.codeword_dim());
}

bool VectorQuantizerImpl::projected_on_arrival() const
{
    return d_options.features() < d_options.groups() * d_options.codeword_dim();
}

UnquantizedLatent VectorQuantizerImpl::unquantized(const Tensor& latent)
{
    const auto batch = latent.size(0);
    const auto rows = flatten(latent);
    UnquantizedLatent sent;
    if (projected_on_arrival() && d_options.sent() == 0) {
        sent.elements = rows.reshape({batch, -1});
        return sent;
    }
    const auto projected = project_rows(rows);
    sent.positions = choose(projected, batch);
    sent.elements = select(projected_on_arrival() ? rows : projected, sent.positions)
                        .reshape({batch, -1});
    return sent;
}

Tensor VectorQuantizerImpl::restore(const UnquantizedLatent& latent,
                                    torch::IntArrayRef latent_shape)
{
    const auto rows = latent.elements.reshape({-1, unquantized_features()});
    return spread(projected_on_arrival() ? project_rows(rows) : rows,
                  latent.positions,
                  latent.elements.size(0),
                  latent_shape);
}

Tensor VectorQuantizerImpl::indices(const Tensor& latent)
{
    require_codebook();
    const at::NoGradGuard no_grad;
    const auto batch = latent.size(0);
    if (d_options.groups() == 1 && d_options.sent() == 0 && d_options.projector()) {
        // Wᵀc_j for all j: [N_c, D] [D, H] → [N_c, H]
        const auto folded = at::matmul(d_codebook, d_projector->weight);
        return detail::nearest(flatten(latent), folded, d_codebook.square().sum(1))
            .view({batch, -1});
    }
    const auto projected = project(latent);
    const auto chosen = choose(projected, batch);
    const auto found = nearest(pick(projected, chosen)).view({batch, -1});
    return chosen.defined() ? at::cat({chosen, found}, 1) : found;
}

Tensor VectorQuantizerImpl::codewords_of(const Tensor& indices) const
{
    return indices.slice(1, d_options.sent());
}

int64_t VectorQuantizerImpl::index_count(int64_t positions) const
{
    return d_options.sent() > 0 ? d_options.sent() * (1 + d_options.groups())
                                : positions * d_options.groups();
}

int64_t VectorQuantizerImpl::index_range() const
{
    return std::max(d_options.codewords(),
                    d_options.sent() > 0 ? d_options.positions() : 0);
}

bool VectorQuantizerImpl::accepts_positions(const Tensor& indices) const
{
    const auto chosen = indices.slice(1, 0, d_options.sent());
    return within(chosen, d_options.positions()) &&
           (chosen.slice(1, 1) > chosen.slice(1, 0, -1)).all().item<bool>();
}

bool VectorQuantizerImpl::accepts(const Tensor& indices) const
{
    return within(codewords_of(indices), d_options.codewords()) &&
           accepts_positions(indices);
}

Tensor VectorQuantizerImpl::lookup(const Tensor& indices, torch::IntArrayRef latent_shape)
{
    int64_t positions = 1;
    for (const auto size : latent_shape) {
        positions *= size;
    }
    const auto length = index_count(positions);
    require(indices.dim() == 2 && indices.size(1) == length &&
                (d_options.sent() == 0 || positions == d_options.positions()),
            "VectorQuantizer: indices ",
            indices.sizes(),
            " must be [batch, ",
            length,
            "] for a latent of shape ",
            latent_shape);
    const auto found = codewords_of(indices);
    check_indices(found);
    require(accepts(indices),
            "VectorQuantizer: the positions of the vectors sent must ascend from 0 to ",
            d_options.positions() - 1);
    const auto chosen =
        d_options.sent() > 0 ? indices.slice(1, 0, d_options.sent()) : Tensor();
    return spread(d_codebook.index_select(0, found.reshape({-1})),
                  chosen,
                  indices.size(0),
                  latent_shape);
}

QuantizerOutput VectorQuantizerImpl::forward(const Tensor& latent)
{
    const auto batch = latent.size(0);
    const auto projected = project(latent);
    const auto chosen = choose(projected, batch);
    QuantizerOutput out;
    out.projected = pick(projected, chosen);
    const auto found = nearest(out.projected.detach());
    const auto codewords = d_codebook.index_select(0, found);
    out.indices = found.view({batch, -1});
    out.commitment = (out.projected - codewords).square().mean();
    // z − sg[z] is exactly zero: the value is the codeword, the gradient that of z
    const auto through = codewords + (out.projected - out.projected.detach());
    out.quantized = spread(through, chosen, batch, latent.sizes().slice(2));
    return out;
}

void VectorQuantizerImpl::require_codebook() const
{
    require(d_options.codewords() > 0,
            "VectorQuantizer: has no codebook, its number of codewords is 0");
}

void VectorQuantizerImpl::check_projected(const Tensor& projected) const
{
    require_codebook();
    require(projected.dim() == 2 && projected.size(0) > 0 &&
                projected.size(1) == d_options.codeword_dim(),
            "VectorQuantizer: projected rows ",
            projected.sizes(),
            " must be [at least 1, ",
            d_options.codeword_dim(),
            "]");
    if (d_options.check_finite()) {
        detail::require_finite(projected, "VectorQuantizer", "projected rows");
    }
}

void VectorQuantizerImpl::ema_update(const Tensor& projected, const Tensor& indices)
{
    const at::NoGradGuard no_grad;
    check_projected(projected);
    require(indices.numel() == projected.size(0),
            "VectorQuantizer: ",
            indices.numel(),
            " indices for ",
            projected.size(0),
            " projected rows");
    update_averages(histogram(indices),
                    detail::sums_by_index(projected.detach(),
                                          indices.reshape({-1}),
                                          d_options.codewords()));
}

void VectorQuantizerImpl::update_averages(const Tensor& chosen, const Tensor& sums)
{
    const at::NoGradGuard no_grad;
    require(chosen.sizes() == d_counts.sizes() && sums.sizes() == d_sums.sizes(),
            "VectorQuantizer: counts ",
            chosen.sizes(),
            " and sums ",
            sums.sizes(),
            " must be those of ",
            d_options.codewords(),
            " codewords of ",
            d_options.codeword_dim());
    const auto gamma = d_options.decay();
    d_counts.mul_(gamma).add_(chosen.to(d_counts), 1 - gamma); // (18)
    d_sums.mul_(gamma).add_(sums.to(d_sums), 1 - gamma);       // (19)
    const auto total = d_counts.sum();
    const auto smooth =
        (d_counts + d_options.epsilon()) /
        (total + static_cast<double>(d_options.codewords()) * d_options.epsilon()) *
        total;
    d_codebook.copy_(d_sums / smooth.unsqueeze(1)); // (20)
}

void VectorQuantizerImpl::initialise(const Tensor& projected,
                                     uint64_t seed,
                                     int64_t iterations)
{
    const at::NoGradGuard no_grad;
    check_projected(projected);
    detail::require_not_negative(iterations, "VectorQuantizer", "iterations");
    d_codebook.copy_(
        detail::kmeans(projected.detach(), d_options.codewords(), seed, iterations));
    d_counts.fill_(1);
    d_sums.copy_(d_codebook);
}

int64_t VectorQuantizerImpl::replace_dead(const Tensor& projected,
                                          double threshold,
                                          uint64_t seed)
{
    const at::NoGradGuard no_grad;
    check_projected(projected);
    const auto which = (d_counts < threshold).nonzero().reshape({-1});
    const auto replaced = which.numel();
    if (replaced == 0) {
        return 0;
    }
    const auto rows =
        detail::random_rows(projected.size(0), replaced, seed, "dead codewords");
    const auto codewords =
        projected.detach().index_select(0, rows.to(projected.device())).to(d_codebook);
    const double count = std::max(1.0, threshold);
    d_codebook.index_copy_(0, which, codewords);
    d_counts.index_fill_(0, which, count);
    d_sums.index_copy_(0, which, codewords * count);
    return replaced;
}

void VectorQuantizerImpl::check_indices(const Tensor& indices) const
{
    require_codebook();
    require(indices.scalar_type() == at::kLong && indices.numel() > 0,
            "VectorQuantizer: indices ",
            indices.sizes(),
            " of type ",
            indices.scalar_type(),
            " must be int64 and at least one");
    const auto lowest = indices.min().item<int64_t>();
    const auto highest = indices.max().item<int64_t>();
    require(lowest >= 0 && highest < d_options.codewords(),
            "VectorQuantizer: index ",
            lowest < 0 ? lowest : highest,
            " is outside the codebook of ",
            d_options.codewords(),
            " codewords");
}

Tensor VectorQuantizerImpl::histogram(const Tensor& indices) const
{
    check_indices(indices);
    return at::bincount(indices.reshape({-1}), {}, d_options.codewords());
}

double VectorQuantizerImpl::perplexity(const Tensor& indices) const
{
    const auto share = histogram(indices).to(at::kCPU).to(at::kDouble) /
                       static_cast<double>(indices.numel());
    return std::exp(-at::xlogy(share, share).sum().item<double>());
}

int64_t VectorQuantizerImpl::distinct(const Tensor& indices) const
{
    return at::count_nonzero(histogram(indices)).item<int64_t>();
}

int64_t VectorQuantizerImpl::dead(double threshold) const
{
    require_codebook();
    return (d_counts < threshold).sum().item<int64_t>();
}

int64_t VectorQuantizerImpl::bits_per_index() const
{
    int64_t bits = 0;
    while ((int64_t{1} << bits) < index_range()) {
        bits++;
    }
    return bits;
}

int64_t projector_parameter_count(const QuantizerOptions& options)
{
    check(options);
    return options.projector()
               ? options.features() * options.groups() * options.codeword_dim()
               : 0;
}

int64_t codebook_parameter_count(const QuantizerOptions& options)
{
    check(options);
    return options.codewords() * options.codeword_dim();
}

} // namespace cfisac::nn
