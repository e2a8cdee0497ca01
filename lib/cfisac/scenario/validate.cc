// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"

#include <cfisac/scenario/frame_timing.h>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>

namespace cfisac {
namespace {

using detail::element_key;
using detail::number_text;
using detail::ValueError;

using Limits = ScenarioLimits;

constexpr double unit_norm_tolerance = 1e-6;
constexpr double parallel = 1.0 - 1e-6; // cosine between the axes of a planar array

// Bounds of the numbers: far beyond any use, close enough that no derived quantity (an
// interval, a power in watts, a squared distance) overflows.
constexpr double max_magnitude = 1e9;
constexpr double max_decibel = 1000.0;
constexpr double max_frequency_hz = 1e15;
constexpr double min_spacing_hz = 1e-3;
constexpr double max_exponent = 20.0;
constexpr double max_calibration_db = 100.0;
constexpr int min_preamble_length = 16;
constexpr int min_preamble_repetitions = 4;

void check_integer(const std::string& key, int value, int low, int high)
{
    if (value < low || value > high) {
        throw ValueError(key,
                         "must lie between " + std::to_string(low) + " and " +
                             std::to_string(high) + ", is " + std::to_string(value));
    }
}

void check_number(const std::string& key, double value, double low, double high)
{
    if (!std::isfinite(value)) {
        throw ValueError(key, "must be a finite number, is " + number_text(value));
    }
    if (value < low || value > high) {
        throw ValueError(key,
                         "must lie between " + number_text(low) + " and " +
                             number_text(high) + ", is " + number_text(value));
    }
}

void check_positive(const std::string& key, double value, double high)
{
    if (std::isfinite(value) && value <= 0.0) {
        throw ValueError(key, "must be positive, is " + number_text(value));
    }
    check_number(key, value, 0.0, high);
}

void check_not_negative(const std::string& key, double value, double high)
{
    if (std::isfinite(value) && value < 0.0) {
        throw ValueError(key, "must not be negative, is " + number_text(value));
    }
    check_number(key, value, 0.0, high);
}

void check_product(const std::string& key,
                   const std::string& what,
                   std::initializer_list<std::int64_t> factors,
                   std::int64_t limit)
{
    std::int64_t product = 1;
    for (const auto factor : factors) {
        if (factor > 0 && product > limit / factor) {
            throw ValueError(key, what + " exceed the limit of " + std::to_string(limit));
        }
        product *= factor;
    }
}

void check_name(const std::string& key, const std::string& name)
{
    if (name.empty()) {
        throw ValueError(key, "must not be empty");
    }
    if (name.size() > Limits::name_bytes) {
        throw ValueError(key,
                         "must have at most " + std::to_string(Limits::name_bytes) +
                             " bytes, has " + std::to_string(name.size()));
    }
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t length = detail::character_length(name, at);
        if (length == 0) {
            throw ValueError(key,
                             "must be UTF-8 without control characters, is " +
                                 detail::quoted(name));
        }
        at += length;
    }
}

void check_coordinates(const std::string& key,
                       const Coordinates& values,
                       int dimensions,
                       double magnitude)
{
    if (values.size() != static_cast<std::size_t>(dimensions)) {
        throw ValueError(key,
                         "must have " + std::to_string(dimensions) +
                             " coordinates (see dimensions), has " +
                             std::to_string(values.size()));
    }
    for (const double value : values) {
        check_number(key, value, -magnitude, magnitude);
    }
}

void check_box(const std::string& key, const Box& box, int dimensions, double magnitude)
{
    check_coordinates(key + ".min", box.min, dimensions, magnitude);
    check_coordinates(key + ".max", box.max, dimensions, magnitude);
    for (std::size_t i = 0; i < box.min.size(); ++i) {
        if (box.min[i] > box.max[i]) {
            throw ValueError(key,
                             "min must not exceed max, coordinate " + std::to_string(i) +
                                 " runs from " + number_text(box.min[i]) + " to " +
                                 number_text(box.max[i]));
        }
    }
}

void check_step(const std::string& key, int step, int full, const std::string& what)
{
    check_integer(key, step, 1, full);
    if (full % step != 0) {
        throw ValueError(key,
                         "must divide the " + std::to_string(full) + " " + what +
                             ", is " + std::to_string(step));
    }
}

void check_waveform(const Waveform& w)
{
    check_positive("waveform.carrier_hz", w.carrier_hz, max_frequency_hz);
    check_positive(
        "waveform.subcarrier_spacing_hz", w.subcarrier_spacing_hz, max_frequency_hz);
    check_number("waveform.subcarrier_spacing_hz",
                 w.subcarrier_spacing_hz,
                 min_spacing_hz,
                 max_frequency_hz);
    check_integer("waveform.subcarriers", w.subcarriers, 1, Limits::subcarriers);
    check_integer("waveform.symbols", w.symbols, 1, Limits::symbols);
    check_step(
        "waveform.subcarrier_step", w.subcarrier_step, w.subcarriers, "subcarriers");
    check_step("waveform.symbol_step", w.symbol_step, w.symbols, "symbols");
    check_not_negative("waveform.cyclic_prefix_s", w.cyclic_prefix_s, max_magnitude);
    if (detail::modulation_name(w.modulation) == nullptr) {
        throw ValueError("waveform.modulation",
                         "must be qpsk, 16qam or 64qam, is the value " +
                             std::to_string(static_cast<int>(w.modulation)));
    }
}

void check_calibration(const std::string& key, const AccessPoint& ap)
{
    const Calibration& calibration = ap.calibration;
    if (calibration.empty()) {
        return;
    }
    const auto check =
        [&](const char* name, const std::vector<double>& values, double magnitude) {
            if (values.size() != static_cast<std::size_t>(ap.total_antennas())) {
                throw ValueError(key + name,
                                 "must have an entry for each of the " +
                                     std::to_string(ap.total_antennas()) +
                                     " antennas, has " + std::to_string(values.size()));
            }
            for (const double value : values) {
                check_number(key + name, value, -magnitude, magnitude);
            }
        };
    check(".gain_db", calibration.gain_db, max_calibration_db);
    check(".phase_deg", calibration.phase_deg, max_magnitude);
}

void check_axis(const std::string& key, const Coordinates& axis, int dimensions)
{
    check_coordinates(key, axis, dimensions, max_magnitude);
    double square = 0.0;
    for (const double value : axis) {
        square += value * value;
    }
    if (std::abs(std::sqrt(square) - 1.0) > unit_norm_tolerance) {
        throw ValueError(
            key, "must be a unit vector, has the norm " + number_text(std::sqrt(square)));
    }
}

void check_planar(const std::string& key, const AccessPoint& ap, int dimensions)
{
    const PlanarAxis& planar = *ap.planar;
    if (dimensions != 3) {
        throw ValueError(key,
                         "planar arrays are for 3 dimensions, the scenario has " +
                             std::to_string(dimensions));
    }
    check_axis(key + ".axis", planar.axis, dimensions);
    double cosine = 0.0;
    for (std::size_t d = 0; d < ap.axis.size(); ++d) {
        cosine += ap.axis[d] * planar.axis[d];
    }
    if (std::abs(cosine) > parallel) {
        throw ValueError(key + ".axis",
                         "must not be parallel to the access point's other axis");
    }
    check_integer(key + ".antennas", planar.antennas, 1, Limits::antennas);
    check_product(key + ".antennas",
                  "the antennas of the array",
                  {ap.antennas, planar.antennas},
                  Limits::antennas);
    check_positive(
        key + ".spacing_wavelengths", planar.spacing_wavelengths, max_magnitude);
}

void check_access_point(const std::string& key, const AccessPoint& ap, int dimensions)
{
    check_name(key + ".name", ap.name);
    check_coordinates(key + ".position_m", ap.position_m, dimensions, max_magnitude);
    check_axis(key + ".axis", ap.axis, dimensions);
    check_integer(key + ".antennas", ap.antennas, 1, Limits::antennas);
    check_positive(key + ".spacing_wavelengths", ap.spacing_wavelengths, max_magnitude);
    if (ap.planar) {
        check_planar(key + ".planar", ap, dimensions);
    }
    check_calibration(key + ".calibration", ap);
}

void check_access_points(const std::string& key,
                         const std::vector<AccessPoint>& list,
                         const Scenario& scenario,
                         std::set<std::string>& names)
{
    if (list.empty() || list.size() > std::size_t{Limits::access_points}) {
        throw ValueError(key,
                         "must hold between 1 and " +
                             std::to_string(Limits::access_points) +
                             " access points, holds " + std::to_string(list.size()));
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string entry = element_key(key, i);
        check_access_point(entry, list[i], scenario.dimensions);
        if (list[i].antennas != list[0].antennas) {
            throw ValueError(entry + ".antennas",
                             "must equal the " + std::to_string(list[0].antennas) +
                                 " of the first access point of the list, is " +
                                 std::to_string(list[i].antennas));
        }
        const auto rows = [](const AccessPoint& ap) {
            return ap.planar ? ap.planar->antennas : 0;
        };
        if (rows(list[i]) != rows(list[0])) {
            const auto named = [&](const AccessPoint& ap) {
                return ap.planar
                           ? std::to_string(rows(ap)) + " antennas along a second axis"
                           : std::string("a linear array");
            };
            throw ValueError(entry + (list[i].planar ? ".planar" : ""),
                             "must equal the first access point of the list, which has " +
                                 named(list[0]) + ", has " + named(list[i]));
        }
        if (&list == &scenario.transmit && !list[i].calibration.empty()) {
            throw ValueError(entry + ".calibration",
                             "is for receive access points, there is none for those that "
                             "transmit");
        }
        if (!names.insert(list[i].name).second) {
            throw ValueError(entry + ".name",
                             detail::quoted(list[i].name) +
                                 " is the name of another access point already");
        }
    }
    check_product(key,
                  "the complex samples of the frames (access points x antennas x sensed "
                  "subcarriers x sensed symbols)",
                  {static_cast<std::int64_t>(list.size()),
                   list[0].total_antennas(),
                   scenario.waveform.sensed_subcarriers(),
                   scenario.waveform.sensed_symbols()},
                  Limits::samples);
}

void check_users(const Users& users, const Scenario& scenario)
{
    const int streams =
        static_cast<int>(scenario.transmit.size()) * scenario.transmit_antennas();
    check_integer("users.count", users.count, 1, std::numeric_limits<int>::max());
    if (users.count > streams) {
        throw ValueError("users.count",
                         "must not exceed the " + std::to_string(streams) +
                             " transmit antennas of all access points, is " +
                             std::to_string(users.count));
    }
    check_product("users.count",
                  "the users' channel coefficients (users x transmit antennas x sensed "
                  "subcarriers)",
                  {users.count, streams, scenario.waveform.sensed_subcarriers()},
                  Limits::samples);
    check_box("users.area_m", users.area_m, scenario.dimensions, max_magnitude);
    check_number(
        "users.rician_factor_db", users.rician_factor_db, -max_decibel, max_decibel);
    check_integer("users.multipath_components",
                  users.multipath_components,
                  0,
                  Limits::multipath_components);
    check_product("users.multipath_components",
                  "the users' paths (users x transmit access points x components)",
                  {users.count,
                   static_cast<std::int64_t>(scenario.transmit.size()),
                   users.multipath_components},
                  Limits::paths);
    check_number("users.noise_dbm", users.noise_dbm, -max_decibel, max_decibel);
}

void check_reflectors(const Scenario& s)
{
    const auto pairs =
        static_cast<std::int64_t>(s.transmit.size()) * static_cast<int>(s.receive.size());
    if (s.targets.count == 0) {
        throw ValueError("targets.count",
                         "must be at least 1, is 0: there would be nothing to estimate");
    }
    check_integer("targets.count", s.targets.count, 1, Limits::targets);
    check_product("targets.count",
                  "the paths (transmit x receive access points x targets)",
                  {pairs, s.targets.count},
                  Limits::paths);
    check_box("targets.area_m", s.targets.area_m, s.dimensions, max_magnitude);
    check_box(
        "targets.velocity_mps", s.targets.velocity_mps, s.dimensions, speed_of_light);
    check_positive(
        "targets.reflection_variance", s.targets.reflection_variance, max_magnitude);

    check_integer("clutter.scatterers", s.clutter.scatterers, 0, Limits::scatterers);
    check_product("clutter.scatterers",
                  "the paths (transmit x receive access points x targets and scatterers)",
                  {pairs, std::int64_t{s.targets.count} + s.clutter.scatterers},
                  Limits::paths);
    check_box("clutter.area_m", s.clutter.area_m, s.dimensions, max_magnitude);
    check_box(
        "clutter.velocity_mps", s.clutter.velocity_mps, s.dimensions, speed_of_light);
    check_not_negative(
        "clutter.reflection_variance", s.clutter.reflection_variance, max_magnitude);
}

void check_radio(const Scenario& s)
{
    const Radio& radio = *s.radio;
    check_integer(
        "radio.fft_size", radio.fft_size, s.waveform.subcarriers, Limits::fft_size);
    if (radio.fft_size % 2 != 0) {
        throw ValueError("radio.fft_size",
                         "must be even, is " + std::to_string(radio.fft_size));
    }
    check_positive("radio.frame_period_s", radio.frame_period_s, max_magnitude);
    check_integer("radio.preamble_length",
                  radio.preamble_length,
                  min_preamble_length,
                  Limits::preamble_samples);
    if (radio.preamble_length % 4 != 0) {
        throw ValueError("radio.preamble_length",
                         "must be a multiple of 4, is " +
                             std::to_string(radio.preamble_length));
    }
    check_integer("radio.preamble_repetitions",
                  radio.preamble_repetitions,
                  min_preamble_repetitions,
                  Limits::preamble_samples);
    check_product("radio.preamble_repetitions",
                  "the samples of a preamble (length x repetitions)",
                  {radio.preamble_length, radio.preamble_repetitions},
                  Limits::preamble_samples);
    FrameTiming timing(s); // refuses what does not fit in whole samples
}

} // namespace

