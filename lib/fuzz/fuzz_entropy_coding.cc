// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entropy coding with the counts of a model file, which may be any. Every table has 2^16
// slots and none empty; indices come back; what decodes has no other code.

#include "fuzz.h"

#include <cfisac/fronthaul/entropy_coding.h>

#include <cmath>
#include <stdexcept>

namespace {

using namespace cfisac::fronthaul;
using cfisac::fuzz::Input;
using cfisac::fuzz::require;

constexpr std::size_t most_counts = 300;
constexpr std::uint32_t most_indices = 64;
constexpr std::uint32_t most_positions = 512; // larger tables take their time

void check_table(const FrequencyTable& table)
{
    std::uint32_t sum = 0;
    for (std::uint32_t j = 0; j < table.codewords(); ++j) {
        require(table.start(j) == sum, "a codeword starts where the one before ends");
        require(table.frequency(j) >= 1, "every codeword can be coded");
        require(table.index_at(sum) == j, "the first slot is the codeword's");
        sum += table.frequency(j);
        require(table.index_at(sum - 1) == j, "the last slot is the codeword's");
    }
    require(sum == std::uint32_t{1} << frequency_bits, "the frequencies sum to 2^16");
}

void check_decoded(const std::vector<std::uint8_t>& bytes, const IndexPrior& prior)
{
    std::vector<std::uint32_t> indices(prior.count());
    if (entropy_decode(bytes.data(), bytes.size(), prior, indices.data()) ==
        CodeStatus::ok) {
        require(entropy_encode(indices.data(), prior) == bytes,
                "a sequence of indices has one code");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const auto counts = input.list<float>(input.take<std::uint16_t>() % most_counts);
    const auto count = 1 + input.below(most_indices);
    const auto positions = input.take<std::uint16_t>() % most_positions;
    const auto sent = input.below(most_indices);

    std::optional<IndexPrior> prior;
    try {
        prior = message_prior(counts, count, sent, positions);
    } catch (const std::invalid_argument&) {
        bool good = counts.size() >= 2 && (sent == 0 || positions >= sent);
        for (const float value : counts) {
            good = good && std::isfinite(value) && value >= 0.0f;
        }
        require(!good, "good counts are taken");
    }
    if (!prior) {
        return 0;
    }
    for (const auto& segment : prior->segments()) {
        check_table(segment.table);
    }

    std::vector<std::uint32_t> indices;
    for (const auto& segment : prior->segments()) {
        for (std::uint32_t i = 0; i < segment.count; ++i) {
            indices.push_back(segment.ascending
                                  ? segment.table.codewords() - segment.count + i
                                  : input.below(segment.table.codewords()));
        }
    }
    const auto code = entropy_encode(indices.data(), *prior);
    std::vector<std::uint32_t> found(prior->count());
    require(entropy_decode(code.data(), code.size(), *prior, found.data()) ==
                    CodeStatus::ok &&
                found == indices,
            "what is coded is decoded");

    auto damaged = code;
    damaged[input.take<std::uint16_t>() % damaged.size()] ^= input.take<std::uint8_t>();
    check_decoded(damaged, *prior);
    damaged.pop_back();
    check_decoded(damaged, *prior);
    check_decoded(input.rest(), *prior);
    return 0;
}
