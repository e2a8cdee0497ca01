// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cfisac/fronthaul/bit_packing.h>
#include <cfisac/fronthaul/entropy_coding.h>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

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

/*! What the coder takes for indices[i]: the index itself, or of ascending positions the
 * gap to the one before.
 * \throws std::invalid_argument as entropy_encode()
 */
std::uint32_t symbol_of(const std::uint32_t* indices,
                        std::uint32_t i,
                        const FrequencyTable& table,
                        bool ascending)
{
    if (indices[i] >= table.codewords()) {
        throw std::invalid_argument((ascending ? "position " : "index ") +
                                    std::to_string(indices[i]) + " is not one of " +
                                    std::to_string(table.codewords()) +
                                    (ascending ? " positions" : " codewords"));
    }
    if (!ascending || i == 0) {
        return indices[i];
    }
    if (indices[i] <= indices[i - 1]) {
        throw std::invalid_argument("position " + std::to_string(indices[i]) +
                                    " comes after " + std::to_string(indices[i - 1]) +
                                    ", but positions must ascend");
    }
    return indices[i] - indices[i - 1] - 1;
}

//! Takes symbols from the last to the first, see entropy_coding.h.
class Encoder
{
public:
    void put(const std::uint32_t* indices,
             std::uint32_t count,
             const FrequencyTable& table,
             bool ascending = false)
    {
        for (std::uint32_t i = count; i-- > 0;) {
            put(symbol_of(indices, i, table, ascending), table);
        }
    }

    std::vector<std::uint8_t> finish()
    {
        for (std::size_t i = state_size; i-- > 0;) {
            d_bytes.push_back(static_cast<std::uint8_t>(d_state >> (8 * i)));
        }
        std::reverse(d_bytes.begin(), d_bytes.end());
        return std::move(d_bytes);
    }

private:
    void put(std::uint32_t symbol, const FrequencyTable& table)
    {
        const std::uint32_t frequency = table.frequency(symbol);
        // From frequency · 2^16 on, the new state would be 2^32 or more.
        while (d_state >= frequency << (32 - frequency_bits)) {
            d_bytes.push_back(static_cast<std::uint8_t>(d_state));
            d_state >>= 8;
        }
        d_state = (d_state / frequency << frequency_bits) + d_state % frequency +
                  table.start(symbol);
    }

    std::vector<std::uint8_t> d_bytes; //!< last one first
    std::uint32_t d_state = lowest_state;
};

//! Gives symbols from the first to the last. The first fault stays its status.
class Decoder
{
public:
    Decoder(const std::uint8_t* data, std::size_t size) : d_data(data), d_size(size)
    {
        if (size < state_size) {
            d_status = CodeStatus::truncated;
            return;
        }
        for (; d_taken < state_size; ++d_taken) {
            d_state |= std::uint32_t{data[d_taken]} << (8 * d_taken);
        }
        if (d_state < lowest_state) {
            d_status = CodeStatus::bad_state;
        }
    }

    void get(std::uint32_t* indices,
             std::uint32_t count,
             const FrequencyTable& table,
             bool ascending = false)
    {
        std::uint32_t least = 0; // at most 2^16, and so is a gap
        for (std::uint32_t i = 0; i < count && d_status == CodeStatus::ok; ++i) {
            const std::uint32_t index = least + get(table);
            if (index >= table.codewords()) {
                d_status = CodeStatus::bad_position;
                return;
            }
            indices[i] = index;
            least = ascending ? index + 1 : 0;
        }
    }

    CodeStatus finish() const
    {
        if (d_status != CodeStatus::ok) {
            return d_status;
        }
        if (d_taken != d_size) {
            return CodeStatus::excess;
        }
        return d_state == lowest_state ? CodeStatus::ok : CodeStatus::bad_state;
    }

private:
    std::uint32_t get(const FrequencyTable& table)
    {
        const std::uint32_t slot = d_state & (frequency_sum - 1);
        const std::uint32_t symbol = table.index_at(slot);
        d_state = table.frequency(symbol) * (d_state >> frequency_bits) + slot -
                  table.start(symbol);
        while (d_state < lowest_state) { // at most twice: it is 2^8 or more
            if (d_taken == d_size) {
                d_status = CodeStatus::truncated;
                break;
            }
            d_state = d_state << 8 | d_data[d_taken++];
        }
        return symbol;
    }

