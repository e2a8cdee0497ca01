/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frames.h"

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/yaml.h>
#include <gnuradio/isac/flowgraph_variables.h>
#include <limits>
#include <optional>

namespace gr {
namespace isac {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

const cfisac::Scenario& checked(const cfisac::Scenario& scenario)
{
    cfisac::validate(scenario);
    return scenario;
}

} // namespace

scenario_variable::scenario_variable(const std::string& file)
    : scenario_variable(cfisac::load_scenario(file))
{
    d_file = file;
}

scenario_variable::scenario_variable(const cfisac::Scenario& scenario)
    : d_scenario(checked(scenario)),
      name(scenario.name),
      dimensions(scenario.dimensions),
      transmit(scenario.transmit),
      receive(scenario.receive),
      num_transmit(transmit.size()),
      num_receive(receive.size()),
      transmit_antennas(scenario.transmit_antennas()),
      receive_antennas(scenario.receive_antennas()),
      subcarriers(scenario.waveform.sensed_subcarriers()),
      symbols(scenario.waveform.sensed_symbols()),
      users(scenario.users.count),
      targets(scenario.targets.count),
      target_area_m(scenario.targets.area_m),
      target_velocity_mps(scenario.targets.velocity_mps),
      transmit_power_dbm(scenario.transmit_power_dbm),
      sensing_noise_dbm(scenario.sensing_noise_dbm),
      clutter_scatterers(scenario.clutter.scatterers),
      clutter_variance(scenario.clutter.reflection_variance),
      timing_offset_std_s(scenario.clocks.timing_offset_std_s),
      frequency_offset_std_hz(scenario.clocks.frequency_offset_std_hz),
      transmit_frame_size(scenario.transmit_frame_size()),
      receive_frame_size(scenario.receive_frame_size()),
      symbols_per_frame(static_cast<std::size_t>(subcarriers) * symbols),
      estimate_size(isac::estimate_size(scenario)),
      bound_size(2 * static_cast<std::size_t>(targets)),
      raw_echo_bits(scenario.raw_echo_bits()),
      carrier_hz(scenario.waveform.carrier_hz),
      subcarrier_spacing_hz(scenario.waveform.subcarrier_spacing_hz *
                            scenario.waveform.subcarrier_step),
      symbol_interval_s(scenario.waveform.symbol_duration_s() *
                        scenario.waveform.symbol_step),
      interval_s(scenario.waveform.interval_s()),
      fingerprint(cfisac::fingerprint(scenario)),
      has_radio(scenario.radio.has_value()),
      sample_rate_hz(unknown),
      center_hz(unknown),
      prefix_samples(0),
      frame_samples(0),
      period_samples(0),
      frame_period_s(unknown)
{
    if (has_radio) {
        const cfisac::FrameTiming timing(scenario);
        sample_rate_hz = timing.sample_rate_hz;
        center_hz = timing.center_hz;
        prefix_samples = timing.prefix;
        frame_samples = timing.frame_samples();
        period_samples = timing.period;
        frame_period_s = timing.period_s();
    }
}

estimator_info scenario_variable::estimator(const std::string& scheme,
                                            const std::string& reference) const
{
    return describe_estimator(scheme, d_scenario, reference);
}

scenario_variable scenario_variable::monostatic(
    const cfisac::Coordinates& position_m) const
{
    return scenario_variable(monostatic_scenario(d_scenario, position_m));
}

model_variable::model_variable(const std::string& file)
    : model_info(load_model_info(file)), scenario(model_info::scenario)
{
}

recording_variable::recording_variable(const std::string& file)
    : Metadata(cfisac::recording::read_metadata(file, std::nullopt, false)),
      d_file(file),
      scenario(setup.scenario),
      access_point(setup.access_point),
      access_point_name(setup.own().name),
      full_scale_dbm(setup.full_scale_dbm),
      start_time_s(setup.start_time_s.value_or(-1.0)),
      duration_s(static_cast<double>(samples) / sample_rate_hz)
{
}

} // namespace isac
} // namespace gr
