/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(monostatic_estimator.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/monostatic_estimator.h>

namespace py = pybind11;

void bind_monostatic_estimator(py::module& m)
{
    using gr::isac::monostatic_estimator;

    py::class_<monostatic_estimator,
               gr::isac::echo_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<monostatic_estimator>>(
        m,
        "monostatic_estimator",
        R"doc(Locates targets from the echo of one full-duplex base station.

Inputs: echo frames and transmit frames of the scenario that scenario.monostatic() gives.
Outputs: locations of all targets in m, then their velocities in m/s, of which the part across
the line of sight is not seen, with the tag frame; optionally the confidence of each target's
estimate. Message port `estimates`: a PDU per frame with frame, time and confidence.)doc")
        .def(py::init(isac_bindings::whole_numbers(
                 &monostatic_estimator::make, "scenario", "device", "real_time")),
             py::arg("scenario"),
             py::arg("device") = "auto",
             py::arg("real_time") = false,
             "device: auto, cpu or cuda:N.\n\n"
             "real_time: whether frames are skipped when more than two are waiting, and "
             "the latency is measured.");
}
