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

namespace {

constexpr std::int64_t half_points = 16; // of an interval, to either side of its middle
constexpr int refinement_passes = 3;

// One access point's signal towards the places of a ray, and the echo's correlation with it.
class RayFit
{
public:
    RayFit(const signal::Layout& layout,
           const Reference& reference,
           const at::Tensor& beam,
           const Ray& ray)
        : d_layout(layout), d_reference(reference), d_beam(beam), d_ray(ray)
    {
        const auto n = static_cast<std::size_t>(ray.transmitter());
        d_spacing = layout.scenario.transmit[n].spacing_wavelengths;
        d_antennas = layout.scenario.transmit[n].antennas;
        d_covariance = reference.covariance()[ray.transmitter()];
    }

    //! Best of 33 places about a middle, at a rate; its power, and what the sum was.
    double over_places(double& distance, double half_m, double rate_mps)
    {
        const auto tone = doppler_columns(d_layout, at::full({1}, rate_mps, at::kDouble))
                              .squeeze(1)
                              .to(d_beam.device(), at::kComplexFloat); // [T]
        const auto products =
            (d_reference.transmit()[d_ray.transmitter()].conj() * (d_beam * tone))
                .sum(-1)
                .to(at::kCPU, at::kComplexDouble); // [N_t, S]
        const double step = half_m / half_points;
        std::vector<double> distances;
        for (std::int64_t k = -half_points; k <= half_points; k++) {
            distances.push_back(distance + static_cast<double>(k) * step);
        }
        const auto power = correlate(products, distances);
        const auto* value = power.data_ptr<double>();
        const auto best = power.argmax().item<std::int64_t>();
        if (!(value[best] > 0.0)) {
            return 0.0;
        }
        double offset = 0.0;
        if (best > 0 && best < 2 * half_points) {
            offset = parabola_vertex(value[best - 1], value[best], value[best + 1]);
        }
        const double refined = distances[static_cast<std::size_t>(best)] + offset * step;
        if (d_ray.plausible(refined)) {
            distance = refined;
        } else {
            distance = distances[static_cast<std::size_t>(best)];
        }
        return correlate(products, {distance})[0].item<double>();
    }

    //! The same over 33 rates.
    void over_rates(double distance, double& rate_mps, double half_mps) const
    {
        const auto delay =
            delay_rows(d_layout, at::full({1}, d_ray.range_m(distance), at::kDouble))
                .to(d_beam.device(), at::kComplexFloat); // [1, S]
        const auto series = at::matmul(delay, d_beam * sent(distance).conj())
                                .to(at::kCPU, at::kComplexDouble); // [1, T]
        const double step = half_mps / half_points;
        const auto rates =
            at::arange(-half_points, half_points + 1, at::kDouble) * step + rate_mps;
        const auto power =
            squared_magnitude(at::matmul(series, doppler_columns(d_layout, rates)))
                .flatten()
                .contiguous();
        const auto* value = power.data_ptr<double>();
        const auto best = power.argmax().item<std::int64_t>();
        double offset = 0.0;
        if (best > 0 && best < 2 * half_points) {
            offset = parabola_vertex(value[best - 1], value[best], value[best + 1]);
        }
        rate_mps += step * (static_cast<double>(best - half_points) + offset);
    }

    at::Tensor sent(double distance) const
    {
        return d_reference.towards(
            d_ray.transmitter(), d_ray.departure_cosine(distance), d_spacing);
    }

private:
    // |y x^H|² / |x|² for each place [P]; zero where none is plausible.
    at::Tensor correlate(const at::Tensor& products, const std::vector<double>& distances)
    {
        std::vector<double> ranges, departures, exists;
        for (const double distance : distances) {
            ranges.push_back(d_ray.range_m(distance));
            departures.push_back(d_ray.departure_cosine(distance));
            exists.push_back(d_ray.plausible(distance) ? 1.0 : 0.0);
        }
        const auto steering =
            signal::steering_vector(at::tensor(departures, at::kDouble),
                                    at::scalar_tensor(d_spacing, at::kDouble),
                                    d_antennas); // [P, N_t]
        const auto sum = (at::matmul(steering, products) *
                          delay_rows(d_layout, at::tensor(ranges, at::kDouble)))
                             .sum(-1);
        const auto energy =
            at::real((at::matmul(steering.conj(), d_covariance) * steering)
                         .sum(-1)); // a^H X X^H a
        return at::where(energy > 0.0,
                         squared_magnitude(sum) / energy *
                             at::tensor(exists, at::kDouble),
                         at::zeros_like(energy));
    }

    const signal::Layout& d_layout;
    const Reference& d_reference;
    const at::Tensor& d_beam;
    const Ray& d_ray;
    at::Tensor d_covariance;
    double d_spacing;
    std::int64_t d_antennas;
};

} // namespace

