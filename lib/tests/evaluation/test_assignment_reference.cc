// SPDX-License-Identifier: GPL-3.0-or-later
// Comparison with SciPy's assignments in reference_assignment.py.
#include "reference.h"
#include <algorithm>
#include <cfisac/evaluation/matching.h>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <vector>

namespace {

using cfisac::evaluation::assign;

class AssignmentReference : public testing::TestWithParam<std::size_t>
{
};

TEST_P(AssignmentReference, TotalIsThatOfSciPy)
{
    const auto size = GetParam();
    const auto file = cfisac::test::read_reference("assignment");
    const auto costs = file.tensors.at("cost_" + std::to_string(size)).contiguous();
    const auto least = file.tensors.at("least_" + std::to_string(size)).contiguous();
    ASSERT_EQ(costs.size(0), 240);
    std::vector<std::size_t> every(size);
    std::iota(every.begin(), every.end(), std::size_t{0});
    for (std::int64_t round = 0; round < costs.size(0); round++) {
        const auto* values = costs[round].data_ptr<double>();
        const auto columns = assign({values, values + size * size}, size);
        auto sorted = columns;
        std::sort(sorted.begin(), sorted.end());
        ASSERT_EQ(sorted, every) << "round " << round;
        double total = 0.0;
        for (std::size_t row = 0; row < size; row++) {
            total += values[row * size + columns[row]];
        }
        const double expected = least[round].item<double>();
        EXPECT_NEAR(total, expected, 1e-12 * std::max(1.0, std::abs(expected)))
            << "round " << round;
    }
}

INSTANTIATE_TEST_SUITE_P(ToEight, AssignmentReference, testing::Range<std::size_t>(1, 9));

} // namespace
