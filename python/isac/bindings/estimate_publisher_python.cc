/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(estimate_publisher.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/estimate_publisher.h>

namespace py = pybind11;

void bind_estimate_publisher(py::module& m)
{
    using gr::isac::estimate_publisher;

    py::class_<estimate_publisher,
               gr::block,
               gr::basic_block,
               std::shared_ptr<estimate_publisher>>(
        m,
        "estimate_publisher",
        R"doc(Publishes estimates as JSON over ZeroMQ and UDP.

Message port `estimates`: the PDUs of a fusion_decoder, a parameter_fusion or another block that
estimates. One JSON object per frame (docs/files.md); a reader that is slow misses objects, and
holds up nobody.)doc")
        .def(py::init(isac_bindings::whole_numbers(&estimate_publisher::make,
                                                   "scenario",
                                                   "zmq_address",
                                                   "udp_address",
                                                   "queue")),
             py::arg("scenario"),
             py::arg("zmq_address") = "",
             py::arg("udp_address") = "",
             py::arg("queue") = 64,
             "scenario: of the estimates; zmq_address: to listen at, e.g. "
             "tcp://127.0.0.1:5600; udp_address: HOST:PORT to send to; either may be "
             "empty; "
             "queue: most objects that wait for one reader.")
        .def("zmq_address",
             &estimate_publisher::zmq_address,
             "The address that it listens at, with its port; empty without ZeroMQ.")
        .def("published", &estimate_publisher::published, "Objects published.")
        .def("datagrams_dropped",
             &estimate_publisher::datagrams_dropped,
             "Datagrams that the operating system did not take.")
        .def("messages_refused",
             &estimate_publisher::messages_refused,
             "Messages that were no estimates of the scenario.");
}
