// SPDX-License-Identifier: GPL-3.0-or-later
// Planar arrays: in YAML, in the fingerprint, and what is refused.
#include "example.h"

#include <functional>
#include <gtest/gtest.h>
#include <set>

namespace cfisac {
namespace {

using test::example_text;
using test::scenario_error;

Scenario in_space() { return load_scenario(test::example_path("lite_3d.yml")); }

std::string error_after(const std::function<void(Scenario&)>& change)
{
    auto scenario = in_space();
    change(scenario);
    return scenario_error([&] { validate(scenario); });
}

void expect_refused(const std::string& begin,
                    const std::string& also,
                    const std::function<void(Scenario&)>& change)
{
    const auto error = error_after(change);
    EXPECT_EQ(error.substr(0, begin.size()), begin) << error;
    EXPECT_NE(error.find(also), std::string::npos) << error;
}

TEST(Planar, IsReadFromYaml)
{
    const auto scenario = in_space();
    ASSERT_EQ(scenario.transmit.size(), 2u);
    for (const auto& point : scenario.transmit) {
        ASSERT_TRUE(point.planar);
        EXPECT_EQ(point.antennas, 4);
        EXPECT_EQ(point.planar->axis, (Coordinates{0, 0, 1}));
        EXPECT_EQ(point.planar->antennas, 4);
        EXPECT_EQ(point.planar->spacing_wavelengths, 0.5);
        EXPECT_EQ(point.total_antennas(), 16);
    }
    EXPECT_EQ(scenario.transmit_antennas(), 16);
    EXPECT_EQ(scenario.receive_antennas(), 16);
    EXPECT_EQ(scenario.transmit_frame_size(), std::size_t{16 * 32 * 32});
    EXPECT_FALSE(load_scenario(test::example_path("lite.yml")).transmit[0].planar);
}

TEST(Planar, IsWrittenAsItIsRead)
{
    auto scenario = in_space();
    for (auto& point : scenario.receive) {
        point.planar->axis = {0, 0.6, 0.8};
        point.planar->antennas = 3;
        point.planar->spacing_wavelengths = 0.7;
        point.axis = {0.8, 0.36, -0.48};
        point.calibration.gain_db = std::vector<double>(12, 0.25);
        point.calibration.phase_deg = std::vector<double>(12, -3.5);
    }
    const auto text = to_yaml(scenario);
    const auto again = parse_scenario(text);
    EXPECT_EQ(to_yaml(again), text);
    EXPECT_EQ(fingerprint(again), fingerprint(scenario));
    for (std::size_t m = 0; m < scenario.receive.size(); m++) {
        const auto& one = scenario.receive[m];
        const auto& other = again.receive[m];
        ASSERT_TRUE(other.planar);
        EXPECT_EQ(other.axis, one.axis);
        EXPECT_EQ(other.planar->axis, one.planar->axis);
        EXPECT_EQ(other.planar->antennas, one.planar->antennas);
        EXPECT_EQ(other.planar->spacing_wavelengths, one.planar->spacing_wavelengths);
        EXPECT_EQ(other.calibration.phase_deg, one.calibration.phase_deg);
    }
    // A linear array has no such key.
    EXPECT_EQ(to_yaml(load_scenario(test::example_path("lite.yml"))).find("planar"),
              std::string::npos);
}

TEST(Planar, ChangesTheFingerprint)
{
    const std::vector<std::function<void(Scenario&)>> changes = {
        [](auto&) {},
        [](auto& s) { s.transmit[0].planar.reset(); },
        [](auto& s) { s.transmit[1].planar.reset(); },
        [](auto& s) { s.receive[0].planar.reset(); },
        [](auto& s) { s.receive[1].planar->antennas = 5; },
        [](auto& s) { s.receive[1].planar->spacing_wavelengths = 0.25; },
        [](auto& s) {
            s.receive[1].planar->axis = {1, 0, 0};
        },
        [](auto& s) { s.receive[2].antennas = 5; },
        [](auto& s) { std::swap(s.receive[2].antennas, s.receive[2].planar->antennas); },
        [](auto& s) {
            s.receive[2].antennas = 2;
            s.receive[2].planar->antennas = 8;
        },
    };
    std::set<std::uint64_t> prints;
    for (const auto& change : changes) {
        auto scenario = in_space();
        change(scenario);
        prints.insert(fingerprint(scenario));
    }
    EXPECT_EQ(prints.size(), changes.size() - 1); // 4 by 4 swapped is the same
}

TEST(Planar, WhatCannotBeIsRefused)
{
    expect_refused("receive_access_points[1].planar.axis:", "norm 2", [](auto& s) {
        s.receive[1].planar->axis = {0, 0, 2};
    });
    expect_refused("receive_access_points[1].planar.axis:", "parallel", [](auto& s) {
        s.receive[1].planar->axis = {0, -1, 0};
    });
    expect_refused("receive_access_points[1].planar.axis:", "3 coordinates", [](auto& s) {
        s.receive[1].planar->axis = {0, 1};
    });
    expect_refused("receive_access_points[0].planar.antennas:", "0", [](auto& s) {
        s.receive[0].planar->antennas = 0;
    });
    expect_refused("transmit_access_points[0].planar.antennas:", "4096", [](auto& s) {
        s.transmit[0].planar->antennas = 1025;
    });
    expect_refused("transmit_access_points[0].planar.spacing_wavelengths:",
                   "positive",
                   [](auto& s) { s.transmit[0].planar->spacing_wavelengths = 0; });
    // Arrays of a side are alike.
    expect_refused("transmit_access_points[1]:", "a linear array", [](auto& s) {
        s.transmit[1].planar.reset();
    });
    expect_refused("receive_access_points[2].planar:", "has 2 antennas", [](auto& s) {
        s.receive[2].planar->antennas = 2;
    });
    EXPECT_EQ(error_after([](auto& s) {
                  for (auto& point : s.transmit) {
                      point.planar.reset();
                  }
              }),
              "");
    // Calibration has all antennas.
    expect_refused("receive_access_points[0].calibration.gain_db:", "16", [](auto& s) {
        s.receive[0].calibration = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    });
}

TEST(Planar, IsForThreeDimensions)
{
    auto scenario = load_scenario(test::example_path("lite.yml"));
    for (auto& point : scenario.receive) {
        point.planar = PlanarAxis{{0, 1}, 2, 0.5};
    }
    const auto error = scenario_error([&] { validate(scenario); });
    EXPECT_EQ(error.rfind("receive_access_points[0].planar: ", 0), 0u) << error;
    EXPECT_NE(error.find("3 dimensions"), std::string::npos) << error;
}

TEST(Planar, ErrorsOfAFileHaveTheirLine)
{
    const auto edited = [](const std::string& from, const std::string& to) {
        auto text = example_text("lite_3d.yml");
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        return scenario_error([&] { parse_scenario(text, "f.yml"); });
    };
    const std::string key = "planar: {axis: [0, 0, 1], antennas: 4,";
    for (const auto& [to, says] : std::vector<std::pair<std::string, std::string>>{
             {"planar: {axis: [0, 0, 1], rows: 4, antennas: 4,", "unknown key 'rows'"},
             {"planar: {axis: [0, 0, 1],", "planar.antennas: the key is missing"},
             {"planar: {axis: [1, 0, 0], antennas: 4,", "parallel"},
             {"planar: {axis: [0, 0, 1], antennas: 4.5,", "decimal integer"}}) {
        const auto error = edited(key, to);
        EXPECT_EQ(error.rfind("f.yml:24: transmit_access_points[0].planar", 0), 0u)
            << error;
        EXPECT_NE(error.find(says), std::string::npos) << error;
    }
}

} // namespace
} // namespace cfisac
