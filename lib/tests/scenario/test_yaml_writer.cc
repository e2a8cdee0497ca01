// SPDX-License-Identifier: GPL-3.0-or-later
#include "example.h"

#include <cmath>
#include <gtest/gtest.h>
#include <locale>
#include <random>

namespace cfisac {
namespace {

void expect_equal(const Box& a, const Box& b)
{
    EXPECT_EQ(a.min, b.min);
    EXPECT_EQ(a.max, b.max);
}

void expect_equal(const std::vector<AccessPoint>& a, const std::vector<AccessPoint>& b)
{
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].name, b[i].name);
        EXPECT_EQ(a[i].position_m, b[i].position_m);
        EXPECT_EQ(a[i].axis, b[i].axis);
        EXPECT_EQ(a[i].antennas, b[i].antennas);
        EXPECT_EQ(a[i].spacing_wavelengths, b[i].spacing_wavelengths);
    }
}

//! Every member is equal, bit for bit.
void expect_equal(const Scenario& a, const Scenario& b)
{
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.dimensions, b.dimensions);
    EXPECT_EQ(a.waveform.carrier_hz, b.waveform.carrier_hz);
    EXPECT_EQ(a.waveform.subcarrier_spacing_hz, b.waveform.subcarrier_spacing_hz);
    EXPECT_EQ(a.waveform.subcarriers, b.waveform.subcarriers);
    EXPECT_EQ(a.waveform.symbols, b.waveform.symbols);
    EXPECT_EQ(a.waveform.cyclic_prefix_s, b.waveform.cyclic_prefix_s);
    EXPECT_EQ(a.waveform.subcarrier_step, b.waveform.subcarrier_step);
    EXPECT_EQ(a.waveform.symbol_step, b.waveform.symbol_step);
    EXPECT_EQ(a.waveform.modulation, b.waveform.modulation);
    expect_equal(a.transmit, b.transmit);
    expect_equal(a.receive, b.receive);
    EXPECT_EQ(a.transmit_power_dbm, b.transmit_power_dbm);
    EXPECT_EQ(a.sensing_noise_dbm, b.sensing_noise_dbm);
    EXPECT_EQ(a.path_loss.reference_gain_db, b.path_loss.reference_gain_db);
    EXPECT_EQ(a.path_loss.reference_distance_m, b.path_loss.reference_distance_m);
    EXPECT_EQ(a.path_loss.exponent, b.path_loss.exponent);
    EXPECT_EQ(a.users.count, b.users.count);
    expect_equal(a.users.area_m, b.users.area_m);
    EXPECT_EQ(a.users.rician_factor_db, b.users.rician_factor_db);
    EXPECT_EQ(a.users.multipath_components, b.users.multipath_components);
    EXPECT_EQ(a.users.noise_dbm, b.users.noise_dbm);
    EXPECT_EQ(a.targets.count, b.targets.count);
    expect_equal(a.targets.area_m, b.targets.area_m);
    expect_equal(a.targets.velocity_mps, b.targets.velocity_mps);
    EXPECT_EQ(a.targets.reflection_variance, b.targets.reflection_variance);
    EXPECT_EQ(a.clutter.scatterers, b.clutter.scatterers);
    expect_equal(a.clutter.area_m, b.clutter.area_m);
    expect_equal(a.clutter.velocity_mps, b.clutter.velocity_mps);
    EXPECT_EQ(a.clutter.reflection_variance, b.clutter.reflection_variance);
    EXPECT_EQ(a.clocks.timing_offset_std_s, b.clocks.timing_offset_std_s);
    EXPECT_EQ(a.clocks.frequency_offset_std_hz, b.clocks.frequency_offset_std_hz);
}

