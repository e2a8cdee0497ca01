// SPDX-License-Identifier: GPL-3.0-or-later
// The networks on the grid of cells, against reference_grid.py and closed forms.
#include "small_scenario.h"
#include "support.h"

#include <cfisac/nn/grid_decoder.h>
#include <cfisac/nn/model_io.h>
#include <cmath>

#include <string>
#include <utility>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using cfisac::test::example_scenario;

namespace {

constexpr double TOLERANCE = 1e-4;

GridDecoderOptions small_options()
{
    return GridDecoderOptions()
        .codeword_dim(7)
        .cells(6)
        .doppler_lines(8)
        .doppler_spacing_hz(1600.0)
        .profiles(2)
        .cell_features(3)
        .channels(10)
        .residual_layers(2)
        .velocity_steps(5);
}

TEST(GridReference, Encoder)
{
    const at::NoGradGuard no_grad;
    const auto file = read_safetensors(reference_folder() + "/grid.safetensors");
    GridEncoder encoder(GridEncoderOptions().in_channels(11).hidden_channels(9));
    load_state(*encoder, file, "encoder");
    EXPECT_LT(relative_difference(encoder(file.tensors.at("planes")),
                                  file.tensors.at("latent")),
              TOLERANCE);
}

TEST(GridReference, Decoder)
{
    const at::NoGradGuard no_grad;
    const auto file = read_safetensors(reference_folder() + "/grid.safetensors");
    GridDecoder decoder(example_scenario("lite"), small_options());
    load_state(*decoder, file, "decoder");
    const std::vector<torch::Tensor> latents = {file.tensors.at("latents0"),
                                                file.tensors.at("latents1")};
    const auto compare = [&](const GridOutput& output, const std::string& suffix) {
        for (const auto& [found, name] :
             {std::pair(output.presence, "presence"),
              std::pair(output.offset, "offset"),
              std::pair(output.velocity_logits, "velocity_logits"),
              std::pair(output.velocity, "velocity")}) {
            EXPECT_LT(relative_difference(found, file.tensors.at(name + suffix)),
                      TOLERANCE)
                << name << suffix;
        }
    };
    compare(decoder(latents), "");
    compare(decoder(latents, at::tensor({0.0, 1.0}).expand({latents[0].size(0), 2})),
            "_without_first");
}

TEST(GridDecoder, GradientsAgainstDifferences)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    decoder->to(at::kDouble);
    const std::vector<torch::Tensor> latents = {normal({1, 7, 2, 6, 6}, 1, at::kDouble),
                                                normal({1, 7, 2, 6, 6}, 2, at::kDouble)};
    const auto loss = [&] {
        const auto output = decoder(latents);
        return output.presence.square().mean() + output.offset.square().mean() +
               output.velocity.square().mean() * 0.01;
    };
    expect_gradients(loss, parameters_of(*decoder), 4);
}

TEST(GridDecoder, ShippedSizesHaveTheParametersOfTheClosedForm)
{
    // A convolution of 3 x 3 with bias and a normalization of so many channels
    const auto layer = [](int64_t channels) { return channels * (channels * 9 + 1 + 2); };
    const int64_t encoder = 32 * 64 * 16 + 64 + 2 * 2 * layer(64);
    EXPECT_EQ(parameter_count(*GridEncoder(GridEncoderOptions())), encoder);
    const int64_t in = 2 * 81 + 4 * 24 + 4 + 2;
    const int64_t decoder =
        33 * 48 + 33 * 24 + (in + 1) * 80 + 3 * 2 * layer(80) + 81 * 86;
    EXPECT_EQ(
        parameter_count(*GridDecoder(example_scenario("lite"), GridDecoderOptions())),
        decoder);
}

TEST(GridDecoder, PeaksAreTheHighestCellsThatSeeDifferentTargets)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    GridOutput output;
    output.presence = at::full({1, 6, 6}, -5.0);
    output.presence[0][1][2] = 4.0;
    output.presence[0][1][3] = 3.0; // beside the highest, and sees the same place
    output.presence[0][4][5] = 1.0;
    output.presence[0][4][4] = 0.5; // beside the second, and sees another place
    output.offset = at::zeros({1, 2, 6, 6});
    output.offset[0][1][1][3] = -0.8;
    output.offset[0][1][4][4] = -0.3;
    output.offset[0][0][4][5] = 0.25;
    output.offset[0][1][4][5] = -0.5;
    output.velocity = at::zeros({1, 2, 6, 6});
    output.velocity[0][1][1][2] = 7.0;
    const auto peaks = read_peaks(output, decoder->geometry(), 3);
    const double cell = 100.0 / 6;
    EXPECT_NEAR(peaks.location[0][2][1].item<double>(), 4.2 * cell, 1e-4);
    EXPECT_NEAR(peaks.location[0][0][0].item<double>(), 1.5 * cell, 1e-4);
    EXPECT_NEAR(peaks.location[0][0][1].item<double>(), 2.5 * cell, 1e-4);
    EXPECT_NEAR(peaks.location[0][1][0].item<double>(), 4.75 * cell, 1e-4);
    EXPECT_NEAR(peaks.location[0][1][1].item<double>(), 5.0 * cell, 1e-4);
    EXPECT_EQ(peaks.velocity[0][0][1].item<double>(), 7.0);
    EXPECT_NEAR(peaks.confidence[0][1].item<double>(), 1 / (1 + std::exp(-1.0)), 1e-6);
}

