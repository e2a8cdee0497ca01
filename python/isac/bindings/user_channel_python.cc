/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(user_channel.h) */

#include "whole_number.h"
#include <pybind11/complex.h>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/user_channel.h>

namespace py = pybind11;

void bind_user_channel(py::module& m)
{
    using gr::isac::user_channel;

    py::class_<user_channel,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<user_channel>>(
        m,
        "user_channel",
        R"doc(Channel from all transmit access points to the users, frame by frame, (4).

The channel is the one that mmse_precoder draws from the same seed, until a message at port
`csi` brings another, {"channel": c32vector [subcarrier, access point and antenna, user]}.

Inputs: the frames of every transmit access point. Outputs: one stream per user, one frame
[subcarrier, symbol] per item, in sqrt(W), with the tags of input 0. Message port `command`:
{"noise_dbm": number}.)doc")
        .def(py::init(isac_bindings::whole_numbers(
                 &user_channel::make, "scenario", "seed", "device")),
             py::arg("scenario"),
             py::arg("seed") = 0,
             py::arg("device") = "auto",
             "seed: of channel and noise; device: auto, cpu or cuda:N.")
        .def(
            "set_noise_dbm",
            &user_channel::set_noise_dbm,
            py::arg("noise_dbm"),
            "Noise per resource element, dBm, from the next frame on; minus infinity for "
            "none.")
        .def("noise_dbm", &user_channel::noise_dbm, "Noise per resource element, dBm.")
        .def("set_channel",
             &user_channel::set_channel,
             py::arg("channel"),
             "Channel [subcarrier, access point and antenna, user], flat.")
        .def("messages_refused",
             &user_channel::messages_refused,
             "Messages that were refused.")
        .def("host_copies",
             &user_channel::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &user_channel::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &user_channel::error,
             "What ended the flowgraph, or an empty string.");
}
