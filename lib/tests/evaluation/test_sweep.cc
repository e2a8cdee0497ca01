// SPDX-License-Identifier: GPL-3.0-or-later
#include <small_scenario.h>

#include <algorithm>
#include <cfisac/evaluation/record_file.h>
#include <cfisac/evaluation/sweep.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

namespace {

using namespace cfisac::evaluation;
using cfisac::test::example_scenario;

std::vector<double> values_of(const Sweep& sweep)
{
    std::set<double> values;
    for (const auto& point : sweep.points) {
        values.insert(point.x.value());
    }
    return {values.begin(), values.end()};
}

TEST(Sweep, FiguresVaryWhatTheyName)
{
    const auto base = example_scenario("paper");
    for (const auto& point : make_sweep(6, base, false).points) {
        EXPECT_EQ(point.scenario.transmit_power_dbm, *point.x);
        EXPECT_EQ(cfisac::fingerprint(point.scenario), cfisac::fingerprint(base));
    }
    for (const auto& point : make_sweep(7, base, false).points) {
        EXPECT_EQ(point.scenario.targets.count, *point.x);
    }
    for (const auto& point : make_sweep(8, base, false).points) {
        EXPECT_EQ(point.scenario.waveform.sensed_symbols(), *point.x);
    }
    for (const auto& point : make_sweep(9, base, false).points) {
        EXPECT_EQ(point.scenario.receive_antennas(), *point.x);
        EXPECT_EQ(point.scenario.transmit_antennas(), 16);
    }
    for (const auto& point : make_sweep(14, base, false).points) {
        EXPECT_DOUBLE_EQ(point.scenario.clocks.timing_offset_std_s, 1e-9 * *point.x);
        EXPECT_EQ(point.scenario.clocks.frequency_offset_std_hz, *point.series);
    }
    EXPECT_EQ(make_sweep(10, base, false).points.at(0).scenario.targets.count, 2);
    EXPECT_FALSE(make_sweep(12, base, false).points.at(0).x);
}

TEST(Sweep, ClutterIsThatOfThePublication)
{
    const auto sweep = make_sweep(13, example_scenario("paper"), false);
    EXPECT_EQ(values_of(sweep), (std::vector<double>{3, 6, 9, 12, 15, 18}));
    std::set<double> variances;
    for (const auto& point : sweep.points) {
        EXPECT_EQ(point.scenario.clutter.scatterers, *point.x);
        EXPECT_EQ(point.scenario.clutter.reflection_variance, *point.series);
        variances.insert(*point.series);
    }
    EXPECT_EQ(variances, (std::set<double>{1, 0.1, 0.01}));
    EXPECT_EQ(sweep.points.size(), 18u);
}

TEST(Sweep, QuickHasFewerPointsWithTheSameEnd)
{
    const auto base = example_scenario("lite");
    for (const int figure : {6, 7, 8, 9, 13, 14}) {
        const auto whole = make_sweep(figure, base, false);
        const auto quick = make_sweep(figure, base, true);
        EXPECT_LT(quick.points.size(), whole.points.size()) << figure;
        const auto some = values_of(quick), all = values_of(whole);
        for (const double value : some) {
            EXPECT_TRUE(std::count(all.begin(), all.end(), value)) << figure;
        }
    }
}

TEST(Sweep, UnknownFigureAndImpossibleScenarioAreNamed)
{
    auto base = example_scenario("lite");
    for (const int figure : {5, 11, 15}) {
        try {
            make_sweep(figure, base, true);
            ADD_FAILURE() << figure;
        } catch (const std::invalid_argument& error) {
            EXPECT_NE(std::string(error.what()).find(std::to_string(figure)),
                      std::string::npos);
        }
    }
    base.waveform.symbols = 252;
    base.waveform.symbol_step = 7; // 64 symbols are no multiple
    try {
        make_sweep(8, base, true);
        ADD_FAILURE();
    } catch (const cfisac::ScenarioError& error) {
        EXPECT_NE(std::string(error.what()).find("figure 8, symbols = 64"),
                  std::string::npos)
            << error.what();
    }
}

TEST(Sweep, RuntimeSettingsAreThoseOfTableThree)
{
    const auto settings = runtime_settings(example_scenario("paper"));
    ASSERT_EQ(settings.size(), 3u);
    const int expected[3][3] = {{16, 256, 256}, {8, 256, 256}, {8, 128, 128}};
    for (int k = 0; k < 3; k++) {
        EXPECT_EQ(settings[k].antennas, expected[k][0]);
        EXPECT_EQ(settings[k].subcarriers, expected[k][1]);
        EXPECT_EQ(settings[k].symbols, expected[k][2]);
        EXPECT_EQ(settings[k].scenario.transmit_antennas(), expected[k][0]);
    }
}

TEST(Sweep, PointsThatDifferHaveNamesThatDiffer)
{
    const auto base = example_scenario("lite");
    std::set<std::string> names{point_id(base)};
    for (const int figure : {6, 7, 8, 9, 13, 14}) {
        for (const auto& point : make_sweep(figure, base, false).points) {
            names.insert(point_id(point.scenario));
        }
    }
    // 7 + 5 + 4 + 4 + 18 + 15 points, of which one of each but Fig. 13 is the base.
    EXPECT_EQ(names.size(), 7u + 5 + 4 + 4 + 18 + 15 - 5 + 1);
    EXPECT_EQ(point_id(base), point_id(example_scenario("lite")));
}

} // namespace
