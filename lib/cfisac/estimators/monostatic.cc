// SPDX-License-Identifier: GPL-3.0-or-later
#include "frames.h"
#include "periodogram.h"
#include <algorithm>
#include <cfisac/estimators/monostatic.h>
#include <cmath>
#include <stdexcept>
#include <string>

namespace cfisac::estimators {

namespace {

constexpr int refinement_passes = 3;

at::Tensor squared_magnitude(const at::Tensor& value)
{
    return at::view_as_real(value.resolve_conj()).square().sum(-1);
}

void check(const signal::Layout& layout, const MonostaticOptions& options)
{
    const auto& scenario = layout.scenario;
    if (scenario.transmit.size() != 1 || scenario.receive.size() != 1) {
        throw std::invalid_argument("a monostatic base station is one transmit and one "
                                    "receive access point, got " +
                                    std::to_string(scenario.transmit.size()) + " and " +
                                    std::to_string(scenario.receive.size()));
    }
    if (scenario.transmit[0].position_m != scenario.receive[0].position_m ||
        scenario.transmit[0].axis != scenario.receive[0].axis) {
        throw std::invalid_argument(
            "a monostatic base station transmits and receives at one position along one "
            "axis; " +
            scenario.transmit[0].name + " and " + scenario.receive[0].name + " differ");
    }
    const auto require =
        [](bool good, const char* name, const char* demand, double value) {
            if (!good) {
                throw std::invalid_argument(std::string("MonostaticOptions: ") + name +
                                            " must be " + demand + ", is " +
                                            std::to_string(value));
            }
        };
    require(options.angle_oversampling >= 1,
            "angle_oversampling",
            "at least 1",
            options.angle_oversampling);
    require(
        options.oversampling >= 1, "oversampling", "at least 1", options.oversampling);
    require(options.regularisation > 0.0 && std::isfinite(options.regularisation),
            "regularisation",
            "positive",
            options.regularisation);
    require(options.false_alarm > 0.0 && options.false_alarm < 1.0,
            "false_alarm",
            "between 0 and 1",
            options.false_alarm);
}

} // namespace

Scenario monostatic_scenario(const Scenario& scenario, const Coordinates& position)
{
    if (scenario.dimensions != 2) {
        throw std::invalid_argument(
            "a monostatic base station is for scenarios of 2 dimensions, not " +
            std::to_string(scenario.dimensions));
    }
    if (static_cast<int>(position.size()) != scenario.dimensions) {
        throw std::invalid_argument("position of a base station must have " +
                                    std::to_string(scenario.dimensions) +
                                    " coordinates, got " +
                                    std::to_string(position.size()));
    }
    if (scenario.transmit.empty() || scenario.receive.empty()) {
        throw std::invalid_argument(
            "a scenario without access points has no array for a base station");
    }
    auto result = scenario;
    result.transmit.resize(1);
    result.receive.resize(1);
    result.transmit[0].position_m = position;
    result.receive[0].position_m = position;
    result.receive[0].axis = result.transmit[0].axis;
    validate(result);
    return result;
}

class MonostaticEstimator::Implementation
{
public:
    Implementation(const signal::Layout& layout, MonostaticOptions options);
    TargetEstimates estimate(const at::Tensor& echo, const at::Tensor& transmit) const;

private:
    struct Target {
        PathParameters path;
        double power; // over that of noise
    };
    // conj(s) / (|s|² + ε) of signals [..., S, T]
    at::Tensor inverse(const at::Tensor& sent) const;
    // Largest peak over beams, ranges and rates.
    Target search(const at::Tensor& echo, const at::Tensor& inverses) const;
    void refine(const at::Tensor& echo,
                const Reference& reference,
                PathParameters& path) const;
    PathParameters longest(PathParameters path) const;
    at::Tensor steering(const at::Tensor& cosine,
                        double spacing,
                        std::int64_t antennas) const;

