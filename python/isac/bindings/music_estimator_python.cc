/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(music_estimator.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/music_estimator.h>

namespace py = pybind11;

void bind_music_estimator(py::module& m)
{
    using gr::isac::music_estimator;

    py::class_<music_estimator,
               gr::isac::access_point_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<music_estimator>>(
        m,
        "music_estimator",
        R"doc(Paths of one receive access point: angles by MUSIC, then range and range rate.

Inputs: echo frames of the receive access point; the frames of every transmit access point.
Output: fronthaul packets of packet_size() bytes for a parameter_fusion of the scheme "music". A
frame with a sample that is not finite is counted and left out.)doc")
        .def(py::init(isac_bindings::whole_numbers(&music_estimator::make,
                                                   "scenario",
                                                   "access_point",
                                                   "device",
                                                   "real_time")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("device") = "auto",
             py::arg("real_time") = false,
             "access_point: number of the receive access point, counted from 0.\n\n"
             "device: auto, cpu or cuda:N.\n\n"
             "real_time: whether frames are skipped when more than two are waiting.");
}
