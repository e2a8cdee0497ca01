// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/signal/layout.h>
#include <cmath>

namespace cfisac::signal {

namespace {

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
    result.direction = difference / result.distance_m.clamp_min(1e-9).unsqueeze(-1);
    result.cosine = (result.direction * array_axis.unsqueeze(0).unsqueeze(2)).sum(-1);
    return result;
}

BistaticPaths bistatic_paths(const Layout& layout,
                             const at::Tensor& position,
                             const at::Tensor& velocity)
{
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
    paths.doppler_hz =
        paths.range_rate * (-scenario.waveform.carrier_hz / speed_of_light);
    const double reference_gain =
        std::pow(10.0, scenario.path_loss.reference_gain_db / 20.0);
    paths.amplitude = (paths.range_m / scenario.path_loss.reference_distance_m)
                          .pow(-0.5 * scenario.path_loss.exponent)
                          .mul(reference_gain);
    return paths;
}

} // namespace cfisac::signal
