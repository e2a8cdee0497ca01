/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "whole_number.h"

#include <pybind11/pybind11.h>

#include <gnuradio/isac/model_info.h>

namespace py = pybind11;

void bind_model_info(py::module& m)
{
    using gr::isac::model_info;

    py::class_<model_info>(m,
                           "ModelInfo",
                           "What a flowgraph must know of a model file to connect its "
                           "blocks. Made by load_model_info().")
        .def_readonly("path", &model_info::path)
        .def_readonly("scenario",
                      &model_info::scenario,
                      "The scenario that the model was made for.")
        .def_readonly("read_out",
                      &model_info::read_out,
                      "dense, grid, or cnn for a centralized network.")
        .def_readonly(
            "reference",
            &model_info::reference,
            "What an access point knows of the transmitted signal: raw, pilot or "
            "reference.")
        .def_readonly("packet_size",
                      &model_info::packet_size,
                      "Bytes of a fronthaul packet; 0 for a centralized network.")
        .def_readonly("fingerprint",
                      &model_info::fingerprint,
                      "Of architecture, codebooks and weights; in the packets.")
        .def_readonly("codewords", &model_info::codewords, "Size of the codebook.")
        .def_readonly("index_count",
                      &model_info::index_count,
                      "Indices of one access point and update.")
        .def_readonly("vectors_sent",
                      &model_info::vectors_sent,
                      "How many of the indices are positions, ahead of the codewords.")
        .def_readonly("fronthaul_bits",
                      &model_info::fronthaul_bits,
                      "Index or raw echo bits of one access point and update.")
        .def_readonly("reference_bits",
                      &model_info::reference_bits,
                      "Bits that tell one access point what was transmitted, per update.")
        .def_readonly("encoder_reads_transmit",
                      &model_info::encoder_reads_transmit,
                      "Whether the encoder has inputs for the transmit frames.")
        .def_readonly("decoder_reads_transmit",
                      &model_info::decoder_reads_transmit,
                      "Whether the decoder has inputs for the transmit frames.")
        .def("__repr__", [](const model_info& info) {
            return "<ModelInfo " + info.path + ": " + info.reference + ">";
        });

    m.def("load_model_info",
          &gr::isac::load_model_info,
          py::arg("path"),
          "Read from a model file what ModelInfo tells.");
    m.def(
        "write_fresh_model",
        isac_bindings::whole_numbers(&gr::isac::write_fresh_model,
                                     "path",
                                     "scenario",
                                     "architecture",
                                     "reference",
                                     "seed"),
        py::arg("path"),
        py::arg("scenario"),
        py::arg("architecture") = "lite",
        py::arg("reference") = "",
        py::arg("seed") = 0,
        "Write a model file with fresh weights, to train or to test a flowgraph with.\n\n"
        "architecture: \"paper\", \"lite\", \"cnn\" or a JSON object with sizes;\n"
        "reference: \"raw\", \"pilot\", \"reference\", or empty for the architecture's "
        "own.");
}
