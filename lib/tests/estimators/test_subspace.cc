// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of MUSIC and of orthogonal matching pursuit against closed forms, and what they
// refuse.
#include <cfisac/estimators/compressed_sensing.h>
#include <cfisac/estimators/music.h>
#include <cfisac/signal/layout.h>
#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace cfisac::estimators;

at::Tensor steering(double cosine, std::int64_t antennas, double spacing)
{
    return cfisac::signal::steering_vector(at::scalar_tensor(cosine, at::kDouble),
                                           at::scalar_tensor(spacing, at::kDouble),
                                           antennas);
}

template <typename Call>
void expect_refused(const Call& call, const std::string& part)
{
    try {
        call();
        FAIL() << "not refused: " << part;
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
            << error.what();
    }
}

// Two coherent sources have a covariance of rank one; smoothing tells them apart.
TEST(Music, CoherentSourcesNeedSmoothing)
{
    const auto sum = steering(-0.31, 10, 0.5) + 0.8 * steering(0.27, 10, 0.5);
    const auto covariance = at::outer(sum, sum.conj()) + 1e-6 * at::eye(10, at::kDouble);
    for (const auto smoothing : {Smoothing::forward, Smoothing::forward_backward}) {
        auto found =
            music_cosines(smoothed_covariance(covariance, smoothing, 8), 2, 0.5, 16);
        ASSERT_EQ(found.size(), 2u);
        std::sort(found.begin(), found.end());
        EXPECT_NEAR(found[0], -0.31, 1e-5);
        EXPECT_NEAR(found[1], 0.27, 1e-5);
    }
    auto without = music_cosines(covariance, 2, 0.5, 16);
    std::sort(without.begin(), without.end());
    EXPECT_FALSE(without.size() == 2 && std::abs(without[0] + 0.31) < 1e-3 &&
                 std::abs(without[1] - 0.27) < 1e-3);
}

TEST(Music, PeakIsOffTheGrid)
{
    for (const double cosine : {-0.98765, -0.123456, 0.0, 0.3333333, 0.77777}) {
        const auto a = steering(cosine, 6, 0.45);
        const auto found = music_cosines(at::outer(a, a.conj()), 1, 0.45, 4);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_NEAR(found[0], cosine, 1e-6);
    }
}

TEST(ModelOrder, CountsSeparatedEigenvalues)
{
    EXPECT_EQ(mdl_order({1.0, 1.0, 1.0, 1.0}, 1000), 0);
    EXPECT_EQ(mdl_order({1.01, 50.0, 0.99, 1.0}, 1000), 1);
    EXPECT_EQ(mdl_order({30.0, 1.01, 0.99, 9.0, 1.0}, 200), 2);
    EXPECT_EQ(mdl_order({5.0, 2.0, 0.0, 0.0, 0.0}, 100), 2); // no noise at all
    EXPECT_EQ(mdl_order({0.0, 0.0}, 10), 0);
}

TEST(Music, Refusals)
{
    const auto square = at::eye(4, at::kComplexDouble);
    const auto grid = at::zeros({3}, at::kDouble);
    expect_refused([&] { smoothed_covariance(grid, Smoothing::forward, 2); }, "[3]");
    expect_refused([&] { smoothed_covariance({}, Smoothing::forward, 2); }, "nothing");
    expect_refused([&] { smoothed_covariance(square, Smoothing::forward, 5); }, "got 5");
    expect_refused([&] { smoothed_covariance(square, Smoothing::none, 3); }, "got 3");
    expect_refused([&] { music_spectrum(square, 0, grid, 0.5); }, "got 0");
    expect_refused([&] { music_spectrum(square, 4, grid, 0.5); }, "got 4");
    expect_refused([&] { music_spectrum(square, 1, square, 0.5); }, "one dimension");
    expect_refused([&] { mdl_order({}, 10); }, "none");
    expect_refused([&] { mdl_order({1.0, NAN}, 10); }, "nan");
    expect_refused([&] { mdl_order({1.0}, 0); }, "got 0");
}

TEST(Omp, StopsAtTheTolerance)
{
    const auto dictionary = at::eye(6, at::kDouble);
    const auto measurements = at::tensor({0.0, 3.0, 0.0, 1.0, 0.2, 0.0}, at::kDouble);
    OmpOptions options;
    options.blocks = 6;
    options.tolerance = 0.5; // of squared values
    const auto result = omp(dictionary, measurements.unsqueeze(1), options);
    EXPECT_EQ(result.support, (std::vector<std::int64_t>{1, 3}));
    EXPECT_NEAR(result.coefficients[0][0].item<double>(), 3.0, 1e-12);
    EXPECT_NEAR(result.coefficients[1][0].item<double>(), 1.0, 1e-12);
    options.tolerance = 100.0;
    const auto none = omp(dictionary, measurements.unsqueeze(1), options);
    EXPECT_TRUE(none.support.empty());
    EXPECT_EQ(none.coefficients.sizes(), (std::vector<std::int64_t>{0, 1}));
}

// The sum over measurements prefers what all of them see a little, the largest value what
// one of them sees well.
TEST(Omp, Selections)
{
    const auto measurements =
        at::tensor({3.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0}, at::kDouble).view({2, 4});
    OmpOptions options;
    EXPECT_EQ(omp(at::eye(2, at::kDouble), measurements, options).support[0], 1);
    options.selection = Selection::largest;
    EXPECT_EQ(omp(at::eye(2, at::kDouble), measurements, options).support[0], 0);
}

TEST(Omp, PassesOverWhatIsInTheSpan)
{
    // Atom 2 is atom 0 once more.
    const auto dictionary =
        at::tensor({1.0, 0.0, 1.0, 0.0, 1.0, 0.0}, at::kDouble).view({2, 3});
    OmpOptions options;
    options.blocks = 3;
    const auto result =
        omp(dictionary, at::tensor({1.0, 0.5}, at::kDouble).unsqueeze(1), options);
    EXPECT_EQ(result.support, (std::vector<std::int64_t>{0, 1}));
}

TEST(Omp, Refusals)
{
    const auto dictionary = at::eye(6, at::kDouble);
    OmpOptions options;
    expect_refused(
        [&] {
            omp(dictionary, at::zeros({5, 1}, at::kDouble), options);
        },
        "[5, 1]");
    expect_refused(
        [&] {
            omp(dictionary, at::zeros({6, 1}, at::kComplexDouble), options);
        },
        "one type");
    options.block = 4;
    expect_refused([&] { omp(dictionary, dictionary, options); }, "blocks of 4");
    options.block = 0;
    expect_refused([&] { omp(dictionary, dictionary, options); }, "block must");
    options = {};
    options.blocks = 0;
    expect_refused([&] { omp(dictionary, dictionary, options); }, "blocks must");
    options = {};
    options.tolerance = -1.0;
    expect_refused([&] { omp(dictionary, dictionary, options); }, "tolerance");
}

} // namespace
