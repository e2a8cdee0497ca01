/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(transmit_reference.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/transmit_reference.h>

namespace py = pybind11;

void bind_transmit_reference(py::module& m)
{
    using gr::isac::transmit_reference;

    py::class_<transmit_reference,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<transmit_reference>>(
        m,
        "transmit_reference",
        R"doc(The transmit frames that belong to echo frames, made from the seed.

Input: echo frames, of which only the tags frame and rx_time are read. Outputs: the transmit
frames of the same numbers, complex [N_t, S, T], sqrt(W), one stream per access point. Message
port `command`: {"power_dbm": number}.)doc")
        .def(py::init(isac_bindings::whole_numbers(
                 &transmit_reference::make, "scenario", "seed", "device")),
             py::arg("scenario"),
             py::arg("seed"),
             py::arg("device") = "auto",
             "seed: that of the transmit access points; device: cpu, cuda:N or auto.")
        .def("set_transmit_power_dbm",
             &transmit_reference::set_transmit_power_dbm,
             py::arg("power_dbm"),
             "Set the power that the transmit access points have, dBm.")
        .def("transmit_power_dbm",
             &transmit_reference::transmit_power_dbm,
             "Power of a transmit access point, dBm.")
        .def("messages_refused",
             &transmit_reference::messages_refused,
             "Messages that were refused.")
        .def("error",
             &transmit_reference::error,
             "What ended the flowgraph, or an empty string.");
}
