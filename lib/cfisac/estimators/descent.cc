// SPDX-License-Identifier: GPL-3.0-or-later
#include "descent.h"
#include <algorithm>
#include <cfisac/signal/static_echo.h>
#include <cmath>

namespace cfisac::estimators {

namespace {

constexpr double settled = 1e-4;        // squared normalised step of the last descent
constexpr double roughly_settled = 0.1; // of the others
constexpr double other_line = 1.1;      // by which another Doppler line must explain more
// Log-likelihood ratio below which the strongest Doppler line of a path is likely noise.
constexpr double least_path_gain = 7.0;
constexpr double no_information = 1e-12; // of the range rate of such a path, (m/s)^-2

} // namespace

Descent::Descent(const CellSearch& search,
                 const at::Tensor& echo,
                 const at::Tensor& transmit)
    : Descent(search, echo, transmit, frame_energy(search.layout(), echo, transmit))
{
}

Descent::Descent(const CellSearch& search,
                 const at::Tensor& echo,
                 const at::Tensor& transmit,
                 double energy)
    : d_search(search),
      d_transmit(transmit),
      d_still(search.removes_static() ? signal::static_subspace(transmit) : at::Tensor()),
      d_echo(echo),
      d_energy(energy),
      d_samples(static_cast<double>(d_still.defined()
                                        ? echo.size(0) * d_still.size(0) *
                                              (d_still.size(2) - d_still.size(1))
                                        : echo.numel())),
      d_likelihood(search.layout(), search.receiver(), transmit, d_still)
{
    if (d_still.defined()) {
        d_echo = signal::without_static(echo, d_still);
        d_energy = at::view_as_real(d_echo).square().sum(at::kDouble).item<double>();
    }
}

double Descent::noise(double explained) const
{
    return std::max(d_energy - explained, 1e-12 * d_energy) / d_samples;
}

at::Tensor Descent::rest() const
{
    return d_found.targets.location.defined()
               ? d_echo - d_likelihood.echo_of(d_found.targets, d_found.fit.amplitude)
               : d_echo;
}

void Descent::descend(const at::Tensor& echo, Part& part, double until) const
{
    auto& [targets, fit] = part;
    fit = d_likelihood.fit(echo, targets);
    double damping = 1e-2;
    for (std::int64_t step = 0; step < d_search.options().iterations && damping < 1e6;
         step++) {
        const auto diagonal = fit.information.diag();
        const auto least = diagonal.max() * 1e-12; // range rates of paths not active
        const auto damped =
            fit.information + at::diag(at::maximum(diagonal * damping, least));
        const auto [factor, info] = at::linalg_cholesky_ex(damped);
        if (info.item<int>() != 0) {
            damping *= 10.0;
            continue;
        }
        const auto change =
            at::cholesky_solve(fit.gradient.unsqueeze(1), factor).squeeze(1);
        const double length = 2.0 / noise(fit.explained) *
                              at::dot(change, at::mv(damped, change)).item<double>();
        if (length < until && damping <= 1.0) {
            break;
        }
        const auto next = targets.moved(change);
        if (d_search.is_inside(next)) {
            auto there = d_likelihood.fit(echo, next);
            if (there.explained > fit.explained) {
                targets = next;
                fit = std::move(there);
                damping *= 0.1;
                continue;
            }
        }
        damping *= 10.0;
    }
}

// The strongest Doppler line of a path in an echo that is its own alone. Where the path is
// active already, its range rate stays unless another line is stronger.
bool Descent::choose_line(const at::Tensor& echo,
                          LocalTargets& targets,
                          std::int64_t target,
                          std::int64_t transmitter,
                          bool only_if_stronger) const
{
    const auto& waveform = d_search.layout().scenario.waveform;
    const auto one = targets.slice(target, target + 1);
    const std::int64_t lines = 8 * d_search.layout().symbols();
    const double spacing =
        -waveform.wavelength_m() / (waveform.symbol_step * waveform.symbol_duration_s() *
                                    static_cast<double>(lines));
    const auto energy = d_likelihood.doppler_spectrum(echo, one, transmitter, lines);
    const auto [low, high] = d_search.rates_at(one.location);
    const double least = low[transmitter].item<double>() - d_search.rate_of_line();
    const double most = high[transmitter].item<double>() + d_search.rate_of_line();
    const auto* values = energy.data_ptr<double>();
    // Lines from the least to the largest rate; the transform repeats itself beyond its end.
    const auto line_of = [&](double rate) { return std::llround(rate / spacing); };
    const auto value_at = [&](long long line) {
        return values[((line % lines) + lines) % lines];
    };
    long long best = line_of(least);
    for (auto line = line_of(most); line <= line_of(least); line++) {
        if (value_at(line) > value_at(best)) {
            best = line;
        }
    }
    if (only_if_stronger) {
        const auto own = line_of(targets.range_rate[target][transmitter].item<double>());
        if (value_at(best) <= other_line * value_at(own) + noise(0.0)) {
            return false;
        }
    }
    targets.range_rate[target][transmitter].fill_(static_cast<double>(best) * spacing);
    targets.active[target][transmitter].fill_(true);
    return true;
}

// From a place and its strongest path to all paths: the others are sought in what the first
// leaves.
void Descent::complete(const at::Tensor& rest, Part& part) const
{
    descend(rest, part, roughly_settled);
    for (std::int64_t n = 0; n < part.targets.active.size(1); n++) {
        if (!part.targets.is_active(0, n)) {
            const auto own =
                rest - d_likelihood.echo_of(part.targets, part.fit.amplitude);
            choose_line(own, part.targets, 0, n, false);
            part.fit = d_likelihood.fit(rest, part.targets);
        }
    }
    descend(rest, part, roughly_settled);
}

bool Descent::add_target()
{
    const auto left = rest();
    Part next;
    for (const auto& start : d_search.starts(left, d_transmit)) {
        Part part{start, {}};
        complete(left, part);
        if (part.fit.explained > next.fit.explained) {
            next = part;
        }
    }
    if (!next.targets.location.defined()) {
        return false; // nothing is left to explain
    }
    if (d_found.targets.location.defined()) {
        d_found.targets = LocalTargets::join(d_found.targets, next.targets);
        descend(d_echo, d_found, roughly_settled);
    } else {
        d_found = next;
    }
    return true;
}

void Descent::review_lines()
{
    for (std::int64_t q = 0; q < d_found.targets.count(); q++) {
        for (std::int64_t n = 0; n < d_found.targets.active.size(1); n++) {
            const auto others = d_found.targets.without(q, n);
            const auto own = d_echo - d_likelihood.echo_of(others, d_found.fit.amplitude);
            auto changed = d_found;
            changed.targets.range_rate = d_found.targets.range_rate.clone();
            changed.targets.active = d_found.targets.active.clone();
            if (!choose_line(own, changed.targets, q, n, true)) {
                continue;
            }
            descend(d_echo, changed, roughly_settled);
            if (changed.fit.explained > d_found.fit.explained) {
                d_found = changed;
            }
        }
    }
}

// Paths that are likely noise say nothing of where the target is.
void Descent::drop_weak_paths()
{
    const double least = least_path_gain * noise(d_found.fit.explained);
    const auto strongest = d_found.fit.path_energy.amax(1, /*keepdim=*/true);
    d_found.targets.active = at::logical_or(d_found.fit.path_energy >= least,
                                            d_found.fit.path_energy == strongest);
}

// One target may have been found once over each transmit access point, when the first of its
// paths did not tell its place well enough to find the others there.
bool Descent::join_split_targets()
{
    const auto& targets = d_found.targets;
    for (std::int64_t a = 0; a < targets.count(); a++) {
        for (std::int64_t b = 0; b < targets.count(); b++) {
            if (a == b || at::logical_and(targets.active[a], targets.active[b])
                              .any()
                              .item<bool>()) {
                continue;
            }
            // All paths from the place of `a`.
            auto joined = d_found;
            joined.targets = {targets.location.clone(),
                              targets.range_rate.clone(),
                              targets.active.clone()};
            joined.targets.range_rate[a].copy_(at::where(
                targets.active[b], targets.range_rate[b], targets.range_rate[a]));
            joined.targets.active[a].copy_(
                at::logical_or(targets.active[a], targets.active[b]));
            joined.targets = joined.targets.without(b);
            descend(d_echo, joined, roughly_settled);
            if (joined.fit.explained >
                d_found.fit.explained - least_path_gain * noise(d_found.fit.explained)) {
                d_found = joined;
                return true;
            }
        }
    }
    return false;
}

// What a target would explain without the others.
double Descent::energy_alone(std::int64_t target) const
{
    return d_likelihood.fit(d_echo, d_found.targets.slice(target, target + 1)).explained;
}

std::vector<LocalEstimate> Descent::finish(std::int64_t candidates)
{
    if (!d_found.targets.location.defined()) {
        return {};
    }
    review_lines();
    drop_weak_paths();
    descend(d_echo, d_found, roughly_settled);
    bool joined = false;
    while (join_split_targets()) {
        joined = true;
    }
    if (joined) {
        while (d_found.targets.count() < candidates && add_target()) {
        }
        drop_weak_paths();
    }
    descend(d_echo, d_found, settled);
    for (;;) {
        const auto all = estimates();
        // Two that have come to the same place cannot be told apart: the weaker one goes.
        std::optional<std::int64_t> vague;
        std::vector<LocalEstimate> result;
        for (std::int64_t q = 0; q < d_found.targets.count(); q++) {
            if (all[q]) {
                result.push_back(*all[q]);
            } else if (!vague || energy_alone(q) < energy_alone(*vague)) {
                vague = q;
            }
        }
        if (!vague || d_found.targets.count() == 1) {
            return result;
        }
        d_found.targets = d_found.targets.without(*vague);
        descend(d_echo, d_found, settled);
    }
}

// Offsets that change from symbol to symbol scatter a share of a target's echo evenly over all
// Doppler lines of its cell: noise for whatever else is found there, and for itself.
std::vector<double> Descent::noise_floors(double noise_power) const
{
    const auto& [targets, fit] = d_found;
    const auto count = targets.count();
    std::vector<double> floors(static_cast<std::size_t>(count), 1.0);
    const double share =
        d_search.scattered_share() / static_cast<double>(d_search.layout().symbols());
    for (std::int64_t q = 0; share > 0.0 && q < count; q++) {
        for (std::int64_t p = 0; p < count; p++) {
            if (p == q ||
                d_search.is_same_cell(targets.location[p], targets.location[q])) {
                floors[q] += share * fit.target_energy[p].item<double>() / noise_power;
            }
        }
    }
    return floors;
}

std::vector<std::optional<LocalEstimate>> Descent::estimates() const
{
    const auto& [targets, fit] = d_found;
    const double noise_power = noise(fit.explained);
    const auto size = targets.parameters();
    const auto dimensions = targets.location.size(1);
    // The parameters that have information, in one matrix scaled to a unit diagonal.
    std::vector<std::int64_t> kept;
    std::vector<std::vector<std::int64_t>> places(targets.count()),
        within(targets.count());
    for (std::int64_t q = 0; q < targets.count(); q++) {
        for (std::int64_t k = 0; k < size; k++) {
            if (k < dimensions || targets.is_active(q, k - dimensions)) {
                places[q].push_back(static_cast<std::int64_t>(kept.size()));
                within[q].push_back(k);
                kept.push_back(q * size + k);
            }
        }
    }
    const auto all = at::tensor(kept, at::kLong);
    const auto information =
        fit.information.index_select(0, all).index_select(1, all) * (2.0 / noise_power);
    // Nothing is told of a parameter without information, or of its target.
    const auto diagonal = information.diag();
    const auto scale =
        at::where(diagonal > 0.0, diagonal.rsqrt(), at::zeros_like(diagonal));
    const auto covariance = at::linalg_pinv(
        information * scale.unsqueeze(1) * scale, 1e-12, /*hermitian=*/true);
    const auto floors = noise_floors(noise_power);
    std::vector<std::optional<LocalEstimate>> result;
    for (std::int64_t q = 0; q < targets.count(); q++) {
        const auto rows = at::tensor(places[q], at::kLong);
        const auto own = covariance.index_select(0, rows).index_select(1, rows);
        const auto [factor, info] = at::linalg_cholesky_ex(own);
        const double gain =
            fit.target_energy[q].item<double>() / (noise_power * floors[q]);
        const auto own_scale = scale.index_select(0, rows);
        if (info.item<int>() != 0 || !std::isfinite(gain) ||
            !(own_scale > 0.0).all().item<bool>()) {
            result.emplace_back();
            continue;
        }
        const auto own_information = at::cholesky_inverse(factor) /
                                     (own_scale.unsqueeze(1) * own_scale * floors[q]);
        auto whole = at::eye(size, at::kDouble) * no_information;
        const auto where = at::tensor(within[q], at::kLong);
        whole.index_put_({where.unsqueeze(1), where}, own_information);
        const auto* place = targets.location[q].data_ptr<double>();
        const auto rate = targets.range_rate[q].contiguous();
        result.push_back(
            LocalEstimate{{place, place + dimensions},
                          {rate.data_ptr<double>(),
                           rate.data_ptr<double>() + targets.range_rate.size(1)},
                          whole,
                          std::max(gain, 0.0)});
    }
    return result;
}

} // namespace cfisac::estimators
