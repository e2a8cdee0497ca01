// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/signal/layout.h>
#include <cmath>

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

at::Tensor to_tensor(const std::vector<AccessPoint>& points,
                     Coordinates AccessPoint::*member,
                     at::Device device)
{
    std::vector<at::Tensor> rows;
    for (const auto& point : points) {
        rows.push_back(to_tensor(point.*member, device));
    }
    return at::stack(rows);
}

at::Tensor spacings(const std::vector<AccessPoint>& points, at::Device device)
{
    std::vector<double> values;
    for (const auto& point : points) {
        values.push_back(point.spacing_wavelengths);
    }
    return to_tensor(values, device);
}

bool on_host(const at::Tensor& tensor)
{
    return tensor.device().is_cpu() && tensor.scalar_type() == at::kDouble &&
           !(at::GradMode::is_enabled() && tensor.requires_grad());
}

// Rays, and the range rate of each: the part of the velocity along the ray. [B, A, Q]
Rays rays_on_host(const std::vector<AccessPoint>& points,
                  const at::Tensor& position,
                  const at::Tensor& velocity,
                  std::vector<double>& range_rate)
{
    const auto batch = position.size(0);
    const auto count = static_cast<std::int64_t>(points.size());
    const auto places = position.size(1);
    const auto dimensions = position.size(2);
    Rays result{at::empty({batch, count, places}, at::kDouble),
                at::empty({batch, count, places, dimensions}, at::kDouble),
                at::empty({batch, count, places}, at::kDouble)};
    range_rate.resize(batch * count * places);
    auto* distance = result.distance_m.data_ptr<double>();
    auto* direction = result.direction.data_ptr<double>();
    auto* cosine = result.cosine.data_ptr<double>();
    for (std::int64_t k = 0; k < batch * count * places; k++) {
        const auto& point = points[k / places % count];
        const auto place = (k / places / count * places + k % places) * dimensions;
        const auto* at = position.data_ptr<double>() + place;
        const auto* speed = velocity.data_ptr<double>() + place;
        auto* unit = direction + k * dimensions;
        double square = 0.0;
        for (std::int64_t d = 0; d < dimensions; d++) {
            unit[d] = at[d] - point.position_m[d];
            square += unit[d] * unit[d];
        }
        distance[k] = std::sqrt(square);
        cosine[k] = range_rate[k] = 0.0;
        for (std::int64_t d = 0; d < dimensions; d++) {
            unit[d] /= std::max(distance[k], least_distance_m);
            cosine[k] += unit[d] * point.axis[d];
            range_rate[k] += unit[d] * speed[d];
        }
    }
    return result;
}

// `bistatic_paths` of contiguous float64 on the processor: for a few reflectors the tensor
// operations would cost many times what they compute.
BistaticPaths paths_on_host(const Layout& layout,
                            const at::Tensor& position,
                            const at::Tensor& velocity)
{
    const auto& scenario = layout.scenario;
    const auto n = layout.transmitters();
    const auto m = layout.receivers();
    const auto q = position.size(1);
    std::vector<double> transmit_rate, receive_rate;
    BistaticPaths paths;
    paths.transmit = rays_on_host(scenario.transmit, position, velocity, transmit_rate);
    paths.receive = rays_on_host(scenario.receive, position, velocity, receive_rate);
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

Layout::Layout(const Scenario& scenario_, at::Device device_)
    : scenario(scenario_), device(device_)
{
    validate(scenario);
    const auto& waveform = scenario.waveform;
    const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
    transmit_position = to_tensor(scenario.transmit, &AccessPoint::position_m, device);
    transmit_axis = to_tensor(scenario.transmit, &AccessPoint::axis, device);
    transmit_spacing = spacings(scenario.transmit, device);
    receive_position = to_tensor(scenario.receive, &AccessPoint::position_m, device);
    receive_axis = to_tensor(scenario.receive, &AccessPoint::axis, device);
    receive_spacing = spacings(scenario.receive, device);
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

Rays rays(const at::Tensor& array_position,
          const at::Tensor& array_axis,
          const at::Tensor& place)
{
    const auto difference = place.unsqueeze(1) - array_position.unsqueeze(0).unsqueeze(2);
    Rays result;
    result.distance_m = difference.square().sum(-1).sqrt();
    result.direction =
        difference / result.distance_m.clamp_min(least_distance_m).unsqueeze(-1);
    result.cosine = (result.direction * array_axis.unsqueeze(0).unsqueeze(2)).sum(-1);
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
    paths.transmit = rays(layout.transmit_position, layout.transmit_axis, position);
    paths.receive = rays(layout.receive_position, layout.receive_axis, position);
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
