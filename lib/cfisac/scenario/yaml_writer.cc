// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"

#include <cfisac/scenario/yaml.h>
#include <yaml-cpp/yaml.h>

namespace cfisac {
namespace {

//! Emits the keys of a scenario. Numbers are turned into text here: streams follow the
//! locale and round.
class Writer
{
public:
    void open(const char* key, YAML::EMITTER_MANIP style)
    {
        d_out << YAML::Key << key << YAML::Value << style << YAML::BeginMap;
    }
    void begin(YAML::EMITTER_MANIP style) { d_out << style << YAML::BeginMap; }
    void end() { d_out << YAML::EndMap; }

    void put(const char* key, double value) { plain(key, detail::number_text(value)); }
    void put(const char* key, int value) { plain(key, std::to_string(value)); }
    void put(const char* key, bool value) { plain(key, value ? "true" : "false"); }
    void put(const char* key, Modulation value)
    {
        plain(key, detail::modulation_name(value));
    }
    void put(const char* key, const std::string& text)
    {
        d_out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << text;
    }
    void put(const char* key, const Coordinates& values)
    {
        d_out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
        for (const double value : values) {
            d_out << detail::number_text(value);
        }
        d_out << YAML::EndSeq;
    }
    void put(const char* key, const Box& box)
    {
        open(key, YAML::Flow);
        put("min", box.min);
        put("max", box.max);
        end();
    }
    void put(const char* key, const std::vector<AccessPoint>& list)
    {
        d_out << YAML::Key << key << YAML::Value << YAML::Block << YAML::BeginSeq;
        for (const auto& ap : list) {
            begin(YAML::Flow);
            put("name", ap.name);
            put("position_m", ap.position_m);
            put("axis", ap.axis);
            put("antennas", ap.antennas);
            put("spacing_wavelengths", ap.spacing_wavelengths);
            if (ap.planar) {
                open("planar", YAML::Flow);
                put("axis", ap.planar->axis);
                put("antennas", ap.planar->antennas);
                put("spacing_wavelengths", ap.planar->spacing_wavelengths);
                end();
            }
            if (!ap.calibration.empty()) {
                open("calibration", YAML::Flow);
                put("gain_db", ap.calibration.gain_db);
                put("phase_deg", ap.calibration.phase_deg);
                end();
            }
            end();
        }
        d_out << YAML::EndSeq;
    }
    void put(const char* key, const Waveform& w)
    {
        open(key, YAML::Block);
        put("carrier_hz", w.carrier_hz);
        put("subcarrier_spacing_hz", w.subcarrier_spacing_hz);
        put("subcarriers", w.subcarriers);
        put("symbols", w.symbols);
        put("subcarrier_step", w.subcarrier_step);
        put("symbol_step", w.symbol_step);
        put("cyclic_prefix_s", w.cyclic_prefix_s);
        put("modulation", w.modulation);
        end();
    }

    std::string text() const { return std::string(d_out.c_str(), d_out.size()) + "\n"; }

private:
    void plain(const char* key, const std::string& value)
    {
        d_out << YAML::Key << key << YAML::Value << value;
    }

    YAML::Emitter d_out;
};

} // namespace

std::string to_yaml(const Scenario& s)
{
    validate(s);
    Writer w;
    w.begin(YAML::Block);
    w.put("name", s.name);
    w.put("dimensions", s.dimensions);
    w.put("waveform", s.waveform);
    w.put("transmit_power_dbm", s.transmit_power_dbm);
    w.put("sensing_noise_dbm", s.sensing_noise_dbm);
    w.put("transmit_access_points", s.transmit);
    w.put("receive_access_points", s.receive);
    w.open("path_loss", YAML::Flow);
    w.put("reference_gain_db", s.path_loss.reference_gain_db);
    w.put("reference_distance_m", s.path_loss.reference_distance_m);
    w.put("exponent", s.path_loss.exponent);
    w.end();
    w.open("users", YAML::Block);
    w.put("count", s.users.count);
    w.put("area_m", s.users.area_m);
    w.put("rician_factor_db", s.users.rician_factor_db);
    w.put("multipath_components", s.users.multipath_components);
    w.put("noise_dbm", s.users.noise_dbm);
    w.end();
    w.open("targets", YAML::Block);
    w.put("count", s.targets.count);
    w.put("area_m", s.targets.area_m);
    w.put("velocity_mps", s.targets.velocity_mps);
    w.put("reflection_variance", s.targets.reflection_variance);
    w.end();
    w.open("clutter", YAML::Block);
    w.put("scatterers", s.clutter.scatterers);
    w.put("area_m", s.clutter.area_m);
    w.put("velocity_mps", s.clutter.velocity_mps);
    w.put("reflection_variance", s.clutter.reflection_variance);
    w.end();
    w.open("clocks", YAML::Flow);
    w.put("timing_offset_std_s", s.clocks.timing_offset_std_s);
    w.put("frequency_offset_std_hz", s.clocks.frequency_offset_std_hz);
    w.end();
    if (s.radio) {
        w.open("radio", YAML::Block);
        w.put("fft_size", s.radio->fft_size);
        w.put("frame_period_s", s.radio->frame_period_s);
        w.put("preamble_length", s.radio->preamble_length);
        w.put("preamble_repetitions", s.radio->preamble_repetitions);
        w.put("header", s.radio->header);
        w.put("null_dc", s.radio->null_dc);
        w.end();
    }
    w.end();
    return w.text();
}

} // namespace cfisac
