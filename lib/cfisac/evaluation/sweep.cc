// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/sweep.h>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace cfisac::evaluation {
namespace {

//! What varies along an axis of a figure.
struct Axis {
    std::string name;
    std::vector<double> values;
    std::vector<double> quick;
    std::function<void(Scenario&, double)> set;
};

struct Definition {
    int figure;
    std::string title;
    std::optional<Axis> x;
    std::optional<Axis> series;
};

void set_receive_antennas(Scenario& scenario, int antennas)
{
    for (auto& point : scenario.receive) {
        const int rows = point.planar ? point.planar->antennas : 1;
        if (antennas % rows != 0) {
            throw ScenarioError(point.name + " has " + std::to_string(rows) +
                                " antennas along its second axis, of which " +
                                std::to_string(antennas) + " antennas are no multiple");
        }
        point.antennas = antennas / rows;
    }
}

//! Ranges as far as the publication's text names them (Fig. 13); they hold its nominal
//! values, 30 dBm, Q = 2, T_s = 256 and M_r = 16. Residual offsets are small: over the band
//! and the interval of paper.yml, 1 ns and 50 Hz turn the phase by 0.4 rad.
std::vector<Definition> make_definitions()
{
    const Axis power{"power_dbm",
                     {10, 15, 20, 25, 30, 35, 40},
                     {10, 20, 30, 40},
                     [](Scenario& s, double v) { s.transmit_power_dbm = v; }};
    const Axis targets{"targets", {1, 2, 3, 4, 5}, {1, 2, 4}, [](Scenario& s, double v) {
                           s.targets.count = static_cast<int>(v);
                       }};
    const Axis symbols{
        "symbols", {32, 64, 128, 256}, {64, 128, 256}, [](Scenario& s, double v) {
            s.waveform.symbols = static_cast<int>(v);
        }};
    const Axis antennas{
        "receive_antennas", {4, 8, 12, 16}, {4, 8, 16}, [](Scenario& s, double v) {
            set_receive_antennas(s, static_cast<int>(v));
        }};
    const Axis scatterers{
        "scatterers", {3, 6, 9, 12, 15, 18}, {3, 18}, [](Scenario& s, double v) {
            s.clutter.scatterers = static_cast<int>(v);
        }};
    const Axis variance{"clutter_variance",
                        {1, 0.1, 0.01},
                        {1, 0.1, 0.01},
                        [](Scenario& s, double v) { s.clutter.reflection_variance = v; }};
    const Axis timing{
        "timing_offset_ns", {0, 0.25, 0.5, 1, 2}, {0, 0.5, 2}, [](Scenario& s, double v) {
            s.clocks.timing_offset_std_s = 1e-9 * v;
        }};
    const Axis frequency{
        "frequency_offset_hz", {0, 50, 200}, {0, 50}, [](Scenario& s, double v) {
            s.clocks.frequency_offset_std_hz = v;
        }};
    const Axis two_targets{"", {2}, {2}, targets.set};
    return {{6, "RMSE versus the maximum transmit power", power, {}},
            {7, "RMSE versus the number of targets", targets, {}},
            {8, "RMSE versus the number of OFDM symbols", symbols, {}},
            {9, "RMSE versus the number of receive antennas", antennas, {}},
            {10, "Ground truth and estimates", two_targets, {}},
            {12, "RMSE versus the fronthaul overhead", {}, {}},
            {13, "RMSE versus the number of scatterers", scatterers, variance},
            {14, "RMSE under imperfect calibration", timing, frequency}};
}

const std::vector<Definition>& definitions()
{
    static const auto all = make_definitions();
    return all;
}

void apply(Scenario& scenario,
           const Definition& definition,
           const Axis& axis,
           double value)
{
    axis.set(scenario, value);
    try {
        validate(scenario);
    } catch (const ScenarioError& error) {
        std::ostringstream text;
        text << "figure " << definition.figure << ", " << axis.name << " = " << value
             << ": " << error.what();
        throw ScenarioError(text.str());
    }
}

} // namespace

const std::vector<int>& sweep_figures()
{
    static const auto figures = [] {
        std::vector<int> all;
        for (const auto& definition : definitions()) {
            all.push_back(definition.figure);
        }
        return all;
    }();
    return figures;
}

Sweep make_sweep(int figure, const Scenario& base, bool quick)
{
    const auto& all = definitions();
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const auto& d) { return d.figure == figure; });
    if (found == all.end()) {
        throw std::invalid_argument("figure " + std::to_string(figure) +
                                    " is no comparison of schemes");
    }
    const auto values = [quick](const std::optional<Axis>& axis) {
        std::vector<std::optional<double>> result{std::nullopt};
        if (axis) {
            const auto& own = quick ? axis->quick : axis->values;
            result.assign(own.begin(), own.end());
        }
        return result;
    };
    Sweep sweep{figure,
                found->title,
                found->x ? found->x->name : "fronthaul_bits_per_update",
                found->series ? found->series->name : "",
                {}};
    for (const auto& series : values(found->series)) {
        for (const auto& x : values(found->x)) {
            SweepPoint point{x, series, base};
            if (series) {
                apply(point.scenario, *found, *found->series, *series);
            }
            if (x) {
                apply(point.scenario, *found, *found->x, *x);
            }
            sweep.points.push_back(std::move(point));
        }
    }
    return sweep;
}

std::vector<RuntimeSetting> runtime_settings(const Scenario& base)
{
    std::vector<RuntimeSetting> settings;
    auto scenario = base;
    const auto add = [&] {
        validate(scenario);
        settings.push_back({scenario.receive_antennas(),
                            scenario.waveform.sensed_subcarriers(),
                            scenario.waveform.sensed_symbols(),
                            scenario});
    };
    add();
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.antennas /= 2;
        }
    }
    add();
    scenario.waveform.subcarriers /= 2;
    scenario.waveform.symbols /= 2;
    add();
    return settings;
}

} // namespace cfisac::evaluation
