/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(fronthaul_sink.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/fronthaul_sink.h>

namespace py = pybind11;

void bind_fronthaul_sink(py::module& m)
{
    using gr::isac::fronthaul_sink;

    py::class_<fronthaul_sink,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<fronthaul_sink>>(
        m,
        "fronthaul_sink",
        R"doc(Sends the fronthaul packets of an access point to the central unit.

Input: packets, one per item. Connects by itself, again and again, and never holds up the
blocks before it: what cannot leave waits in a queue, whose oldest packet makes room.)doc")
        .def(py::init(isac_bindings::whole_numbers(&fronthaul_sink::make,
                                                   "packet_size",
                                                   "address",
                                                   "security",
                                                   "key_file",
                                                   "server_key_file",
                                                   "queue")),
             py::arg("packet_size"),
             py::arg("address"),
             py::arg("security") = "curve",
             py::arg("key_file") = "",
             py::arg("server_key_file") = "",
             py::arg("queue") = 64,
             "address: of the central unit, e.g. tcp://192.168.1.10:5550; security: "
             "curve, "
             "or none for packets that anybody can read, change and forge; key_file: "
             "NAME.key of this access point; server_key_file: NAME.pub of the central "
             "unit; queue: most packets that wait.")
        .def("packets_sent",
             &fronthaul_sink::packets_sent,
             "Packets handed over to a connection.")
        .def("packets_dropped",
             &fronthaul_sink::packets_dropped,
             "Packets that made room for newer ones, or waited when the flowgraph "
             "stopped.")
        .def("connections_refused",
             &fronthaul_sink::connections_refused,
             "Connections that the central unit has refused.")
        .def("connected",
             &fronthaul_sink::connected,
             "Whether the central unit has let this access point in, as of the last "
             "packet.")
        .def("error",
             &fronthaul_sink::error,
             "What ended the flowgraph, empty when nothing went wrong.");
}