void validate(const Scenario& s)
{
    check_name("name", s.name);
    check_integer("dimensions", s.dimensions, 2, 3);
    check_waveform(s.waveform);
    check_number("transmit_power_dbm", s.transmit_power_dbm, -max_decibel, max_decibel);
    check_number("sensing_noise_dbm", s.sensing_noise_dbm, -max_decibel, max_decibel);
    std::set<std::string> names;
    check_access_points("transmit_access_points", s.transmit, s, names);
    check_access_points("receive_access_points", s.receive, s, names);
    check_number("path_loss.reference_gain_db",
                 s.path_loss.reference_gain_db,
                 -max_decibel,
                 max_decibel);
    check_positive("path_loss.reference_distance_m",
                   s.path_loss.reference_distance_m,
                   max_magnitude);
    check_not_negative("path_loss.exponent", s.path_loss.exponent, max_exponent);
    check_users(s.users, s);
    check_reflectors(s);
    check_not_negative(
        "clocks.timing_offset_std_s", s.clocks.timing_offset_std_s, max_magnitude);
    check_not_negative("clocks.frequency_offset_std_hz",
                       s.clocks.frequency_offset_std_hz,
                       max_frequency_hz);
    if (s.radio) {
        check_radio(s);
    }
}

} // namespace cfisac
