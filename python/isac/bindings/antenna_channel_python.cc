/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(antenna_channel.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/antenna_channel.h>

namespace py = pybind11;

void bind_antenna_channel(py::module& m)
{
    using gr::isac::antenna_channel;

    py::class_<antenna_channel,
               gr::block,
               gr::basic_block,
               std::shared_ptr<antenna_channel>>(
        m,
        "antenna_channel",
        R"doc(Propagation of samples from all transmit to all receive antennas.

Paths over moving targets and clutter, and direct paths, with a delay that follows the motion;
path loss, reflection coefficients and steering vectors; clocks of all radios; white noise;
responses of the receive channels as the scenario's calibration has them; converters that
quantise and clip.

Inputs: one stream for each antenna of each transmit access point. Outputs: likewise of the
receive access points, with the tag rx_time at the first sample; when an input ends, what is
still on its way arrives. Full scale is 1. Message port `command`: dictionary with noise_dbm,
direct_path, direct_path_gain_db, transmit_full_scale_dbm, receive_full_scale_dbm,
transmit_timing_s, receive_timing_s, transmit_ppm, receive_ppm, target_positions,
target_velocities.)doc")
        .def(
            py::init(isac_bindings::whole_numbers(&antenna_channel::make,
                                                  "scenario",
                                                  "seed",
                                                  "moving",
                                                  "transmit_full_scale_dbm",
                                                  "receive_full_scale_dbm",
                                                  "bits",
                                                  "direct_path",
                                                  "start_s")),
            py::arg("scenario"),
            py::arg("seed") = 0,
            py::arg("moving") = false,
            py::arg("transmit_full_scale_dbm") = 30.0,
            py::arg("receive_full_scale_dbm") = 30.0,
            py::arg("bits") = 0,
            py::arg("direct_path") = true,
            py::arg("start_s") = 0.0,
            "moving: one scene that lasts, otherwise a new one in every frame; "
            "full scale: its power at an antenna, dBm (at 30, samples are sqrt(W)); "
            "bits: of the converters, 0 for ideal ones; start_s: environment time of the "
            "start of frame 0, s.")
        .def("set_noise_dbm",
             &antenna_channel::set_noise_dbm,
             py::arg("noise_dbm"),
             "Noise per resource element and antenna, dBm.")
        .def("noise_dbm",
             &antenna_channel::noise_dbm,
             "Noise per resource element and antenna, dBm.")
        .def("set_direct_path",
             &antenna_channel::set_direct_path,
             py::arg("on"),
             "Whether there are direct paths.")
        .def("set_direct_path_gain_db",
             &antenna_channel::set_direct_path_gain_db,
             py::arg("gain_db"),
             "Gain of the direct paths over their path loss, dB.")
        .def(
            "set_transmit_timing",
            &antenna_channel::set_transmit_timing,
            py::arg("timing_s"),
            "How much later than time 0 the clocks of the transmit access points read 0, "
            "s; an empty list for zeros.")
        .def("set_receive_timing",
             &antenna_channel::set_receive_timing,
             py::arg("timing_s"),
             "The same of the receive access points.")
        .def("set_transmit_ppm",
             &antenna_channel::set_transmit_ppm,
             py::arg("ppm"),
             "How much too fast the clocks of the transmit access points run, parts per "
             "million; an empty list for zeros.")
        .def("set_receive_ppm",
             &antenna_channel::set_receive_ppm,
             py::arg("ppm"),
             "The same of the receive access points.")
        .def("set_targets",
             &antenna_channel::set_targets,
             py::arg("positions"),
             py::arg("velocities"),
             "Coordinates of all targets, target by target, m and m/s; two empty lists "
             "for those that are drawn.")
        .def("set_transmit_full_scale_dbm",
             &antenna_channel::set_transmit_full_scale_dbm,
             py::arg("full_scale_dbm"),
             "Power of full scale at a transmit antenna, dBm.")
        .def("set_receive_full_scale_dbm",
             &antenna_channel::set_receive_full_scale_dbm,
             py::arg("full_scale_dbm"),
             "Power of full scale at a receive antenna, dBm.")
        .def("transmit_samples_clipped",
             &antenna_channel::transmit_samples_clipped,
             "Input samples that the transmit converters clipped.")
        .def("receive_samples_clipped",
             &antenna_channel::receive_samples_clipped,
             "Output samples that the receive converters clipped.")
        .def("messages_refused",
             &antenna_channel::messages_refused,
             "Messages that were refused.")
        .def("error",
             &antenna_channel::error,
             "What ended the flowgraph, or an empty string.");
}
