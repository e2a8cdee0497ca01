// SPDX-License-Identifier: GPL-3.0-or-later
#include "detail.h"
#include "yaml_map.h"

#include <cfisac/scenario/yaml.h>
#include <fstream>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace cfisac {
namespace {

using detail::Document;
using detail::line_of;
using detail::Map;
using detail::quoted;

//! Refuses, before any tree is built, what a scenario does not need and what a hostile
//! document could abuse.
class Guard : public YAML::EventHandler
{
public:
    explicit Guard(const Document& document) : d_document(document) {}

    void OnDocumentStart(const YAML::Mark& mark) override
    {
        if (++d_documents > 1) {
            d_document.fail(line_of(mark), "only one YAML document is allowed");
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        node(mark, "?", anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override
    {
        d_document.fail(line_of(mark), "YAML aliases are not allowed");
    }
    void OnScalar(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  const std::string&) override
    {
        node(mark, tag, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark,
                         const std::string& tag,
                         YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        open(mark, tag, anchor);
    }
    void OnSequenceEnd() override { --d_depth; }
    void OnMapStart(const YAML::Mark& mark,
                    const std::string& tag,
                    YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override
    {
        open(mark, tag, anchor);
    }
    void OnMapEnd() override { --d_depth; }

private:
    static constexpr int max_depth = 8;
    static constexpr int max_nodes = 65536;

    void node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor)
    {
        if (anchor != 0) {
            d_document.fail(line_of(mark), "YAML anchors are not allowed");
        }
        if (!tag.empty() && tag != "?" && tag != "!") {
            d_document.fail(line_of(mark), "YAML tags are not allowed");
        }
        if (++d_nodes > max_nodes) {
            d_document.fail(line_of(mark), "too many YAML nodes for a scenario");
        }
    }
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor)
    {
        node(mark, tag, anchor);
        if (++d_depth > max_depth) {
            d_document.fail(line_of(mark), "YAML nested too deeply for a scenario");
        }
    }

    const Document& d_document;
    int d_documents = 0;
    int d_depth = 0;
    int d_nodes = 0;
};

Waveform read_waveform(const Document& document, const Map& map)
{
    Waveform w;
    w.carrier_hz = map.number("carrier_hz");
    w.subcarrier_spacing_hz = map.number("subcarrier_spacing_hz");
    w.subcarriers = map.integer("subcarriers");
    w.symbols = map.integer("symbols");
    w.cyclic_prefix_s = map.number("cyclic_prefix_s");
    if (map.has("subcarrier_step")) {
        w.subcarrier_step = map.integer("subcarrier_step");
    }
    if (map.has("symbol_step")) {
        w.symbol_step = map.integer("symbol_step");
    }
    const std::string name = map.text("modulation");
    for (const auto m : {Modulation::qpsk, Modulation::qam16, Modulation::qam64}) {
        if (name == detail::modulation_name(m)) {
            w.modulation = m;
            return w;
        }
    }
    document.fail_key("waveform.modulation",
                      "must be qpsk, 16qam or 64qam, is " + quoted(name));
}

std::vector<AccessPoint> read_access_points(const Map& root, const char* name)
{
    std::vector<AccessPoint> list;
    for (const auto& map :
         root.maps(name,
                   {"name", "position_m", "axis", "antennas", "spacing_wavelengths"},
                   {"planar", "calibration"})) {
        list.push_back({map.text("name"),
                        map.coordinates("position_m"),
                        map.coordinates("axis"),
                        map.integer("antennas"),
                        map.number("spacing_wavelengths")});
        if (map.has("planar")) {
            const Map planar =
                map.map("planar", {"axis", "antennas", "spacing_wavelengths"});
            list.back().planar = {planar.coordinates("axis"),
                                  planar.integer("antennas"),
                                  planar.number("spacing_wavelengths")};
        }
        if (map.has("calibration")) {
            const Map calibration = map.map("calibration", {"gain_db", "phase_deg"});
            list.back().calibration = {calibration.coordinates("gain_db"),
                                       calibration.coordinates("phase_deg")};
        }
    }
    return list;
}

Radio read_radio(const Map& map)
{
    Radio radio;
    radio.fft_size = map.integer("fft_size");
    radio.frame_period_s = map.number("frame_period_s");
    if (map.has("preamble_length")) {
        radio.preamble_length = map.integer("preamble_length");
    }
    if (map.has("preamble_repetitions")) {
        radio.preamble_repetitions = map.integer("preamble_repetitions");
    }
    if (map.has("header")) {
        radio.header = map.flag("header");
    }
    if (map.has("null_dc")) {
        radio.null_dc = map.flag("null_dc");
    }
    return radio;
}

Scenario read_scenario(Document& document, const YAML::Node& node)
{
    const Map root(document,
                   node,
                   "",
                   {"name",
                    "dimensions",
                    "waveform",
                    "transmit_power_dbm",
                    "sensing_noise_dbm",
                    "transmit_access_points",
                    "receive_access_points",
                    "path_loss",
                    "users",
                    "targets",
                    "clutter",
                    "clocks"},
                   {"radio"});
    Scenario s;
    s.name = root.text("name");
    s.dimensions = root.integer("dimensions");
    s.waveform = read_waveform(document,
                               root.map("waveform",
                                        {"carrier_hz",
                                         "subcarrier_spacing_hz",
                                         "subcarriers",
                                         "symbols",
                                         "cyclic_prefix_s",
                                         "modulation"},
                                        {"subcarrier_step", "symbol_step"}));
    s.transmit_power_dbm = root.number("transmit_power_dbm");
    s.sensing_noise_dbm = root.number("sensing_noise_dbm");
    s.transmit = read_access_points(root, "transmit_access_points");
    s.receive = read_access_points(root, "receive_access_points");
    const Map path_loss =
        root.map("path_loss", {"reference_gain_db", "reference_distance_m", "exponent"});
    s.path_loss = {path_loss.number("reference_gain_db"),
                   path_loss.number("reference_distance_m"),
                   path_loss.number("exponent")};
    const Map users = root.map(
        "users",
        {"count", "area_m", "rician_factor_db", "multipath_components", "noise_dbm"});
    s.users = {users.integer("count"),
               users.box("area_m"),
               users.number("rician_factor_db"),
               users.integer("multipath_components"),
               users.number("noise_dbm")};
    const Map targets =
        root.map("targets", {"count", "area_m", "velocity_mps", "reflection_variance"});
    s.targets = {targets.integer("count"),
                 targets.box("area_m"),
                 targets.box("velocity_mps"),
                 targets.number("reflection_variance")};
    const Map clutter = root.map(
        "clutter", {"scatterers", "area_m", "velocity_mps", "reflection_variance"});
    s.clutter = {clutter.integer("scatterers"),
                 clutter.box("area_m"),
                 clutter.box("velocity_mps"),
                 clutter.number("reflection_variance")};
    const Map clocks =
        root.map("clocks", {"timing_offset_std_s", "frequency_offset_std_hz"});
    s.clocks = {clocks.number("timing_offset_std_s"),
                clocks.number("frequency_offset_std_hz")};
    if (root.has("radio")) {
        s.radio = read_radio(
            root.map("radio",
                     {"fft_size", "frame_period_s"},
                     {"preamble_length", "preamble_repetitions", "header", "null_dc"}));
    }
    return s;
}

} // namespace

Scenario parse_scenario(const std::string& text, const std::string& source)
{
    Document document(source);
    if (text.size() > ScenarioLimits::file_bytes) {
        document.fail(1,
                      "larger than the " + std::to_string(ScenarioLimits::file_bytes) +
                          " bytes allowed for a scenario");
    }
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        Guard guard(document);
        while (parser.HandleNextDocument(guard)) {
        }
        Scenario scenario = read_scenario(document, YAML::Load(text));
        validate(scenario);
        return scenario;
    } catch (const detail::ValueError& e) {
        document.fail(document.line(e.key()), e.what());
    } catch (const YAML::Exception& e) {
        document.fail(line_of(e.mark), "not YAML: " + detail::printable(e.msg));
    }
}

Scenario load_scenario(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    // One byte more than allowed, so that a file that is too large is noticed.
    std::string text(ScenarioLimits::file_bytes + 1, '\0');
    if (file) {
        file.read(&text[0], static_cast<std::streamsize>(text.size()));
    }
    if (!file.is_open() || file.bad()) {
        throw ScenarioError(path + ": the scenario file cannot be read");
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_scenario(text, path);
}

} // namespace cfisac
