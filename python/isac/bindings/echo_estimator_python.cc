/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(echo_estimator.h) */

#include <pybind11/pybind11.h>

#include <gnuradio/isac/echo_estimator.h>

namespace py = pybind11;

void bind_echo_estimator(py::module& m)
{
    using gr::isac::echo_estimator;

    py::class_<echo_estimator,
               gr::block,
               gr::basic_block,
               std::shared_ptr<echo_estimator>>(
        m,
        "echo_estimator",
        "What monostatic_estimator and centralized_cnn have in common.")
        .def("frames", &echo_estimator::frames, "Frames estimated.")
        .def("frames_refused",
             &echo_estimator::frames_refused,
             "Frames left out because of a sample that is not finite.")
        .def("frames_unmatched",
             &echo_estimator::frames_unmatched,
             "Frames passed over because not every stream had one of the same number.")
        .def("frames_skipped",
             &echo_estimator::frames_skipped,
             "Frames skipped because later ones were waiting.")
        .def(
            "latency_s",
            &echo_estimator::latency_s,
            py::arg("share"),
            "Latency that a share (0.5 for the median) of the last frames does not "
            "exceed, s, from the end of the interval to the estimate; NaN unless in real "
            "time.")
        .def("host_copies",
             &echo_estimator::host_copies,
             "Frames copied to or from items; none between blocks of ours on one device.")
        .def("host_copied_bytes",
             &echo_estimator::host_copied_bytes,
             "Bytes of these frames.")
        .def("error",
             &echo_estimator::error,
             "What ended the flowgraph, or an empty string.");
}
