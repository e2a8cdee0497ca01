/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(fronthaul_source.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/fronthaul_source.h>

namespace py = pybind11;

void bind_fronthaul_source(py::module& m)
{
    using gr::isac::fronthaul_source;

    py::class_<fronthaul_source,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<fronthaul_source>>(
        m,
        "fronthaul_source",
        R"doc(Fronthaul packets of one access point, at the central unit.

Output: packets, one per item, intact, of the right size, scenario, model and access point,
whose frame numbers rise until the access point counts anew. Everything else is counted,
logged and dropped.)doc")
        .def(py::init(isac_bindings::whole_numbers(&fronthaul_source::make,
                                                   "scenario",
                                                   "access_point",
                                                   "packet_size",
                                                   "fingerprint",
                                                   "address",
                                                   "security",
                                                   "key_file",
                                                   "authorised_file",
                                                   "queue")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("packet_size"),
             py::arg("fingerprint"),
             py::arg("address"),
             py::arg("security") = "curve",
             py::arg("key_file") = "",
             py::arg("authorised_file") = "",
             py::arg("queue") = 64,
             "access_point: from 0; packet_size, fingerprint: as ModelInfo or "
             "EstimatorInfo tells them; address: to listen at, e.g. tcp://0.0.0.0:5550; "
             "security: curve, or none for whatever anybody sends; key_file: NAME.key of "
             "the central unit; authorised_file: keys of the access points; queue: most "
             "packets that wait here.")
        .def("end",
             &fronthaul_source::end,
             "End the stream: of the packets that have come, at most `queue` are passed "
             "on.")
        .def("address",
             &fronthaul_source::address,
             "The address that it listens at, with its port.")
        .def(
            "packets_received", &fronthaul_source::packets_received, "Packets passed on.")
        .def("packets_lost",
             &fronthaul_source::packets_lost,
             "Frame numbers passed over, those of late packets among them.")
        .def("packets_late",
             &fronthaul_source::packets_late,
             "Packets dropped because a later one was passed on before.")
        .def("packets_duplicate",
             &fronthaul_source::packets_duplicate,
             "Packets dropped because they had come before.")
        .def("packets_corrupt",
             &fronthaul_source::packets_corrupt,
             "Messages that are no packets, or damaged ones.")
        .def("packets_foreign",
             &fronthaul_source::packets_foreign,
             "Packets of another scenario, model or scheme.")
        .def("packets_refused",
             &fronthaul_source::packets_refused,
             "Packets of another access point, or of a machine whose place another one "
             "with its key has taken.")
        .def("connections_refused",
             &fronthaul_source::connections_refused,
             "Attempts to connect without the authorised key.")
        .def("error",
             &fronthaul_source::error,
             "What ended the flowgraph, empty when nothing went wrong.");
}