TEST(GridDecoder, MoreTargetsThanPeaksStillGiveCells)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    GridOutput output;
    output.presence = at::arange(36, at::kFloat).reshape({1, 6, 6});
    output.velocity = at::zeros({1, 2, 6, 6});
    // All see one place but for half a cell.
    output.offset = (50.0 - decoder->geometry().centres) / (100.0 / 6);
    output.offset =
        output.offset.unsqueeze(0) + at::linspace(0.0, 0.5, 36).reshape({1, 1, 6, 6});
    const auto peaks = read_peaks(output, decoder->geometry(), 3);
    EXPECT_TRUE(at::isfinite(peaks.location).all().item<bool>());
    EXPECT_FALSE(at::equal(peaks.location[0][1], peaks.location[0][2]));
    expect_error<std::invalid_argument>([&] { read_peaks(output, decoder->geometry(), 37); },
                                        {"37"});
}

//! planes of two frames without targets
GridOutput empty_planes()
{
    GridOutput output;
    output.presence = at::full({2, 6, 6}, -5.0);
    output.offset = at::zeros({2, 2, 6, 6});
    output.velocity = at::zeros({2, 2, 6, 6});
    return output;
}

TEST(GridDecoder, AllPeaksAboveTheThresholdWithTheSurestFirst)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    auto output = empty_planes();
    for (const int64_t x : {0, 2, 4}) { // nine peaks, more than the scenario's targets
        for (const int64_t y : {0, 2, 4}) {
            output.presence[1][x][y] = 0.1 * (3.0 * x + y) - 0.5;
        }
    }
    output.presence[1][4][5] = 1.0; // sees what the higher one beside it sees
    output.offset[1][1][4][5] = -0.9;
    output.offset[1][0][4][4] = 0.25;
    output.velocity[1][1][4][4] = 7.0;
    const auto found = read_peaks_above(output, decoder->geometry(), 0.5); // logit above zero
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].location.sizes(), (at::IntArrayRef{0, 2}));
    EXPECT_EQ(found[0].velocity.sizes(), (at::IntArrayRef{0, 2}));
    EXPECT_EQ(found[0].confidence.sizes(), (at::IntArrayRef{0}));
    const std::vector<double> logits = {1.1, 0.9, 0.7, 0.5, 0.3, 0.1};
    ASSERT_EQ(found[1].confidence.size(0), 6);
    for (size_t i = 0; i < logits.size(); i++) {
        EXPECT_NEAR(
            found[1].confidence[i].item<double>(), 1 / (1 + std::exp(-logits[i])), 1e-6);
    }
    const double cell = 100.0 / 6;
    EXPECT_NEAR(found[1].location[0][0].item<double>(), 4.75 * cell, 1e-4);
    EXPECT_NEAR(found[1].location[0][1].item<double>(), 4.5 * cell, 1e-4);
    EXPECT_EQ(found[1].velocity[0][1].item<double>(), 7.0);
    EXPECT_EQ(read_peaks_above(output, decoder->geometry(), 0.99)[1].confidence.size(0), 0);
    const auto first = read_peaks(output, decoder->geometry(), 2);
    EXPECT_TRUE(found[1].location.slice(0, 0, 2).equal(first.location[1]));
}

TEST(GridDecoder, OfEqualNeighboursTheFirstCounts)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    auto output = empty_planes();
    output.presence[0].slice(0, 1, 3).slice(1, 1, 4).fill_(2.0); // 2 × 3 cells
    const double cell = 100.0 / 6;
    for (int64_t x = 1; x < 3; x++) { // which see one place but for a tenth of a cell
        for (int64_t y = 1; y < 4; y++) {
            output.offset[0][0][x][y] = 1.4 + 0.1 * x - x;
            output.offset[0][1][x][y] = 2.0 - y;
        }
    }
    output.presence[0][5][5] = 1.0;
    const auto found = read_peaks_above(output, decoder->geometry(), 0.5)[0];
    ASSERT_EQ(found.confidence.size(0), 2);
    EXPECT_NEAR(found.location[0][0].item<double>(), 2.0 * cell, 1e-4); // x = 1
    EXPECT_NEAR(found.location[0][1].item<double>(), 2.5 * cell, 1e-4);
    EXPECT_NEAR(found.location[1][0].item<double>(), 5.5 * cell, 1e-4);
    EXPECT_TRUE(read_peaks(output, decoder->geometry(), 2).location[0].equal(found.location));
}

TEST(GridDecoder, ThresholdsOutsideZeroToOneAreRefused)
{
    GridDecoder decoder(example_scenario("lite"), small_options());
    for (const double threshold : {0.0, 1.0, -0.5, 1.5, std::nan("")}) {
        expect_error<std::invalid_argument>(
            [&] { read_peaks_above(empty_planes(), decoder->geometry(), threshold); },
            {"threshold", c10::str(threshold)});
    }
}

TEST(GridEncoder, WrongPlanesAreRefused)
{
    GridEncoder encoder(GridEncoderOptions().in_channels(11));
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({1, 2, 10, 8, 8}));
        },
        {"11", "[1, 2, 10, 8, 8]"});
    expect_error<std::invalid_argument>(
        [&] {
            encoder(at::zeros({1, 2, 11, 7, 7}));
        },
        {"even"});
}

} // namespace
