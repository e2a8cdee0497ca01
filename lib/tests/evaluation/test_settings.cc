// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/evaluation/settings.h>
#include <gtest/gtest.h>

using namespace cfisac::evaluation;

TEST(Settings, FirstDifferenceIsNamed)
{
    EXPECT_EQ(first_difference(R"({"a":1,"b":{"c":2}})", R"({"a":1,"b":{"c":2}})"), "");
    EXPECT_EQ(first_difference(R"({"a":1,"b":{"c":2}})", R"({"a":1,"b":{"c":3}})"),
              "b.c is 2 instead of 3");
    EXPECT_EQ(first_difference(R"({"a":1})", "{}"), "a is 1 instead of nothing");
}
