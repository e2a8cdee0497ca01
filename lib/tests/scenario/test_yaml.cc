// SPDX-License-Identifier: GPL-3.0-or-later
#include "example.h"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <random>

namespace cfisac {
namespace {

using test::example_text;
using test::scenario_error;

//! Text of paper.yml with `from`, which must be there once, replaced by `to`.
std::string edited(const std::string& from, const std::string& to)
{
    std::string text = example_text("paper.yml");
    const auto at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
        ADD_FAILURE() << "'" << from << "' must be in paper.yml once";
        return text;
    }
    return text.replace(at, from.size(), to);
}

//! Line of the first character of `what` in `text`, counted from 1.
std::string line_in(const std::string& text, const std::string& what)
{
    const auto at = static_cast<std::ptrdiff_t>(text.find(what));
    return std::to_string(1 + std::count(text.begin(), text.begin() + at, '\n'));
}

std::string error_of(const std::string& text)
{
    return scenario_error([&] { parse_scenario(text, "f.yml"); });
}

struct Wrong {
    std::string from; //!< text of paper.yml, replaced
    std::string to;   //!< by this
    std::string mark; //!< at this text is the line of the error (empty: at `to`)
    std::string says; //!< the error after "f.yml:LINE: " begins with this
    std::string also; //!< and contains this
};

class WrongYaml : public testing::TestWithParam<Wrong>
{
};

TEST_P(WrongYaml, NamesLineAndKey)
{
    const Wrong& wrong = GetParam();
    const std::string text = edited(wrong.from, wrong.to);
    const std::string error = error_of(text);
    const std::string mark = wrong.mark.empty() ? wrong.to : wrong.mark;
    const std::string begin = "f.yml:" + line_in(text, mark) + ": " + wrong.says;
    EXPECT_EQ(error.substr(0, begin.size()), begin) << error;
    EXPECT_NE(error.find(wrong.also), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Keys,
    WrongYaml,
    testing::Values(
        Wrong{"sensing_noise_dbm: -90",
              "sensing_noise_dbm: -90\nnoise_figure_db: 3",
              "noise_figure_db",
              "unknown key 'noise_figure_db'",
              "sensing_noise_dbm"},
        Wrong{
            "symbols: 256\n", "symbol: 256\n", "", "waveform: unknown key 'symbol'", ""},
        Wrong{"axis: [-1, 0], antennas: 16, spacing_wavelengths: 0.5}\n  - {name: tx1",
              "axes: [-1, 0], antennas: 16, spacing_wavelengths: 0.5}\n  - {name: tx1",
              "",
              "transmit_access_points[0]: unknown key 'axes'",
              "position_m"},
        Wrong{"  carrier_hz: 30.0e+9\n",
              "",
              "waveform:",
              "waveform.carrier_hz: ",
              "missing"},
        Wrong{"clocks: {timing_offset_std_s: 0, ",
              "clocks: {",
              "",
              "clocks.timing_offset_std_s: ",
              "missing"},
        Wrong{"name: paper\n", "", "# SPDX", "name: ", "missing"},
        Wrong{"{name: rx1, ",
              "{",
              "{position_m: [75, 100]",
              "receive_access_points[1].name: ",
              "missing"},
        Wrong{"dimensions: 2\n",
              "dimensions: 2\ndimensions: 3\n",
              "dimensions: 3",
              "dimensions: ",
              "doubled"},
        Wrong{"reference_distance_m: 1,",
              "reference_distance_m: 1, reference_distance_m: 1,",
              "",
              "path_loss.reference_distance_m: ",
              "doubled"},
        Wrong{"name: paper\n",
              "name: paper\n? [a]\n: 1\n",
              "? [a]",
              "a key must be",
              "list"},
        Wrong{"name: paper\n", "<<: {name: paper}\n", "", "unknown key '<<'", ""}));

INSTANTIATE_TEST_SUITE_P(
    Types,
    WrongYaml,
    testing::Values(
        Wrong{"30.0e+9", "fast", "", "waveform.carrier_hz: ", "number"},
        Wrong{"30.0e+9", "'30.0e+9'", "", "waveform.carrier_hz: ", "the text '30.0e+9'"},
        Wrong{"30.0e+9", "30.0e+9 Hz", "", "waveform.carrier_hz: ", "'30.0e+9 Hz'"},
        Wrong{"30.0e+9", "", "carrier_hz:", "waveform.carrier_hz: ", "empty"},
        Wrong{"30.0e+9", "~", "carrier_hz: ~", "waveform.carrier_hz: ", "empty"},
        Wrong{"30.0e+9", "[1]", "carrier_hz:", "waveform.carrier_hz: ", "a list"},
        Wrong{"30.0e+9", ".nan", "", "waveform.carrier_hz: ", "finite"},
        Wrong{"30.0e+9", "-.Inf", "", "waveform.carrier_hz: ", "finite"},
        Wrong{"30.0e+9", "inf", "", "waveform.carrier_hz: ", "finite"},
        Wrong{"30.0e+9", "1e999", "", "waveform.carrier_hz: ", "1e999"},
        Wrong{"30.0e+9", "0x10", "", "waveform.carrier_hz: ", "0x10"},
        Wrong{"30.0e+9", "+-1", "", "waveform.carrier_hz: ", "+-1"},
        Wrong{"30.0e+9", "true", "", "waveform.carrier_hz: ", "true"},
        Wrong{
            "dimensions: 2", "dimensions: 2.0", "", "dimensions: ", "integer, is '2.0'"},
        Wrong{"dimensions: 2", "dimensions: 2e0", "", "dimensions: ", "integer"},
        Wrong{
            "dimensions: 2", "dimensions: two", "", "dimensions: ", "integer, is 'two'"},
        Wrong{"dimensions: 2", "dimensions: \"2\"", "", "dimensions: ", "text '2'"},
        Wrong{"dimensions: 2", "dimensions: 02", "", "dimensions: ", "'02'"},
        Wrong{"dimensions: 2",
              "dimensions: 99999999999",
              "",
              "dimensions: ",
              "99999999999"},
        Wrong{"name: paper", "name:", "name:", "name: ", "empty"},
        Wrong{"name: paper", "name: [a]", "", "name: ", "a list"},
        Wrong{"position_m: [25, 0]",
              "position_m: [25, left]",
              "",
              "transmit_access_points[0].position_m: ",
              "'left'"},
        Wrong{"position_m: [75, 100]",
              "position_m: 75",
              "",
              "receive_access_points[1].position_m: ",
              "list of numbers"},
        Wrong{
            "modulation: 16qam", "modulation: 8psk", "", "waveform.modulation: ", "8psk"},
        Wrong{"path_loss: {reference_gain_db: -60, reference_distance_m: 1, exponent: 2}",
              "path_loss: 2",
              "",
              "path_loss: ",
              "mapping"},
        Wrong{"clocks: {", "clocks: [", "", "not YAML: ", ""}));

INSTANTIATE_TEST_SUITE_P(
    Values,
    WrongYaml,
    testing::Values(
        Wrong{"30.0e+9", "-1", "carrier_hz: -1", "waveform.carrier_hz: ", "-1"},
        Wrong{"dimensions: 2", "dimensions: 5", "", "dimensions: ", "5"},
        Wrong{"dimensions: 2",
              "dimensions: 3",
              "{name: tx0",
              "transmit_access_points[0].position_m: ",
              "3 coordinates"},
        Wrong{"name: rx1",
              "name: tx0",
              "name: tx0, position_m: [75, 100]",
              "receive_access_points[1].name: ",
              "'tx0'"},
        Wrong{"symbols: 256\n",
              "symbols: 256\n  symbol_step: 7\n",
              "symbol_step",
              "waveform.symbol_step: ",
              "7"},
        Wrong{"velocity_mps: {min: [-20, -20], max: [20, 20]}",
              "velocity_mps:\n    min: [-20, 20]\n    max: [20, -20]",
              "",
              "targets.velocity_mps: ",
              "from 20 to -20"},
        Wrong{"velocity_mps: {min: [-20, -20], max: [20, 20]}",
              "velocity_mps:\n    min: [-20, -20]\n    max: [20]",
              "max: [20]",
              "targets.velocity_mps.max: ",
              "has 1"},
        Wrong{"count: 2\n", "count: 0\n", "", "targets.count: ", "at least 1"},
        Wrong{"count: 4\n", "count: 33\n", "", "users.count: ", "33"},
        Wrong{"transmit_power_dbm: 30",
              "transmit_power_dbm: 3000",
              "",
              "transmit_power_dbm: ",
              "3000"}));

INSTANTIATE_TEST_SUITE_P(
    Documents,
    WrongYaml,
    testing::Values(
        Wrong{"name: paper", "name: &a paper", "", "YAML anchors", ""},
        Wrong{"clocks: {", "clocks: &c {x: *c, ", "", "YAML anchors", ""},
        Wrong{"name: paper", "name: *a", "", "not YAML: ", ""},
        Wrong{"name: paper", "name: !!str paper", "", "YAML tags", ""},
        Wrong{"name: paper", "name: [[[[[[[[[[[[1]]]]]]]]]]]]", "", "YAML nested", ""},
        Wrong{"name: paper", "\t name: paper", "", "not YAML: ", ""},
        Wrong{"clocks: {", "---\nclocks: {", "", "only one YAML document", ""}));

TEST(ParseScenario, RefusesOtherDocuments)
{
    EXPECT_EQ(error_of(""), "f.yml:1: the document must be a mapping, is empty");
    EXPECT_EQ(error_of("- 1\n"), "f.yml:1: the document must be a mapping, is a list");
    EXPECT_EQ(error_of("{}").substr(0, 14), "f.yml:1: name:");
    EXPECT_NE(error_of(std::string((1u << 20) + 1, '#')).find("1048576"),
              std::string::npos);
    EXPECT_NE(error_of("a: [" + std::string(200000, ',') + "]"), "");
    std::string many = "[0";
    for (int i = 0; i < 100000; ++i) {
        many += ",0";
    }
    EXPECT_NE(error_of(many + "]").find("too many"), std::string::npos);
    EXPECT_NE(error_of(std::string(1u << 20, '[')), "");
    EXPECT_NE(error_of(std::string(1u << 20, '{')), "");
    std::string deep;
    for (int i = 0; i < 300000; ++i) {
        deep += "- ";
    }
    EXPECT_NE(error_of(deep), "");
    EXPECT_NE(error_of(std::string(1000, '\0')), "");
}

TEST(ParseScenario, ShortensAndCleansWhatItQuotes)
{
    const std::string error =
        error_of(edited("name: paper", "\"" + std::string(5000, 'x') + "\\n\": 1"));
    EXPECT_LT(error.size(), 400u) << error;
    EXPECT_EQ(error_of(edited("name: paper", "\"a\\nb\": 1")).find('\n'),
              std::string::npos);
}

TEST(ParseScenario, QuotesNothingThatIsNoCharacter)
{
    // Latin-1, an escape sequence of terminals, and "é" over the place where quotes end.
    EXPECT_NE(error_of(edited("16qam", "caf\xe9")).find("'caf?'"), std::string::npos);
    EXPECT_NE(error_of(edited("16qam", "\"\\e[2J\\u009b\"")).find("'?[2J?\?'"),
              std::string::npos);
    const std::string most(59, 'x');
    EXPECT_NE(error_of(edited("16qam", most + "\u00e9y")).find("'" + most + "…'"),
              std::string::npos);
    // yaml-cpp quotes the escape that it does not know.
    EXPECT_NE(error_of("name: \"\\\xff\"").find("not YAML: unknown escape character: ?"),
              std::string::npos);
}

TEST(ParseScenario, ReadsTheExamples)
{
    const Scenario s = load_scenario(test::example_path("paper.yml"));
    EXPECT_EQ(s.name, "paper");
    EXPECT_EQ(s.dimensions, 2);
    EXPECT_EQ(s.waveform.carrier_hz, 30e9);
    EXPECT_EQ(s.waveform.subcarrier_spacing_hz, 240e3);
    EXPECT_EQ(s.waveform.cyclic_prefix_s, 1.0416666666666667e-6);
    EXPECT_EQ(s.waveform.subcarriers, 256);
    EXPECT_EQ(s.waveform.subcarrier_step, 1);
    EXPECT_EQ(s.waveform.symbol_step, 1);
    EXPECT_EQ(s.waveform.modulation, Modulation::qam16);
    EXPECT_EQ(s.transmit_power_dbm, 30);
    EXPECT_EQ(s.sensing_noise_dbm, -90);
    ASSERT_EQ(s.transmit.size(), 2u);
    ASSERT_EQ(s.receive.size(), 2u);
    EXPECT_EQ(s.transmit[1].name, "tx1");
    EXPECT_EQ(s.transmit[1].position_m, (Coordinates{75, 0}));
    EXPECT_EQ(s.transmit[1].axis, (Coordinates{-1, 0}));
    EXPECT_EQ(s.receive[0].position_m, (Coordinates{25, 100}));
    EXPECT_EQ(s.receive[0].antennas, 16);
    EXPECT_EQ(s.receive[0].spacing_wavelengths, 0.5);
    EXPECT_EQ(s.path_loss.reference_gain_db, -60);
    EXPECT_EQ(s.path_loss.reference_distance_m, 1);
    EXPECT_EQ(s.path_loss.exponent, 2);
    EXPECT_EQ(s.users.count, 4);
    EXPECT_EQ(s.users.area_m.max, (Coordinates{100, 100}));
    EXPECT_EQ(s.users.rician_factor_db, 10);
    EXPECT_EQ(s.users.multipath_components, 4);
    EXPECT_EQ(s.users.noise_dbm, -90);
    EXPECT_EQ(s.targets.count, 2);
    EXPECT_EQ(s.targets.velocity_mps.min, (Coordinates{-20, -20}));
    EXPECT_EQ(s.targets.reflection_variance, 1);
    EXPECT_EQ(s.clutter.scatterers, 0);
    EXPECT_EQ(s.clutter.reflection_variance, 0.1);
    EXPECT_EQ(s.clocks.timing_offset_std_s, 0);
    EXPECT_EQ(s.clocks.frequency_offset_std_hz, 0);
    const Scenario lite = load_scenario(test::example_path("lite.yml"));
    EXPECT_EQ(lite.waveform.sensed_subcarriers(), 32);
    EXPECT_EQ(lite.waveform.sensed_symbols(), 32);
    EXPECT_EQ(lite.receive_antennas(), 8);
}

TEST(ParseScenario, AcceptsOtherSpellings)
{
    EXPECT_EQ(parse_scenario(edited("30.0e+9", "+30E9")).waveform.carrier_hz, 30e9);
    EXPECT_EQ(parse_scenario(edited("name: paper", "name: 'a: b # c'")).name, "a: b # c");
    EXPECT_EQ(parse_scenario(edited("16qam", "64qam")).waveform.modulation,
              Modulation::qam64);
    EXPECT_EQ(parse_scenario("---\n" + example_text("paper.yml") + "...\n").name,
              "paper");
    std::string windows;
    for (const char c : example_text("paper.yml")) {
        windows += c == '\n' ? "\r\n" : std::string(1, c);
    }
    EXPECT_EQ(to_yaml(parse_scenario(windows)),
              to_yaml(parse_scenario(edited("# 64", "#"))));
}

TEST(LoadScenario, NamesTheFile)
{
    const auto error = [](const std::string& path) {
        return scenario_error([&] { load_scenario(path); });
    };
    EXPECT_EQ(error("/nowhere/x.yml"),
              "/nowhere/x.yml: the scenario file cannot be read");
    const std::string folder = test::example_path("");
    EXPECT_EQ(error(folder), folder + ": the scenario file cannot be read");
    const std::string path = testing::TempDir() + "cfisac_test_yaml.yml";
    std::ofstream(path) << edited("dimensions: 2", "dimensions: 7");
    EXPECT_EQ(error(path).substr(0, path.size() + 15), path + ":6: dimensions:");
    std::ofstream(path) << std::string((1u << 20) + 1, '#');
    EXPECT_NE(error(path).find("larger than"), std::string::npos);
    std::remove(path.c_str());
}

//! Damaged text is read or refused with an error that names its source; nothing else.
TEST(ParseScenario, SurvivesDamagedText)
{
    std::mt19937 engine(2);
    const std::string text = example_text("paper.yml");
    const std::string special = "{}[]:,#&*!|>'\"%@`-?\n\t ~\0\x80\xFF<=.e9";
    const auto draw = [&](std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(engine);
    };
    int read = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string damaged = text;
        for (std::size_t changes = 1 + draw(4); changes > 0; --changes) {
            const auto at = draw(damaged.size());
            switch (draw(4)) {
            case 0:
                damaged[at] = special[draw(special.size())];
                break;
            case 1:
                damaged.insert(at, 1, special[draw(special.size())]);
                break;
            case 2:
                damaged.erase(at, 1 + draw(20));
                break;
            default:
                damaged.insert(at, damaged.substr(draw(damaged.size()), draw(60)));
            }
        }
        try {
            validate(parse_scenario(damaged, "f.yml"));
            ++read;
        } catch (const ScenarioError& e) {
            ASSERT_EQ(std::string(e.what()).substr(0, 6), "f.yml:");
        }
    }
    EXPECT_GT(read, 0); // damage in comments
    EXPECT_LT(read, 2000);
}

} // namespace
} // namespace cfisac
