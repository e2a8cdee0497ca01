// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames.h"
#include "local_likelihood.h"
#include <algorithm>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr double margin_m = 5.0;        // around the area of the targets
constexpr double settled = 1e-4;        // squared normalised step of the last descent
constexpr double roughly_settled = 0.1; // of the others

void require_positive(const char* name, double value)
{
    if (!(value > 0.0) || !std::isfinite(value)) {
        throw std::invalid_argument(std::string("maximum likelihood: ") + name +
                                    " must be positive, got " + std::to_string(value));
    }
}

// Cells along each side: the finest step of the range resolution, and of the angle's in the
// middle of the area.
std::int64_t cells_of(const Scenario& scenario, double per_resolution)
{
    const auto& box = scenario.targets.area_m;
    const double side =
        std::max(box.max.at(0) - box.min.at(0), box.max.at(1) - box.min.at(1));
    const auto& waveform = scenario.waveform;
    // Two legs lengthen at once.
    const double range =
        0.5 * speed_of_light / (waveform.subcarriers * waveform.subcarrier_spacing_hz);
    const auto& array = scenario.receive.front();
    const double across = 0.5 * side / (array.antennas * array.spacing_wavelengths);
    const double step = std::min(2.0 * range, across) / per_resolution;
    return std::clamp<std::int64_t>(std::llround(std::ceil(side / step)), 8, 256);
}

// The largest range rate that the prior of the velocity allows.
double largest_rate(const Scenario& scenario)
{
    double square = 0.0;
    const auto& box = scenario.targets.velocity_mps;
    for (std::size_t d = 0; d < box.min.size(); d++) {
        const double most = std::max(std::abs(box.min[d]), std::abs(box.max[d]));
        square += most * most;
    }
    return 2.0 * std::sqrt(square);
}

} // namespace

struct MaximumLikelihood::Search {
    Search(const signal::Layout& layout_,
           std::int64_t receiver_,
           const MaximumLikelihoodOptions& options_)
        : layout(layout_),
          receiver(receiver_),
          options(options_),
          cells(cells_of(layout.scenario, options.cells_per_resolution)),
          spacing_hz(1.0 / (layout.scenario.waveform.interval_s() *
                            options.lines_per_resolution)),
          lines(2 * static_cast<std::int64_t>(
                        std::ceil(largest_rate(layout.scenario) / rate_of_line())) +
                1),
          filter(layout, receiver, cells, lines, spacing_hz),
          centres(signal::cell_centres(layout.scenario, cells).flatten(0, 1)),
          allowed(allowed_lines())
    {
    }

    //! Range rate between two Doppler lines, m/s.
    double rate_of_line() const
    {
        return spacing_hz * layout.scenario.waveform.wavelength_m();
    }
    at::Tensor allowed_lines() const;
    LocalTargets strongest_cell(const at::Tensor& echo, const at::Tensor& transmit) const;
    bool is_inside(const LocalTargets& targets) const;
    //! Gauss–Newton with damping; `samples` for the noise.
    LocalFit descend(const LocalLikelihood& likelihood,
                     const at::Tensor& echo,
                     double energy,
                     LocalTargets& targets,
                     double until) const;
    double noise(double energy, double explained) const;

    const signal::Layout layout;
    const std::int64_t receiver;
    const MaximumLikelihoodOptions options;
    const std::int64_t cells;
    const double spacing_hz;
    const std::int64_t lines;
    const signal::CellFilter filter;
    const at::Tensor centres; // [G², 2]
    const at::Tensor allowed; // [N, F, G, G], one where the prior allows the line
};

// Each cell sees, over each transmit access point, the range rates between those of the
// corners of the velocities' box.
at::Tensor MaximumLikelihood::Search::allowed_lines() const
{
    const auto& scenario = layout.scenario;
    const auto places = centres.unsqueeze(0);
    const auto departing = signal::rays(
        layout.transmit_position.cpu(), layout.transmit_axis.cpu(), places);
    const auto arriving =
        signal::rays(layout.receive_position.slice(0, receiver, receiver + 1).cpu(),
                     layout.receive_axis.slice(0, receiver, receiver + 1).cpu(),
                     places);
    const auto slope = (departing.direction + arriving.direction)[0]; // [N, G², 2]
    const auto& box = scenario.targets.velocity_mps;
    const auto low = slope * at::tensor(box.min, at::kDouble);
    const auto high = slope * at::tensor(box.max, at::kDouble);
    const auto least = at::minimum(low, high).sum(-1).unsqueeze(1) - rate_of_line();
    const auto most = at::maximum(low, high).sum(-1).unsqueeze(1) + rate_of_line();
    const auto rate = signal::doppler_lines(lines, spacing_hz)
                          .mul(-scenario.waveform.wavelength_m())
                          .view({1, lines, 1});
    return at::logical_and(rate >= least, rate <= most)
        .to(at::kFloat)
        .view({-1, lines, cells, cells})
        .to(layout.device);
}

LocalTargets
MaximumLikelihood::Search::strongest_cell(const at::Tensor& echo,
                                          const at::Tensor& transmit) const
{
    const auto power =
        filter(echo.unsqueeze(0), transmit.unsqueeze(0)).power[0] * allowed;
    const auto [strongest, line] = power.max(1); // [N, G, G]
    const auto cell = strongest.sum(0).flatten().argmax().item<std::int64_t>();
    const auto frequency = signal::doppler_lines(lines, spacing_hz)
                               .index_select(0, line.flatten(1).select(1, cell).cpu());
    return {centres.slice(0, cell, cell + 1).contiguous(),
            frequency.mul(-layout.scenario.waveform.wavelength_m()).unsqueeze(0)};
}

