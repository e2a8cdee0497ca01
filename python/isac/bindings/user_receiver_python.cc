/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(user_receiver.h) */

#include "whole_number.h"
#include <pybind11/complex.h>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/user_receiver.h>

namespace py = pybind11;

void bind_user_receiver(py::module& m)
{
    using gr::isac::user_receiver;

    py::class_<user_receiver, gr::block, gr::basic_block, std::shared_ptr<user_receiver>>(
        m,
        "user_receiver",
        R"doc(Receiver of one user: constellation, EVM, bit errors, SINR.

The payload is that of a payload_source with the same seed; the first symbols of each frame
are training. Input: frames [subcarrier, symbol] of the user. Output: equalised symbols,
scenario.symbols_per_frame items per frame, with the tags evm_db, sinr_db and bit_error_rate
at the first of each. Message port `scores`: a dictionary, at most once a second.)doc")
        .def(py::init(isac_bindings::whole_numbers(&user_receiver::make,
                                                   "scenario",
                                                   "user",
                                                   "seed",
                                                   "training_symbols",
                                                   "track_phase")),
             py::arg("scenario"),
             py::arg("user"),
             py::arg("seed") = 0,
             py::arg("training_symbols") = 4,
             py::arg("track_phase") = false,
             "user: counted from 0.\n\n"
             "seed: of the payload.\n\n"
             "training_symbols: at the start of each frame.\n\n"
             "track_phase: whether a residual frequency offset is followed.")
        .def("scores",
             &user_receiver::scores,
             "Scores since the start or reset() as a dictionary: frames, evm_db, "
             "evm_percent, sinr_db, bits, bit_errors, bit_error_rate; NaN where nothing "
             "was counted.")
        .def("last_frame", &user_receiver::last_frame, "The same of the last frame.")
        .def(
            "channel",
            &user_receiver::channel,
            "Channel with the precoder in it, per subcarrier of the last frame, sqrt(W).")
        .def("subcarrier_sinr_db",
             &user_receiver::subcarrier_sinr_db,
             "SINR of each subcarrier in the last frame, dB.")
        .def("reset", &user_receiver::reset, "Forget everything counted.")
        .def("frames", &user_receiver::frames, "Frames received.")
        .def("frames_refused",
             &user_receiver::frames_refused,
             "Frames left out because of a sample that is not finite.")
        .def("error",
             &user_receiver::error,
             "What ended the flowgraph, or an empty string.");
}
