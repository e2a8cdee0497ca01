/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/scenario/scenario.h>
#include <cfisac/scenario/yaml.h>

namespace py = pybind11;

namespace {

using cfisac::AccessPoint;
using cfisac::Box;
using cfisac::Scenario;

std::string describe(const Scenario& s)
{
    return "<Scenario " + s.name + ": " + std::to_string(s.transmit.size()) +
           " transmit and " + std::to_string(s.receive.size()) +
           " receive access points, " + std::to_string(s.targets.count) + " targets>";
}

} // namespace

void bind_scenario(py::module& m)
{
    py::register_exception<cfisac::ScenarioError>(m, "ScenarioError", PyExc_ValueError);
    m.attr("ScenarioError").attr("__doc__") =
        "Something is wrong with a scenario; the text names the key, the value and the "
        "line.";

    py::class_<Box>(m, "Box", "Axis-aligned box; one entry per coordinate.")
        .def_readonly("min", &Box::min, "Smallest coordinates.")
        .def_readonly("max", &Box::max, "Largest coordinates.");

    py::class_<cfisac::PlanarAxis>(
        m,
        "PlanarAxis",
        "Second axis of a planar array, along which it repeats the first.")
        .def_readonly("axis", &cfisac::PlanarAxis::axis, "Unit vector.")
        .def_readonly("antennas", &cfisac::PlanarAxis::antennas, "Antennas along it.")
        .def_readonly("spacing_wavelengths",
                      &cfisac::PlanarAxis::spacing_wavelengths,
                      "Distance of neighbouring antennas, wavelengths.");

    py::class_<AccessPoint>(
        m, "AccessPoint", "Access point with a uniform linear or planar array.")
        .def_readonly("name", &AccessPoint::name, "Name in the scenario's file.")
        .def_readonly(
            "position_m", &AccessPoint::position_m, "Position of the first antenna, m.")
        .def_readonly("axis", &AccessPoint::axis, "Unit vector along the array.")
        .def_readonly("antennas", &AccessPoint::antennas, "Antennas along the axis.")
        .def_readonly("planar",
                      &AccessPoint::planar,
                      "Second axis of a planar array, None for a linear one.")
        .def_property_readonly("total_antennas",
                               &AccessPoint::total_antennas,
                               "Antennas of the whole array, which are its channels.")
        .def_readonly("spacing_wavelengths",
                      &AccessPoint::spacing_wavelengths,
                      "Distance of neighbouring antennas, wavelengths.");

    py::class_<Scenario>(m,
                         "Scenario",
                         "Everything that exists: access points, waveform, users, "
                         "targets, clutter, clocks.\n\n"
                         "Made by load_scenario() or parse_scenario(); read only.")
        .def_readonly("name", &Scenario::name, "Name in the file.")
        .def_readonly(
            "dimensions", &Scenario::dimensions, "D, coordinates of a position.")
        .def_readonly("transmit", &Scenario::transmit, "Transmit access points.")
        .def_readonly("receive", &Scenario::receive, "Receive access points.")
        .def_readonly("transmit_power_dbm",
                      &Scenario::transmit_power_dbm,
                      "P of one transmit access point, dBm.")
        .def_readonly("sensing_noise_dbm",
                      &Scenario::sensing_noise_dbm,
                      "Noise per resource element and antenna, dBm.")
        .def_property_readonly(
            "num_transmit",
            [](const Scenario& s) { return s.transmit.size(); },
            "N, transmit access points.")
        .def_property_readonly(
            "num_receive",
            [](const Scenario& s) { return s.receive.size(); },
            "M, receive access points.")
        .def_property_readonly(
            "transmit_antennas", &Scenario::transmit_antennas, "N_t of one access point.")
        .def_property_readonly(
            "receive_antennas", &Scenario::receive_antennas, "M_r of one access point.")
        .def_property_readonly(
            "subcarriers",
            [](const Scenario& s) { return s.waveform.sensed_subcarriers(); },
            "S, subcarriers of a frame.")
        .def_property_readonly(
            "symbols",
            [](const Scenario& s) { return s.waveform.sensed_symbols(); },
            "T, symbols of a frame.")
        .def_property_readonly(
            "users", [](const Scenario& s) { return s.users.count; }, "K, users.")
        .def_property_readonly(
            "targets", [](const Scenario& s) { return s.targets.count; }, "Q, targets.")
        .def_property_readonly(
            "target_area_m",
            [](const Scenario& s) { return s.targets.area_m; },
            "Where targets are, m.")
        .def_property_readonly(
            "target_velocity_mps",
            [](const Scenario& s) { return s.targets.velocity_mps; },
            "How fast targets are, m/s.")
        .def_property_readonly(
            "clutter_scatterers",
            [](const Scenario& s) { return s.clutter.scatterers; },
            "Scatterers of (29).")
        .def_property_readonly(
            "clutter_variance",
            [](const Scenario& s) { return s.clutter.reflection_variance; },
            "Mean power of their reflection coefficients.")
        .def_property_readonly(
            "timing_offset_std_s",
            [](const Scenario& s) { return s.clocks.timing_offset_std_s; },
            "Standard deviation of the timing offsets (30), s.")
        .def_property_readonly(
            "frequency_offset_std_hz",
            [](const Scenario& s) { return s.clocks.frequency_offset_std_hz; },
            "Standard deviation of the frequency offsets (30), Hz.")
        .def_property_readonly("transmit_frame_size",
                               &Scenario::transmit_frame_size,
                               "Complex samples of a transmit frame, N_t·S·T.")
        .def_property_readonly("receive_frame_size",
                               &Scenario::receive_frame_size,
                               "Complex samples of an echo frame, M_r·S·T.")
        .def_property_readonly(
            "symbols_per_frame",
            [](const Scenario& s) {
                return s.waveform.sensed_subcarriers() * s.waveform.sensed_symbols();
            },
            "Payload symbols of one user in a frame, S·T.")
        .def_property_readonly(
            "estimate_size",
            [](const Scenario& s) { return 2 * s.dimensions * s.targets.count; },
            "Floats of a truth or estimate item, 2·D·Q.")
        .def_property_readonly(
            "bound_size",
            [](const Scenario& s) { return 2 * s.targets.count; },
            "Floats of a root bound item, 2·Q.")
        .def_property_readonly(
            "carrier_hz",
            [](const Scenario& s) { return s.waveform.carrier_hz; },
            "Carrier frequency, Hz.")
        .def_property_readonly(
            "subcarrier_spacing_hz",
            [](const Scenario& s) {
                return s.waveform.subcarrier_spacing_hz * s.waveform.subcarrier_step;
            },
            "Distance of the subcarriers of a frame, Hz.")
        .def_property_readonly(
            "symbol_interval_s",
            [](const Scenario& s) {
                return s.waveform.symbol_duration_s() * s.waveform.symbol_step;
            },
            "Distance of the symbols of a frame, s.")
        .def_property_readonly(
            "interval_s",
            [](const Scenario& s) { return s.waveform.interval_s(); },
            "Coherent processing interval, s.")
        .def_property_readonly(
            "has_radio",
            [](const Scenario& s) { return s.radio.has_value(); },
            "Whether it has the section `radio`, which blocks over the air need.")
        .def_property_readonly(
            "prefix_samples",
            [](const Scenario& s) { return cfisac::FrameTiming(s).prefix; },
            "Samples of the cyclic prefix over the air. Raises as sample_rate_hz.")
        .def_property_readonly(
            "sample_rate_hz",
            [](const Scenario& s) { return cfisac::FrameTiming(s).sample_rate_hz; },
            "Samples per second over the air. Raises ScenarioError for a scenario "
            "without `radio`.")
        .def_property_readonly(
            "center_hz",
            [](const Scenario& s) { return cfisac::FrameTiming(s).center_hz; },
            "Frequency that radios are tuned to, Hz. Raises as sample_rate_hz.")
        .def_property_readonly(
            "frame_samples",
            [](const Scenario& s) { return cfisac::FrameTiming(s).frame_samples(); },
            "Samples of a frame over the air, without the silence after it. Raises as "
            "sample_rate_hz.")
        .def_property_readonly(
            "period_samples",
            [](const Scenario& s) { return cfisac::FrameTiming(s).period; },
            "Samples from frame to frame over the air. Raises as sample_rate_hz.")
        .def_property_readonly(
            "frame_period_s",
            [](const Scenario& s) { return cfisac::FrameTiming(s).period_s(); },
            "Time from frame to frame over the air, s. Raises as sample_rate_hz.")
        .def_property_readonly("raw_echo_bits",
                               &Scenario::raw_echo_bits,
                               "Bits of an echo frame that is not compressed.")
        .def_property_readonly(
            "fingerprint",
            [](const Scenario& s) { return cfisac::fingerprint(s); },
            "What a model depends on, as one number.")
        .def(
            "to_yaml",
            [](const Scenario& s) { return cfisac::to_yaml(s); },
            "The scenario as YAML.")
        .def("__repr__", &describe);

    m.def("load_scenario",
          &cfisac::load_scenario,
          py::arg("path"),
          "Read a scenario file. Raises ScenarioError naming file, line and key.");
    m.def("parse_scenario",
          &cfisac::parse_scenario,
          py::arg("text"),
          py::arg("source") = "scenario",
          "Read a scenario from YAML text; errors call it `source`.");
}
