// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_scenario.h"
#include <cfisac/estimators/access_point.h>
#include <cfisac/estimators/maximum_likelihood.h>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace cfisac;
using namespace cfisac::estimators;

namespace {

Scenario two_targets() { return test::small_scenario(); }

// A random matrix A A^T with scales from `low` to `high`.
at::Tensor information(std::mt19937& random, double low, double high)
{
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    auto factor = at::eye(4, at::kDouble);
    for (std::int64_t i = 0; i < 4; i++) {
        const double scale = std::exp2(std::log2(low) + 0.5 * (uniform(random) + 1.0) *
                                                            std::log2(high / low));
        for (std::int64_t j = 0; j < i; j++) {
            factor[i][j] = uniform(random);
        }
        factor[i] *= scale;
    }
    return at::matmul(factor, factor.t());
}

LocalEstimate estimate(std::mt19937& random)
{
    std::uniform_real_distribution<double> place(0.0, 100.0), rate(-40.0, 40.0);
    return {{place(random), place(random)},
            {rate(random), rate(random)},
            information(random, 1e-3, 1e4),
            place(random)};
}

} // namespace

TEST(PathMessage, TakesNinetySixBitsForEachTarget)
{
    for (const int targets : {1, 2, 5}) {
        auto scenario = two_targets();
        scenario.targets.count = targets;
        for (const auto scheme : {Scheme::music, Scheme::cs}) {
            EXPECT_EQ(message_words(scheme, scenario) * 16, 96u * targets);
        }
    }
}

TEST(PathMessage, GivesBackWhatWasSent)
{
    const std::vector<PathParameters> paths{{1, -0.123456789, 123.456, -7.25},
                                            {0, 1.0, 99.5, 12.125}};
    const auto message = encode_paths(paths, 3);
    ASSERT_EQ(message.size(), 18u);
    const auto back = decode_paths(message, 3, 2);
    ASSERT_TRUE(back.has_value());
    ASSERT_EQ(back->size(), 2u);
    for (std::size_t k = 0; k < 2; k++) {
        EXPECT_EQ((*back)[k].transmitter, paths[k].transmitter);
        EXPECT_NEAR((*back)[k].cosine, paths[k].cosine, 1.0 / (1 << 23));
        EXPECT_EQ((*back)[k].range_m, static_cast<float>(paths[k].range_m));
        EXPECT_EQ((*back)[k].range_rate_mps, static_cast<float>(paths[k].range_rate_mps));
    }
}

TEST(PathMessage, RefusesWhatIsNone)
{
    const auto message = encode_paths({{0, 0.5, 120.0, 3.0}}, 2);
    EXPECT_TRUE(decode_paths(message, 2, 2).has_value());
    EXPECT_FALSE(decode_paths(message, 1, 2).has_value()) << "another number of words";
    auto changed = message;
    changed[0] = 0x0200; // transmit access point 2 of 2
    EXPECT_FALSE(decode_paths(changed, 2, 2).has_value());
    changed = message;
    changed[2] = 0x7fc0; // NaN
    EXPECT_FALSE(decode_paths(changed, 2, 2).has_value());
    changed = message;
    changed[2] |= 0x8000; // a negative range
    EXPECT_FALSE(decode_paths(changed, 2, 2).has_value());
    changed = message;
    changed[4] = 0x7f80; // infinity
    EXPECT_FALSE(decode_paths(changed, 2, 2).has_value());
    changed = encode_paths({}, 2);
    std::copy(message.begin(), message.begin() + 6, changed.begin() + 6);
    EXPECT_FALSE(decode_paths(changed, 2, 2).has_value()) << "a path after none";
}

TEST(PathMessage, SenderIsToldWhatCannotBeSent)
{
    EXPECT_THROW(encode_paths({{}, {}}, 1), std::invalid_argument);
    EXPECT_THROW(encode_paths({{255, 0.0, 1.0, 0.0}}, 1), std::invalid_argument);
    EXPECT_THROW(encode_paths({{0, 1.5, 1.0, 0.0}}, 1), std::invalid_argument);
    EXPECT_THROW(
        encode_paths({{0, 0.0, std::numeric_limits<double>::quiet_NaN(), 0.0}}, 1),
        std::invalid_argument);
    EXPECT_THROW(encode_paths({{0, 0.0, 1e300, 0.0}}, 1), std::invalid_argument);
}

TEST(LocalEstimates, FitTheFronthaul)
{
    auto paper = test::example_scenario("paper");
    EXPECT_EQ(paper.targets.count, 2);
    EXPECT_EQ(message_words(Scheme::ml, paper) * 16, 1472u);
    EXPECT_LE(message_words(Scheme::ml, paper) * 16, 2048u);
}

