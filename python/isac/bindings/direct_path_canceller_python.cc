/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(direct_path_canceller.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/direct_path_canceller.h>

namespace py = pybind11;

void bind_direct_path_canceller(py::module& m)
{
    using gr::isac::direct_path_canceller;

    py::class_<direct_path_canceller,
               gr::block,
               gr::basic_block,
               std::shared_ptr<direct_path_canceller>>(
        m,
        "direct_path_canceller",
        R"doc(Measures the clocks on the direct paths, and removes what stands still.

Inputs: echo frames of one receive access point, then the transmit frames of every transmit
access point. Outputs: the same for an estimator, with the clocks' offsets in the transmit
frames and without what stands still in the echo. Message port `offsets`: a dictionary per
frame. Message port `command`: {"removal": word}.)doc")
        .def(py::init(isac_bindings::whole_numbers(&direct_path_canceller::make,
                                                   "scenario",
                                                   "access_point",
                                                   "removal",
                                                   "measure",
                                                   "device")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("removal") = "projection",
             py::arg("measure") = true,
             py::arg("device") = "auto",
             "access_point: receive access point, counted from 0.\n\n"
             "removal: none, direct (the direct paths) or projection (all that stands "
             "still).\n\n"
             "measure: whether offsets are measured; those of the tags are taken "
             "otherwise.\n\n"
             "device: cpu, cuda:N or auto.")
        .def("set_removal",
             &direct_path_canceller::set_removal,
             py::arg("removal"),
             "Set what is removed, from the next frame on.")
        .def("removal", &direct_path_canceller::removal, "What is removed.")
        .def("frames", &direct_path_canceller::frames, "Frames worked on.")
        .def("frames_without_direct_path",
             &direct_path_canceller::frames_without_direct_path,
             "Frames in which some direct path was too weak to measure.")
        .def("frames_unmatched",
             &direct_path_canceller::frames_unmatched,
             "Items dropped for want of a partner.")
        .def("frames_refused",
             &direct_path_canceller::frames_refused,
             "Frames left out because of a sample that is not finite.")
        .def("messages_refused",
             &direct_path_canceller::messages_refused,
             "Messages that were refused.")
        .def("error",
             &direct_path_canceller::error,
             "What ended the flowgraph, or an empty string.");
}
