// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/small_training.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/training/loss.h>
#include <cfisac/training/sampler.h>
#include <cfisac/training/trainer.h>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using namespace cfisac::training::test;
using cfisac::test::example_scenario;
using cfisac::test::small_scenario;

namespace {

void expect_resumed_as_if_never_stopped(const nn::Architecture& architecture)
{
    const TemporaryFolder folder;
    Trainer straight(small_scenario(), architecture, short_training());
    while (!straight.finished()) {
        straight.step();
    }
    for (const int stop : {2, 7}) { // before and after the codebooks are made
        const auto file = folder.file("stopped.checkpoint");
        {
            Trainer first(small_scenario(), architecture, short_training());
            for (int k = 0; k < stop; k++) {
                first.step();
            }
            first.save_checkpoint(file);
        }
        Trainer second(small_scenario(), architecture, short_training());
        second.resume(file);
        EXPECT_EQ(second.steps_done(), stop);
        while (!second.finished()) {
            second.step();
        }
        const auto expected = nn::state_of(*straight.model().network());
        for (const auto& [name, value] : nn::state_of(*second.model().network())) {
            EXPECT_TRUE(at::equal(value, expected.at(name)))
                << name << ", stopped at " << stop;
        }
    }
}

TEST(Trainer, ResumedIsBitForBitAsIfNeverStopped)
{
    expect_resumed_as_if_never_stopped(small_architecture());
}

TEST(Trainer, ResumedWithTheLargestVectorsIsBitForBitAsIfNeverStopped)
{
    auto architecture = small_architecture();
    architecture.grid.vectors_sent = 20;
    expect_resumed_as_if_never_stopped(architecture);
}

TEST(Trainer, ResumedWithoutQuantizerIsBitForBitAsIfNeverStopped)
{
    auto architecture = small_architecture();
    architecture.latents = nn::Latents::float32;
    architecture.grid.vectors_sent = 20;
    expect_resumed_as_if_never_stopped(architecture);
}

TEST(Trainer, ResumedCentralizedIsBitForBitAsIfNeverStopped)
{
    auto architecture = nn::Architecture::preset("cnn");
    architecture.cnn = {4, 6, 3, 2, 2, 16};
    expect_resumed_as_if_never_stopped(architecture);
}

TEST(Trainer, CheckpointOfOtherOptionsIsRefused)
{
    const TemporaryFolder folder;
    const auto file = folder.file("c.checkpoint");
    Trainer(small_scenario(), small_architecture(), short_training())
        .save_checkpoint(file);
    auto options = short_training();
    options.seed = 9;
    expect_error<nn::FileError>(
        [&] { Trainer(small_scenario(), small_architecture(), options).resume(file); },
        {file, "options"});
    options = short_training();
    options.batch = 0;
    expect_error<std::invalid_argument>(
        [&] { Trainer(small_scenario(), small_architecture(), options); },
        {"batch", "0"});
}

TEST(Trainer, LossFallsAndCodebooksAreInUse)
{
    auto options = short_training();
    options.steps = 300;
    options.warm_up = 100;
    options.batch = 8;
    options.learning_rate = 5e-3;
    Trainer trainer(small_scenario(), small_architecture(), options);
    const double first = trainer.step().loss;
    double last = first;
    while (!trainer.finished()) {
        last = trainer.step().loss;
    }
    EXPECT_LT(last, 0.5 * first);
    const auto validation = trainer.validate(64);
    EXPECT_EQ(validation.scores.frames, 64U);
    EXPECT_LT(validation.scores.location_median_m, 20.0); // guessing: about 35
    for (int m = 0; m < 2; m++) {
        EXPECT_GE(validation.distinct[m], 8);
        EXPECT_GT(validation.perplexity[m], 1.0);
        EXPECT_LE(validation.perplexity[m], 16.0);
    }
}

TEST(Trainer, DenseReadOutLearnsTheMeanOfTheLabels)
{
    auto options = short_training();
    options.steps = 200;
    options.learning_rate = 1e-2;
    Trainer trainer(small_scenario(), small_dense_architecture(), options);
    const double first = trainer.step().loss;
    double last = first;
    while (!trainer.finished()) {
        last = trainer.step().loss;
    }
    // Labels are uniform in [0, 1]: their mean alone leaves the variance 1/12 or less.
    EXPECT_GT(first, 0.12);
    EXPECT_LT(last, 0.12);
}

TEST(Trainer, MissingAccessPointsAreScored)
{
    auto options = short_training();
    options.drop_access_point = 0.3;
    Trainer trainer(small_scenario(), small_architecture(), options);
    while (!trainer.finished()) {
        trainer.step();
    }
    const auto report = trainer.report(8);
    EXPECT_EQ(report.validation.location_median_without_access_point_m.size(), 2U);
    EXPECT_EQ(report.progress.frames, 48);
    EXPECT_GE(report.progress.waiting_share, 0.0);
    EXPECT_LE(report.progress.waiting_share_run, 1.0);
    options.drop_access_point = 1.5;
    expect_error<std::invalid_argument>(
        [&] { Trainer(small_scenario(), small_architecture(), options); },
        {"drop access point", "1.5"});
    auto alone = small_scenario();
    alone.receive.resize(1);
    options.drop_access_point = 0.5;
    expect_error<std::invalid_argument>(
        [&] { Trainer(alone, small_architecture(), options); },
        {"drop access point", "one receive access point"});
}

TEST(Sampler, FrameIsTheSameInEveryBatch)
{
    auto scenario = small_scenario();
    scenario.clutter.scatterers = 3;
    scenario.clocks = {1e-9, 100.0};
    const signal::Layout layout(scenario);
    const auto batch = draw_batch(layout, signal::Random::range(3, 4, 3));
    const auto alone = draw_batch(layout, signal::Random::range(3, 5, 1));
    EXPECT_TRUE(at::equal(batch.location()[1], alone.location()[0]));
    EXPECT_LT(relative_difference(at::view_as_real(batch.echo[1]),
                                  at::view_as_real(alone.echo[0])),
              1e-5);
}

TEST(DenseLoss, OrderOfTargetsDoesNotMatter)
{
    const nn::LabelRange labels({0, 0}, {100, 100}, {-20, -20}, {20, 20});
    const auto location = at::rand({5, 3, 2}) * 100,
               velocity = at::rand({5, 3, 2}) * 40 - 20;
    const auto shuffled = [](const at::Tensor& t) { return t.flip(1); };
    const auto output = labels.normalise(shuffled(location), shuffled(velocity)) + 0.01;
    EXPECT_NEAR(
        dense_loss(output, labels, location, velocity).item<double>(), 1e-4, 1e-6);
    EXPECT_GT(dense_loss(output, labels, location, velocity, true).item<double>(), 1e-2);
}

TEST(GridLoss, GradientsAgainstDifferences)
{
    nn::GridDecoder decoder(example_scenario("lite"),
                            nn::GridDecoderOptions().cells(6).velocity_steps(5));
    decoder->to(at::kDouble);
    // Moves the geometry to float64.
    const at::Tensor latent = normal({1, 32, 2, 6, 6}, 1, at::kDouble);
    decoder(std::vector<at::Tensor>{latent, latent});
    nn::GridOutput output;
    output.presence = normal({2, 6, 6}, 2, at::kDouble).requires_grad_();
    output.offset = normal({2, 2, 6, 6}, 3, at::kDouble).requires_grad_();
    output.velocity_logits = normal({2, 25, 6, 6}, 4, at::kDouble).requires_grad_();
    output.velocity = (normal({2, 2, 6, 6}, 5, at::kDouble) * 10).requires_grad_();
    const auto location =
        at::tensor({20., 30., 70., 80., 55., 10., 90., 35.}).view({2, 2, 2});
    const auto velocity =
        at::tensor({5., -3., 12., 7., -19., 0., 1., 2.}).view({2, 2, 2});
    const auto loss = [&] {
        return grid_loss(
                   output, *decoder, location.to(at::kDouble), velocity.to(at::kDouble))
            .total;
    };
    expect_gradients(loss,
                     {{"presence", output.presence},
                      {"offset", output.offset},
                      {"velocity_logits", output.velocity_logits},
                      {"velocity", output.velocity}},
                     80);
}

} // namespace
