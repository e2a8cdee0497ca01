// SPDX-License-Identifier: GPL-3.0-or-later
// Training of the centralized network: nothing to learn at the access points.
#include "training/data_source.h"
#include "training/small_training.h"

#include <cfisac/nn/model_io.h>
#include <cfisac/signal/front_end.h>
#include <cfisac/training/loss.h>
#include <cfisac/training/roles.h>
#include <cfisac/training/sampler.h>
#include <cfisac/training/trainer.h>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using namespace cfisac::training::test;
using cfisac::test::small_scenario;

namespace {

nn::Architecture small_centralized_architecture()
{
    auto a = nn::Architecture::preset("cnn");
    a.cnn = {4, 6, 3, 2, 2, 16};
    return a;
}

TEST(CentralizedTraining, InputsAreTheFrontEndsOfTheSameFrames)
{
    nn::DVqVaeImpl network(small_scenario(), small_centralized_architecture(), 3);
    const signal::Layout layout(small_scenario());
    const TrainerOptions options;
    DataSource source(network, layout, options, {0, 1}, true);
    const auto data = source.draw(7, 4, 3);
    const auto batch = draw_batch(layout, signal::Random::range(7, 4, 3));
    for (int m = 0; m < 2; m++) {
        EXPECT_TRUE(data.inputs[m].equal(
            signal::correlated_channels(batch.echo.select(1, m), batch.transmit)));
    }
    EXPECT_FALSE(data.truth.transmit.defined()); // nobody reads it any more
}

TEST(CentralizedTraining, RoleHasTheGradientsOfTheLossAndSendsNoneDown)
{
    nn::DVqVaeImpl network(small_scenario(), small_centralized_architecture(), 3);
    const signal::Layout layout(small_scenario());
    const TrainerOptions options;
    DataSource source(network, layout, options, {0, 1}, true);
    const auto data = source.draw(7, 0, 3);
    CentralUnitRole role(network, options);
    const auto down = role.backward(data.inputs, data.truth);
    const auto found = role.parameters().gradients().clone();
    ASSERT_EQ(down.size(), 2U);
    EXPECT_FALSE(down[0].defined() || down[1].defined());

    role.parameters().clear_gradients();
    const auto loss = dense_loss(network.decode_centralized(data.inputs),
                                 network.labels(),
                                 data.truth.location,
                                 data.truth.velocity);
    loss.backward();
    EXPECT_EQ(role.loss().item<float>(), loss.item<float>());
    EXPECT_TRUE(role.parameters().gradients().equal(found));
    EXPECT_GT(found.abs().max().item<float>(), 0.0f);
    EXPECT_EQ(found.numel(), nn::parameter_counts(network).decoder);
}

TEST(CentralizedTraining, LearnsTheMeanOfTheLabels)
{
    auto options = short_training();
    options.steps = 200;
    options.learning_rate = 3e-3;
    Trainer trainer(small_scenario(), small_centralized_architecture(), options);
    const double first = trainer.step().loss;
    double last = first;
    while (!trainer.finished()) {
        last = trainer.step().loss;
    }
    // Labels are uniform in [0, 1]: their mean alone leaves the variance 1/12 or less.
    EXPECT_GT(first, 0.15);
    EXPECT_LT(last, 0.1);
    const auto report = trainer.report(16);
    EXPECT_EQ(report.validation.scores.frames, 16U);
    EXPECT_TRUE(report.validation.perplexity.empty());
    EXPECT_EQ(report.progress.commitment, 0.0);
}

TEST(CentralizedTraining, ScoresAreThoseOfTheModel)
{
    Trainer trainer(
        small_scenario(), small_centralized_architecture(), short_training());
    trainer.step();
    const auto found = trainer.validate(8).scores;
    // The frames that a report scores, see training/validation.cc.
    const auto batch = draw_batch(signal::Layout(small_scenario()),
                                  signal::Random::range(1 ^ 0x76616c6964617465ULL, 0, 8));
    const auto estimates = trainer.model().estimate(batch.echo, batch.transmit);
    double least = 0.0; // of the two ways to match two targets, on location and velocity
    const auto location = batch.location().to(at::kFloat);
    const auto velocity = batch.velocity().to(at::kFloat);
    for (int b = 0; b < 8; b++) {
        double best_cost = HUGE_VAL, best_location = 0.0;
        for (const bool swapped : {false, true}) {
            const auto order = at::tensor(
                std::vector<int64_t>{swapped ? 1 : 0, swapped ? 0 : 1}, at::kLong);
            const auto far = (estimates.location[b].index_select(0, order) - location[b])
                                 .square()
                                 .sum()
                                 .item<double>();
            const auto fast = (estimates.velocity[b].index_select(0, order) - velocity[b])
                                  .square()
                                  .sum()
                                  .item<double>();
            const double cost = far / (100.0 * 100.0) + fast / (40.0 * 40.0);
            if (cost < best_cost) {
                best_cost = cost;
                best_location = far;
            }
        }
        least += best_location;
    }
    EXPECT_NEAR(found.location_rmse_m, std::sqrt(least / 16.0), 1e-3);
}

TEST(CentralizedTraining, MissingAccessPointsAreRefused)
{
    auto options = short_training();
    options.drop_access_point = 0.25;
    expect_error<std::invalid_argument>(
        [&] { Trainer(small_scenario(), small_centralized_architecture(), options); },
        {"drop access point", "cnn", "0.25"});
}

} // namespace