TEST(LocalEstimates, GiveBackWhatWasSent)
{
    const auto scenario = two_targets();
    std::mt19937 random(1);
    for (int round = 0; round < 100; round++) {
        const std::vector<LocalEstimate> sent{estimate(random), estimate(random)};
        const auto message = encode_local_estimates(sent, scenario, 4);
        ASSERT_EQ(message.size(), words_of_local_estimates(scenario, 4));
        const auto back = decode_local_estimates(message, scenario, 4);
        ASSERT_TRUE(back.has_value());
        ASSERT_EQ(back->size(), 2u);
        for (std::size_t k = 0; k < 2; k++) {
            const auto& one = (*back)[k];
            EXPECT_NEAR(one.gain, sent[k].gain, 1.0 / 32);
            for (std::size_t d = 0; d < 2; d++) {
                EXPECT_EQ(one.location[d], static_cast<float>(sent[k].location[d]));
                EXPECT_EQ(one.range_rate_mps[d],
                          static_cast<float>(sent[k].range_rate_mps[d]));
            }
            // Steps of the scales are 2^(1/256), those of the factor 2^-15: relative to the
            // diagonal the elements are off by less than 0.6 %.
            const auto scale = sent[k].information.diag().rsqrt();
            const auto error =
                (one.information - sent[k].information) * scale.unsqueeze(1) * scale;
            EXPECT_LT(error.abs().max().item<double>(), 6e-3);
        }
    }
}

TEST(LocalEstimates, InformationStaysPositiveNearSingularity)
{
    const auto scenario = two_targets();
    std::mt19937 random(2);
    auto one = estimate(random);
    auto factor = at::eye(4, at::kDouble);
    factor[1][0] = 1.0;
    factor[1][1] = 1e-5;
    one.information = at::matmul(factor, factor.t());
    const auto back =
        decode_local_estimates(encode_local_estimates({one}, scenario, 1), scenario, 1);
    ASSERT_TRUE(back.has_value());
    EXPECT_GT(at::linalg_eigvalsh((*back)[0].information).min().item<double>(), 0.0);
}

TEST(LocalEstimates, RefuseWhatIsNone)
{
    const auto scenario = two_targets();
    std::mt19937 random(3);
    const auto message = encode_local_estimates({estimate(random)}, scenario, 2);
    EXPECT_FALSE(decode_local_estimates(message, scenario, 3).has_value());
    auto changed = message;
    changed[1] = 0x7f80; // infinite location
    changed[2] = 0;
    EXPECT_FALSE(decode_local_estimates(changed, scenario, 2).has_value());
    changed = message;
    changed[1 + 2 * 4 + 4] = 0; // first pivot of the factor
    EXPECT_FALSE(decode_local_estimates(changed, scenario, 2).has_value());
    changed = message;
    std::copy(message.begin(),
              message.begin() + message.size() / 2,
              changed.begin() + message.size() / 2);
    changed[0] = 65535; // an estimate after none
    EXPECT_FALSE(decode_local_estimates(changed, scenario, 2).has_value());
    for (const auto scheme : {Scheme::music, Scheme::cs, Scheme::ml}) {
        EXPECT_FALSE(is_message(scheme, scenario, {1, 2, 3}));
    }
}

TEST(LocalEstimates, SenderIsToldWhatCannotBeSent)
{
    const auto scenario = two_targets();
    std::mt19937 random(4);
    const auto good = estimate(random);
    EXPECT_THROW(encode_local_estimates({good, good}, scenario, 1),
                 std::invalid_argument);
    auto bad = good;
    bad.gain = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(encode_local_estimates({bad}, scenario, 1), std::invalid_argument);
    bad = good;
    bad.information = -good.information;
    EXPECT_THROW(encode_local_estimates({bad}, scenario, 1), std::invalid_argument);
    bad = good;
    bad.location[0] = std::numeric_limits<double>::infinity();
    EXPECT_THROW(encode_local_estimates({bad}, scenario, 1), std::invalid_argument);
    bad = good;
    bad.range_rate_mps.pop_back();
    EXPECT_THROW(encode_local_estimates({bad}, scenario, 1), std::invalid_argument);
}

TEST(Schemes, HaveNamesAndFingerprintsOfTheirOwn)
{
    for (const auto scheme : {Scheme::music, Scheme::cs, Scheme::ml}) {
        EXPECT_EQ(scheme_from_string(to_string(scheme)), scheme);
    }
    EXPECT_NE(fingerprint(Scheme::music), fingerprint(Scheme::cs));
    EXPECT_NE(fingerprint(Scheme::cs), fingerprint(Scheme::ml));
    try {
        scheme_from_string("esprit");
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("esprit"), std::string::npos);
    }
}
