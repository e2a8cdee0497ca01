/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(payload_source.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/payload_source.h>

namespace py = pybind11;

void bind_payload_source(py::module& m)
{
    using gr::isac::payload_source;

    py::class_<payload_source,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<payload_source>>(
        m,
        "payload_source",
        R"doc(Payload symbols of all users, drawn from (seed, frame).

Outputs: one complex stream per user, QAM symbols with unit mean power, frame after frame in
the order [subcarrier, symbol], scenario.symbols_per_frame items per frame.)doc")
        .def(py::init(
                 isac_bindings::whole_numbers(&payload_source::make, "scenario", "seed")),
             py::arg("scenario"),
             py::arg("seed") = 0,
             "scenario: waveform and users; seed: of the draws, the precoder's for "
             "pilots.");
}
