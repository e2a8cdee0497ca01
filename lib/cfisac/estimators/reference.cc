// SPDX-License-Identifier: GPL-3.0-or-later
#include "reference.h"
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

void require_receiver(const signal::Layout& layout, std::int64_t receiver)
{
    if (receiver < 0 || receiver >= layout.receivers()) {
        throw std::invalid_argument("receive access point must be 0 to " +
                                    std::to_string(layout.receivers() - 1) + ", got " +
                                    std::to_string(receiver));
    }
}

Reference::Reference(const at::Tensor& transmit, double energy_share)
    : d_transmit(transmit.to(at::kComplexFloat).contiguous())
{
    const auto rows = d_transmit.flatten(2); // [N, N_t, S T]
    d_covariance =
        at::matmul(rows, rows.mH()).to(at::kCPU, at::kComplexDouble); // [N, N_t, N_t]
    const auto [values, vectors] = at::linalg_eigh(d_covariance, "L");
    const auto energy = values.clamp_min(0.0).flip(1); // largest first
    const auto total = energy.sum(1, true);
    // A component is needed where those before it do not hold the share.
    const auto before = energy.cumsum(1) - energy;
    const auto needed =
        (before < energy_share * total).logical_and(energy > 1e-9 * total);
    const auto count =
        std::max<std::int64_t>(needed.sum(1).max().item<std::int64_t>(), 1);
    const auto root = (energy * needed).narrow(1, 0, count).sqrt(); // [N, B]
    const auto basis = vectors.flip(2).narrow(2, 0, count);         // [N, N_t, B]
    d_mixing = basis * root.unsqueeze(1);
    const auto scale = at::where(root > 0.0, root.reciprocal(), at::zeros_like(root));
    const auto combine =
        (basis * scale.unsqueeze(1)).transpose(1, 2); // conj(U) = . conj(X)
    d_conjugate =
        at::matmul(combine.to(d_transmit.device(), at::kComplexFloat),
                   rows.conj().resolve_conj())
            .view({transmit.size(0), count, transmit.size(2), transmit.size(3)});
}

at::Tensor Reference::towards(std::int64_t transmitter,
                              double cosine,
                              double spacing_wavelengths) const
{
    const auto steering =
        signal::steering_vector(at::scalar_tensor(cosine, at::kDouble),
                                at::scalar_tensor(spacing_wavelengths, at::kDouble),
                                d_transmit.size(1));
    const auto row =
        steering.conj().resolve_conj().to(d_transmit.device(), at::kComplexFloat);
    return at::matmul(row, d_transmit[transmitter].flatten(1))
        .view({d_transmit.size(2), d_transmit.size(3)});
}

} // namespace cfisac::estimators
