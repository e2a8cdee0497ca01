/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(access_point_estimator.h) */

#include <pybind11/pybind11.h>

#include <gnuradio/isac/access_point_estimator.h>

namespace py = pybind11;

void bind_access_point_estimator(py::module& m)
{
    using gr::isac::access_point_estimator;

    py::class_<access_point_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<access_point_estimator>>(
        m,
        "access_point_estimator",
        "What music_estimator, cs_estimator and ml_estimator have in common.")
        .def("packet_size", &access_point_estimator::packet_size, "Bytes of one packet.")
        .def("fronthaul_bits",
             &access_point_estimator::fronthaul_bits,
             "Bits of the words of one frame.")
        .def("frames", &access_point_estimator::frames, "Frames that were worked on.")
        .def("frames_refused",
             &access_point_estimator::frames_refused,
             "Frames left out because of a sample that is not finite.")
        .def("frames_unmatched",
             &access_point_estimator::frames_unmatched,
             "Frames passed over because echo and transmit frames were not of the same "
             "number.")
        .def("frames_skipped",
             &access_point_estimator::frames_skipped,
             "Frames skipped because later ones were waiting.")
        .def("host_copies",
             &access_point_estimator::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &access_point_estimator::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &access_point_estimator::error,
             "What ended the flowgraph, or an empty string.");
}
