/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(ml_estimator.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/ml_estimator.h>

namespace py = pybind11;

void bind_ml_estimator(py::module& m)
{
    using gr::isac::ml_estimator;

    py::class_<ml_estimator,
               gr::isac::access_point_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<ml_estimator>>(
        m,
        "ml_estimator",
        R"doc(Targets of one receive access point by maximum likelihood, with their information.

Inputs: echo frames of the receive access point; the frames of every transmit access point.
Output: fronthaul packets of packet_size() bytes for a parameter_fusion of the scheme "ml". A
frame with a sample that is not finite is counted and left out.)doc")
        .def(
            py::init(isac_bindings::whole_numbers(&ml_estimator::make,
                                                  "scenario",
                                                  "access_point",
                                                  "device",
                                                  "real_time",
                                                  "static_clutter")),
            py::arg("scenario"),
            py::arg("access_point"),
            py::arg("device") = "auto",
            py::arg("real_time") = false,
            py::arg("static_clutter") = "scenario",
            "access_point: number of the receive access point, counted from 0.\n\n"
            "device: auto, cpu or cuda:N.\n\n"
            "real_time: whether frames are skipped when more than two are waiting.\n\n"
            "static_clutter: what is done about what stands still; scenario (it is taken "
            "out where the scenario has scatterers and none of them moves), keep or "
            "remove.");
}
