/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(frame_sync.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/frame_sync.h>

namespace py = pybind11;

void bind_frame_sync(py::module& m)
{
    using gr::isac::frame_sync;

    py::class_<frame_sync, gr::block, gr::basic_block, std::shared_ptr<frame_sync>>(
        m,
        "frame_sync",
        R"doc(Finds frames in the samples of an access point's antennas and corrects their clocks.

Inputs: one stream per antenna; tags rx_time on input 0 are the radio's time. Outputs: one
stream per antenna with whole payloads, the common frequency offset taken off; the first sample
of each has the tags frame, rx_time, timing_offset_s and frequency_offset_hz (what remains for
every transmit access point, NaN where it was not seen). Message port `status`: a dictionary
per frame with frame, locked, misses, frequency_hz, snr_db, timing_offset_s and
frequency_offset_hz.)doc")
        .def(py::init(isac_bindings::whole_numbers(&frame_sync::make,
                                                   "scenario",
                                                   "access_point",
                                                   "mode",
                                                   "start_time_s",
                                                   "misses_allowed",
                                                   "false_alarm")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("mode") = "preamble",
             py::arg("start_time_s") = 0.0,
             py::arg("misses_allowed") = 10,
             py::arg("false_alarm") = 1e-6,
             "access_point: receive access point, counted from 0.\n\n"
             "mode: whether frames start by \"time\" or where the \"preamble\" is.\n\n"
             "start_time_s: start of frame 0 in the receiver's time; for mode time.\n\n"
             "misses_allowed: frames in a row without any preamble that the lock "
             "survives.\n\n"
             "false_alarm: probability that noise passes the search within one period.")
        .def("set_misses_allowed",
             isac_bindings::whole_numbers(&frame_sync::set_misses_allowed,
                                          "misses_allowed"),
             py::arg("misses_allowed"),
             "Set how many frames in a row without any preamble the lock survives.")
        .def("misses_allowed",
             &frame_sync::misses_allowed,
             "Frames in a row without any preamble that the lock survives.")
        .def("locked",
             &frame_sync::locked,
             "Whether the preambles were seen, not longer ago than is allowed.")
        .def("frames", &frame_sync::frames, "Frames sent out.")
        .def("frames_missed",
             &frame_sync::frames_missed,
             "Frames that went on without any preamble seen.")
        .def("frames_dropped",
             &frame_sync::frames_dropped,
             "Frames dropped because samples of them are missing.")
        .def("locks", &frame_sync::locks, "How often the lock was found.")
        .def("losses", &frame_sync::losses, "How often it was lost.")
        .def(
            "error", &frame_sync::error, "What ended the flowgraph, or an empty string.");
}
