/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(dvqvae_encoder.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/dvqvae_encoder.h>

namespace py = pybind11;

void bind_dvqvae_encoder(py::module& m)
{
    using gr::isac::dvqvae_encoder;

    py::class_<dvqvae_encoder,
               gr::block,
               gr::basic_block,
               std::shared_ptr<dvqvae_encoder>>(
        m,
        "dvqvae_encoder",
        R"doc(Compresses the echo of one receive access point into fronthaul packets, (12)-(15).

Inputs: echo frames; for a model that works on the reference, also the frames of every
transmit access point. Output: packets of packet_size() bytes, one per item, whatever the
coding: an entropy-coded payload ends in zeros. A frame with a sample that is not finite is
logged, counted and left out.)doc")
        .def(
            py::init(isac_bindings::whole_numbers(&dvqvae_encoder::make,
                                                  "scenario",
                                                  "model_file",
                                                  "access_point",
                                                  "seed",
                                                  "device",
                                                  "entropy_coding",
                                                  "precision",
                                                  "real_time",
                                                  "batch")),
            py::arg("scenario"),
            py::arg("model_file"),
            py::arg("access_point"),
            py::arg("seed") = 0,
            py::arg("device") = "auto",
            py::arg("entropy_coding") = false,
            py::arg("precision") = "float32",
            py::arg("real_time") = false,
            py::arg("batch") = 1,
            "access_point: from 0; seed: the precoder's, for pilot models; device: auto, "
            "cpu or cuda:N; entropy_coding: frequent codewords take fewer bits of the "
            "payload; precision: float32, bfloat16 or float16; real_time: frames are "
            "skipped when more than two are waiting; batch: most frames that go through "
            "the "
            "network at once.")
        .def("frames_skipped",
             &dvqvae_encoder::frames_skipped,
             "Frames skipped because later ones were waiting.")
        .def("packet_size", &dvqvae_encoder::packet_size, "Bytes of one packet.")
        .def("frames", &dvqvae_encoder::frames, "Frames encoded.")
        .def("coded_bits",
             &dvqvae_encoder::coded_bits,
             "Bits of payload in all packets so far: the indices, or with entropy coding "
             "their code and its length; without the zeros.")
        .def("frames_refused",
             &dvqvae_encoder::frames_refused,
             "Frames left out because of a sample that is not finite.")
        .def(
            "frames_unmatched",
            &dvqvae_encoder::frames_unmatched,
            "Frames passed over because echo and transmit frames were not of one number.")
        .def("host_copies",
             &dvqvae_encoder::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &dvqvae_encoder::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &dvqvae_encoder::error,
             "What ended the flowgraph, or an empty string.");
}
