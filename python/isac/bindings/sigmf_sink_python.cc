/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(sigmf_sink.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/sigmf_sink.h>

namespace py = pybind11;

void bind_sigmf_sink(py::module& m)
{
    using gr::isac::sigmf_sink;

    py::class_<sigmf_sink,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<sigmf_sink>>(
        m,
        "sigmf_sink",
        R"doc(Records the antenna streams of an access point as SigMF.

Inputs: one stream per antenna, full scale 1. Writes NAME.sigmf-data and NAME.sigmf-meta, with
the scenario and all that is needed to process them later. Where the tag rx_time is not that
of the samples before, a capture begins, and the samples that are missing are noted. A disk
that is full ends the flowgraph; see error().)doc")
        .def(
            py::init(isac_bindings::whole_numbers(&sigmf_sink::make,
                                                  "scenario",
                                                  "access_point",
                                                  "filename",
                                                  "datatype",
                                                  "full_scale_dbm",
                                                  "seed",
                                                  "start_time_s",
                                                  "description",
                                                  "overwrite")),
            py::arg("scenario"),
            py::arg("access_point"),
            py::arg("filename"),
            py::arg("datatype"),
            py::arg("full_scale_dbm"),
            py::arg("seed"),
            py::arg("start_time_s") = -1.0,
            py::arg("description") = "",
            py::arg("overwrite") = false,
            "access_point: name of a receive or transmit access point.\n\n"
            "filename: NAME, with or without an ending of SigMF.\n\n"
            "datatype: \"cf32_le\", or \"ci16_le\" with 32767 for full scale.\n\n"
            "full_scale_dbm: power of full scale at the antenna.\n\n"
            "seed: of payload and channel state.\n\n"
            "start_time_s: when frame 0 of the schedule starts, by the clock of rx_time; "
            "below 0 where that is not known.\n\n"
            "description: any text.\n\n"
            "overwrite: whether files of that name are replaced.")
        .def("set_hardware",
             &sigmf_sink::set_hardware,
             py::arg("hardware"),
             py::arg("clock_source") = "",
             py::arg("time_source") = "",
             "Note what the radio is, in the metadata that are written at the end.")
        .def(
            "set_scene_seed",
            [](sigmf_sink& sink, const std::optional<isac_bindings::whole_number>& seed) {
                if (seed) {
                    sink.set_scene_seed(seed->as<std::uint64_t>("seed"));
                }
            },
            py::arg("seed"),
            "Note the seed that the scenes before the radios were drawn with; None if "
            "that "
            "is not known.")
        .def("samples", &sigmf_sink::samples, "Samples of each antenna recorded.")
        .def("samples_clipped",
             &sigmf_sink::samples_clipped,
             "Samples beyond full scale that ci16_le has clipped, of all antennas.")
        .def("captures", &sigmf_sink::captures, "Captures: one, and one for each gap.")
        .def("samples_lost",
             &sigmf_sink::samples_lost,
             "Samples of each antenna that the radio lost, by its time.")
        .def("error",
             &sigmf_sink::error,
             "What ended the flowgraph, empty when nothing went wrong.");
}
