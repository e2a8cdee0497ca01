// SPDX-License-Identifier: GPL-3.0-or-later
#include "reference_folder.h"

#include <algorithm>
#include <cfisac/fronthaul/entropy_coding.h>
#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

namespace cfisac::fronthaul {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Indices = std::vector<std::uint32_t>;
using Counts = std::vector<float>;

constexpr std::uint32_t frequency_sum = 65536;

Bytes coded(const Indices& indices, const FrequencyTable& table)
{
    return entropy_encode(
        indices.data(), static_cast<std::uint32_t>(indices.size()), table);
}

//! Decodes from and into memory of exactly the size needed, so that a sanitizer sees
//! every access beyond it. Checks that every index written is a codeword.
CodeStatus decoded(const Bytes& bytes,
                   std::uint32_t count,
                   const FrequencyTable& table,
                   Indices* indices = nullptr)
{
    const std::unique_ptr<std::uint8_t[]> in(new std::uint8_t[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), in.get());
    const std::unique_ptr<std::uint32_t[]> out(new std::uint32_t[count]());
    const auto status = entropy_decode(in.get(), bytes.size(), count, table, out.get());
    EXPECT_TRUE(std::all_of(out.get(), out.get() + count, [&](auto index) {
        return index < table.codewords();
    }));
    if (indices) {
        indices->assign(out.get(), out.get() + count);
    }
    return status;
}

std::vector<std::uint32_t> frequencies(const FrequencyTable& table)
{
    std::vector<std::uint32_t> result;
    for (std::uint32_t j = 0; j < table.codewords(); ++j) {
        result.push_back(table.frequency(j));
    }
    return result;
}

Indices uniform_indices(std::uint32_t codewords, std::size_t count, std::mt19937& engine)
{
    std::uniform_int_distribution<std::uint32_t> any(0, codewords - 1);
    Indices indices(count);
    std::generate(indices.begin(), indices.end(), [&] { return any(engine); });
    return indices;
}

Indices draws(const FrequencyTable& table, std::size_t count, std::mt19937& engine)
{
    std::uniform_int_distribution<std::uint32_t> slot(0, frequency_sum - 1);
    Indices indices(count);
    std::generate(
        indices.begin(), indices.end(), [&] { return table.index_at(slot(engine)); });
    return indices;
}

//! Counts with one dominant codeword, with zeros, equal ones and random ones.
std::vector<Counts> many_counts(std::uint32_t codewords)
{
    std::mt19937 engine(codewords);
    std::vector<Counts> all{Counts(codewords, 1.0f), Counts(codewords, 0.0f)};
    for (const std::uint32_t at : {0u, codewords / 2, codewords - 1}) {
        Counts dominant(codewords, 0.0f);
        dominant[at] = 1e-30f;
        all.push_back(dominant);
    }
    Counts random(codewords);
    std::exponential_distribution<float> exponential;
    std::generate(random.begin(), random.end(), [&] { return exponential(engine); });
    all.push_back(random);
    for (std::size_t j = 0; j < random.size(); j += 2) {
        random[j] = 0.0f;
    }
    all.push_back(random);
    std::lognormal_distribution<float> lognormal(0.0f, 5.0f);
    std::generate(random.begin(), random.end(), [&] { return lognormal(engine); });
    all.push_back(random);
    return all;
}

//! -Σ log2 p of the indices, from the frequencies alone.
double cross_entropy(const Indices& indices, const FrequencyTable& table)
{
    double bits = 0.0;
    for (const auto index : indices) {
        bits -= std::log2(static_cast<double>(table.frequency(index)) / frequency_sum);
    }
    return bits;
}

TEST(FrequencyTable, EveryCodewordHasAShareAndTheSumIsExact)
{
    for (const std::uint32_t codewords : {2u, 3u, 512u, 4096u, 65536u}) {
        for (const auto& counts : many_counts(codewords)) {
            const FrequencyTable table(counts);
            ASSERT_EQ(table.codewords(), codewords);
            const auto f = frequencies(table);
            ASSERT_GE(*std::min_element(f.begin(), f.end()), 1u);
            ASSERT_EQ(std::accumulate(f.begin(), f.end(), 0u), frequency_sum);
            std::uint32_t start = 0;
            for (std::uint32_t j = 0; j < codewords; start += f[j++]) {
                ASSERT_EQ(table.start(j), start);
                ASSERT_EQ(table.index_at(start), j);
                ASSERT_EQ(table.index_at(start + f[j] - 1), j);
            }
        }
    }
}

TEST(FrequencyTable, FollowsTheCounts)
{
    EXPECT_EQ(frequencies(FrequencyTable({1, 1})), (Indices{32768, 32768}));
    EXPECT_EQ(frequencies(FrequencyTable({0, 0})), (Indices{32768, 32768}));
    EXPECT_EQ(frequencies(FrequencyTable({0, 7})), (Indices{1, 65535}));
    EXPECT_EQ(frequencies(FrequencyTable({3, 1})), (Indices{49152, 16384}));
    // 65536 / 3 is 21845 and one left, which the first of equal ones gets.
    EXPECT_EQ(frequencies(FrequencyTable({5, 5, 5})), (Indices{21846, 21845, 21845}));
    // The rare ones leave 65534 for 2 : 1; 43689 1/3 and 21844 2/3.
    EXPECT_EQ(frequencies(FrequencyTable({2e6f, 0, 1e6f, 1e-20f})),
              (Indices{43689, 1, 21845, 1}));
    // Of a fair share of more than one, no codeword gets less than its whole part.
    for (const auto& counts : many_counts(512)) {
        const FrequencyTable table(counts);
        const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
        for (std::uint32_t j = 0; sum > 0.0 && j < 512; ++j) {
            const double share = counts[j] / sum * frequency_sum;
            ASSERT_LE(table.frequency(j), std::max(1.0, share + 1.0));
            ASSERT_GE(table.frequency(j), std::floor(share * (1.0 - 512.0 / 65536)));
        }
    }
}

TEST(FrequencyTable, DoesNotDependOnTheUnitOfTheCounts)
{
    for (auto counts : many_counts(512)) {
        const auto expected = frequencies(FrequencyTable(counts));
        EXPECT_EQ(frequencies(FrequencyTable(counts)), expected);
        for (const float factor : {0x1p-40f, 0x1p+20f}) {
            Counts scaled = counts;
            for (auto& count : scaled) {
                count *= factor;
            }
            if (std::none_of(scaled.begin(), scaled.end(), [](float count) {
                    return count != 0.0f && !std::isnormal(count);
                })) {
                EXPECT_EQ(frequencies(FrequencyTable(scaled)), expected);
            }
        }
        // Equal counts aside, the order of the codewords has no influence either.
        Counts reversed(counts.rbegin(), counts.rend());
        auto mirrored = frequencies(FrequencyTable(reversed));
        std::reverse(mirrored.begin(), mirrored.end());
        for (std::size_t j = 0; j < mirrored.size(); ++j) {
            ASSERT_NEAR(mirrored[j], expected[j], 1.0);
        }
    }
}

TEST(FrequencyTable, RefusesWhatDoesNotFit)
{
    const auto error = [](const Counts& counts) -> std::string {
        try {
            FrequencyTable{counts};
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    EXPECT_NE(error({}).find("not of 0"), std::string::npos);
    EXPECT_NE(error({1}).find("not of 1"), std::string::npos);
    EXPECT_NE(error(Counts(65537, 1)).find("not of 65537"), std::string::npos);
    for (const float bad : {std::nanf(""), -1.0f, HUGE_VALF, -HUGE_VALF}) {
        EXPECT_NE(error({1, 2, bad, 4}).find("codeword 2"), std::string::npos) << bad;
    }
    EXPECT_EQ(error({1, -0.0f, std::numeric_limits<float>::max()}), "");
}

TEST(FrequencyTable, Entropy)
{
    EXPECT_DOUBLE_EQ(FrequencyTable({1, 1}).entropy_bits(), 1.0);
    EXPECT_DOUBLE_EQ(FrequencyTable(Counts(512, 3)).entropy_bits(), 9.0);
    EXPECT_DOUBLE_EQ(FrequencyTable({2, 1, 1}).entropy_bits(), 1.5);
    EXPECT_LT(FrequencyTable({1, 0}).entropy_bits(), 3e-4);
}

TEST(EntropyCoding, RoundTripAndLength)
{
    std::mt19937 engine(1);
    for (const std::uint32_t codewords : {2u, 3u, 512u, 4096u, 65536u}) {
        for (const auto& counts : many_counts(codewords)) {
            const FrequencyTable table(counts);
            for (const std::size_t count : {0u, 1u, 2u, 3u, 1000u, 65537u}) {
                for (const auto& indices : {draws(table, count, engine),
                                            uniform_indices(codewords, count, engine),
                                            Indices(count, 0),
                                            Indices(count, codewords - 1)}) {
                    const Bytes bytes = coded(indices, table);
                    Indices back;
                    ASSERT_EQ(
                        decoded(bytes, static_cast<std::uint32_t>(count), table, &back),
                        CodeStatus::ok);
                    ASSERT_EQ(back, indices);
                    const double ideal = cross_entropy(indices, table);
                    ASSERT_LE(8.0 * bytes.size(), 1.001 * ideal + 64.0);
                    ASSERT_GE(8.0 * bytes.size(), 0.999 * ideal);
                    ASSERT_NEAR(cost_bits(indices.data(),
                                          static_cast<std::uint32_t>(count),
                                          table),
                                ideal,
                                1e-9 * ideal);
                }
            }
        }
    }
}

//! What is drawn from a table takes the bits of its entropy.
TEST(EntropyCoding, LengthOfLikelyIndices)
{
    std::mt19937 engine(2);
    for (const std::uint32_t codewords : {3u, 512u, 4096u}) {
        std::exponential_distribution<float> exponential;
        Counts counts(codewords);
        std::generate(counts.begin(), counts.end(), [&] { return exponential(engine); });
        const FrequencyTable table(counts);
        const std::size_t count = 65537;
        const Bytes bytes = coded(draws(table, count, engine), table);
        const double expected = table.entropy_bits() * static_cast<double>(count);
        EXPECT_NEAR(8.0 * bytes.size(), expected, 0.01 * expected) << codewords;
    }
}

TEST(EntropyCoding, RefusesIndicesThatAreNoCodewords)
{
    const FrequencyTable table({1, 2, 3});
    const Indices indices{0, 3, 1};
    EXPECT_THROW(coded(indices, table), std::invalid_argument);
    EXPECT_THROW(cost_bits(indices.data(), 3, table), std::invalid_argument);
}

//! Another string of bytes is refused or is the code of other indices.
void expect_damage_is_seen(const Bytes& damaged,
                           const Indices& indices,
                           const FrequencyTable& table)
{
    Indices back;
    if (decoded(damaged, static_cast<std::uint32_t>(indices.size()), table, &back) ==
        CodeStatus::ok) {
        ASSERT_NE(back, indices);
        ASSERT_EQ(coded(back, table), damaged);
    }
}

TEST(EntropyCoding, DamagedCodes)
{
    std::mt19937 engine(3);
    for (const std::uint32_t codewords : {2u, 3u, 512u, 4096u}) {
        for (const auto& counts : many_counts(codewords)) {
            const FrequencyTable table(counts);
            for (const std::size_t count : {1u, 3u, 200u}) {
                const Indices indices = uniform_indices(codewords, count, engine);
                const auto number = static_cast<std::uint32_t>(count);
                const Bytes good = coded(indices, table);
                for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
                    Bytes bad = good;
                    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
                    expect_damage_is_seen(bad, indices, table);
                }
                for (std::size_t size = 0; size < good.size(); ++size) {
                    const Bytes cut(good.begin(),
                                    good.begin() + static_cast<std::ptrdiff_t>(size));
                    ASSERT_EQ(decoded(cut, number, table), CodeStatus::truncated);
                }
                for (const int byte : {0, 1, 255}) {
                    Bytes longer = good;
                    longer.push_back(static_cast<std::uint8_t>(byte));
                    ASSERT_EQ(decoded(longer, number, table), CodeStatus::excess);
                }
                expect_damage_is_seen(Bytes(good.rbegin(), good.rend()), indices, table);
            }
        }
    }
}

TEST(EntropyCoding, FaultsByName)
{
    const FrequencyTable table({1, 1});
    EXPECT_EQ(decoded({}, 0, table), CodeStatus::truncated);
    EXPECT_EQ(decoded({0, 0, 0}, 0, table), CodeStatus::truncated);
    EXPECT_EQ(decoded({0, 0, 0, 1}, 0, table), CodeStatus::ok);
    EXPECT_EQ(decoded({0, 0, 0, 1, 0}, 0, table), CodeStatus::excess);
    EXPECT_EQ(decoded({1, 0, 0, 1}, 0, table), CodeStatus::bad_state);
    EXPECT_EQ(decoded({255, 255, 255, 0}, 5, table), CodeStatus::bad_state);
    EXPECT_EQ(decoded({0, 0, 0, 0}, 0, table), CodeStatus::bad_state);
    EXPECT_STREQ(to_string(CodeStatus::ok), "ok");
    EXPECT_STREQ(to_string(CodeStatus::truncated), "truncated");
    EXPECT_STREQ(to_string(CodeStatus::excess), "excess");
    EXPECT_STREQ(to_string(CodeStatus::bad_state), "bad_state");
    EXPECT_STREQ(to_string(static_cast<CodeStatus>(99)), "unknown");
}

TEST(EntropyCoding, RandomBytes)
{
    std::mt19937 engine(4);
    for (const std::uint32_t codewords : {2u, 3u, 512u, 4096u}) {
        for (const auto& counts : many_counts(codewords)) {
            const FrequencyTable table(counts);
            for (int i = 0; i < 2000; ++i) {
                Bytes bytes(engine() % 64);
                std::generate(bytes.begin(), bytes.end(), [&] {
                    return static_cast<std::uint8_t>(engine());
                });
                const auto count = static_cast<std::uint32_t>(engine() % 64);
                Indices indices;
                if (decoded(bytes, count, table, &indices) == CodeStatus::ok) {
                    ASSERT_EQ(coded(indices, table), bytes);
                }
            }
        }
    }
}

//! Tables and codes of lib/tests/fronthaul/reference_entropy_coding.py.
TEST(EntropyCoding, AgreesWithPython)
{
    std::ifstream file(test::reference_folder() + "/entropy_coding.json");
    const auto cases = nlohmann::json::parse(file);
    ASSERT_GT(cases.size(), 10u);
    for (const auto& example : cases) {
        Counts counts;
        for (const std::uint32_t bits : example.at("counts")) {
            float count;
            std::memcpy(&count, &bits, sizeof(count));
            counts.push_back(count);
        }
        const FrequencyTable table(counts);
        ASSERT_EQ(frequencies(table), example.at("frequencies").get<Indices>());

        const auto indices = example.at("indices").get<Indices>();
        const auto text = example.at("code").get<std::string>();
        Bytes code;
        for (std::size_t i = 0; i < text.size(); i += 2) {
            code.push_back(
                static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
        }
        ASSERT_EQ(coded(indices, table), code);
        Indices back;
        ASSERT_EQ(decoded(code, static_cast<std::uint32_t>(indices.size()), table, &back),
                  CodeStatus::ok);
        ASSERT_EQ(back, indices);
    }
}

} // namespace
} // namespace cfisac::fronthaul
