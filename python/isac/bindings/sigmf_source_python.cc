/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(sigmf_source.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/sigmf_source.h>

namespace py = pybind11;

void bind_sigmf_source(py::module& m)
{
    using gr::isac::sigmf_source;

    py::class_<sigmf_source,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<sigmf_source>>(m,
                                              "sigmf_source",
                                              R"doc(Antenna streams of a SigMF recording.

Outputs: one stream per antenna, full scale 1, with the tags rx_time, rx_freq and rx_rate at
every capture. Everything of the files is checked when the block is made.)doc")
        .def(py::init(
                 isac_bindings::whole_numbers(&sigmf_source::make, "filename", "repeat")),
             py::arg("filename"),
             py::arg("repeat") = false,
             "filename: NAME, with or without an ending of SigMF.\n\n"
             "repeat: whether it starts anew at the end.")
        .def_static("make_foreign",
                    isac_bindings::whole_numbers(&sigmf_source::make_foreign,
                                                 "filename",
                                                 "scenario",
                                                 "access_point",
                                                 "full_scale_dbm",
                                                 "seed",
                                                 "start_time_s",
                                                 "repeat"),
                    py::arg("filename"),
                    py::arg("scenario"),
                    py::arg("access_point"),
                    py::arg("full_scale_dbm"),
                    py::arg("seed"),
                    py::arg("start_time_s") = -1.0,
                    py::arg("repeat") = false,
                    "For a recording that another program made, with what it does not "
                    "say; a recording of this project keeps its own.")
        .def(
            "recording",
            [](const sigmf_source& block) { return block.recording(); },
            "What the recording says of itself.")
        .def("samples", &sigmf_source::samples, "Samples of each antenna played.")
        .def("error",
             &sigmf_source::error,
             "What ended the flowgraph, empty when nothing went wrong.");
}
