// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/bit_packing.h>
#include <cfisac/fronthaul/entropy_coding.h>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul {
namespace {

constexpr std::uint32_t frequency_sum = std::uint32_t{1} << frequency_bits;
constexpr std::uint32_t lowest_state = std::uint32_t{1} << 24;
constexpr std::size_t state_size = 4;

//! Step 1 of the table, see entropy_coding.h.
std::vector<std::uint64_t> weights_of(const std::vector<float>& counts)
{
    const float largest = *std::max_element(counts.begin(), counts.end());
    if (largest == 0.0f) {
        return std::vector<std::uint64_t>(counts.size(), 1);
    }
    int exponent;
    std::frexp(largest, &exponent);
    std::vector<std::uint64_t> weights;
    weights.reserve(counts.size());
    for (const float count : counts) {
        weights.push_back(static_cast<std::uint64_t>(
            std::ldexp(static_cast<double>(count), 32 - exponent)));
    }
    return weights;
}

void check_index(std::uint32_t index, const FrequencyTable& table)
{
    if (index >= table.codewords()) {
        throw std::invalid_argument("index " + std::to_string(index) + " is not one of " +
                                    std::to_string(table.codewords()) + " codewords");
    }
}

} // namespace

FrequencyTable::FrequencyTable(const std::vector<float>& counts)
{
    if (counts.size() < 2 || counts.size() > max_codewords) {
        throw std::invalid_argument("a frequency table takes the counts of 2 to " +
                                    std::to_string(max_codewords) +
                                    " codewords, not of " +
                                    std::to_string(counts.size()));
    }
    for (std::size_t j = 0; j < counts.size(); ++j) {
        if (!std::isfinite(counts[j]) || counts[j] < 0.0f) {
            throw std::invalid_argument("the count of codeword " + std::to_string(j) +
                                        " must be finite and not negative, is " +
                                        std::to_string(counts[j]));
        }
    }
    const auto weights = weights_of(counts);
    std::vector<std::uint32_t> frequencies(counts.size(), 1);

    std::vector<std::uint32_t> order(counts.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
        return weights[a] < weights[b];
    });
    std::uint64_t left = frequency_sum;
    std::uint64_t weight =
        std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    auto common = order.begin();
    for (; weights[*common] * left < weight; ++common) { // ends before the heaviest
        --left;
        weight -= weights[*common];
    }

    std::vector<std::uint64_t> remainders(counts.size());
    std::uint64_t missing = left;
    for (auto j = common; j != order.end(); ++j) {
        const std::uint64_t share = weights[*j] * left;
        frequencies[*j] = static_cast<std::uint32_t>(share / weight);
        remainders[*j] = share % weight;
        missing -= frequencies[*j];
    }
    std::sort(common, order.end(), [&](auto a, auto b) {
        return remainders[a] != remainders[b] ? remainders[a] > remainders[b] : a < b;
    });
    for (auto j = common; missing > 0; ++j, --missing) {
        ++frequencies[*j];
    }

    d_starts.assign(1, 0);
    d_starts.reserve(counts.size() + 1);
    d_owners.reserve(frequency_sum);
    for (std::size_t j = 0; j < frequencies.size(); ++j) {
        d_starts.push_back(d_starts.back() + frequencies[j]);
        d_owners.resize(d_starts.back(), static_cast<std::uint16_t>(j));
    }
}

double FrequencyTable::entropy_bits() const
{
    double sum = 0.0;
    for (std::uint32_t j = 0; j < codewords(); ++j) {
        const double f = frequency(j);
        sum += f * (frequency_bits - std::log2(f));
    }
    return sum / frequency_sum;
}

const char* to_string(CodeStatus status)
{
    switch (status) {
    case CodeStatus::ok:
        return "ok";
    case CodeStatus::truncated:
        return "truncated";
    case CodeStatus::excess:
        return "excess";
    case CodeStatus::bad_state:
        return "bad_state";
    }
    return "unknown";
}

std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         std::uint32_t count,
                                         const FrequencyTable& table)
{
    std::vector<std::uint8_t> bytes; // last one first
    std::uint32_t state = lowest_state;
    for (std::uint32_t i = count; i-- > 0;) {
        check_index(indices[i], table);
        const std::uint32_t frequency = table.frequency(indices[i]);
        // From frequency · 2^16 on, the new state would be 2^32 or more.
        while (state >= frequency << (32 - frequency_bits)) {
            bytes.push_back(static_cast<std::uint8_t>(state));
            state >>= 8;
        }
        state = (state / frequency << frequency_bits) + state % frequency +
                table.start(indices[i]);
    }
    for (std::size_t i = state_size; i-- > 0;) {
        bytes.push_back(static_cast<std::uint8_t>(state >> (8 * i)));
    }
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          std::uint32_t count,
                          const FrequencyTable& table,
                          std::uint32_t* indices)
{
    if (size < state_size) {
        return CodeStatus::truncated;
    }
    std::uint32_t state = 0;
    for (std::size_t i = 0; i < state_size; ++i) {
        state |= std::uint32_t{data[i]} << (8 * i);
    }
    if (state < lowest_state) {
        return CodeStatus::bad_state;
    }
    std::size_t taken = state_size;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t slot = state & (frequency_sum - 1);
        indices[i] = table.index_at(slot);
        state = table.frequency(indices[i]) * (state >> frequency_bits) + slot -
                table.start(indices[i]);
        while (state < lowest_state) { // at most twice: it is 2^8 or more
            if (taken == size) {
                return CodeStatus::truncated;
            }
            state = state << 8 | data[taken++];
        }
    }
    if (taken != size) {
        return CodeStatus::excess;
    }
    return state == lowest_state ? CodeStatus::ok : CodeStatus::bad_state;
}

double cost_bits(const std::uint32_t* indices,
                 std::uint32_t count,
                 const FrequencyTable& table)
{
    double bits = 0.0;
    for (std::uint32_t i = 0; i < count; ++i) {
        check_index(indices[i], table);
        bits += frequency_bits - std::log2(table.frequency(indices[i]));
    }
    return bits;
}

} // namespace cfisac::fronthaul
