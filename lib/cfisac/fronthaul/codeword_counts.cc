// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/codeword_counts.h>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul {

CodewordCounts::CodewordCounts(std::size_t codewords, std::size_t positions)
    : d_positions(positions), d_counts(codewords, 0)
{
}

bool CodewordCounts::add(const Packet& packet)
{
    if (d_counts.empty() || packet.indices.size() <= d_positions) {
        return true;
    }
    const auto first = packet.indices.begin() + static_cast<std::ptrdiff_t>(d_positions);
    if (std::any_of(first, packet.indices.end(), [this](std::uint32_t index) {
            return index >= d_counts.size();
        })) {
        return false;
    }
    std::for_each(
        first, packet.indices.end(), [this](std::uint32_t index) { d_counts[index]++; });
    return true;
}

void CodewordCounts::add(const CodewordCounts& other)
{
    if (other.d_counts.size() != d_counts.size()) {
        throw std::invalid_argument("counts of " + std::to_string(other.d_counts.size()) +
                                    " codewords cannot be added to those of " +
                                    std::to_string(d_counts.size()));
    }
    for (std::size_t i = 0; i < d_counts.size(); ++i) {
        d_counts[i] += other.d_counts[i];
    }
}

void CodewordCounts::clear() { std::fill(d_counts.begin(), d_counts.end(), 0); }

std::size_t CodewordCounts::distinct() const
{
    return static_cast<std::size_t>(std::count_if(
        d_counts.begin(), d_counts.end(), [](auto count) { return count > 0; }));
}

double CodewordCounts::perplexity() const
{
    double total = 0.0;
    for (const auto count : d_counts) {
        total += static_cast<double>(count);
    }
    double entropy = 0.0;
    for (const auto count : d_counts) {
        if (count > 0) {
            const double share = static_cast<double>(count) / total;
            entropy -= share * std::log(share);
        }
    }
    return total > 0.0 ? std::exp(entropy) : std::numeric_limits<double>::quiet_NaN();
}

} // namespace cfisac::fronthaul
