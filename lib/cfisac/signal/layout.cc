// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cfisac/signal/layout.h>
#include <cmath>
#include <numeric>

namespace cfisac::signal {

namespace {

constexpr double least_distance_m =
    1e-9; // of a place in an array, whose direction is void

double doppler_per_rate(const Scenario& scenario)
{
    return -scenario.waveform.carrier_hz / speed_of_light;
}

double reference_gain(const Scenario& scenario)
{
    return std::pow(10.0, scenario.path_loss.reference_gain_db / 20.0);
}

at::Tensor to_tensor(const std::vector<double>& values, at::Device device)
{
    return at::tensor(values, at::kDouble).to(device);
}

// What `get` gives of each access point, one row each.
template <typename Get>
at::Tensor stacked(const std::vector<AccessPoint>& points, Get get, at::Device device)
{
    std::vector<at::Tensor> rows;
    for (const auto& point : points) {
        rows.push_back(to_tensor(get(point), device));
    }
    return at::stack(rows);
}

// b ⊗ a over the last dimension.
at::Tensor kronecker(const at::Tensor& b, const at::Tensor& a)
{
    return (b.unsqueeze(-1) * a.unsqueeze(-2)).flatten(-2);
}

bool on_host(const at::Tensor& tensor)
{
    return tensor.device().is_cpu() && tensor.scalar_type() == at::kDouble &&
           !(at::GradMode::is_enabled() && tensor.requires_grad());
}

// `rays` of contiguous float64 on the processor: for a few places the tensor operations
// would cost many times what they compute.
Rays rays_on_host(const at::Tensor& array_position,
                  const at::Tensor& array_axis,
                  const at::Tensor& array_second_axis,
                  const at::Tensor& place)
{
    const auto batch = place.size(0);
    const auto arrays = array_position.size(0);
    const bool planar = array_second_axis.defined();
    const auto places = place.size(1);
    const auto dimensions = place.size(2);
    Rays result{at::empty({batch, arrays, places}, at::kDouble),
                at::empty({batch, arrays, places, dimensions}, at::kDouble),
                at::empty({batch, arrays, places}, at::kDouble),
                planar ? at::empty({batch, arrays, places}, at::kDouble) : at::Tensor()};
    auto* distance = result.distance_m.data_ptr<double>();
    auto* unit = result.direction.data_ptr<double>();
    auto* cosine = result.cosine.data_ptr<double>();
    for (std::int64_t k = 0; k < batch * arrays * places; k++, unit += dimensions) {
        const auto array = k / places % arrays * dimensions;
        const auto* from = array_position.data_ptr<double>() + array;
        const auto* axis = array_axis.data_ptr<double>() + array;
        const auto* to = place.data_ptr<double>() +
                         (k / places / arrays * places + k % places) * dimensions;
        double square = 0.0;
        double along = 0.0;
        for (std::int64_t d = 0; d < dimensions; d++) {
            unit[d] = to[d] - from[d];
            square += unit[d] * unit[d];
            along += unit[d] * axis[d];
        }
        distance[k] = std::sqrt(square);
        const double divisor = std::max(distance[k], least_distance_m);
        for (std::int64_t d = 0; d < dimensions; d++) {
            unit[d] /= divisor;
        }
        cosine[k] = along / divisor;
        if (planar) {
            const auto* second = array_second_axis.data_ptr<double>() + array;
            result.second_cosine.data_ptr<double>()[k] =
                std::inner_product(unit, unit + dimensions, second, 0.0);
        }
    }
    return result;
}

// Velocity along every ray.
std::vector<double> range_rates(const Rays& rays, const at::Tensor& velocity)
{
    const auto arrays = rays.cosine.size(1);
    const auto places = rays.cosine.size(2);
    const auto dimensions = velocity.size(2);
    const auto* unit = rays.direction.data_ptr<double>();
    std::vector<double> rates;
    for (std::int64_t k = 0; k < rays.cosine.numel(); k++, unit += dimensions) {
        const auto* speed = velocity.data_ptr<double>() +
                            (k / places / arrays * places + k % places) * dimensions;
        rates.push_back(std::inner_product(unit, unit + dimensions, speed, 0.0));
    }
    return rates;
}

// `bistatic_paths` in the same way.
BistaticPaths paths_on_host(const Layout& layout,
                            const at::Tensor& position,
                            const at::Tensor& velocity)
{
    const auto& scenario = layout.scenario;
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    const auto q = position.size(1);
    BistaticPaths paths;
    paths.transmit = rays(layout.transmit, position);
    paths.receive = rays(layout.receive, position);
    const auto transmit_rate = range_rates(paths.transmit, velocity);
    const auto receive_rate = range_rates(paths.receive, velocity);
    for (auto* field : {&paths.range_m,
                        &paths.delay_s,
                        &paths.range_rate,
                        &paths.doppler_hz,
                        &paths.amplitude}) {
        *field = at::empty({position.size(0), n, m, q}, at::kDouble);
    }
    const double gain = reference_gain(scenario);
    const auto* departing = paths.transmit.distance_m.data_ptr<double>();
    const auto* arriving = paths.receive.distance_m.data_ptr<double>();
    for (std::int64_t k = 0; k < paths.range_m.numel(); k++) {
        const auto frame = k / (n * m * q);
        const auto t = (frame * n + k / (m * q) % n) * q + k % q;
        const auto r = (frame * m + k / q % m) * q + k % q;
        const double range = departing[t] + arriving[r];
        const double rate = transmit_rate[t] + receive_rate[r];
        paths.range_m.data_ptr<double>()[k] = range;
        paths.delay_s.data_ptr<double>()[k] = range / speed_of_light;
        paths.range_rate.data_ptr<double>()[k] = rate;
        paths.doppler_hz.data_ptr<double>()[k] = rate * doppler_per_rate(scenario);
        paths.amplitude.data_ptr<double>()[k] =
            std::pow(range / scenario.path_loss.reference_distance_m,
                     -0.5 * scenario.path_loss.exponent) *
            gain;
    }
    return paths;
}

} // namespace

Arrays::Arrays(const std::vector<AccessPoint>& points, at::Device device)
    : position(stacked(
          points, [](const auto& point) { return point.position_m; }, device)),
      axis(stacked(
          points, [](const auto& point) { return point.axis; }, device)),
      antennas(points.front().antennas)
{
    std::vector<double> spacings, second_spacings;
    for (const auto& point : points) {
        spacings.push_back(point.spacing_wavelengths);
        if (point.planar) {
            second_spacings.push_back(point.planar->spacing_wavelengths);
        }
    }
    spacing = to_tensor(spacings, device);
    if (points.front().planar) {
        second_axis = stacked(
            points, [](const auto& point) { return point.planar->axis; }, device);
        second_spacing = to_tensor(second_spacings, device);
        rows = points.front().planar->antennas;
    }
}

Arrays Arrays::one(std::int64_t index) const
{
    Arrays result = *this;
    for (auto* each : {&result.position,
                       &result.axis,
                       &result.spacing,
                       &result.second_axis,
                       &result.second_spacing}) {
        if (each->defined()) {
            *each = each->narrow(0, index, 1);
        }
    }
    return result;
}

Arrays Arrays::to(at::Device device) const
{
    Arrays result = *this;
    for (auto* each : {&result.position,
                       &result.axis,
                       &result.spacing,
                       &result.second_axis,
                       &result.second_spacing}) {
        if (each->defined()) {
            *each = each->to(device);
        }
    }
    return result;
}

Layout::Layout(const Scenario& scenario_, at::Device device_)
    : scenario(scenario_), device(device_)
{
    validate(scenario);
    const auto& waveform = scenario.waveform;
    const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
    transmit = Arrays(scenario.transmit, device);
    receive = Arrays(scenario.receive, device);
    frequency_hz = at::arange(waveform.sensed_subcarriers(), options)
                       .mul(waveform.subcarrier_step * waveform.subcarrier_spacing_hz);
    time_s = at::arange(waveform.sensed_symbols(), options)
                 .mul(waveform.symbol_step)
                 .add(1.0)
                 .mul(waveform.symbol_duration_s());
}

double Layout::sensed_power_w(double power_dbm) const
{
    return dbm_to_watt(power_dbm) * static_cast<double>(subcarriers()) /
           scenario.waveform.subcarriers;
}

at::Tensor phasor(const at::Tensor& phase)
{
    return at::polar(at::ones_like(phase), phase);
}

at::Tensor steering_vector(const at::Tensor& cosine,
                           const at::Tensor& spacing,
                           std::int64_t antennas)
{
    const auto element = at::arange(antennas, cosine.options());
    const auto phase = (cosine * spacing).unsqueeze(-1) * element * (-2.0 * M_PI);
    return phasor(phase) / std::sqrt(static_cast<double>(antennas));
}

at::Tensor steering_vectors(const Arrays& arrays, const Rays& rays)
{
    const auto first =
        steering_vector(rays.cosine, arrays.spacing.view({1, -1, 1}), arrays.antennas);
    return arrays.planar()
               ? kronecker(steering_vector(rays.second_cosine,
                                           arrays.second_spacing.view({1, -1, 1}),
                                           arrays.rows),
                           first)
               : first;
}

at::Tensor steering_derivatives(const Arrays& arrays, const Rays& rays)
{
    const auto with_derivative =
        [](const at::Tensor& cosine, const at::Tensor& spacing, std::int64_t antennas) {
            const auto plain = steering_vector(cosine, spacing, antennas);
            const auto slope = at::arange(antennas, spacing.options()) *
                               (spacing.unsqueeze(-1) * (-2.0 * M_PI));
            return std::array<at::Tensor, 2>{
                plain, plain * slope * c10::complex<double>(0.0, 1.0)};
        };
    const auto first =
        with_derivative(rays.cosine, arrays.spacing.view({1, -1, 1}), arrays.antennas);
    if (!arrays.planar()) {
        return at::stack({first[0], first[1]}, 3);
    }
    const auto second = with_derivative(
        rays.second_cosine, arrays.second_spacing.view({1, -1, 1}), arrays.rows);
    return at::stack({kronecker(second[0], first[0]),
                      kronecker(second[0], first[1]),
                      kronecker(second[1], first[0])},
                     3);
}

Rays rays(const Arrays& arrays, const at::Tensor& place)
{
    if (on_host(arrays.position) && on_host(arrays.axis) && on_host(place)) {
        return rays_on_host(arrays.position.contiguous(),
                            arrays.axis.contiguous(),
                            arrays.planar() ? arrays.second_axis.contiguous()
                                            : at::Tensor(),
                            place.contiguous());
    }
    const auto difference =
        place.unsqueeze(1) - arrays.position.unsqueeze(0).unsqueeze(2);
    Rays result;
    result.distance_m = difference.square().sum(-1).sqrt();
    result.direction =
        difference / result.distance_m.clamp_min(least_distance_m).unsqueeze(-1);
    const auto towards = [&](const at::Tensor& axis) {
        return (result.direction * axis.unsqueeze(0).unsqueeze(2)).sum(-1);
    };
    result.cosine = towards(arrays.axis);
    if (arrays.planar()) {
        result.second_cosine = towards(arrays.second_axis);
    }
    return result;
}

BistaticPaths bistatic_paths(const Layout& layout,
                             const at::Tensor& position,
                             const at::Tensor& velocity)
{
    if (on_host(position) && on_host(velocity)) {
        return paths_on_host(layout, position.contiguous(), velocity.contiguous());
    }
    const auto& scenario = layout.scenario;
    BistaticPaths paths;
    paths.transmit = rays(layout.transmit, position);
    paths.receive = rays(layout.receive, position);
    paths.range_m =
        paths.transmit.distance_m.unsqueeze(2) + paths.receive.distance_m.unsqueeze(1);
    paths.delay_s = paths.range_m / speed_of_light;
    const auto towards = velocity.unsqueeze(1);
    paths.range_rate = (paths.transmit.direction * towards).sum(-1).unsqueeze(2) +
                       (paths.receive.direction * towards).sum(-1).unsqueeze(1);
    paths.doppler_hz = paths.range_rate * doppler_per_rate(scenario);
    paths.amplitude = (paths.range_m / scenario.path_loss.reference_distance_m)
                          .pow(-0.5 * scenario.path_loss.exponent)
                          .mul(reference_gain(scenario));
    return paths;
}

} // namespace cfisac::signal
