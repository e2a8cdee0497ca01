/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What numpy_api.py is made of. Its arguments have been checked there.

#include "whole_number.h"

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/frame_estimator.h>
#include <gnuradio/isac/frame_tools.h>

namespace py = pybind11;

namespace {

using cfisac::Scenario;
using gr::isac::frame_estimator;
using isac_bindings::whole_number;

template <typename Value>
using array = py::array_t<Value, py::array::c_style | py::array::forcecast>;
using samples = array<gr_complex>;
using numbers = array<double>;
using gains = array<std::complex<double>>;
using sizes = std::vector<py::ssize_t>;

template <typename Value>
std::vector<Value> values_of(const array<Value>& given)
{
    return std::vector<Value>(given.data(), given.data() + given.size());
}

template <typename Value>
array<Value> shaped(const std::vector<Value>& values, const sizes& shape)
{
    return array<Value>(shape, values.data());
}

sizes transmit_shape(const Scenario& s)
{
    return {static_cast<py::ssize_t>(s.transmit.size()),
            s.transmit_antennas(),
            s.waveform.sensed_subcarriers(),
            s.waveform.sensed_symbols()};
}

sizes echo_shape(const Scenario& s)
{
    return {static_cast<py::ssize_t>(s.receive.size()),
            s.receive_antennas(),
            s.waveform.sensed_subcarriers(),
            s.waveform.sensed_symbols()};
}

gr::isac::target_scene scene_of(const numbers& positions,
                                const numbers& velocities,
                                const gains& reflections)
{
    return {values_of(positions), values_of(velocities), values_of(reflections)};
}

//! Run without Python's lock.
template <typename Function>
auto alone(const Function& function)
{
    const py::gil_scoped_release no_lock;
    return function();
}

py::tuple draw_targets(const Scenario& scenario,
                       const whole_number& seed,
                       const whole_number& frame,
                       int targets)
{
    const auto scene = gr::isac::draw_targets(scenario,
                                              seed.as<std::uint64_t>("seed"),
                                              frame.as<std::uint64_t>("frame"),
                                              targets);
    const py::ssize_t D = scenario.dimensions;
    const auto Q = static_cast<py::ssize_t>(scene.positions.size()) / D;
    return py::make_tuple(shaped(scene.positions, {Q, D}),
                          shaped(scene.velocities, {Q, D}),
                          shaped(scene.reflections,
                                 {static_cast<py::ssize_t>(scenario.transmit.size()),
                                  static_cast<py::ssize_t>(scenario.receive.size()),
                                  Q}));
}

samples transmit_frames(const Scenario& scenario,
                        double power_dbm,
                        const whole_number& seed,
                        const whole_number& frame,
                        const std::string& device)
{
    const auto seed_number = seed.as<std::uint64_t>("seed");
    const auto number = frame.as<std::uint64_t>("frame");
    return shaped(alone([&] {
                      return gr::isac::transmit_frames(
                          scenario, power_dbm, seed_number, number, device);
                  }),
                  transmit_shape(scenario));
}

samples echo_frames(const Scenario& scenario,
                    const numbers& positions,
                    const numbers& velocities,
                    const gains& reflections,
                    const samples& transmit,
                    double noise_dbm,
                    const whole_number& scatterers,
                    double variance,
                    double timing_std_s,
                    double frequency_std_hz,
                    const whole_number& seed,
                    const whole_number& frame,
                    const std::string& device)
{
    const auto scene = scene_of(positions, velocities, reflections);
    const auto sent = values_of(transmit);
    const gr::isac::disturbance disturbed{noise_dbm,
                                          scatterers.as<int>("scatterers"),
                                          variance,
                                          timing_std_s,
                                          frequency_std_hz};
    const auto seed_number = seed.as<std::uint64_t>("seed");
    const auto number = frame.as<std::uint64_t>("frame");
    return shaped(alone([&] {
                      return gr::isac::echo_frames(
                          scenario, scene, sent, disturbed, seed_number, number, device);
                  }),
                  echo_shape(scenario));
}

py::tuple bound_of_frame(const Scenario& scenario,
                         const numbers& positions,
                         const numbers& velocities,
                         const gains& reflections,
                         const samples& transmit,
                         double noise_dbm,
                         const std::string& device)
{
    const auto scene = scene_of(positions, velocities, reflections);
    const auto sent = values_of(transmit);
    const auto bound = alone([&] {
        return gr::isac::bound_of_frame(scenario, scene, sent, noise_dbm, device);
    });
    const auto Q = static_cast<py::ssize_t>(bound.location_m.size());
    const py::ssize_t size = 2 * scenario.dimensions * Q;
    return py::make_tuple(shaped(bound.location_m, {Q}),
                          shaped(bound.velocity_mps, {Q}),
                          shaped(bound.covariance, {size, size}));
}

py::tuple match_frame(const Scenario& scenario,
                      const numbers& truth,
                      const numbers& estimates,
                      bool location_only)
{
    const auto match = gr::isac::match_frame(
        scenario, values_of(truth), values_of(estimates), location_only);
    const std::vector<std::int64_t> order(match.order.begin(), match.order.end());
    return py::make_tuple(
        shaped(match.location_m, {static_cast<py::ssize_t>(match.location_m.size())}),
        shaped(match.velocity_mps, {static_cast<py::ssize_t>(match.velocity_mps.size())}),
        shaped(order, {static_cast<py::ssize_t>(order.size())}));
}

py::tuple estimate(frame_estimator& estimator,
                   const Scenario& scenario,
                   const samples& echo,
                   const samples& transmit)
{
    const auto received = values_of(echo);
    const auto sent = values_of(transmit);
    const auto found = alone([&] { return estimator.estimate(received, sent); });
    const py::ssize_t Q = scenario.targets.count;
    const py::ssize_t D = scenario.dimensions;
    return py::make_tuple(shaped(found.positions, {Q, D}),
                          shaped(found.velocities, {Q, D}),
                          shaped(found.confidence, {Q}),
                          found.covariance.empty()
                              ? py::object(py::none())
                              : py::object(shaped(found.covariance, {Q, 2 * D, 2 * D})));
}

} // namespace

void bind_frame_tools(py::module& m)
{
    m.def("_draw_targets", &draw_targets);
    m.def("_transmit_frames", &transmit_frames);
    m.def("_echo_frames", &echo_frames);
    m.def("_bound_of_frame", &bound_of_frame);
    m.def("_match_frame", &match_frame);
    py::class_<frame_estimator, frame_estimator::sptr>(m, "_FrameEstimator")
        .def_static("make",
                    isac_bindings::whole_numbers(&frame_estimator::make,
                                                 "scenario",
                                                 "receiver",
                                                 "device",
                                                 "absent",
                                                 "static_clutter"))
        .def_static("make_model",
                    isac_bindings::whole_numbers(&frame_estimator::make_model,
                                                 "scenario",
                                                 "model",
                                                 "device",
                                                 "absent",
                                                 "precision"))
        .def("estimate", &estimate);
}
