/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(ofdm_demodulator.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/ofdm_demodulator.h>

namespace py = pybind11;

void bind_ofdm_demodulator(py::module& m)
{
    using gr::isac::ofdm_demodulator;

    py::class_<ofdm_demodulator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<ofdm_demodulator>>(
        m,
        "ofdm_demodulator",
        R"doc(Samples of an access point's antennas as echo frames.

Inputs: one stream per antenna with the payload of frames, as frame_sync cuts it out; the tag
frame marks the first sample of each. Output: echo frames, one per item, complex
[M_r, S, T], sqrt(W), with the tags of their samples. Message port `command`:
{"full_scale_dbm": number, "gain_db": numbers, "phase_deg": numbers}.)doc")
        .def(py::init(isac_bindings::whole_numbers(&ofdm_demodulator::make,
                                                   "scenario",
                                                   "access_point",
                                                   "full_scale_dbm",
                                                   "window_advance")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("full_scale_dbm"),
             py::arg("window_advance") = -1,
             "access_point: receive access point, counted from 0.\n\n"
             "full_scale_dbm: power of full scale at the antenna.\n\n"
             "window_advance: samples that the transform starts before the prefix ends; "
             "below 0 for an eighth of it.")
        .def_static("make_user",
                    isac_bindings::whole_numbers(&ofdm_demodulator::make_user,
                                                 "scenario",
                                                 "full_scale_dbm",
                                                 "window_advance"),
                    py::arg("scenario"),
                    py::arg("full_scale_dbm"),
                    py::arg("window_advance") = -1,
                    "The receiver of a user, with one antenna; frames [1, S, T].")
        .def("set_full_scale_dbm",
             &ofdm_demodulator::set_full_scale_dbm,
             py::arg("full_scale_dbm"),
             "Set the power of full scale at the antenna, dBm; from the next frame on.")
        .def("full_scale_dbm",
             &ofdm_demodulator::full_scale_dbm,
             "Power of full scale at the antenna, dBm.")
        .def("set_calibration",
             &ofdm_demodulator::set_calibration,
             py::arg("gain_db"),
             py::arg("phase_deg"),
             "Set the response of each channel, dB and degrees; both empty for none.")
        .def("frames", &ofdm_demodulator::frames, "Frames made.")
        .def("samples_dropped",
             &ofdm_demodulator::samples_dropped,
             "Samples of each antenna that belonged to no whole frame.")
        .def("messages_refused",
             &ofdm_demodulator::messages_refused,
             "Messages that were refused.");
}
