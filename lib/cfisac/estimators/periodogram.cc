// SPDX-License-Identifier: GPL-3.0-or-later
#include "periodogram.h"
#include <algorithm>
#include <cmath>

namespace cfisac::estimators {

namespace {

at::Tensor squared_magnitude(const at::Tensor& value)
{
    return at::view_as_real(value.resolve_conj()).square().sum(-1);
}

} // namespace

std::optional<double> departure_cosine(const signal::Layout& layout,
                                       std::int64_t receiver,
                                       const PathParameters& path)
{
    const auto place =
        location_of_path(layout.scenario, static_cast<std::size_t>(receiver), path);
    if (!place ||
        distance_to_area(layout.scenario, *place) > Resolution(layout).range_m) {
        return std::nullopt;
    }
    const auto& from =
        layout.scenario.transmit[static_cast<std::size_t>(path.transmitter)];
    const double x = (*place)[0] - from.position_m[0];
    const double y = (*place)[1] - from.position_m[1];
    const double length = std::hypot(x, y);
    return length > 0.0 ? (x * from.axis[0] + y * from.axis[1]) / length : 0.0;
}

std::vector<double> indistinct_cosines(const signal::Layout& layout,
                                       std::int64_t receiver,
                                       double cosine)
{
    const auto& array = layout.scenario.receive[static_cast<std::size_t>(receiver)];
    const double period = 1.0 / array.spacing_wavelengths;
    const double tolerance = 0.5 * period / array.antennas;
    std::vector<double> cosines = {cosine};
    for (const double step : {-period, period}) {
        for (double other = cosine + step; std::abs(other) <= 1.0 + tolerance;
             other += step) {
            cosines.push_back(std::clamp(other, -1.0, 1.0));
        }
    }
    return cosines;
}

double noise_threshold(std::int64_t components, std::int64_t cells, double false_alarm)
{
    const auto count = static_cast<double>(components);
    const double exponent = std::log(static_cast<double>(cells) / false_alarm);
    return components == 1 ? exponent
                           : count + std::sqrt(2.0 * count * exponent) + exponent;
}

PathGrid plausible_grid(const signal::Layout& layout,
                        std::int64_t receiver,
                        int range_oversampling,
                        int rate_oversampling)
{
    const auto m = static_cast<std::size_t>(receiver);
    auto ranges = plausible_ranges(layout.scenario, 0, m);
    for (std::size_t n = 1; n < layout.scenario.transmit.size(); n++) {
        const auto other = plausible_ranges(layout.scenario, n, m);
        ranges = {std::min(ranges.low, other.low), std::max(ranges.high, other.high)};
    }
    return {layout,
            ranges,
            largest_range_rate(layout.scenario),
            range_oversampling,
            rate_oversampling};
}

double refine_and_subtract(const signal::Layout& layout,
                           std::int64_t receiver,
                           const Reference& reference,
                           at::Tensor& beam,
                           PathParameters& path,
                           double half_range_m,
                           double half_rate_mps)
{
    const auto& from =
        layout.scenario.transmit[static_cast<std::size_t>(path.transmitter)];
    at::Tensor sent;
    Peak peak{};
    // The refined range moves the place, and with it what was sent there.
    for (int pass = 0; pass < 3; pass++) {
        const auto departure = departure_cosine(layout, receiver, path);
        if (!departure) {
            return 0.0;
        }
        sent = reference.towards(path.transmitter, *departure, from.spacing_wavelengths);
        peak = zoom(layout,
                    beam * sent.conj(),
                    path.range_m,
                    path.range_rate_mps,
                    half_range_m,
                    half_rate_mps);
        path.range_m = peak.range_m;
        path.range_rate_mps = peak.rate_mps;
        half_range_m *= 0.5;
        half_rate_mps *= 0.5;
    }
    const double energy = squared_magnitude(sent).sum(at::kDouble).item<double>();
    if (!(energy > 0.0) || !departure_cosine(layout, receiver, path)) {
        return 0.0;
    }
    const auto gain = peak.sum / energy;
    beam = beam - sent * path_phases(layout, path.range_m, path.range_rate_mps) *
                      c10::Scalar(gain);
    return std::norm(peak.sum) / energy;
}

Periodogram::Periodogram(const signal::Layout& layout,
                         std::int64_t receiver,
                         int oversampling)
    : d_layout(layout),
      d_receiver(receiver),
      d_grid(plausible_grid(layout, receiver, oversampling, oversampling))
{
}

std::int64_t Periodogram::cells() const
{
    return d_layout.transmitters() * d_grid.ranges() * d_grid.rates();
}

std::vector<at::Tensor> Periodogram::coefficients(const Reference& reference,
                                                  double cosine) const
{
    std::vector<at::Tensor> all;
    for (std::int64_t n = 0; n < d_layout.transmitters(); n++) {
        const auto& from = d_layout.scenario.transmit[static_cast<std::size_t>(n)];
        const auto departing = at::zeros({d_grid.ranges()}, at::kDouble);
        const auto exists = at::zeros({d_grid.ranges(), 1}, at::kDouble);
        for (std::int64_t d = 0; d < d_grid.ranges(); d++) {
            const auto departure =
                departure_cosine(d_layout,
                                 d_receiver,
                                 {static_cast<int>(n), cosine, d_grid.range_m(d), 0.0});
            if (departure) {
                departing.data_ptr<double>()[d] = *departure;
                exists.data_ptr<double>()[d] = 1.0;
            }
        }
        const auto steering = signal::steering_vector(
            departing,
            at::scalar_tensor(from.spacing_wavelengths, at::kDouble),
            from.antennas);
        all.push_back(at::matmul(steering.conj(), reference.mixing()[n]) * exists);
    }
    return all;
}

std::vector<FoundPath> Periodogram::operator()(const Reference& reference,
                                               at::Tensor beam,
                                               double cosine,
                                               double noise_w,
                                               std::int64_t count,
                                               double threshold) const
{
    const auto towards = coefficients(reference, cosine);
    const auto conjugate = reference.conjugate().flatten(0, 1);
    const auto components = reference.components();
    std::vector<FoundPath> found;
    while (static_cast<std::int64_t>(found.size()) < count) {
        const auto correlation = d_grid.correlate(beam.unsqueeze(0), conjugate)
                                     .squeeze(1)
                                     .to(at::kCPU, at::kComplexDouble); // [N B, D, F]
        double largest = 0.0;
        PathParameters best;
        for (std::int64_t n = 0; n < d_layout.transmitters(); n++) {
            const auto& coefficient = towards[static_cast<std::size_t>(n)];
            const auto own = correlation.narrow(0, n * components, components);
            const auto sum =
                (coefficient.transpose(0, 1).conj().unsqueeze(-1) * own).sum(0);
            const auto energy = squared_magnitude(coefficient).sum(1, true); // [D, 1]
            const auto power = at::where(
                energy > 0.0, squared_magnitude(sum) / energy, at::zeros_like(energy));
            const auto place = power.argmax().item<std::int64_t>();
            const double value = power.flatten()[place].item<double>();
            if (value > largest) {
                largest = value;
                best = {static_cast<int>(n),
                        cosine,
                        d_grid.range_m(place / d_grid.rates()),
                        d_grid.rate_mps(place % d_grid.rates())};
            }
        }
        if (!(largest > threshold * noise_w)) {
            break;
        }
        const double power = refine_and_subtract(d_layout,
                                                 d_receiver,
                                                 reference,
                                                 beam,
                                                 best,
                                                 d_grid.range_step_m(),
                                                 d_grid.rate_step_mps());
        if (!(power > threshold * noise_w)) {
            break;
        }
        found.push_back({best, power / noise_w});
    }
    return found;
}

} // namespace cfisac::estimators
