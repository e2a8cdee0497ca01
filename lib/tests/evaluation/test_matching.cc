// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/matching.h>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>

namespace {

using cfisac::evaluation::assign;

double total(const std::vector<double>& cost,
             const std::vector<std::size_t>& columns,
             std::size_t size)
{
    double sum = 0.0;
    for (std::size_t row = 0; row < size; ++row) {
        sum += cost[row * size + columns[row]];
    }
    return sum;
}

double least_total(const std::vector<double>& cost, std::size_t size)
{
    std::vector<std::size_t> columns(size);
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    double least = std::numeric_limits<double>::infinity();
    do {
        least = std::min(least, total(cost, columns, size));
    } while (std::next_permutation(columns.begin(), columns.end()));
    return least;
}

void expect_permutation(std::vector<std::size_t> columns, std::size_t size)
{
    ASSERT_EQ(columns.size(), size);
    std::sort(columns.begin(), columns.end());
    for (std::size_t i = 0; i < size; ++i) {
        EXPECT_EQ(columns[i], i);
    }
}

class AssignSizes : public testing::TestWithParam<std::size_t>
{
};

TEST_P(AssignSizes, EqualsBruteForceOverRandomCosts)
{
    const auto size = GetParam();
    std::mt19937 generator(static_cast<unsigned>(1 + size));
    std::uniform_real_distribution<double> uniform(-10.0, 10.0);
    for (int round = 0; round < 100; ++round) {
        std::vector<double> cost(size * size);
        for (auto& value : cost) {
            value = uniform(generator);
        }
        const auto columns = assign(cost, size);
        expect_permutation(columns, size);
        EXPECT_NEAR(total(cost, columns, size), least_total(cost, size), 1e-9);
    }
}

// Small integers give many equal costs, where augmenting paths may go in circles.
TEST_P(AssignSizes, EqualsBruteForceOverEqualCosts)
{
    const auto size = GetParam();
    std::mt19937 generator(static_cast<unsigned>(100 + size));
    std::uniform_int_distribution<int> uniform(0, 2);
    for (int round = 0; round < 100; ++round) {
        std::vector<double> cost(size * size);
        for (auto& value : cost) {
            value = uniform(generator);
        }
        const auto columns = assign(cost, size);
        expect_permutation(columns, size);
        EXPECT_DOUBLE_EQ(total(cost, columns, size), least_total(cost, size));
    }
}

INSTANTIATE_TEST_SUITE_P(ToSeven, AssignSizes, testing::Range<std::size_t>(1, 8));

TEST(Assign, FindsTheShuffleOfALargeMatrix)
{
    constexpr std::size_t size = 200;
    std::mt19937 generator(7);
    std::uniform_real_distribution<double> uniform(1.0, 2.0);
    std::vector<std::size_t> shuffle(size);
    std::iota(shuffle.begin(), shuffle.end(), std::size_t{0});
    std::shuffle(shuffle.begin(), shuffle.end(), generator);
    std::vector<double> cost(size * size);
    for (auto& value : cost) {
        value = uniform(generator);
    }
    for (std::size_t row = 0; row < size; ++row) {
        cost[row * size + shuffle[row]] = -uniform(generator);
    }
    EXPECT_EQ(assign(cost, size), shuffle);
}

TEST(Assign, KeepsTheOrderOfEqualCosts)
{
    EXPECT_EQ(assign({1, 1, 1, 1}, 2), (std::vector<std::size_t>{0, 1}));
}

TEST(Assign, TakesNothing) { EXPECT_TRUE(assign({}, 0).empty()); }

TEST(Assign, RefusesAWrongCount)
{
    EXPECT_THROW(assign({1, 2, 3}, 2), std::invalid_argument);
    EXPECT_THROW(assign({1}, 0), std::invalid_argument);
    EXPECT_THROW(assign({}, std::size_t{1} << 32), std::invalid_argument);
}

TEST(Assign, NamesACostThatIsNotFinite)
{
    try {
        assign({0, 1, std::nan(""), 3}, 2);
        FAIL() << "no exception";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("row 1, column 0"), std::string::npos)
            << error.what();
    }
    EXPECT_THROW(
        assign(std::vector<double>(25, std::numeric_limits<double>::infinity()), 5),
        std::invalid_argument);
}

} // namespace
