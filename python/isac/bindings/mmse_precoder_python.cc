/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(mmse_precoder.h) */

#include "whole_number.h"
#include <pybind11/complex.h>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/mmse_precoder.h>

namespace py = pybind11;

void bind_mmse_precoder(py::module& m)
{
    using gr::isac::mmse_precoder;

    py::class_<mmse_precoder,
               gr::sync_decimator,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<mmse_precoder>>(
        m,
        "mmse_precoder",
        R"doc(Precodes the users' symbols for the antennas of all transmit access points, (3).

Centralized MMSE precoder on every subcarrier, scaled so that the strongest access point
meets its power limit. The channel state is drawn from (seed, frame) until a message at port
`csi` brings one, {"channel": c32vector [subcarrier, access point and antenna, user]}.

Inputs: one complex symbol stream per user. Outputs: one stream per transmit access point,
one frame [antenna, subcarrier, symbol] per item, in sqrt(W), with the tags frame, csi,
power_dbm and seed. Message port `command`: {"power_dbm": number}.)doc")
        .def(py::init(isac_bindings::whole_numbers(
                 &mmse_precoder::make, "scenario", "seed", "device")),
             py::arg("scenario"),
             py::arg("seed") = 0,
             py::arg("device") = "auto",
             "device: auto, cpu or cuda:N.")
        .def("set_transmit_power_dbm",
             &mmse_precoder::set_transmit_power_dbm,
             py::arg("power_dbm"),
             "Power limit of one transmit access point, dBm, from the next frame on.")
        .def("transmit_power_dbm",
             &mmse_precoder::transmit_power_dbm,
             "Power limit of one transmit access point, dBm.")
        .def("set_channel",
             &mmse_precoder::set_channel,
             py::arg("channel"),
             "Channel state [subcarrier, access point and antenna, user], flat.")
        .def("messages_refused",
             &mmse_precoder::messages_refused,
             "Messages that were refused.")
        .def("host_copies",
             &mmse_precoder::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &mmse_precoder::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &mmse_precoder::error,
             "What ended the flowgraph, or an empty string.");
}