    signal::Layout d_layout;
    MonostaticOptions d_options;
    std::int64_t d_antennas;
    double d_receive_spacing, d_transmit_spacing;
    PathGrid d_grid;
    std::vector<double> d_cosines; // of the beams
    at::Tensor d_beams;            // conj(a_r) [beams, M_r], complex64
    at::Tensor d_departing;        // conj(a_t) [beams, N_t], complex64
    at::Tensor d_plausible;        // [beams, D, 1], one where there is a place
};

MonostaticEstimator::Implementation::Implementation(const signal::Layout& layout,
                                                    MonostaticOptions options)
    : d_layout(layout),
      d_options(options),
      d_antennas(layout.scenario.receive_antennas()),
      d_receive_spacing(layout.scenario.receive[0].spacing_wavelengths),
      d_transmit_spacing(layout.scenario.transmit[0].spacing_wavelengths),
      d_grid(plausible_grid(layout, 0, options.oversampling, options.oversampling))
{
    // Bins of the zero-padded transform over the antennas that are angles: cosines in steps
    // of 1 / (bins spacing).
    const auto bins = options.angle_oversampling * d_antennas;
    const auto half = static_cast<std::int64_t>(
        std::floor(static_cast<double>(bins) * d_receive_spacing + 1e-9));
    for (std::int64_t k = -half; k <= half; k++) {
        d_cosines.push_back(std::clamp(
            static_cast<double>(k) / (static_cast<double>(bins) * d_receive_spacing),
            -1.0,
            1.0));
    }
    const auto cosine = at::tensor(d_cosines, at::kDouble);
    d_beams = steering(cosine, d_receive_spacing, d_antennas);
    d_departing =
        steering(cosine, d_transmit_spacing, layout.scenario.transmit_antennas());
    const auto plausible = at::zeros(
        {static_cast<std::int64_t>(d_cosines.size()), d_grid.ranges(), 1}, at::kFloat);
    auto* value = plausible.data_ptr<float>();
    for (const double each : d_cosines) {
        for (std::int64_t d = 0; d < d_grid.ranges(); d++) {
            *value++ = departure_cosine(d_layout, 0, {0, each, d_grid.range_m(d), 0.0})
                           .has_value();
        }
    }
    d_plausible = plausible.to(layout.device);
}

at::Tensor MonostaticEstimator::Implementation::steering(const at::Tensor& cosine,
                                                         double spacing,
                                                         std::int64_t antennas) const
{
    return signal::steering_vector(
               cosine, at::scalar_tensor(spacing, at::kDouble), antennas)
        .conj()
        .resolve_conj()
        .to(d_layout.device, at::kComplexFloat);
}

at::Tensor MonostaticEstimator::Implementation::inverse(const at::Tensor& sent) const
{
    const auto power = squared_magnitude(sent);
    const auto mean = power.mean({-2, -1}, true);
    // Where nothing is sent, the inverse of nothing is none.
    return sent.conj() / (power + d_options.regularisation * mean).clamp_min(1e-37);
}

MonostaticEstimator::Implementation::Target MonostaticEstimator::Implementation::search(
    const at::Tensor& echo, const at::Tensor& inverses) const
{
    const auto beams = at::matmul(d_beams, echo.flatten(1)).view(inverses.sizes());
    const auto noise = squared_magnitude(inverses).sum({1, 2}).clamp_min(1e-37);
    const auto power = squared_magnitude(d_grid.transform(beams * inverses)) /
                       noise.view({-1, 1, 1}) * d_plausible; // [beams, D, F]
    const auto best = power.argmax().item<std::int64_t>();
    const auto place = best / d_grid.rates();
    return {{0,
             d_cosines[static_cast<std::size_t>(place / d_grid.ranges())],
             d_grid.range_m(place % d_grid.ranges()),
             d_grid.rate_mps(best % d_grid.rates())},
            power.flatten()[best].item().toDouble()};
}

PathParameters MonostaticEstimator::Implementation::longest(PathParameters path) const
{
    const auto& waveform = d_layout.scenario.waveform;
    const double period =
        speed_of_light / (waveform.subcarrier_spacing_hz * waveform.subcarrier_step);
    const double last = d_grid.range_m(d_grid.ranges() - 1);
    for (auto other = path; other.range_m + period <= last;) {
        other.range_m += period;
        if (departure_cosine(d_layout, 0, other)) {
            path = other;
        }
    }
    return path;
}

void MonostaticEstimator::Implementation::refine(const at::Tensor& echo,
                                                 const Reference& reference,
                                                 PathParameters& path) const
{
    double half_range_m = d_grid.range_step_m(), half_rate_mps = d_grid.rate_step_mps();
    for (int pass = 0; pass < refinement_passes; pass++) {
        const auto inverted =
            inverse(reference.towards(0, path.cosine, d_transmit_spacing));
        const auto weights = steering(
            at::scalar_tensor(path.cosine, at::kDouble), d_receive_spacing, d_antennas);
        const auto beam = at::matmul(weights, echo.flatten(1)).view(inverted.sizes());
        const auto peak = zoom(d_layout,
                               beam * inverted,
                               path.range_m,
                               path.range_rate_mps,
                               half_range_m,
                               half_rate_mps);
        path.range_m = peak.range_m;
        path.range_rate_mps = peak.rate_mps;
        const auto turned_back =
            inverted * path_phases(d_layout, path.range_m, path.range_rate_mps).conj();
        path.cosine = refine_cosine(at::matmul(echo.flatten(1), turned_back.flatten()),
                                    d_receive_spacing,
                                    path.cosine);
        half_range_m *= 0.5;
        half_rate_mps *= 0.5;
    }
}

TargetEstimates MonostaticEstimator::Implementation::estimate(
    const at::Tensor& echo, const at::Tensor& transmit) const
{
    const double noise_w =
        frame_energy(d_layout, echo, transmit) / static_cast<double>(echo.numel());
    auto result = prior_estimates(d_layout.scenario);
    result.covariance = at::Tensor();
    if (!(noise_w > 0.0)) {
        return result;
    }
    auto rest = echo / std::sqrt(noise_w);
    const Reference reference(transmit, 1.0);
    const auto inverses =
        inverse(at::matmul(d_departing, transmit[0].flatten(1))
                    .view({d_departing.size(0), transmit.size(2), transmit.size(3)}));
    const auto cells = static_cast<double>(d_plausible.numel() * d_grid.rates());
    const double threshold = std::log(cells / d_options.false_alarm);
    const auto& position = d_layout.scenario.receive[0].position_m;
    for (std::int64_t q = 0; q < result.confidence.size(0); q++) {
        auto target = search(rest, inverses);
        if (!(target.power > threshold)) {
            break;
        }
        target.path = longest(target.path);
        refine(rest, reference, target.path);
        const auto place = location_of_path(d_layout.scenario, 0, target.path);
        if (!place) {
            break;
        }
        const double distance = 0.5 * target.path.range_m;
        const double speed = 0.5 * target.path.range_rate_mps;
        for (std::int64_t d = 0; d < 2; d++) {
            const double coordinate = (*place)[static_cast<std::size_t>(d)];
            result.location[q][d] = coordinate;
            result.velocity[q][d] =
                speed * (coordinate - position[static_cast<std::size_t>(d)]) / distance;
        }
        result.confidence[q] = std::exp(cells * std::log1p(-std::exp(-target.power)));
        const auto echoed =
            reference.towards(0, target.path.cosine, d_transmit_spacing) *
            path_phases(d_layout, target.path.range_m, target.path.range_rate_mps);
        const auto antennas = at::matmul(rest.flatten(1), echoed.conj().flatten()) /
                              squared_magnitude(echoed).sum().clamp_min(1e-37);
        const auto arriving = steering(at::scalar_tensor(target.path.cosine, at::kDouble),
                                       d_receive_spacing,
                                       d_antennas); // conj(a_r), of unit norm
        const auto gain = (arriving * antennas).sum();
        rest = rest - (gain * arriving.conj()).view({-1, 1, 1}) * echoed;
    }
    return result;
}

MonostaticEstimator::MonostaticEstimator(const signal::Layout& layout,
                                         MonostaticOptions options)
{
    check(layout, options);
    d_implementation = std::make_unique<Implementation>(layout, options);
}

MonostaticEstimator::~MonostaticEstimator() = default;
MonostaticEstimator::MonostaticEstimator(MonostaticEstimator&&) noexcept = default;

TargetEstimates MonostaticEstimator::operator()(const at::Tensor& echo,
                                                const at::Tensor& transmit)
{
    return d_implementation->estimate(echo, transmit);
}

} // namespace cfisac::estimators
