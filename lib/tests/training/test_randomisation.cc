// SPDX-License-Identifier: GPL-3.0-or-later
// What varies from frame to frame, against scenarios that have the values set.
#include "nn/support.h"
#include "small_scenario.h"

#include <algorithm>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cfisac/training/sampler.h>
#include <cmath>
#include <functional>
#include <limits>

using namespace cfisac;
using namespace cfisac::training;
using cfisac::nn::test::relative_difference;
using cfisac::test::small_scenario;

namespace {

Scenario impaired_scenario()
{
    auto scenario = small_scenario();
    scenario.targets.count = 3;
    scenario.clutter.scatterers = 4;
    scenario.clutter.reflection_variance = 0.5;
    scenario.clocks = {2e-9, 150.0};
    return scenario;
}

Randomisation everything()
{
    Randomisation r;
    r.power_dbm = {10.0, 40.0};
    r.scatterers = {0, 7};
    r.clutter_variance = {0.1, 2.0};
    r.timing_offset_std_s = {0.0, 5e-9};
    r.frequency_offset_std_hz = {0.0, 400.0};
    r.targets = {0, 3};
    return r;
}

template <typename Value>
std::vector<double> values_of(const FrameSettings& settings, Value value)
{
    std::vector<double> values;
    for (std::size_t b = 0; b < settings.power_dbm.size(); b++) {
        values.push_back(static_cast<double>(value(settings, b)));
    }
    return values;
}

//! Largest distance between the values' distribution and the uniform one (Kolmogorov).
double distance_from_uniform(std::vector<double> values, double min, double max)
{
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    double largest = 0.0;
    for (std::size_t k = 0; k < values.size(); k++) {
        const double expected = (values[k] - min) / (max - min);
        largest = std::max({largest,
                            std::abs(expected - static_cast<double>(k) / count),
                            std::abs(expected - static_cast<double>(k + 1) / count)});
    }
    return largest;
}

//! The same for whole numbers.
double distance_from_uniform(const std::vector<double>& values, int min, int max)
{
    double largest = 0.0;
    for (int value = min; value <= max; value++) {
        const auto below = std::count_if(
            values.begin(), values.end(), [&](double v) { return v <= value; });
        const double expected = (value - min + 1.0) / (max - min + 1.0);
        largest = std::max(
            largest,
            std::abs(static_cast<double>(below) / static_cast<double>(values.size()) -
                     expected));
    }
    return largest;
}

constexpr std::int64_t many = 2000;
//! Exceeded by the distance of `many` values with a probability of 0.001.
const double kolmogorov_bound = 1.95 / std::sqrt(static_cast<double>(many));

template <typename T>
void expect_uniform(const std::vector<double>& values, const Interval<T>& interval)
{
    ASSERT_EQ(values.size(), static_cast<std::size_t>(many));
    const auto [least, largest] = std::minmax_element(values.begin(), values.end());
    EXPECT_GE(*least, interval.min);
    EXPECT_LE(*largest, interval.max);
    EXPECT_LT(distance_from_uniform(values, interval.min, interval.max),
              kolmogorov_bound);
}

FrameSettings many_settings()
{
    return draw_settings(
        impaired_scenario(), signal::Random::range(5, 1000, many), everything());
}

TEST(Randomisation, EveryQuantityIsUniformInItsInterval)
{
    const auto s = many_settings();
    const auto r = everything();
    using S = const FrameSettings&;
    using I = std::size_t;
    expect_uniform(values_of(s, [](S f, I b) { return f.power_dbm[b]; }), *r.power_dbm);
    expect_uniform(values_of(s, [](S f, I b) { return f.clutter[b].count; }),
                   *r.scatterers);
    expect_uniform(
        values_of(s, [](S f, I b) { return f.clutter[b].reflection_variance; }),
        *r.clutter_variance);
    expect_uniform(values_of(s, [](S f, I b) { return f.clocks[b].timing_offset_std_s; }),
                   *r.timing_offset_std_s);
    expect_uniform(
        values_of(s, [](S f, I b) { return f.clocks[b].frequency_offset_std_hz; }),
        *r.frequency_offset_std_hz);
    expect_uniform(values_of(s, [](S f, I b) { return f.targets[b].count; }), *r.targets);
}

TEST(Randomisation, QuantitiesDoNotFollowEachOther)
{
    const auto s = many_settings();
    using S = const FrameSettings&;
    using I = std::size_t;
    const auto row = [&](auto value) {
        return at::tensor(values_of(s, value), at::kDouble);
    };
    const auto rows =
        at::stack({row([](S f, I b) { return f.power_dbm[b]; }),
                   row([](S f, I b) { return f.clutter[b].count; }),
                   row([](S f, I b) { return f.clutter[b].reflection_variance; }),
                   row([](S f, I b) { return f.clocks[b].timing_offset_std_s * 1e9; }),
                   row([](S f, I b) { return f.clocks[b].frequency_offset_std_hz; }),
                   row([](S f, I b) { return f.targets[b].count; })});
    const auto correlation = at::corrcoef(rows) - at::eye(6, at::kDouble);
    // Four standard deviations of the coefficient of independent values.
    EXPECT_LT(correlation.abs().max().item<double>(), 4.0 / std::sqrt(many));
}

TEST(Randomisation, WhatIsNotSetDoesNotVary)
{
    const auto scenario = impaired_scenario();
    const auto random = signal::Random::range(5, 0, 6);
    const auto none = draw_settings(scenario, random, {});
    EXPECT_TRUE(none.power_dbm.empty() && none.targets.empty() && none.clutter.empty() &&
                none.clocks.empty());
    Randomisation half;
    half.clutter_variance = {1.0, 2.0};
    half.frequency_offset_std_hz = {1.0, 2.0};
    const auto settings = draw_settings(scenario, random, half);
    EXPECT_TRUE(settings.power_dbm.empty() && settings.targets.empty());
    for (const auto& clutter : settings.clutter) {
        EXPECT_EQ(clutter.count, scenario.clutter.scatterers);
    }
    for (const auto& clocks : settings.clocks) {
        EXPECT_EQ(clocks.timing_offset_std_s, scenario.clocks.timing_offset_std_s);
    }
    // Another quantity that varies leaves the values of this one alone.
    const auto all = draw_settings(scenario, random, [&] {
        auto r = everything();
        r.clutter_variance = half.clutter_variance;
        return r;
    }());
    for (std::size_t b = 0; b < settings.clutter.size(); b++) {
        EXPECT_EQ(all.clutter[b].reflection_variance,
                  settings.clutter[b].reflection_variance);
    }
}

void expect_same_bits(const Batch& a, const Batch& b)
{
    EXPECT_TRUE(at::equal(a.transmit, b.transmit));
    EXPECT_TRUE(at::equal(a.symbols, b.symbols));
    EXPECT_TRUE(at::equal(a.echo, b.echo));
    EXPECT_TRUE(at::equal(a.targets.position, b.targets.position));
    EXPECT_TRUE(at::equal(a.targets.velocity, b.targets.velocity));
    EXPECT_TRUE(at::equal(a.targets.reflection, b.targets.reflection));
    EXPECT_TRUE(at::equal(a.target_count, b.target_count));
}

TEST(Randomisation, UnsetIsTheScenarioBitForBit)
{
    const auto scenario = impaired_scenario();
    const signal::Layout layout(scenario);
    const auto random = signal::Random::range(9, 3, 4);
    const auto batch = draw_batch(layout, random);

    // The parts by their interfaces without frames.
    const auto sent = signal::transmit(layout, scenario.transmit_power_dbm, random);
    const auto targets = signal::draw_targets(layout, scenario.targets, random);
    const auto scene =
        signal::join(targets, signal::draw_clutter(layout, scenario.clutter, random));
    const auto offsets = signal::draw_offsets(layout, scenario.clocks, random);
    const auto echo =
        signal::echo(layout, sent.signal, scene, offsets)
            .add_(signal::sensing_noise(layout, scenario.sensing_noise_dbm, random));
    EXPECT_TRUE(at::equal(batch.transmit, sent.signal));
    EXPECT_TRUE(at::equal(batch.targets.reflection, targets.reflection));
    EXPECT_TRUE(at::equal(batch.echo, echo));
    EXPECT_TRUE(at::equal(batch.target_count, at::full({4}, 3, at::kLong)));
    EXPECT_TRUE(batch.present().all().item<bool>());
}

TEST(Randomisation, IntervalsOfOneValueAreTheScenarioBitForBit)
{
    const auto scenario = impaired_scenario();
    Randomisation fixed;
    fixed.power_dbm = {scenario.transmit_power_dbm, scenario.transmit_power_dbm};
    fixed.scatterers = {4, 4};
    fixed.clutter_variance = {0.5, 0.5};
    fixed.timing_offset_std_s = {2e-9, 2e-9};
    fixed.frequency_offset_std_hz = {150.0, 150.0};
    fixed.targets = {3, 3};
    const signal::Layout layout(scenario);
    const auto random = signal::Random::range(9, 3, 4);
    expect_same_bits(draw_batch(layout, random, fixed), draw_batch(layout, random));
}

TEST(Randomisation, FrameIsTheSameInEveryBatch)
{
    const signal::Layout layout(impaired_scenario());
    const auto random = signal::Random(3, {4, 90, 5, 17, 6});
    const auto batch = draw_batch(layout, random, everything());
    for (std::int64_t b = 0; b < random.batch(); b++) {
        const auto alone =
            draw_batch(layout,
                       signal::Random(3, {random.frames()[static_cast<std::size_t>(b)]}),
                       everything());
        EXPECT_EQ(batch.target_count[b].item<std::int64_t>(),
                  alone.target_count[0].item<std::int64_t>());
        EXPECT_TRUE(at::equal(batch.location()[b], alone.location()[0]));
        EXPECT_TRUE(at::equal(batch.velocity()[b], alone.velocity()[0]));
        EXPECT_LT(relative_difference(at::view_as_real(batch.transmit[b]),
                                      at::view_as_real(alone.transmit[0])),
                  1e-5);
        EXPECT_LT(relative_difference(at::view_as_real(batch.echo[b]),
                                      at::view_as_real(alone.echo[0])),
                  1e-5);
    }
}

//! The scenario with the values of one frame in place.
Scenario with_settings(Scenario scenario, const FrameSettings& settings, std::size_t b)
{
    if (!settings.power_dbm.empty()) {
        scenario.transmit_power_dbm = settings.power_dbm[b];
    }
    if (!settings.clutter.empty()) {
        scenario.clutter.scatterers = static_cast<int>(settings.clutter[b].count);
        scenario.clutter.reflection_variance = settings.clutter[b].reflection_variance;
    }
    if (!settings.clocks.empty()) {
        scenario.clocks = settings.clocks[b];
    }
    if (!settings.targets.empty()) {
        scenario.targets.count = static_cast<int>(settings.targets[b].count);
    }
    return scenario;
}

/*! The frame of the scenario with its values in place. No scenario is without targets: the
 * frame without them is one whose only target does not reflect.
 */
Batch frame_of(Scenario scenario, const signal::Random& random)
{
    const bool empty = scenario.targets.count == 0;
    scenario.targets.count += empty ? 1 : 0;
    const signal::Layout layout(scenario);
    auto batch = draw_batch(layout, random);
    if (empty) {
        batch.targets.reflection.zero_();
        batch.echo = signal::received_echo(layout,
                                           batch.transmit,
                                           batch.targets,
                                           signal::Impairments::of(scenario),
                                           random);
        for (auto* place : {&batch.targets.position, &batch.targets.velocity}) {
            *place = place->slice(1, 0, 0);
        }
        batch.targets.reflection = batch.targets.reflection.slice(-1, 0, 0);
    }
    return batch;
}

//! Draws frames with `randomisation` and compares each with that of its own scenario.
void expect_frames_of_their_scenarios(const Randomisation& randomisation)
{
    const auto scenario = impaired_scenario();
    const signal::Layout layout(scenario);
    const auto random = signal::Random::range(21, 0, 12);
    const auto settings = draw_settings(scenario, random, randomisation);
    const auto batch = draw_batch(layout, random, randomisation);
    for (std::int64_t b = 0; b < random.batch(); b++) {
        const auto own = with_settings(scenario, settings, static_cast<std::size_t>(b));
        const auto alone = frame_of(own, signal::Random::range(21, b, 1));
        const auto count = own.targets.count;
        EXPECT_EQ(batch.target_count[b].item<std::int64_t>(), count);
        EXPECT_LT(relative_difference(at::view_as_real(batch.transmit[b]),
                                      at::view_as_real(alone.transmit[0])),
                  1e-5);
        EXPECT_LT(relative_difference(at::view_as_real(batch.echo[b]),
                                      at::view_as_real(alone.echo[0])),
                  1e-5)
            << "frame " << b;
        EXPECT_TRUE(
            at::equal(batch.location()[b].slice(0, 0, count), alone.location()[0]));
        EXPECT_TRUE(
            at::equal(batch.velocity()[b].slice(0, 0, count), alone.velocity()[0]));
        const auto reflection = batch.targets.reflection[b];
        EXPECT_TRUE(
            at::equal(reflection.slice(-1, 0, count), alone.targets.reflection[0]));
        EXPECT_EQ(reflection.slice(-1, count).abs().sum().item<double>(), 0.0);
        EXPECT_TRUE(at::equal(batch.present()[b], at::arange(3) < count));
    }
}

struct Varying {
    const char* name;
    std::function<void(Randomisation&)> set;
};

class RandomisedFrames : public testing::TestWithParam<Varying>
{
};

TEST_P(RandomisedFrames, EqualThoseOfTheirScenarios)
{
    Randomisation randomisation;
    GetParam().set(randomisation);
    expect_frames_of_their_scenarios(randomisation);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    RandomisedFrames,
    testing::Values(
        Varying{"Power", [](auto& r) { r.power_dbm = everything().power_dbm; }},
        Varying{"Scatterers", [](auto& r) { r.scatterers = everything().scatterers; }},
        Varying{"ClutterVariance",
                [](auto& r) { r.clutter_variance = everything().clutter_variance; }},
        Varying{
            "Timing",
            [](auto& r) { r.timing_offset_std_s = everything().timing_offset_std_s; }},
        Varying{"Frequency",
                [](auto& r) {
                    r.frequency_offset_std_hz = everything().frequency_offset_std_hz;
                }},
        Varying{"Targets", [](auto& r) { r.targets = everything().targets; }},
        Varying{"Everything", [](auto& r) { r = everything(); }}),
    [](const auto& info) { return info.param.name; });

// Without noise, clutter and reflections nothing is left of an echo.
TEST(Randomisation, FramesWithoutTargetsHaveNoEcho)
{
    auto scenario = small_scenario();
    scenario.clutter.scatterers = 0;
    scenario.clocks = {};
    scenario.sensing_noise_dbm = -900.0;
    Randomisation none;
    none.targets = {0, 0};
    const auto batch =
        draw_batch(signal::Layout(scenario), signal::Random::range(2, 0, 3), none);
    EXPECT_FALSE(batch.present().any().item<bool>());
    EXPECT_LT(batch.echo.abs().max().item<double>(), 1e-30);
    EXPECT_TRUE(at::isfinite(at::view_as_real(batch.transmit)).all().item<bool>());
}

// The scale alone would not do: the regularisation of (3)'s precoder follows the power.
TEST(Randomisation, PrecoderFollowsThePower)
{
    const signal::Layout layout(small_scenario());
    const auto random = signal::Random(1, {7, 7});
    const auto sent = signal::transmit(layout, std::vector<double>{-10.0, 40.0}, random);
    const auto power = sent.precoder.abs().square(); // [2, S, N·N_t, K]
    const auto of_access_point =
        power.reshape({2, power.size(1), layout.transmitters(), -1}).sum({1, 3}).amax(1);
    EXPECT_NEAR(
        of_access_point[0].item<double>() / layout.sensed_power_w(-10.0), 1, 1e-5);
    EXPECT_NEAR(of_access_point[1].item<double>() / layout.sensed_power_w(40.0), 1, 1e-5);
    const auto shape = [&](std::int64_t b) {
        const auto w = sent.precoder[b];
        return at::view_as_real(w / w.abs().max());
    };
    EXPECT_GT(relative_difference(shape(0), shape(1)), 1e-3);
}

std::string refusal(const Randomisation& randomisation)
{
    try {
        randomisation.check(impaired_scenario());
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

struct Refused {
    const char* name;
    std::function<void(Randomisation&)> set;
    std::string begin;  //!< of the text
    std::string reason; //!< in the text
};

class RefusedRandomisation : public testing::TestWithParam<Refused>
{
};

TEST_P(RefusedRandomisation, NamesQuantityAndInterval)
{
    Randomisation randomisation;
    GetParam().set(randomisation);
    const auto text = refusal(randomisation);
    EXPECT_EQ(text.rfind("randomisation of " + GetParam().begin, 0), 0u) << text;
    EXPECT_NE(text.find(GetParam().reason), std::string::npos) << text;
    EXPECT_THROW(draw_batch(signal::Layout(impaired_scenario()),
                            signal::Random::range(1, 0, 1),
                            randomisation),
                 std::invalid_argument);
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    Of,
    RefusedRandomisation,
    testing::Values(
        Refused{"Order",
                [](auto& r) {
                    r.power_dbm = Interval<double>{40, 20};
                },
                "power_dbm from 40 to 20",
                "least is above"},
        Refused{"OrderOfWholeNumbers",
                [](auto& r) {
                    r.targets = Interval<int>{2, 1};
                },
                "targets from 2 to 1",
                "least is above"},
        Refused{"NotANumber",
                [](auto& r) {
                    r.power_dbm = Interval<double>{not_a_number, 20};
                },
                "power_dbm from nan to 20",
                "finite"},
        Refused{"Infinite",
                [](auto& r) {
                    r.clutter_variance = Interval<double>{0, infinite};
                },
                "clutter_variance from 0 to inf",
                "finite"},
        Refused{"NegativeVariance",
                [](auto& r) {
                    r.clutter_variance = Interval<double>{-1, 1};
                },
                "clutter_variance from -1 to 1",
                "negative"},
        Refused{"NegativeTiming",
                [](auto& r) {
                    r.timing_offset_std_s = Interval<double>{-1e-9, 0};
                },
                "timing_offset_std_s from -1e-09 to 0",
                "negative"},
        Refused{"NegativeFrequency",
                [](auto& r) {
                    r.frequency_offset_std_hz = Interval<double>{-5, 5};
                },
                "frequency_offset_std_hz from -5 to 5",
                "negative"},
        Refused{"NegativeScatterers",
                [](auto& r) {
                    r.scatterers = Interval<int>{-1, 5};
                },
                "scatterers from -1 to 5",
                "is -1"},
        Refused{"TooManyScatterers",
                [](auto& r) {
                    r.scatterers = Interval<int>{0, ScenarioLimits::scatterers + 1};
                },
                "scatterers from 0 to 65537",
                "65536"},
        Refused{"NegativeTargets",
                [](auto& r) {
                    r.targets = Interval<int>{-1, 2};
                },
                "targets from -1 to 2",
                "negative"},
        Refused{"TooManyTargets",
                [](auto& r) {
                    r.targets = Interval<int>{1, 4};
                },
                "targets from 1 to 4",
                "the scenario has 3 targets"}),
    [](const auto& info) { return info.param.name; });

TEST(Randomisation, AcceptsWhatAScenarioMayHave)
{
    EXPECT_EQ(refusal(everything()), "");
    EXPECT_EQ(refusal({}), "");
}

TEST(Randomisation, IsWrittenAsCompactJson)
{
    EXPECT_EQ(Randomisation{}.to_json(), "{}");
    Randomisation r;
    r.targets = {0, 2};
    r.power_dbm = {20.0, 40.0};
    EXPECT_EQ(r.to_json(), R"({"power_dbm":[20.0,40.0],"targets":[0,2]})");
    EXPECT_EQ(
        everything().to_json(),
        R"({"power_dbm":[10.0,40.0],"scatterers":[0,7],"clutter_variance":[0.1,2.0],)"
        R"("timing_offset_std_s":[0.0,5e-09],"frequency_offset_std_hz":[0.0,400.0],)"
        R"("targets":[0,3]})");
}

} // namespace
