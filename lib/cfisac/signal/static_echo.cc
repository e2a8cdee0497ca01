// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>
#include <cfisac/signal/static_echo.h>

namespace cfisac::signal {

namespace {

// Rows of X with less than this part of the power of the strongest are taken for none.
constexpr double rank_tolerance = 1e-6;

} // namespace

at::Tensor static_subspace(const at::Tensor& transmit)
{
    const auto signal =
        transmit.flatten(0, 1).transpose(0, 1).to(at::kComplexDouble); // [S, A, T]
    const auto [power, vectors] = at::linalg_eigh(at::matmul(signal, signal.mH()));
    const auto counts = power > power.amax(1, true) * rank_tolerance; // [S, A], ascending
    const auto rank = counts.sum(1).max().item<std::int64_t>();
    const auto first = power.size(1) - rank;
    const auto weight = at::where(counts, power.clamp_min(1e-300).rsqrt(), 0.0)
                            .slice(1, first)
                            .unsqueeze(2)
                            .to(at::kComplexDouble);
    const auto basis = at::matmul(vectors.slice(2, first).mH() * weight, signal);
    return basis.to(transmit.scalar_type()).contiguous();
}

at::Tensor without_static(const at::Tensor& samples, const at::Tensor& still)
{
    const auto shape = samples.sizes();
    const auto rows = samples.reshape({-1, still.size(0), still.size(2)})
                          .transpose(0, 1); // [S, ..., T]
    // Rows of X are combined by H: the projection is y - (y Q^H) Q.
    const auto part = at::matmul(at::matmul(rows, still.mH()), still);
    return (rows - part).transpose(0, 1).reshape(shape);
}

} // namespace cfisac::signal
