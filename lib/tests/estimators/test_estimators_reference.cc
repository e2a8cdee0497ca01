// SPDX-License-Identifier: GPL-3.0-or-later
// Comparison with the NumPy and SciPy computations of reference_estimators.py.
#include "reference.h"
#include <algorithm>
#include <cfisac/estimators/compressed_sensing.h>
#include <cfisac/estimators/music.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac::estimators;
using cfisac::test::complex_of;
using cfisac::test::read_reference;
using cfisac::test::relative_error;

std::vector<double> values_of(const at::Tensor& tensor)
{
    const auto* value = tensor.data_ptr<double>();
    return {value, value + tensor.numel()};
}

class MusicReference : public testing::TestWithParam<int>
{
protected:
    void SetUp() override
    {
        d_file = read_reference("music_" + std::to_string(GetParam()));
        d_sources = std::stoi(d_file.metadata.at("sources"));
        d_spacing = std::stod(d_file.metadata.at("spacing"));
    }
    cfisac::nn::SafeTensors d_file;
    int d_sources = 0;
    double d_spacing = 0.0;
};

TEST_P(MusicReference, Smoothing)
{
    const auto covariance = complex_of(d_file, "covariance");
    const auto subarray = std::stol(d_file.metadata.at("subarray"));
    EXPECT_LT(
        relative_error(smoothed_covariance(covariance, Smoothing::forward, subarray),
                       complex_of(d_file, "forward")),
        1e-12);
    EXPECT_LT(relative_error(
                  smoothed_covariance(covariance, Smoothing::forward_backward, subarray),
                  complex_of(d_file, "smoothed")),
              1e-12);
    EXPECT_EQ(relative_error(
                  smoothed_covariance(covariance, Smoothing::none, covariance.size(0)),
                  covariance),
              0.0);
}

TEST_P(MusicReference, Spectrum)
{
    const auto spectrum = music_spectrum(
        complex_of(d_file, "smoothed"), d_sources, d_file.tensors.at("grid"), d_spacing);
    const auto ratio = spectrum / d_file.tensors.at("spectrum");
    EXPECT_LT((ratio - 1.0).abs().max().item<double>(), 1e-6);
}

TEST_P(MusicReference, Peaks)
{
    auto found = music_cosines(complex_of(d_file, "smoothed"), d_sources, d_spacing, 16);
    auto expected = values_of(d_file.tensors.at("peaks"));
    ASSERT_EQ(found.size(), expected.size());
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    for (std::size_t k = 0; k < found.size(); k++) {
        EXPECT_NEAR(found[k], expected[k], 0.5 * 2.0 / 4000 + 1e-6); // half of its grid
    }
}

TEST_P(MusicReference, ModelOrder)
{
    EXPECT_EQ(mdl_order(values_of(d_file.tensors.at("eigenvalues")),
                        std::stol(d_file.metadata.at("snapshots"))),
              std::stoi(d_file.metadata.at("order")));
}

INSTANTIATE_TEST_SUITE_P(Random, MusicReference, testing::Range(0, 8));

class OmpReference : public testing::TestWithParam<int>
{
};

TEST_P(OmpReference, SupportAndCoefficients)
{
    const auto file = read_reference("omp_" + std::to_string(GetParam()));
    OmpOptions options;
    options.block = std::stol(file.metadata.at("block"));
    options.selection =
        file.metadata.at("largest") == "1" ? Selection::largest : Selection::sum;
    options.blocks = file.tensors.at("support").numel();
    const auto result =
        omp(complex_of(file, "dictionary"), complex_of(file, "measurements"), options);
    const auto expected = values_of(file.tensors.at("support"));
    EXPECT_EQ(std::vector<double>(result.support.begin(), result.support.end()),
              expected);
    EXPECT_LT(relative_error(result.coefficients, complex_of(file, "coefficients")),
              1e-8);
    // What a block was chosen for lies outside the span of those before: the first has all.
    const auto first =
        at::matmul(complex_of(file, "dictionary")
                       .narrow(1, result.support[0] * options.block, options.block)
                       .mH(),
                   complex_of(file, "measurements"));
    EXPECT_LT(relative_error(result.correlations[0], first), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Random, OmpReference, testing::Range(0, 8));

TEST(OmpReference, CoefficientsOfScikitLearn)
{
    const auto file = read_reference("omp_library");
    OmpOptions options;
    options.blocks = 4;
    const auto result =
        omp(file.tensors.at("dictionary"), file.tensors.at("measurements"), options);
    auto full = at::zeros({file.tensors.at("dictionary").size(1)}, at::kDouble);
    ASSERT_EQ(result.support.size(), 4u);
    for (std::size_t k = 0; k < 4; k++) {
        full[result.support[k]] = result.coefficients[static_cast<std::int64_t>(k)][0];
    }
    EXPECT_LT(relative_error(full, file.tensors.at("coefficients")), 1e-10)
        << "not those of " << file.metadata.at("source");
}

} // namespace
