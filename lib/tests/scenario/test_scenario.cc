// SPDX-License-Identifier: GPL-3.0-or-later
#include "example.h"

#include <cfisac/scenario/scenario.h>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <map>

namespace cfisac {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Scenario paper() { return load_scenario(test::example_path("paper.yml")); }

using Change = std::function<void(Scenario&)>;

std::string error_after(const Change& change)
{
    Scenario scenario = paper();
    change(scenario);
    return test::scenario_error([&] { validate(scenario); });
}

//! The error begins with the key and contains the value.
void expect_refused(const std::string& key,
                    const std::string& value,
                    const Change& change)
{
    const std::string error = error_after(change);
    EXPECT_EQ(error.substr(0, key.size() + 2), key + ": ") << error;
    EXPECT_NE(error.find(value, key.size()), std::string::npos)
        << error << " does not name " << value;
}

TEST(Waveform, TableOfThePaper)
{
    const Waveform w = paper().waveform;
    EXPECT_NEAR(w.symbol_duration_s(), 5.20833e-6, 1e-11);
    EXPECT_NEAR(w.interval_s(), 256 * 5.2083333e-6, 1e-9);
    EXPECT_NEAR(w.wavelength_m(), 9.993e-3, 1e-6);
    EXPECT_EQ(w.sensed_subcarriers(), 256);
    EXPECT_EQ(w.sensed_symbols(), 256);
}

TEST(Scenario, FrameSizesCountTheSensedElements)
{
    Scenario s = paper();
    EXPECT_EQ(s.transmit_frame_size(), 16u * 256 * 256);
    EXPECT_EQ(s.raw_echo_bits(), 64u * 16 * 256 * 256);
    s.waveform.subcarrier_step = 8;
    s.waveform.symbol_step = 4;
    for (auto& ap : s.receive) {
        ap.antennas = 3;
    }
    EXPECT_EQ(s.transmit_frame_size(), 16u * 32 * 64);
    EXPECT_EQ(s.receive_frame_size(), 3u * 32 * 64);
}

TEST(Scenario, DbmToWatt)
{
    EXPECT_DOUBLE_EQ(dbm_to_watt(30.0), 1.0);
    EXPECT_DOUBLE_EQ(dbm_to_watt(0.0), 1e-3);
    EXPECT_NEAR(dbm_to_watt(-90.0), 1e-12, 1e-26);
}

TEST(Validate, AcceptsTheExamplesAndThreeDimensions)
{
    EXPECT_NO_THROW(validate(paper()));
    EXPECT_NO_THROW(validate(load_scenario(test::example_path("lite.yml"))));
    Scenario s = paper();
    s.dimensions = 3;
    for (auto* list : {&s.transmit, &s.receive}) {
        for (auto& ap : *list) {
            ap.position_m.push_back(10.0);
            ap.axis = {0.6, 0.0, 0.8};
        }
    }
    for (auto* box : {&s.users.area_m,
                      &s.targets.area_m,
                      &s.targets.velocity_mps,
                      &s.clutter.area_m,
                      &s.clutter.velocity_mps}) {
        box->min.push_back(0.0);
        box->max.push_back(0.0);
    }
    EXPECT_NO_THROW(validate(s));
}

TEST(Validate, RefusesNumbersThatAreNotFiniteEverywhere)
{
    const std::map<std::string, std::function<double&(Scenario&)>> numbers = {
        {"waveform.carrier_hz", [](auto& s) -> double& { return s.waveform.carrier_hz; }},
        {"waveform.subcarrier_spacing_hz",
         [](auto& s) -> double& { return s.waveform.subcarrier_spacing_hz; }},
        {"waveform.cyclic_prefix_s",
         [](auto& s) -> double& { return s.waveform.cyclic_prefix_s; }},
        {"transmit_power_dbm", [](auto& s) -> double& { return s.transmit_power_dbm; }},
        {"sensing_noise_dbm", [](auto& s) -> double& { return s.sensing_noise_dbm; }},
        {"transmit_access_points[1].position_m",
         [](auto& s) -> double& { return s.transmit[1].position_m[1]; }},
        {"receive_access_points[0].axis",
         [](auto& s) -> double& { return s.receive[0].axis[0]; }},
        {"receive_access_points[1].spacing_wavelengths",
         [](auto& s) -> double& { return s.receive[1].spacing_wavelengths; }},
        {"path_loss.reference_gain_db",
         [](auto& s) -> double& { return s.path_loss.reference_gain_db; }},
        {"path_loss.reference_distance_m",
         [](auto& s) -> double& { return s.path_loss.reference_distance_m; }},
        {"path_loss.exponent", [](auto& s) -> double& { return s.path_loss.exponent; }},
        {"users.area_m.max", [](auto& s) -> double& { return s.users.area_m.max[0]; }},
        {"users.rician_factor_db",
         [](auto& s) -> double& { return s.users.rician_factor_db; }},
        {"users.noise_dbm", [](auto& s) -> double& { return s.users.noise_dbm; }},
        {"targets.area_m.min",
         [](auto& s) -> double& { return s.targets.area_m.min[1]; }},
        {"targets.velocity_mps.max",
         [](auto& s) -> double& { return s.targets.velocity_mps.max[1]; }},
        {"targets.reflection_variance",
         [](auto& s) -> double& { return s.targets.reflection_variance; }},
        {"clutter.area_m.min",
         [](auto& s) -> double& { return s.clutter.area_m.min[0]; }},
        {"clutter.velocity_mps.max",
         [](auto& s) -> double& { return s.clutter.velocity_mps.max[0]; }},
        {"clutter.reflection_variance",
         [](auto& s) -> double& { return s.clutter.reflection_variance; }},
        {"clocks.timing_offset_std_s",
         [](auto& s) -> double& { return s.clocks.timing_offset_std_s; }},
        {"clocks.frequency_offset_std_hz",
         [](auto& s) -> double& { return s.clocks.frequency_offset_std_hz; }},
    };
    for (const auto& [key, number] : numbers) {
        for (const double value : {not_a_number, infinity, -infinity}) {
            const auto& access = number;
            expect_refused(key, "finite", [&](Scenario& s) { access(s) = value; });
        }
        // No accepted number may overflow what is computed from it.
        const auto& access = number;
        EXPECT_NE(error_after([&](Scenario& s) { access(s) = 1e300; }), "") << key;
    }
}

TEST(Validate, NamesKeyAndValue)
{
    expect_refused("name", "empty", [](auto& s) { s.name = ""; });
    expect_refused("name", "200", [](auto& s) { s.name = std::string(200, 'x'); });
    expect_refused("name", "control", [](auto& s) { s.name = "a\nb"; });
    // What yaml-cpp would write as U+FFFD.
    for (const char* bad : {"\ufdd0", "\ufdef", "\ufffe", "\U0010ffff"}) {
        expect_refused("name", "???", [=](auto& s) { s.name = bad; });
    }
    for (const char* bad : {"\x80",
                            "\xC0\xAF",
                            "\xE0\x80\xAF",
                            "\xF0\x80\x80\x80",
                            "\xF4\x90\x80\x80",
                            "\xE2\x82",
                            "\xED\xA0\x80",
                            "\xF5\x80\x80"}) {
        expect_refused("name", "UTF-8", [=](auto& s) { s.name = bad; });
    }
    EXPECT_EQ(error_after([](auto& s) { s.name = "Zürich → 東京 😀"; }), "");
    expect_refused("dimensions", "1", [](auto& s) { s.dimensions = 1; });
    expect_refused("dimensions", "4", [](auto& s) { s.dimensions = 4; });

    expect_refused(
        "waveform.carrier_hz", "-1", [](auto& s) { s.waveform.carrier_hz = -1; });
    expect_refused("waveform.subcarrier_spacing_hz", "0", [](auto& s) {
        s.waveform.subcarrier_spacing_hz = 0;
    });
    expect_refused(
        "waveform.subcarriers", "65537", [](auto& s) { s.waveform.subcarriers = 65537; });
    expect_refused("waveform.symbols", "0", [](auto& s) { s.waveform.symbols = 0; });
    expect_refused(
        "waveform.subcarrier_step", "3", [](auto& s) { s.waveform.subcarrier_step = 3; });
    expect_refused(
        "waveform.symbol_step", "0", [](auto& s) { s.waveform.symbol_step = 0; });
    expect_refused(
        "waveform.symbol_step", "512", [](auto& s) { s.waveform.symbol_step = 512; });
    expect_refused("waveform.cyclic_prefix_s", "-1", [](auto& s) {
        s.waveform.cyclic_prefix_s = -1;
    });
    expect_refused("waveform.modulation", "3", [](auto& s) {
        s.waveform.modulation = static_cast<Modulation>(3);
    });

    expect_refused("path_loss.reference_distance_m", "0", [](auto& s) {
        s.path_loss.reference_distance_m = 0;
    });
    expect_refused(
        "path_loss.exponent", "-0.5", [](auto& s) { s.path_loss.exponent = -0.5; });
    expect_refused("clocks.timing_offset_std_s", "-1", [](auto& s) {
        s.clocks.timing_offset_std_s = -1;
    });
    expect_refused("clocks.frequency_offset_std_hz", "-1", [](auto& s) {
        s.clocks.frequency_offset_std_hz = -1;
    });
}

TEST(Validate, AccessPoints)
{
    expect_refused("transmit_access_points", "0", [](auto& s) { s.transmit.clear(); });
    expect_refused("receive_access_points", "257", [](auto& s) {
        s.receive.resize(257, s.receive[0]);
    });
    expect_refused("transmit_access_points[1].name", "'tx0'", [](auto& s) {
        s.transmit[1].name = "tx0";
    });
    expect_refused("receive_access_points[0].name", "'tx1'", [](auto& s) {
        s.receive[0].name = "tx1";
    });
    expect_refused("receive_access_points[1].name", "empty", [](auto& s) {
        s.receive[1].name = "";
    });
    expect_refused("transmit_access_points[0].position_m", "3", [](auto& s) {
        s.transmit[0].position_m.push_back(0);
    });
    expect_refused("transmit_access_points[0].axis", "0", [](auto& s) {
        s.transmit[0].axis.clear();
    });
    expect_refused("transmit_access_points[0].axis", "1.00001", [](auto& s) {
        s.transmit[0].axis = {1.00001, 0.0};
    });
    expect_refused("receive_access_points[1].axis", "5", [](auto& s) {
        s.receive[1].axis = {3.0, 4.0};
    });
    EXPECT_EQ(error_after([](auto& s) { s.transmit[0].axis = {-0.6, 0.8000001}; }), "");
    expect_refused("transmit_access_points[1].antennas", "8", [](auto& s) {
        s.transmit[1].antennas = 8;
    });
    EXPECT_EQ(
        error_after([](auto& s) { s.transmit[0].antennas = s.transmit[1].antennas = 8; }),
        "");
    expect_refused("receive_access_points[0].antennas", "0", [](auto& s) {
        s.receive[0].antennas = 0;
    });
    expect_refused("receive_access_points[0].antennas", "4097", [](auto& s) {
        s.receive[0].antennas = 4097;
    });
    expect_refused("receive_access_points[0].spacing_wavelengths", "0", [](auto& s) {
        s.receive[0].spacing_wavelengths = 0;
    });
}

TEST(Validate, UsersTargetsAndClutter)
{
    expect_refused("users.count", "0", [](auto& s) { s.users.count = 0; });
    expect_refused("users.count", "33", [](auto& s) { s.users.count = 33; });
    EXPECT_EQ(error_after([](auto& s) { s.users.count = 32; }), "");
    expect_refused("users.multipath_components", "-1", [](auto& s) {
        s.users.multipath_components = -1;
    });
    expect_refused("users.area_m", "from 5 to 4", [](auto& s) {
        s.users.area_m = {{0, 5}, {0, 4}};
    });
    expect_refused("users.area_m.min", "1", [](auto& s) { s.users.area_m.min = {0}; });

    expect_refused("targets.count", "at least 1", [](auto& s) { s.targets.count = 0; });
    expect_refused("targets.count", "-1", [](auto& s) { s.targets.count = -1; });
    expect_refused("targets.reflection_variance", "0", [](auto& s) {
        s.targets.reflection_variance = 0;
    });
    expect_refused("targets.velocity_mps.max", "3e+08", [](auto& s) {
        s.targets.velocity_mps.max[0] = 3e8;
    });

    expect_refused(
        "clutter.scatterers", "-1", [](auto& s) { s.clutter.scatterers = -1; });
    EXPECT_EQ(error_after([](auto& s) { s.clutter.reflection_variance = 0; }), "");
    expect_refused("clutter.reflection_variance", "-1", [](auto& s) {
        s.clutter.reflection_variance = -1;
    });
}

TEST(Validate, RefusesWhatTakesAbsurdMemory)
{
    const auto grid = [](int size) {
        return [=](Scenario& s) { s.waveform.subcarriers = s.waveform.symbols = size; };
    };
    EXPECT_EQ(error_after(grid(2048)), ""); // 2^27 samples on either side
    expect_refused("transmit_access_points", "268435456", grid(65536));
    expect_refused("receive_access_points", "268435456", [](Scenario& s) {
        s.receive[0].antennas = s.receive[1].antennas = 4096;
    });
    // A comb brings a large grid back to a small frame.
    EXPECT_EQ(error_after([&](Scenario& s) {
                  grid(65536)(s);
                  s.waveform.subcarrier_step = s.waveform.symbol_step = 256;
              }),
              "");
    const auto many_receivers = [](Scenario& s) {
        s.waveform.subcarrier_step = s.waveform.symbol_step = 256;
        for (auto* list : {&s.transmit, &s.receive}) {
            list->resize(256, list->at(0));
            for (std::size_t i = 0; i < list->size(); ++i) {
                list->at(i).name = (list == &s.transmit ? "t" : "r") + std::to_string(i);
            }
        }
    };
    EXPECT_EQ(error_after(many_receivers), "");
    expect_refused("clutter.scatterers", "16777216", [&](Scenario& s) {
        many_receivers(s);
        s.clutter.scatterers = 65536;
    });
    expect_refused("users.multipath_components", "16777216", [&](Scenario& s) {
        many_receivers(s);
        s.users.count = 4096;
        s.users.multipath_components = 65536;
    });
    expect_refused("users.count", "268435456", [](Scenario& s) {
        s.waveform.subcarriers = 65536;
        s.waveform.symbol_step = 256;
        s.transmit[0].antennas = s.transmit[1].antennas = 2048;
        s.users.count = 4096;
    });
}

} // namespace
} // namespace cfisac
