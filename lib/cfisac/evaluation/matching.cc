// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/evaluation/matching.h>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

namespace cfisac::evaluation {
namespace {

constexpr std::size_t enumeration_limit = 4;
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

std::vector<std::size_t> enumerate(const std::vector<double>& cost, std::size_t size)
{
    std::vector<std::size_t> columns(size);
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    auto best = columns;
    double least = std::numeric_limits<double>::infinity();
    do {
        double total = 0.0;
        for (std::size_t row = 0; row < size; ++row) {
            total += cost[row * size + columns[row]];
        }
        if (total < least) {
            least = total;
            best = columns;
        }
    } while (std::next_permutation(columns.begin(), columns.end()));
    return best;
}

//! Jonker and Volgenant: one shortest augmenting path (Dijkstra over reduced costs) per
//! row.
class ShortestAugmentingPaths
{
public:
    ShortestAugmentingPaths(const std::vector<double>& cost, std::size_t size)
        : d_cost(cost),
          d_size(size),
          d_row_price(size, 0.0),
          d_column_price(size, 0.0),
          d_row_of(size, none),
          d_column_of(size, none)
    {
    }

    std::vector<std::size_t> operator()()
    {
        for (std::size_t row = 0; row < d_size; ++row) {
            augment(row);
        }
        return d_column_of;
    }

private:
    void augment(std::size_t start)
    {
        std::vector<double> distance(d_size, std::numeric_limits<double>::infinity());
        std::vector<std::size_t> before(d_size, none); // row that reaches the column
        std::vector<std::size_t> settled;
        std::vector<bool> done(d_size, false);

        std::size_t row = start;
        std::size_t sink = none;
        double reached = 0.0;
        while (sink == none) {
            std::size_t next = none;
            for (std::size_t column = 0; column < d_size; ++column) {
                if (done[column]) {
                    continue;
                }
                const double through = reached + d_cost[row * d_size + column] -
                                       d_row_price[row] - d_column_price[column];
                if (through < distance[column]) {
                    distance[column] = through;
                    before[column] = row;
                }
                // Of equal columns, prefer a free one: it ends the search.
                if (next == none || distance[column] < distance[next] ||
                    (distance[column] == distance[next] && d_row_of[column] == none)) {
                    next = column;
                }
            }
            reached = distance[next];
            if (d_row_of[next] == none) {
                sink = next;
            } else {
                done[next] = true;
                settled.push_back(next);
                row = d_row_of[next];
            }
        }

        d_row_price[start] += reached;
        for (const auto column : settled) {
            d_row_price[d_row_of[column]] += reached - distance[column];
            d_column_price[column] -= reached - distance[column];
        }
        for (std::size_t column = sink; column != none;) {
            const auto owner = before[column];
            const auto previous = d_column_of[owner];
            d_row_of[column] = owner;
            d_column_of[owner] = column;
            column = owner == start ? none : previous;
        }
    }

    const std::vector<double>& d_cost;
    std::size_t d_size;
    std::vector<double> d_row_price, d_column_price;
    std::vector<std::size_t> d_row_of;    //!< of each column, or none
    std::vector<std::size_t> d_column_of; //!< of each row, or none
};

} // namespace

std::vector<std::size_t> assign(const std::vector<double>& cost, std::size_t size)
{
    // Checked by division: size * size may overflow.
    const bool fits =
        size == 0 ? cost.empty() : cost.size() % size == 0 && cost.size() / size == size;
    if (!fits) {
        throw std::invalid_argument("assign: " + std::to_string(cost.size()) +
                                    " costs for size " + std::to_string(size));
    }
    const auto wrong = std::find_if_not(
        cost.begin(), cost.end(), [](double value) { return std::isfinite(value); });
    if (wrong != cost.end()) {
        const auto at = static_cast<std::size_t>(wrong - cost.begin());
        throw std::invalid_argument("assign: cost of row " + std::to_string(at / size) +
                                    ", column " + std::to_string(at % size) + " is " +
                                    std::to_string(*wrong));
    }
    if (size <= enumeration_limit) {
        return enumerate(cost, size);
    }
    return ShortestAugmentingPaths(cost, size)();
}

} // namespace cfisac::evaluation
