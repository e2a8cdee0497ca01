/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(fusion_decoder.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/fusion_decoder.h>

namespace py = pybind11;

void bind_fusion_decoder(py::module& m)
{
    using gr::isac::fusion_decoder;

    py::class_<fusion_decoder,
               gr::block,
               gr::basic_block,
               std::shared_ptr<fusion_decoder>>(
        m,
        "fusion_decoder",
        R"doc(Fuses the packets of all access points into locations and velocities, (16).

Inputs: the packets of every receive access point that is not absent, in ascending order; for a
model whose decoder reads them, also the frames of every transmit access point. Outputs:
locations of all targets in m, then their velocities in m/s, with the tag frame; optionally the
confidence of each target's estimate, 0 to 1. Message port `estimates`: a PDU per frame with
frame, time, access_points and confidence. Packets that are damaged, of another model or with
indices that no encoder gives, and those that come twice or after their frame, are counted and
dropped. An access point that counts its frames anew is taken back.)doc")
        .def(py::init(isac_bindings::whole_numbers(&fusion_decoder::make,
                                                   "scenario",
                                                   "model_file",
                                                   "device",
                                                   "absent",
                                                   "precision",
                                                   "real_time",
                                                   "batch",
                                                   "deadline_s")),
             py::arg("scenario"),
             py::arg("model_file"),
             py::arg("device") = "auto",
             py::arg("absent") = std::vector<int>{},
             py::arg("precision") = "float32",
             py::arg("real_time") = false,
             py::arg("batch") = 1,
             py::arg("deadline_s") = 0.0,
             "device: auto, cpu or cuda:N.\n\n"
             "absent: receive access points whose packets do not come, counted from 0; "
             "they have no input, and the estimates are made without them.\n\n"
             "precision: float32, bfloat16 or float16.\n\n"
             "real_time: frames are skipped when the packets of more than two are "
             "waiting, and the latency is measured.\n\n"
             "batch: most frames that go through the network at once.\n\n"
             "deadline_s: how long after the first packet of a frame the others are "
             "waited for, s; 0 for ever.")
        .def("frames_skipped",
             &fusion_decoder::frames_skipped,
             "Frames skipped because the packets of later ones were waiting.")
        .def("frames_incomplete",
             &fusion_decoder::frames_incomplete,
             "Frames estimated without some access point.")
        .def("packets_late",
             &fusion_decoder::packets_late,
             "Packets dropped because they came after their frame or their successor.")
        .def("duplicates",
             &fusion_decoder::duplicates,
             "Packets dropped because they were of the same frame as the one before.")
        .def(
            "latency_s",
            &fusion_decoder::latency_s,
            py::arg("share"),
            "Latency that a share (0.5 for the median) of the last frames does not "
            "exceed, s, from the end of the interval to the estimate; NaN unless in real "
            "time.")
        .def("packet_size", &fusion_decoder::packet_size, "Bytes of one packet.")
        .def("frames", &fusion_decoder::frames, "Frames decoded.")
        .def("frames_lost",
             &fusion_decoder::frames_lost,
             "Frames without an estimate, between the first and the last number seen.")
        .def("packets_refused", &fusion_decoder::packets_refused, "Packets refused.")
        .def("refusals",
             &fusion_decoder::refusals,
             "Packets refused, by what was wrong with them.")
        .def("items_unmatched",
             &fusion_decoder::items_unmatched,
             "Packets and transmit frames dropped for want of a partner.")
        .def("host_copies",
             &fusion_decoder::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &fusion_decoder::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &fusion_decoder::error,
             "What ended the flowgraph, or an empty string.");
}
