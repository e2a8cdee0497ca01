// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/training/randomisation.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace cfisac::training {

namespace {

constexpr std::int64_t quantities = 6; // of Randomisation

template <typename T>
[[noreturn]] void refuse(const char* name,
                         const Interval<T>& interval,
                         const std::string& reason)
{
    std::ostringstream text;
    text << "randomisation of " << name << " from " << interval.min << " to "
         << interval.max << ": " << reason;
    throw std::invalid_argument(text.str());
}

template <typename T>
void require_order(const char* name, const Interval<T>& interval)
{
    if (!std::isfinite(static_cast<double>(interval.min)) ||
        !std::isfinite(static_cast<double>(interval.max))) {
        refuse(name, interval, "must be finite");
    }
    if (interval.min > interval.max) {
        refuse(name, interval, "the least is above the largest");
    }
}

// Both ends must be values that a scenario may have; `place` is where it has them.
template <typename T, typename Place>
void check_interval(const char* name,
                    const std::optional<Interval<T>>& interval,
                    Scenario scenario,
                    Place place)
{
    if (!interval) {
        return;
    }
    require_order(name, *interval);
    for (const auto value : {interval->min, interval->max}) {
        place(scenario) = value;
        try {
            validate(scenario);
        } catch (const ScenarioError& error) {
            refuse(name, *interval, error.what());
        }
    }
}

void check_targets(const std::optional<Interval<int>>& interval, int most)
{
    if (!interval) {
        return;
    }
    require_order("targets", *interval);
    if (interval->min < 0) {
        refuse("targets", *interval, "must not be negative");
    }
    if (interval->max > most) {
        refuse("targets",
               *interval,
               "the scenario has " + std::to_string(most) + " targets");
    }
}

double value_in(const Interval<double>& interval, double share)
{
    return interval.min + share * (interval.max - interval.min);
}

int value_in(const Interval<int>& interval, double share)
{
    const double values = static_cast<double>(interval.max) - interval.min + 1.0;
    return interval.min + static_cast<int>(share * values);
}

//! The value at `share` in (0, 1) of the interval, or the scenario's where there is none.
template <typename T>
T value_or(const std::optional<Interval<T>>& interval, double share, T of_scenario)
{
    return interval ? value_in(*interval, share) : of_scenario;
}

template <typename T>
void add(nlohmann::ordered_json& json,
         const char* name,
         const std::optional<Interval<T>>& interval)
{
    if (interval) {
        json[name] = {interval->min, interval->max};
    }
}

} // namespace

void Randomisation::check(const Scenario& scenario) const
{
    check_interval("power_dbm", power_dbm, scenario, [](Scenario& s) -> double& {
        return s.transmit_power_dbm;
    });
    check_interval("scatterers", scatterers, scenario, [](Scenario& s) -> int& {
        return s.clutter.scatterers;
    });
    check_interval("clutter_variance",
                   clutter_variance,
                   scenario,
                   [](Scenario& s) -> double& { return s.clutter.reflection_variance; });
    check_interval("timing_offset_std_s",
                   timing_offset_std_s,
                   scenario,
                   [](Scenario& s) -> double& { return s.clocks.timing_offset_std_s; });
    check_interval(
        "frequency_offset_std_hz",
        frequency_offset_std_hz,
        scenario,
        [](Scenario& s) -> double& { return s.clocks.frequency_offset_std_hz; });
    check_targets(targets, scenario.targets.count);
}

std::string Randomisation::to_json() const
{
    auto json = nlohmann::ordered_json::object();
    add(json, "power_dbm", power_dbm);
    add(json, "scatterers", scatterers);
    add(json, "clutter_variance", clutter_variance);
    add(json, "timing_offset_std_s", timing_offset_std_s);
    add(json, "frequency_offset_std_hz", frequency_offset_std_hz);
    add(json, "targets", targets);
    return json.dump();
}

FrameSettings draw_settings(const Scenario& scenario,
                            const signal::Random& random,
                            const Randomisation& randomisation)
{
    const auto& r = randomisation;
    r.check(scenario);
    const auto shares =
        random.uniform(signal::Purpose::training, {quantities}, at::kDouble);
    FrameSettings settings;
    for (std::int64_t b = 0; b < random.batch(); b++) {
        const auto* share = shares.data_ptr<double>() + b * quantities;
        if (r.power_dbm) {
            settings.power_dbm.push_back(value_in(*r.power_dbm, share[0]));
        }
        if (r.scatterers || r.clutter_variance) {
            const auto& clutter = scenario.clutter;
            settings.clutter.push_back(
                {value_or(r.scatterers, share[1], clutter.scatterers),
                 value_or(r.clutter_variance, share[2], clutter.reflection_variance)});
        }
        if (r.timing_offset_std_s || r.frequency_offset_std_hz) {
            const auto& clocks = scenario.clocks;
            settings.clocks.push_back(
                {value_or(r.timing_offset_std_s, share[3], clocks.timing_offset_std_s),
                 value_or(r.frequency_offset_std_hz,
                          share[4],
                          clocks.frequency_offset_std_hz)});
        }
        if (r.targets) {
            settings.targets.push_back(
                {value_in(*r.targets, share[5]), scenario.targets.reflection_variance});
        }
    }
    return settings;
}

} // namespace cfisac::training
