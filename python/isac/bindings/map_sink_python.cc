/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

/* BINDTOOL_HEADER_FILE(map_sink.h) */

#include "whole_number.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/isac/map_sink.h>

namespace py = pybind11;

namespace {

using gr::isac::map_sink;

//! What the packets are of: a model, a scheme, or nothing.
std::optional<gr::isac::map_packets> packets_of(const py::object& packets,
                                                const cfisac::Scenario& scenario)
{
    if (packets.is_none()) {
        return std::nullopt;
    }
    if (py::isinstance<gr::isac::model_info>(packets)) {
        return gr::isac::packets_of(packets.cast<const gr::isac::model_info&>());
    }
    if (py::isinstance<gr::isac::estimator_info>(packets)) {
        return gr::isac::packets_of(packets.cast<const gr::isac::estimator_info&>(),
                                    scenario);
    }
    throw py::type_error("packets: want a ModelInfo, an EstimatorInfo or None, got " +
                         py::repr(packets).cast<std::string>());
}

} // namespace

PYBIND11_MODULE(isac_qtgui_python, m)
{
    // Base classes of the block, and the types of its parameters
    py::module::import("gnuradio.gr");
    py::module::import("gnuradio.isac.isac_python");

    py::class_<map_sink, gr::block, gr::basic_block, std::shared_ptr<map_sink>>(
        m,
        "map_sink",
        R"doc(A map in a window: targets, estimates, errors over time, use of the fronthaul.

Inputs, in this order, those that there are: a stream of estimates for each name; truth; root
bound; the packets of every receive access point. Streams are paired by the tag frame. Message
port `estimates`: the PDUs that go with the estimates. Painting never takes the interpreter's
lock.)doc")
        .def(py::init([](const cfisac::Scenario& scenario,
                         const std::vector<std::string>& names,
                         bool truth,
                         bool bound,
                         const py::object& packets,
                         const std::string& title,
                         const isac_bindings::whole_number& trail,
                         const isac_bindings::whole_number& rate,
                         const std::string& theme) {
                 return map_sink::make(scenario,
                                       names,
                                       truth,
                                       bound,
                                       packets_of(packets, scenario),
                                       title,
                                       trail.as<int>("trail"),
                                       rate.as<int>("rate"),
                                       theme);
             }),
             py::arg("scenario"),
             py::arg("names") = std::vector<std::string>{"estimates"},
             py::arg("truth") = true,
             py::arg("bound") = false,
             py::arg("packets") = py::none(),
             py::arg("title") = "",
             py::arg("trail") = 20,
             py::arg("rate") = 30,
             py::arg("theme") = "auto",
             "scenario: access points, arrays and area of the targets; names: one for "
             "each stream of estimates; truth, bound: whether there are "
             "inputs for them; packets: what the packets are of, a ModelInfo, an "
             "EstimatorInfo, or None; title: of the picture; trail: frames; rate: most "
             "redraws per second; "
             "theme: auto, dark or light.")
        .def(
            "qwidget",
            [](map_sink& self) {
                return reinterpret_cast<std::uintptr_t>(self.qwidget());
            },
            "Address of the widget, for sip.wrapinstance(..., Qt.QWidget).")
        .def(
            "save_png",
            [](map_sink& self,
               const std::string& path,
               const isac_bindings::whole_number& width,
               const isac_bindings::whole_number& height) {
                const int columns = width.as<int>("width");
                const int rows = height.as<int>("height");
                const py::gil_scoped_release release;
                self.save_png(path, columns, rows);
            },
            py::arg("path"),
            py::arg("width") = 0,
            py::arg("height") = 0,
            "Write the picture as it is now to a PNG file; the size of the widget "
            "(1200 x 800 pixels while it is not shown) or another one.")
        .def("set_trail",
             isac_bindings::whole_numbers(&map_sink::set_trail, "frames"),
             py::arg("frames"),
             "Frames before the one that is drawn that stay visible.")
        .def("trail", &map_sink::trail, "How many frames the trail has.")
        .def("set_theme", &map_sink::set_theme, py::arg("theme"), "auto, dark or light.")
        .def("theme", &map_sink::theme, "Its word: auto, dark or light.")
        .def("set_title",
             &map_sink::set_title,
             py::arg("title"),
             "What stands above the map.")
        .def("title", &map_sink::title, "What stands above the map.")
        .def("frames",
             &map_sink::frames,
             "Frames with an estimate of every stream, and truth and bound where these "
             "are inputs.")
        .def("frames_incomplete",
             &map_sink::frames_incomplete,
             "Frames in which something was missing that later ones have.")
        .def("redraws", &map_sink::redraws, "Times that the widget was painted.")
        .def("packets_refused",
             &map_sink::packets_refused,
             "Packets that are damaged or of another kind.")
        .def("messages_refused",
             &map_sink::messages_refused,
             "Messages that are no PDUs of estimates.");
}