    const std::uint8_t* const d_data;
    const std::size_t d_size;
    std::size_t d_taken = 0;
    std::uint32_t d_state = 0;
    CodeStatus d_status = CodeStatus::ok;
};

//! -Σ log2 p of the symbols of a segment.
double segment_cost(const std::uint32_t* indices,
                    std::uint32_t count,
                    const FrequencyTable& table,
                    bool ascending)
{
    double bits = 0.0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto symbol = symbol_of(indices, i, table, ascending);
        bits += frequency_bits - std::log2(table.frequency(symbol));
    }
    return bits;
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

FrequencyTable gap_table(std::uint32_t sent, std::uint32_t positions)
{
    if (positions < 2 || positions > max_codewords || sent < 1 || sent > positions) {
        throw std::invalid_argument("a table of gaps is for 1 or more of 2 to " +
                                    std::to_string(max_codewords) +
                                    " positions, not for " + std::to_string(sent) +
                                    " of " + std::to_string(positions));
    }
    std::vector<float> counts;
    counts.reserve(positions);
    std::uint64_t weight = std::uint64_t{1} << 24;
    for (std::uint32_t gap = 0; gap < positions; ++gap) {
        counts.push_back(static_cast<float>(weight));
        weight = weight * (positions - sent) / positions;
    }
    return FrequencyTable(counts);
}

IndexPrior::IndexPrior(std::vector<IndexSegment> segments)
    : d_segments(std::move(segments))
{
    if (d_segments.empty()) {
        throw std::invalid_argument("a prior of indices needs a segment");
    }
    for (const auto& segment : d_segments) {
        if (segment.ascending && segment.count > segment.table.codewords()) {
            throw std::invalid_argument(std::to_string(segment.count) +
                                        " ascending positions do not fit below " +
                                        std::to_string(segment.table.codewords()));
        }
        d_count += segment.count;
        d_range = std::max(d_range, segment.table.codewords());
    }
}

double IndexPrior::expected_bits() const
{
    double bits = 0.0;
    for (const auto& segment : d_segments) {
        bits += segment.count * segment.table.entropy_bits();
    }
    return bits;
}

std::optional<IndexPrior> message_prior(const std::vector<float>& counts,
                                        std::uint32_t codewords_sent,
                                        std::uint32_t sent,
                                        std::uint32_t positions)
{
    if (counts.size() == 1 || (sent > 0 && positions == 1)) {
        return std::nullopt;
    }
    std::vector<IndexSegment> segments;
    if (sent > 0) {
        segments.push_back({sent, gap_table(sent, positions), true});
    }
    segments.push_back({codewords_sent, FrequencyTable(counts)});
    return IndexPrior(std::move(segments));
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
    case CodeStatus::bad_position:
        return "bad_position";
    }
    return "unknown";
}

std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         const IndexPrior& prior)
{
    Encoder encoder;
    const auto& segments = prior.segments();
    const std::uint32_t* end = indices + prior.count();
    for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
        end -= segment->count;
        encoder.put(end, segment->count, segment->table, segment->ascending);
    }
    return encoder.finish();
}

std::vector<std::uint8_t> entropy_encode(const std::uint32_t* indices,
                                         std::uint32_t count,
                                         const FrequencyTable& table)
{
    Encoder encoder;
    encoder.put(indices, count, table);
    return encoder.finish();
}

CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          const IndexPrior& prior,
                          std::uint32_t* indices)
{
    Decoder decoder(data, size);
    for (const auto& segment : prior.segments()) {
        decoder.get(indices, segment.count, segment.table, segment.ascending);
        indices += segment.count;
    }
    return decoder.finish();
}

CodeStatus entropy_decode(const std::uint8_t* data,
                          std::size_t size,
                          std::uint32_t count,
                          const FrequencyTable& table,
                          std::uint32_t* indices)
{
    Decoder decoder(data, size);
    decoder.get(indices, count, table);
    return decoder.finish();
}

double cost_bits(const std::uint32_t* indices, const IndexPrior& prior)
{
    double bits = 0.0;
    for (const auto& segment : prior.segments()) {
        bits += segment_cost(indices, segment.count, segment.table, segment.ascending);
        indices += segment.count;
    }
    return bits;
}

double cost_bits(const std::uint32_t* indices,
                 std::uint32_t count,
                 const FrequencyTable& table)
{
    return segment_cost(indices, count, table, false);
}

} // namespace cfisac::fronthaul