double refine_and_subtract(const signal::Layout& layout,
                           std::int64_t receiver,
                           const Reference& reference,
                           at::Tensor& beam,
                           PathParameters& path,
                           double half_range_m,
                           double half_rate_mps)
{
    double largest = 0.0;
    auto best = path;
    at::Tensor signal;
    for (const double side : {1.0, -1.0}) {
        const Ray ray(layout, receiver, path.transmitter, path.cosine, side);
        RayFit fit(layout, reference, beam, ray);
        const double nearest = ray.distance_m(path.range_m - half_range_m);
        const double farthest = ray.distance_m(path.range_m + half_range_m);
        double distance = 0.5 * (nearest + farthest);
        double half_m = 0.5 * (farthest - nearest), half_rate = half_rate_mps;
        double rate = path.range_rate_mps, power = 0.0;
        for (int pass = 0; pass < refinement_passes && half_m > 0.0; pass++) {
            power = fit.over_places(distance, half_m, rate);
            if (!(power > 0.0)) {
                break;
            }
            fit.over_rates(distance, rate, half_rate);
            half_m *= 0.125;
            half_rate *= 0.125;
        }
        if (power > largest) {
            largest = power;
            best.range_m = ray.range_m(distance);
            best.range_rate_mps = rate;
            signal = fit.sent(distance) * path_phases(layout, best.range_m, rate);
        }
    }
    if (signal.defined()) {
        path = best;
        const auto energy = squared_magnitude(signal).sum();
        beam = beam - signal * ((beam * signal.conj()).sum() / energy);
    }
    return largest;
}

Periodogram::Periodogram(const signal::Layout& layout,
                         std::int64_t receiver,
                         int oversampling)
    : d_layout(layout),
      d_receiver(receiver),
      d_oversampling(oversampling),
      d_grid(plausible_grid(layout, receiver, oversampling, oversampling))
{
}

std::int64_t Periodogram::cells() const
{
    return d_layout.transmitters() * d_grid.ranges() * d_grid.rates();
}

std::vector<Periodogram::Places> Periodogram::places(const Reference& reference,
                                                     double cosine) const
{
    std::vector<Places> all;
    for (std::int64_t n = 0; n < d_layout.transmitters(); n++) {
        const auto& from = d_layout.scenario.transmit[static_cast<std::size_t>(n)];
        Places own;
        std::vector<double> departures;
        for (const double side : {1.0, -1.0}) {
            const Ray ray(d_layout, d_receiver, static_cast<int>(n), cosine, side);
            const double cosine_step =
                1.0 / (d_oversampling * from.antennas * from.spacing_wavelengths);
            for (const double distance :
                 ray.distances(d_grid.range_step_m(), cosine_step)) {
                own.range_m.push_back(ray.range_m(distance));
                departures.push_back(ray.departure_cosine(distance));
            }
        }
        if (!departures.empty()) {
            const auto steering = signal::steering_vector(
                at::tensor(departures, at::kDouble),
                at::scalar_tensor(from.spacing_wavelengths, at::kDouble),
                from.antennas);
            own.coefficients = at::matmul(steering.conj(), reference.mixing()[n]);
            own.delays = delay_rows(d_layout, at::tensor(own.range_m, at::kDouble))
                             .to(d_layout.device, at::kComplexFloat);
        }
        all.push_back(std::move(own));
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
    const auto all = places(reference, cosine);
    std::vector<FoundPath> found;
    while (static_cast<std::int64_t>(found.size()) < count) {
        double largest = 0.0;
        PathParameters best;
        for (std::size_t n = 0; n < all.size(); n++) {
            const auto& own = all[n];
            if (own.range_m.empty()) {
                continue;
            }
            const auto lines = d_grid.transform_time(
                reference.conjugate()[static_cast<std::int64_t>(n)] * beam); // [B, S, F]
            const auto correlation = at::matmul(own.delays, lines)
                                         .to(at::kCPU, at::kComplexDouble); // [B, P, F]
            const auto sum =
                (own.coefficients.transpose(0, 1).conj().unsqueeze(-1) * correlation)
                    .sum(0);
            const auto energy =
                squared_magnitude(own.coefficients).sum(1, true); // [P, 1]
            const auto power = at::where(
                energy > 0.0, squared_magnitude(sum) / energy, at::zeros_like(energy));
            const auto place = power.argmax().item<std::int64_t>();
            const double value = power.flatten()[place].item<double>();
            if (value > largest) {
                largest = value;
                best = {static_cast<int>(n),
                        cosine,
                        own.range_m[static_cast<std::size_t>(place / d_grid.rates())],
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
