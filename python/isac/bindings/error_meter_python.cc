/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(error_meter.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/error_meter.h>

namespace py = pybind11;

void bind_error_meter(py::module& m)
{
    using gr::isac::error_meter;

    py::class_<error_meter, gr::block, gr::basic_block, std::shared_ptr<error_meter>>(
        m,
        "error_meter",
        R"doc(Scores estimates against the truth and the Cramér-Rao bound.

Inputs: truth, estimates (both locations of all targets in m, then velocities in m/s) and
optionally the root bound and, after it, the confidence of each estimate. Truth and estimates are paired by the tag frame. Message port
`scores`: the dictionary of scores(), at most once a second.)doc")
        .def(py::init(isac_bindings::whole_numbers(
                 &error_meter::make, "scenario", "location_only")),
             py::arg("scenario"),
             py::arg("location_only") = false,
             "location_only: whether locations alone are matched and scored.")
        .def("scores",
             &error_meter::scores,
             "Scores so far as a dictionary; NaN where nothing was counted.")
        .def("calibration",
             &error_meter::calibration,
             "Mean confidence of all estimates, of those within and of those beyond 5 m, "
             "and the share within 5 m, as a dictionary; NaN where nothing was counted.")
        .def("to_json",
             &error_meter::to_json,
             "scores() as a JSON object in one line; null where not finite.")
        .def("table", &error_meter::table, "scores() as a table for people.")
        .def("clear", &error_meter::clear, "Forget everything counted.")
        .def("estimates_unmatched",
             &error_meter::estimates_unmatched,
             "Estimates that no truth belonged to.");
}