bool MaximumLikelihood::Search::is_inside(const LocalTargets& targets) const
{
    const auto& box = layout.scenario.targets.area_m;
    const auto low = at::tensor(box.min, at::kDouble) - margin_m;
    const auto high = at::tensor(box.max, at::kDouble) + margin_m;
    return at::logical_and(targets.location >= low, targets.location <= high)
        .all()
        .item<bool>();
}

double MaximumLikelihood::Search::noise(double energy, double explained) const
{
    const auto samples = static_cast<double>(layout.scenario.receive_frame_size());
    return std::max(energy - explained, 1e-12 * energy) / samples;
}

LocalFit MaximumLikelihood::Search::descend(const LocalLikelihood& likelihood,
                                            const at::Tensor& echo,
                                            double energy,
                                            LocalTargets& targets,
                                            double until) const
{
    const auto dimensions = targets.location.size(1);
    auto fit = likelihood.fit(echo, targets);
    double damping = 1e-2;
    for (std::int64_t step = 0; step < options.iterations && damping < 1e6; step++) {
        const auto diagonal = fit.information.diag();
        const auto damped =
            fit.information + at::diag(diagonal * damping + diagonal.mean() * 1e-12);
        const auto [factor, info] = at::linalg_cholesky_ex(damped);
        if (info.item<int>() != 0) {
            damping *= 10.0;
            continue;
        }
        const auto change =
            at::cholesky_solve(fit.gradient.unsqueeze(1), factor).squeeze(1);
        const double length = 2.0 / noise(energy, fit.explained) *
                              at::dot(change, at::mv(damped, change)).item<double>();
        const auto next =
            LocalTargets::split(targets.joined() + change.view({targets.count(), -1}),
                                dimensions);
        if (length < until) {
            break;
        }
        if (!is_inside(next)) {
            damping *= 10.0;
            continue;
        }
        auto there = likelihood.fit(echo, next);
        if (there.explained > fit.explained) {
            targets = next;
            fit = std::move(there);
            damping *= 0.1;
        } else {
            damping *= 10.0;
        }
    }
    return fit;
}

MaximumLikelihood::MaximumLikelihood(const signal::Layout& layout,
                                     std::int64_t receiver,
                                     const MaximumLikelihoodOptions& options)
{
    auto chosen = options;
    if (chosen.candidates == 0) {
        chosen.candidates =
            static_cast<std::int64_t>(local_estimates_sent(layout.scenario));
    }
    require_positive("candidates", static_cast<double>(chosen.candidates));
    require_positive("cells per resolution", chosen.cells_per_resolution);
    require_positive("lines per resolution", chosen.lines_per_resolution);
    require_positive("iterations", static_cast<double>(chosen.iterations));
    d_search = std::make_unique<Search>(layout, receiver, chosen);
}

MaximumLikelihood::~MaximumLikelihood() = default;

std::int64_t MaximumLikelihood::cells() const { return d_search->cells; }

std::vector<LocalEstimate>
MaximumLikelihood::operator()(const at::Tensor& echo, const at::Tensor& transmit) const
{
    const auto& search = *d_search;
    const double energy = frame_energy(search.layout, echo, transmit);
    if (energy == 0.0) {
        return {};
    }
    const LocalLikelihood likelihood(search.layout, search.receiver, transmit);
    LocalTargets targets;
    LocalFit fit;
    auto rest = echo;
    while (true) {
        auto next = search.strongest_cell(rest, transmit);
        const double remaining = energy - (targets.location.defined() ? fit.explained : 0.0);
        search.descend(likelihood, rest, remaining, next, roughly_settled);
        targets = targets.location.defined() ? LocalTargets::join(targets, next) : next;
        const bool last = targets.count() == search.options.candidates;
        fit = search.descend(
            likelihood, echo, energy, targets, last ? settled : roughly_settled);
        if (last) {
            break;
        }
        rest = echo - likelihood.echo_of(targets, fit.amplitude);
    }

    const double noise = search.noise(energy, fit.explained);
    const auto size = targets.parameters();
    const auto covariance =
        at::linalg_pinv(fit.information * (2.0 / noise), 1e-14, /*hermitian=*/true);
    std::vector<LocalEstimate> estimates;
    for (std::int64_t q = 0; q < targets.count(); q++) {
        const auto own = covariance.slice(0, q * size, (q + 1) * size)
                             .slice(1, q * size, (q + 1) * size);
        const auto [factor, info] = at::linalg_cholesky_ex(own);
        const double gain = fit.target_energy[q].item<double>() / noise;
        if (info.item<int>() != 0 || !std::isfinite(gain)) {
            continue; // cannot be told from another one
        }
        const auto* place = targets.location[q].data_ptr<double>();
        const auto* rate = targets.range_rate[q].data_ptr<double>();
        estimates.push_back({{place, place + targets.location.size(1)},
                             {rate, rate + targets.range_rate.size(1)},
                             at::cholesky_inverse(factor),
                             std::max(gain, 0.0)});
    }
    return estimates;
}

} // namespace cfisac::estimators
