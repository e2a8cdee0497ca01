/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cfisac/recording/sigmf.h>

namespace py = pybind11;

namespace {

using cfisac::recording::Capture;
using cfisac::recording::Loss;
using cfisac::recording::Metadata;

std::string describe(const Metadata& r)
{
    return "<Recording of " + r.setup.own().name + ": " + std::to_string(r.samples) +
           " samples of " + std::to_string(r.channels) + " antennas>";
}

} // namespace

void bind_recording(py::module& m)
{
    py::register_exception<cfisac::recording::RecordingError>(
        m, "RecordingError", PyExc_RuntimeError);
    m.attr("RecordingError").attr("__doc__") =
        "Something is wrong with a recording; the text names the file and what it is.";

    py::class_<Capture>(m, "Capture", "Samples without a gap between them.")
        .def_readonly("sample_start", &Capture::sample_start, "Its first sample.")
        .def_property_readonly(
            "time",
            [](const Capture& c) -> py::object {
                return c.time ? py::make_tuple(c.time->seconds, c.time->fraction)
                              : py::object(py::none());
            },
            "When the first sample was taken by the radio's clock: whole seconds and a "
            "fraction, or None.")
        .def_readonly(
            "frequency_hz", &Capture::frequency_hz, "That the radio was tuned to.")
        .def_readonly("datetime",
                      &Capture::datetime,
                      "When it reached the recorder by that one's clock, ISO 8601.");

    py::class_<Loss>(m, "Loss", "Samples that the radio lost.")
        .def_readonly("sample_start", &Loss::sample_start, "The sample after them.")
        .def_readonly("samples", &Loss::samples, "Of each antenna.");

    py::class_<Metadata>(m,
                         "Recording",
                         "What a SigMF recording says of itself.\n\n"
                         "Made by recording(); read only.")
        .def_readonly("path", &Metadata::path, "That it was read from.")
        .def_property_readonly(
            "datatype",
            [](const Metadata& r) { return cfisac::recording::to_string(r.datatype); },
            "\"cf32_le\" or \"ci16_le\".")
        .def_readonly("channels", &Metadata::channels, "Antennas.")
        .def_readonly("sample_rate_hz", &Metadata::sample_rate_hz, "Samples per second.")
        .def_readonly("samples", &Metadata::samples, "Of each antenna.")
        .def_property_readonly(
            "duration_s",
            [](const Metadata& r) {
                return static_cast<double>(r.samples) / r.sample_rate_hz;
            },
            "Duration of the samples, s.")
        .def_readonly(
            "complete", &Metadata::complete, "Whether the recorder came to its end.")
        .def_readonly(
            "foreign", &Metadata::foreign, "Whether it was made by another program.")
        .def_readonly("samples_clipped",
                      &Metadata::samples_clipped,
                      "Beyond full scale, of all antennas.")
        .def_readonly("sha512", &Metadata::sha512, "Of the data; empty where not known.")
        .def_readonly("description", &Metadata::description, "Any text.")
        .def_readonly("hardware", &Metadata::hardware, "What the radio is.")
        .def_readonly("recorder", &Metadata::recorder, "The program that made it.")
        .def_readonly("author", &Metadata::author, "Who made it.")
        .def_readonly("license", &Metadata::license, "Under which it may be used.")
        .def_property_readonly(
            "scenario",
            [](const Metadata& r) { return r.setup.scenario; },
            "The scenario.")
        .def_property_readonly(
            "receive",
            [](const Metadata& r) { return r.setup.receive; },
            "Whether it is of a receive access point.")
        .def_property_readonly(
            "access_point",
            [](const Metadata& r) { return r.setup.access_point; },
            "Number of the access point on its side, counted from 0.")
        .def_property_readonly(
            "access_point_name",
            [](const Metadata& r) { return r.setup.own().name; },
            "Name of the access point.")
        .def_property_readonly(
            "full_scale_dbm",
            [](const Metadata& r) { return r.setup.full_scale_dbm; },
            "Power of full scale at the antenna, dBm.")
        .def_property_readonly(
            "start_time_s",
            [](const Metadata& r) { return r.setup.start_time_s.value_or(-1.0); },
            "When frame 0 of the schedule starts, by the clock of the captures, s; below "
            "0 "
            "where it is not known.")
        .def_property_readonly(
            "seed",
            [](const Metadata& r) { return r.setup.seed; },
            "Seed of payload and channel state, or None.")
        .def_property_readonly(
            "scene_seed",
            [](const Metadata& r) { return r.setup.scene_seed; },
            "Seed of scenes that were drawn, or None.")
        .def_property_readonly(
            "first_frame",
            [](const Metadata& r) -> py::object {
                const auto& first = r.setup.first_frame;
                return first ? py::make_tuple(first->frame, first->sample)
                             : py::object(py::none());
            },
            "Number of the first frame whose place was recorded and its first sample, or "
            "None.")
        .def_property_readonly(
            "clock_source",
            [](const Metadata& r) { return r.setup.clock_source; },
            "Clock source of the radio.")
        .def_property_readonly(
            "time_source",
            [](const Metadata& r) { return r.setup.time_source; },
            "Time source of the radio.")
        .def_readonly("captures", &Metadata::captures, "One, and one for each gap.")
        .def_readonly("losses", &Metadata::losses, "What is missing in the gaps.")
        .def("__repr__", &describe);

    m.def(
        "recording",
        [](const std::string& path, bool checksum) {
            return cfisac::recording::read_metadata(path, std::nullopt, checksum);
        },
        py::arg("path"),
        py::arg("checksum") = false,
        "What a SigMF recording says of itself: scenario, access point, schedule and all "
        "that its samples need.\n\n"
        "path: with either ending, or without.\n\n"
        "checksum: whether the data are read and compared with their checksum.\n\n"
        "Raises RecordingError naming the file and what is wrong with it.");
}
