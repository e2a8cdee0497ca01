/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/estimator_info.h>

namespace py = pybind11;

void bind_estimator_info(py::module& m)
{
    using cfisac::Scenario;
    using gr::isac::estimator_info;

    py::class_<estimator_info>(
        m,
        "EstimatorInfo",
        "What a flowgraph must know of a scheme whose access points "
        "estimate by themselves. Made by Scenario.estimator().")
        .def_readonly("scheme", &estimator_info::scheme, "music, cs or ml.")
        .def_readonly(
            "packet_size", &estimator_info::packet_size, "Bytes of a fronthaul packet.")
        .def_readonly("word_count",
                      &estimator_info::word_count,
                      "Words of 16 bits of one access point and update.")
        .def_readonly("fronthaul_bits", &estimator_info::fronthaul_bits, "Their bits.")
        .def_readonly("reference_bits",
                      &estimator_info::reference_bits,
                      "Bits that tell one access point what was transmitted, per update.")
        .def_readonly("fingerprint",
                      &estimator_info::fingerprint,
                      "Of scheme and message, in the packets.")
        .def("__repr__", [](const estimator_info& info) {
            return "<EstimatorInfo " + info.scheme + ": " +
                   std::to_string(info.fronthaul_bits) + " bit>";
        });

    // Of the scenario, so that the fields of a flowgraph can ask it.
    auto scenario = py::class_<Scenario>(m.attr("Scenario"));
    scenario
        .def(
            "estimator",
            [](const Scenario& s,
               const std::string& scheme,
               const std::string& reference) {
                return gr::isac::describe_estimator(scheme, s, reference);
            },
            py::arg("scheme"),
            py::arg("reference") = "reference",
            "Packets and bits of the scheme music, cs or ml; reference: whether the "
            "access "
            "points are told what was transmitted (reference) or make it from a seed "
            "(pilot).")
        .def(
            "monostatic",
            [](const Scenario& s, const cfisac::Coordinates& position_m) {
                return gr::isac::monostatic_scenario(s, position_m);
            },
            py::arg("position_m") = cfisac::Coordinates{50.0, 0.0},
            "The scenario with one full-duplex base station instead of the access "
            "points.");
}