//! A valid scenario with every number drawn.
Scenario drawn(std::mt19937_64& engine)
{
    const auto real = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(engine);
    };
    const auto integer = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(engine);
    };
    Scenario s;
    s.dimensions = integer(2, 3);
    const auto coordinates = [&](double low, double high) {
        Coordinates c;
        for (int i = 0; i < s.dimensions; ++i) {
            c.push_back(real(low, high));
        }
        return c;
    };
    const auto box = [&] { return Box{coordinates(-1e3, 0), coordinates(0, 1e-3)}; };
    s.name = "drawn \"\\' {}[]#:,&*!|>%@` é " + std::to_string(engine());
    s.waveform.carrier_hz = real(1e8, 1e11);
    s.waveform.subcarrier_spacing_hz = real(1e3, 1e6);
    s.waveform.subcarrier_step = integer(1, 4);
    s.waveform.symbol_step = integer(1, 4);
    s.waveform.subcarriers = s.waveform.subcarrier_step * integer(1, 100);
    s.waveform.symbols = s.waveform.symbol_step * integer(1, 100);
    s.waveform.cyclic_prefix_s = real(0, 1e-6);
    s.waveform.modulation = static_cast<Modulation>(2 * integer(1, 3));
    for (auto* list : {&s.transmit, &s.receive}) {
        const int antennas = integer(1, 20);
        for (int i = integer(1, 4); i > 0; --i) {
            Coordinates axis(static_cast<std::size_t>(s.dimensions), 0.0);
            const double angle = real(-3.0, 3.0);
            axis[0] = std::cos(angle);
            axis[1] = std::sin(angle);
            list->push_back({std::to_string(engine()) + ": ",
                             coordinates(-1e5, 1e5),
                             axis,
                             antennas,
                             real(0.1, 2.0)});
        }
    }
    s.transmit_power_dbm = real(-50, 50);
    s.sensing_noise_dbm = real(-150, -50);
    s.path_loss = {real(-100, 0), real(0.1, 10), real(0, 6)};
    s.users = {1, box(), real(-20, 20), integer(0, 9), real(-150, -50)};
    s.targets = {integer(1, 9), box(), box(), real(1e-9, 2)};
    s.clutter = {integer(0, 9), box(), box(), real(0, 2)};
    s.clocks = {real(0, 1e-6), real(0, 1e3)};
    return s;
}

TEST(ToYaml, RoundTripIsExact)
{
    for (const char* file : {"paper.yml", "lite.yml"}) {
        const Scenario s = load_scenario(test::example_path(file));
        expect_equal(parse_scenario(to_yaml(s)), s);
    }
    std::mt19937_64 engine(1);
    for (int i = 0; i < 200; ++i) {
        const Scenario s = drawn(engine);
        const std::string text = to_yaml(s);
        expect_equal(parse_scenario(text), s);
        EXPECT_EQ(to_yaml(parse_scenario(text)), text);
        ASSERT_FALSE(HasFailure()) << text;
    }
}

TEST(ToYaml, KeepsNamesOfEveryLanguage)
{
    Scenario s = load_scenario(test::example_path("paper.yml"));
    for (const char* name : {"~",
                             "null",
                             "12",
                             "- x",
                             " a ",
                             "Zürich",
                             "東京",
                             "😀",
                             "\xC2\x85",
                             "\xC2\xA0",
                             "\xEF\xBB\xBF",
                             "\xE2\x80\xA8"}) {
        s.name = name;
        EXPECT_EQ(parse_scenario(to_yaml(s)).name, name);
    }
}

TEST(ToYaml, RefusesWhatCannotBeReadBack)
{
    Scenario s = load_scenario(test::example_path("paper.yml"));
    s.targets.count = 0;
    EXPECT_THROW(to_yaml(s), ScenarioError);
}

//! A locale as of a German desktop: 1.234,5.
class German : public std::numpunct<char>
{
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

TEST(ToYaml, IgnoresTheLocale)
{
    const Scenario s = load_scenario(test::example_path("paper.yml"));
    const std::string text = to_yaml(s);
    const std::locale before =
        std::locale::global(std::locale(std::locale(), new German));
    const std::string german = to_yaml(s);
    const Scenario read = load_scenario(test::example_path("paper.yml"));
    std::locale::global(before);
    EXPECT_EQ(german, text);
    expect_equal(read, s);
}

} // namespace
} // namespace cfisac
