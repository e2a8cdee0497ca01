/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(parameter_fusion.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/parameter_fusion.h>

namespace py = pybind11;

void bind_parameter_fusion(py::module& m)
{
    using gr::isac::parameter_fusion;

    py::class_<parameter_fusion,
               gr::block,
               gr::basic_block,
               std::shared_ptr<parameter_fusion>>(
        m,
        "parameter_fusion",
        R"doc(Fuses what the access points have estimated into locations and velocities.

Inputs: the packets of every receive access point that is not absent, in ascending order.
Outputs: locations of all targets in m, then their velocities in m/s, with the tag frame;
optionally the confidence of each target's estimate, 0 to 1, and the covariance [Q, 2D, 2D] of
its location and velocity. Message port `estimates`: a PDU per frame with frame, time,
access_points, confidence and covariance. Packets that are damaged, of another scheme or with
words that no access point gives, and those that come twice or after their frame, are counted
and dropped. An access point that counts its frames anew is taken back.)doc")
        .def(
            py::init(isac_bindings::whole_numbers(&parameter_fusion::make,
                                                  "scenario",
                                                  "scheme",
                                                  "absent",
                                                  "real_time",
                                                  "deadline_s")),
            py::arg("scenario"),
            py::arg("scheme"),
            py::arg("absent") = std::vector<int>{},
            py::arg("real_time") = false,
            py::arg("deadline_s") = 0.0,
            "scheme: music, cs or ml.\n\n"
            "absent: receive access points whose packets do not come, counted from 0; "
            "they have no input.\n\n"
            "real_time: whether frames are skipped when the packets of more than two are "
            "waiting, and the latency is measured.\n\n"
            "deadline_s: how long after the first packet of a frame the others are "
            "waited for, s; 0 for ever.")
        .def("packet_size", &parameter_fusion::packet_size, "Bytes of one packet.")
        .def("frames", &parameter_fusion::frames, "Frames estimated.")
        .def("frames_lost",
             &parameter_fusion::frames_lost,
             "Frames without an estimate, between the first and the last number seen.")
        .def("packets_refused", &parameter_fusion::packets_refused, "Packets refused.")
        .def("refusals",
             &parameter_fusion::refusals,
             "Packets refused, by what was wrong with them.")
        .def("items_unmatched",
             &parameter_fusion::items_unmatched,
             "Packets dropped for want of a partner.")
        .def("frames_skipped",
             &parameter_fusion::frames_skipped,
             "Frames skipped because the packets of later ones were waiting.")
        .def("frames_incomplete",
             &parameter_fusion::frames_incomplete,
             "Frames estimated without some access point.")
        .def("packets_late",
             &parameter_fusion::packets_late,
             "Packets dropped because they came after their frame or their successor.")
        .def("duplicates",
             &parameter_fusion::duplicates,
             "Packets dropped because they were of the same frame as the one before.")
        .def(
            "latency_s",
            &parameter_fusion::latency_s,
            py::arg("share"),
            "Latency that a share (0.5 for the median) of the last frames does not "
            "exceed, s, from the end of the interval to the estimate; NaN unless in real "
            "time.")
        .def("error",
             &parameter_fusion::error,
             "What ended the flowgraph, or an empty string.");
}
