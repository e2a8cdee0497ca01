/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(ofdm_modulator.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/ofdm_modulator.h>

namespace py = pybind11;

void bind_ofdm_modulator(py::module& m)
{
    using gr::isac::ofdm_modulator;

    py::class_<ofdm_modulator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<ofdm_modulator>>(
        m,
        "ofdm_modulator",
        R"doc(Transmit frames of an access point as samples of its antennas.

Input: transmit frames, one per item, complex [N_t, S, T], sqrt(W), with the tag frame.
Outputs: one stream per antenna, scenario.period_samples per frame: preambles, header, OFDM
symbols with cyclic prefix, silence. A sample of magnitude 1 is full scale. Tags: frame at
the first sample of a frame, tx_time at the first sample where a start time is given. Message
port `command`: {"full_scale_dbm": number}.)doc")
        .def(py::init(isac_bindings::whole_numbers(&ofdm_modulator::make,
                                                   "scenario",
                                                   "access_point",
                                                   "full_scale_dbm",
                                                   "start_time_s")),
             py::arg("scenario"),
             py::arg("access_point"),
             py::arg("full_scale_dbm"),
             py::arg("start_time_s") = -1.0,
             "access_point: transmit access point, counted from 0.\n\n"
             "full_scale_dbm: power of full scale at the antenna; some 12 dB above the "
             "transmit power.\n\n"
             "start_time_s: when frame 0 starts, by the radio's clock, s; below 0 for no "
             "tag.")
        .def("set_full_scale_dbm",
             &ofdm_modulator::set_full_scale_dbm,
             py::arg("full_scale_dbm"),
             "Set the power of full scale at the antenna, dBm.")
        .def("full_scale_dbm",
             &ofdm_modulator::full_scale_dbm,
             "Power of full scale at the antenna, dBm.")
        .def("crest_factor_db",
             &ofdm_modulator::crest_factor_db,
             "Peak over mean power of the payload's samples since the start, dB.")
        .def("peak_dbfs",
             &ofdm_modulator::peak_dbfs,
             "Largest magnitude of the payload's samples relative to full scale, dB.")
        .def("mean_dbfs",
             &ofdm_modulator::mean_dbfs,
             "Mean power of the payload's samples relative to full scale, dB.")
        .def("samples_beyond_full_scale",
             &ofdm_modulator::samples_beyond_full_scale,
             "Samples of the payload that a converter clips.")
        .def("frames", &ofdm_modulator::frames, "Frames sent.")
        .def("frames_silent",
             &ofdm_modulator::frames_silent,
             "Frames whose numbers were missing, and that were silent.")
        .def("frames_dropped",
             &ofdm_modulator::frames_dropped,
             "Frames dropped because their numbers had passed.")
        .def("messages_refused",
             &ofdm_modulator::messages_refused,
             "Messages that were refused.")
        .def("error",
             &ofdm_modulator::error,
             "What ended the flowgraph, or an empty string.");
}
