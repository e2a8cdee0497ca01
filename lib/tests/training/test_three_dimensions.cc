// SPDX-License-Identifier: GPL-3.0-or-later
// The networks of the publication for a scenario in space: they have 2·D·Q outputs, learn, are
// written and read, and run in the engine.
#include "training/small_training.h"

#include <cfisac/nn/engine.h>
#include <cfisac/nn/model.h>
#include <cfisac/training/dataset.h>
#include <cfisac/training/sampler.h>
#include <cfisac/training/trainer.h>
#include <numeric>
#include <vector>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using namespace cfisac::training::test;

namespace {

//! lite_3d.yml on a comb of 16 by 16 and 2 by 2 antennas: quick to compute.
Scenario in_space()
{
    auto scenario = cfisac::test::example_scenario("lite_3d");
    scenario.waveform.subcarrier_step = 16;
    scenario.waveform.symbol_step = 16;
    for (auto* side : {&scenario.transmit, &scenario.receive}) {
        for (auto& point : *side) {
            point.antennas = 2;
            point.planar->antennas = 2;
        }
    }
    return scenario;
}

nn::Architecture centralized()
{
    auto architecture = nn::Architecture::preset("cnn");
    architecture.cnn = {4, 6, 3, 2, 2, 16};
    return architecture;
}

nn::Architecture without_quantizer()
{
    auto architecture = small_dense_architecture();
    architecture.latents = nn::Latents::float32;
    return architecture;
}

void expect_learned(const nn::Architecture& architecture, double learning_rate)
{
    auto options = short_training();
    options.steps = 300;
    options.learning_rate = learning_rate;
    Trainer trainer(in_space(), architecture, options);
    const double first = trainer.step().loss;
    std::vector<double> losses;
    while (!trainer.finished()) {
        losses.push_back(trainer.step().loss);
    }
    constexpr int averaged = 20; // the loss of one batch is noisy
    const double last =
        std::accumulate(losses.end() - averaged, losses.end(), 0.0) / averaged;
    // Labels are uniform in [0, 1]: their mean alone leaves the variance 1/12 or less.
    EXPECT_GT(first, 1.2 * last);
    EXPECT_LT(last, 0.12);
    const auto validation = trainer.report(8).validation;
    EXPECT_EQ(validation.scores.frames, 8U);

    // The model's file, and the engines of both ends, give the same estimates.
    const TemporaryFolder folder;
    const auto file = folder.file("space.safetensors");
    trainer.model().save(file);
    const auto again = nn::Model::load(file);
    EXPECT_EQ(again.fingerprint(), trainer.model().fingerprint());
    EXPECT_EQ(again.scenario().receive[1].planar->antennas, 2);
    const auto batch =
        draw_batch(signal::Layout(in_space()), signal::Random::range(9, 0, 3));
    const auto found = again.estimate(batch.echo, batch.transmit);
    ASSERT_EQ(found.location.sizes(), at::IntArrayRef({3, 2, 3}));
    ASSERT_EQ(found.velocity.sizes(), at::IntArrayRef({3, 2, 3}));
    const auto expected = trainer.model().estimate(batch.echo, batch.transmit);
    EXPECT_TRUE(at::equal(found.location, expected.location));
    EXPECT_TRUE(at::equal(found.velocity, expected.velocity));
    if (architecture.read_out == nn::ReadOut::dense &&
        architecture.latents == nn::Latents::quantized) {
        nn::EncoderEngine encoder(again, {0, 1, 2});
        nn::DecoderEngine decoder(again);
        const auto indices = encoder.encode({batch.echo.select(1, 0).contiguous(),
                                             batch.echo.select(1, 1).contiguous(),
                                             batch.echo.select(1, 2).contiguous()},
                                            batch.transmit);
        const auto decoded = decoder.decode(indices, decoder.prepare(batch.transmit));
        EXPECT_TRUE(at::allclose(decoded.location, expected.location, 1e-4, 1e-3));
        EXPECT_TRUE(at::allclose(decoded.velocity, expected.velocity, 1e-4, 1e-3));
    }
}

TEST(ThreeDimensions, PrintedNetworksLearn)
{
    expect_learned(small_dense_architecture(), 1e-2);
}

TEST(ThreeDimensions, NetworksWithoutQuantizerLearn)
{
    expect_learned(without_quantizer(), 1e-2);
}

TEST(ThreeDimensions, CentralizedNetworkLearns) { expect_learned(centralized(), 3e-3); }

TEST(ThreeDimensions, GridNetworksAreRefusedByName)
{
    expect_error<std::invalid_argument>(
        [&] { Trainer(in_space(), small_architecture(), short_training()); },
        {"2 dimensions", "3"});
}

} // namespace
