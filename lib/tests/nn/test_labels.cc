// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/labels.h>

#include "support.h"

#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

const LabelRange RANGE({0, -50}, {100, 50}, {-10, -20}, {10, 20});

} // namespace

TEST(Labels, OrderIsLocationsOfAllTargetsThenVelocities)
{
    const auto location = at::tensor({25.0, 0.0, 75.0, 25.0}).view({1, 2, 2});
    const auto velocity = at::tensor({-10.0, 10.0, 5.0, -15.0}).view({1, 2, 2});
    const auto expected = at::tensor({0.25, 0.5, 0.75, 0.75, 0.0, 0.75, 0.75, 0.125});
    EXPECT_TRUE(RANGE.normalise(location, velocity)[0].allclose(expected));
}

TEST(Labels, RestoreUndoesNormalise)
{
    const auto location = 100 * normal({5, 3, 2}, 1, at::kDouble);
    const auto velocity = 30 * normal({5, 3, 2}, 2, at::kDouble);
    const auto labels = RANGE.normalise(location, velocity);
    EXPECT_EQ(labels.sizes(), (at::IntArrayRef{5, 12}));
    const auto [g, v] = RANGE.restore(labels);
    EXPECT_TRUE(g.allclose(location));
    EXPECT_TRUE(v.allclose(velocity));
    EXPECT_EQ(RANGE.restore(labels.to(at::kFloat)).first.scalar_type(), at::kFloat);
}

TEST(Labels, RangeOfADataSetMapsToZeroAndOne)
{
    const auto location = normal({40, 3, 3}, 3, at::kDouble);
    const auto velocity = normal({40, 3, 3}, 4, at::kDouble);
    const auto range = LabelRange::of(location, velocity);
    EXPECT_EQ(range.dimensions(), 3);
    const auto labels = range.normalise(location, velocity).view({40, 2, 3, 3});
    EXPECT_TRUE(labels.amin({0, 2}).equal(at::zeros({2, 3}, at::kDouble)));
    EXPECT_TRUE(labels.amax({0, 2}).equal(at::ones({2, 3}, at::kDouble)));
}

TEST(Labels, TextGivesTheSameDoubles)
{
    const LabelRange range({0.1, -1e-17}, {1.0 / 3, 2}, {-M_PI, 0}, {1e9, 4});
    EXPECT_EQ(LabelRange::from_json(range.to_json()), range);
    EXPECT_FALSE(LabelRange::from_json(range.to_json()) == RANGE);
    expect_error<std::invalid_argument>([] { LabelRange::from_json("{}"); },
                                        {"location_min_m"});
    expect_error<std::invalid_argument>([] { LabelRange::from_json("{"); },
                                        {"LabelRange"});
    expect_error<std::invalid_argument>([] { LabelRange::from_json("{\x7f\xff"); },
                                        {"LabelRange", "'{?'"});
    expect_error<std::invalid_argument>(
        [] { LabelRange::from_json(std::string(1 << 20, '[')); }, {"LabelRange: lists"});
}

TEST(Labels, WrongValuesAreNamed)
{
    expect_error<std::invalid_argument>(
        [] {
            LabelRange({0, 5}, {1, 5}, {0, 0}, {1, 1});
        },
        {"location coordinate 1", "from 5 to 5"});
    expect_error<std::invalid_argument>(
        [] {
            LabelRange({0, 0}, {1, 1}, {0}, {1});
        },
        {"velocity", "expected 2"});
    expect_error<std::invalid_argument>([] { LabelRange({0}, {1}, {0}, {NAN}); },
                                        {"velocity coordinate 0"});
    expect_error<std::invalid_argument>([] { LabelRange({}, {}, {}, {}); }, {"no coord"});
    expect_error<std::invalid_argument>(
        [] {
            RANGE.normalise(at::zeros({1, 2, 3}), at::zeros({1, 2, 3}));
        },
        {"[1, 2, 3]", "2 coordinates"});
    expect_error<std::invalid_argument>(
        [] {
            RANGE.normalise(at::zeros({1, 2, 2}), at::zeros({1, 3, 2}));
        },
        {"[1, 2, 2]", "[1, 3, 2]"});
    expect_error<std::invalid_argument>(
        [] {
            RANGE.restore(at::zeros({3, 6}));
        },
        {"[3, 6]", "multiple of 4"});
}
