/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(centralized_cnn.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/centralized_cnn.h>

namespace py = pybind11;

void bind_centralized_cnn(py::module& m)
{
    using gr::isac::centralized_cnn;

    py::class_<centralized_cnn,
               gr::isac::echo_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<centralized_cnn>>(
        m,
        "centralized_cnn",
        R"doc(Estimates locations and velocities from the raw echoes of all access points.

Inputs: the echo frames of every receive access point; for a model that reads them, also the
frames of every transmit access point. Outputs: locations of all targets in m, then their
velocities in m/s, with the tag frame; optionally the confidence of each target's estimate,
which is one. Message port `estimates`: a PDU per frame with frame, time and confidence.)doc")
        .def(py::init(isac_bindings::whole_numbers(&centralized_cnn::make,
                                                   "scenario",
                                                   "model_file",
                                                   "device",
                                                   "real_time",
                                                   "batch")),
             py::arg("scenario"),
             py::arg("model_file"),
             py::arg("device") = "auto",
             py::arg("real_time") = false,
             py::arg("batch") = 1,
             "device: auto, cpu or cuda:N.\n\n"
             "real_time: whether frames are skipped when more than two are waiting, and "
             "the latency is measured.\n\n"
             "batch: most frames that go through the network at once.");
}
