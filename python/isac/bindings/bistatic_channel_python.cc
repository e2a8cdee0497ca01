/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(bistatic_channel.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/bistatic_channel.h>

namespace py = pybind11;

void bind_bistatic_channel(py::module& m)
{
    using gr::isac::bistatic_channel;

    py::class_<bistatic_channel,
               gr::block,
               gr::basic_block,
               std::shared_ptr<bistatic_channel>>(
        m,
        "bistatic_channel",
        R"doc(Echoes of moving targets at every receive access point, (6), (29), (30).

Targets, reflection coefficients, clutter, offsets and noise are drawn from (seed, frame).

Inputs: transmit frames of every transmit access point. Outputs: echo frames of every receive
access point; truth (locations of all targets in m, then velocities in m/s); optionally the
root Cramér-Rao bound (location of every target in m, then velocity in m/s). Message port
`command`: dictionary with noise_dbm, clutter_scatterers, clutter_variance, timing_std_s,
frequency_std_hz, target_count, target_positions, target_velocities.)doc")
        .def(py::init(isac_bindings::whole_numbers(&bistatic_channel::make,
                                                   "scenario",
                                                   "seed",
                                                   "device",
                                                   "real_time",
                                                   "moving")),
             py::arg("scenario"),
             py::arg("seed") = 0,
             py::arg("device") = "auto",
             py::arg("real_time") = false,
             py::arg("moving") = false,
             "device: auto, cpu or cuda:N; real_time: frames leave at the waveform's "
             "interval, and those that nobody is ready for are skipped; moving: the "
             "targets of frame 0 last and move on, otherwise every frame has new ones.")
        .def("frames_skipped",
             &bistatic_channel::frames_skipped,
             "Frames that nobody was ready for in their interval.")
        .def("intervals_missed",
             &bistatic_channel::intervals_missed,
             "Intervals that passed without a frame to send.")
        .def("set_noise_dbm",
             &bistatic_channel::set_noise_dbm,
             py::arg("noise_dbm"),
             "Noise per resource element and antenna, dBm.")
        .def("noise_dbm",
             &bistatic_channel::noise_dbm,
             "Noise per resource element and antenna, dBm.")
        .def("set_clutter",
             isac_bindings::whole_numbers(
                 &bistatic_channel::set_clutter, "scatterers", "variance"),
             py::arg("scatterers"),
             py::arg("variance"),
             "Number of scatterers (0 for none) and mean power of their reflection "
             "coefficients.")
        .def("set_clutter_scatterers",
             isac_bindings::whole_numbers(&bistatic_channel::set_clutter_scatterers,
                                          "scatterers"),
             py::arg("scatterers"),
             "Number of scatterers alone.")
        .def("set_clutter_variance",
             &bistatic_channel::set_clutter_variance,
             py::arg("variance"),
             "Mean power of the reflection coefficients alone.")
        .def("set_offsets",
             &bistatic_channel::set_offsets,
             py::arg("timing_std_s"),
             py::arg("frequency_std_hz"),
             "Standard deviations of the timing offset, s, and the frequency offset, Hz.")
        .def("set_timing_offset",
             &bistatic_channel::set_timing_offset,
             py::arg("std_s"),
             "Standard deviation of the timing offset alone, s.")
        .def("set_frequency_offset",
             &bistatic_channel::set_frequency_offset,
             py::arg("std_hz"),
             "Standard deviation of the frequency offset alone, Hz.")
        .def("set_targets",
             &bistatic_channel::set_targets,
             py::arg("positions"),
             py::arg("velocities"),
             "Coordinates of all targets, target by target, m and m/s; two empty lists "
             "for "
             "the scenario's random prior.")
        .def("set_target_count",
             isac_bindings::whole_numbers(&bistatic_channel::set_target_count, "count"),
             py::arg("count"),
             "How many of the scenario's targets there are, 0 to Q; truth and bound of "
             "the "
             "others are NaN.")
        .def("target_count",
             &bistatic_channel::target_count,
             "How many targets there are.")
        .def("messages_refused",
             &bistatic_channel::messages_refused,
             "Messages that were refused.")
        .def("host_copies",
             &bistatic_channel::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &bistatic_channel::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &bistatic_channel::error,
             "What ended the flowgraph, or an empty string.");
}
