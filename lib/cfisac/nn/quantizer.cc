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

void check(const QuantizerOptions& options)
{
    const auto* owner = "QuantizerOptions";
    detail::require_positive(options.features(), owner, "features");
    detail::require_positive(options.codeword_dim(), owner, "codeword_dim");
    detail::require_positive(options.codewords(), owner, "codewords");
    require(options.decay() >= 0 && options.decay() < 1,
            "QuantizerOptions: decay is ",
            options.decay(),
            ", must be in [0, 1)");
    require(std::isfinite(options.epsilon()) && options.epsilon() > 0,
            "QuantizerOptions: epsilon is ",
            options.epsilon(),
            ", must be positive");
    require(options.projector() || options.features() == options.codeword_dim(),
            "QuantizerOptions: without projector codeword_dim ",
            options.codeword_dim(),
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
                torch::nn::LinearOptions(options.features(), dim).bias(false)));
        initialise_weights(*this, options.seed());
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
    const auto rows = flatten(latent);
    return d_options.projector() ? d_projector(rows) : rows;
}

Tensor VectorQuantizerImpl::nearest(const Tensor& rows) const
{
    const at::NoGradGuard no_grad;
    // Wᵀc_j for all j: [N_c, D] [D, H] → [N_c, H]
    const auto folded =
        d_options.projector() ? at::matmul(d_codebook, d_projector->weight) : d_codebook;
    return detail::nearest(rows, folded, d_codebook.square().sum(1));
}

Tensor VectorQuantizerImpl::indices(const Tensor& latent)
{
    const at::NoGradGuard no_grad;
    return nearest(flatten(latent)).view({latent.size(0), -1});
}

Tensor VectorQuantizerImpl::lookup(const Tensor& indices, torch::IntArrayRef latent_shape)
{
    int64_t length = 1;
    for (const auto size : latent_shape) {
        length *= size;
    }
    check_indices(indices);
    require(indices.dim() == 2 && indices.size(1) == length,
            "VectorQuantizer: indices ",
            indices.sizes(),
            " must be [batch, ",
            length,
            "] for a latent of shape ",
            latent_shape);
    std::vector<int64_t> shape{indices.size(0), d_options.codeword_dim()};
    shape.insert(shape.end(), latent_shape.begin(), latent_shape.end());
    return d_codebook.index_select(0, indices.reshape({-1}))
        .view({indices.size(0), length, -1})
        .transpose(1, 2)
        .reshape(shape);
}

QuantizerOutput VectorQuantizerImpl::forward(const Tensor& latent)
{
    const auto rows = flatten(latent);
    QuantizerOutput out;
    out.projected = d_options.projector() ? d_projector(rows) : rows;
    const auto flat_indices = nearest(rows.detach());
    const auto chosen = d_codebook.index_select(0, flat_indices);
    out.indices = flat_indices.view({latent.size(0), -1});
    out.commitment = (out.projected - chosen).square().mean();
    // z − sg[z] is exactly zero: the value is the codeword, the gradient that of z
    const auto through = chosen + (out.projected - out.projected.detach());
    auto shape = latent.sizes().vec();
    shape[1] = d_options.codeword_dim();
    out.quantized = through.view({latent.size(0), -1, d_options.codeword_dim()})
                        .transpose(1, 2)
                        .reshape(shape);
    return out;
}

void VectorQuantizerImpl::check_projected(const Tensor& projected) const
{
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
    const auto assigned = histogram(indices);
    const auto sums = detail::sums_by_index(
        projected.detach(), indices.reshape({-1}), d_options.codewords());
    const auto gamma = d_options.decay();
    d_counts.mul_(gamma).add_(assigned.to(d_counts), 1 - gamma); // (18)
    d_sums.mul_(gamma).add_(sums, 1 - gamma);                    // (19)
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
    return (d_counts < threshold).sum().item<int64_t>();
}

int64_t VectorQuantizerImpl::bits_per_index() const
{
    int64_t bits = 0;
    while ((int64_t{1} << bits) < d_options.codewords()) {
        bits++;
    }
    return bits;
}

int64_t projector_parameter_count(const QuantizerOptions& options)
{
    check(options);
    return options.projector() ? options.features() * options.codeword_dim() : 0;
}

int64_t codebook_parameter_count(const QuantizerOptions& options)
{
    check(options);
    return options.codewords() * options.codeword_dim();
}

} // namespace cfisac::nn
