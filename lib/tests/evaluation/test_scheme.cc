// SPDX-License-Identifier: GPL-3.0-or-later
#include <nn/small_model.h>

#include <cfisac/evaluation/monte_carlo.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/training/samples.h>
#include <gtest/gtest.h>
#include <stdexcept>

namespace {

using namespace cfisac::evaluation;
using cfisac::nn::ReadOut;
namespace nn = cfisac::nn;
namespace signal = cfisac::signal;

std::shared_ptr<const nn::Model> small_model(nn::Latents latents = nn::Latents::quantized)
{
    auto architecture = nn::test::small_architecture(ReadOut::grid);
    architecture.latents = latents;
    return std::make_shared<const nn::Model>(
        cfisac::test::small_scenario(), architecture, 3);
}

SchemeOptions with(std::shared_ptr<const nn::Model> model)
{
    SchemeOptions options;
    options.model = std::move(model);
    return options;
}

void expect_refused(const std::string& name,
                    const cfisac::Scenario& scenario,
                    const SchemeOptions& options,
                    const std::vector<std::string>& parts)
{
    try {
        make_scheme(name, scenario, options);
        ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
        for (const auto& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << error.what();
        }
    }
}

TEST(Scheme, LearnedOneIsTheModel)
{
    const auto scenario = cfisac::test::small_scenario();
    for (const auto latents : {nn::Latents::quantized, nn::Latents::float16}) {
        const auto model = small_model(latents);
        const auto name = latents == nn::Latents::quantized ? "dvqvae" : "dvae";
        EXPECT_EQ(scheme_of(*model), name);
        const auto scheme = make_scheme(name, scenario, with(model));
        EXPECT_EQ(scheme->fronthaul_bits(),
                  static_cast<std::size_t>(model->fronthaul_bits()));
        EXPECT_EQ(scheme->reference_bits(),
                  signal::reference_bits(scenario, signal::Reference::reference));
        EXPECT_TRUE(scheme->estimates_velocity());

        const auto batch = nn::test::frames(scenario);
        std::vector<at::Tensor> indices;
        for (std::int64_t m = 0; m < 2; m++) {
            indices.push_back(
                model->encode(m, batch.echo.select(1, m).contiguous(), batch.transmit));
        }
        const auto expected = model->decode(indices, batch.transmit);
        for (std::int64_t b = 0; b < batch.count(); b++) {
            const auto found = (*scheme)(batch.echo[b], batch.transmit[b]);
            const auto near = [&](const at::Tensor& one, const at::Tensor& other) {
                return at::allclose(one, other.to(at::kDouble), 1e-4, 1e-3);
            };
            EXPECT_TRUE(near(found.location, expected.location[b]));
            EXPECT_TRUE(near(found.velocity, expected.velocity[b]));
            EXPECT_TRUE(near(found.confidence, expected.confidence[b]));
        }
    }
}

TEST(Scheme, CentralizedOneGetsTheRawEchoes)
{
    const auto scenario = cfisac::test::small_scenario();
    auto architecture = nn::Architecture::preset("cnn");
    architecture.cnn.first_channels = 2;
    architecture.cnn.second_channels = 3;
    architecture.cnn.fully_connected = 5;
    const auto model = std::make_shared<const nn::Model>(scenario, architecture, 3);
    EXPECT_EQ(scheme_of(*model), "cnn");
    const auto scheme = make_scheme("cnn", scenario, with(model));
    EXPECT_EQ(scheme->fronthaul_bits(), scenario.raw_echo_bits());
    EXPECT_EQ(scheme->reference_bits(), 0u); // the central unit knows what was sent
    const auto batch = nn::test::frames(scenario);
    const auto expected = model->estimate(batch.echo, batch.transmit);
    for (std::int64_t b = 0; b < batch.count(); b++) {
        const auto found = (*scheme)(batch.echo[b], batch.transmit[b]);
        EXPECT_TRUE(at::allclose(
            found.location, expected.location[b].to(at::kDouble), 1e-4, 1e-3));
        EXPECT_TRUE(at::allclose(
            found.velocity, expected.velocity[b].to(at::kDouble), 1e-4, 1e-3));
    }
}

TEST(Scheme, BitsOfThoseThatEstimateAtTheAccessPoint)
{
    const auto scenario = cfisac::test::small_scenario();
    SchemeOptions options;
    for (const auto* name : {"cs", "music"}) {
        const auto scheme = make_scheme(name, scenario, options);
        EXPECT_EQ(scheme->fronthaul_bits(), 192u); // 96 Q (Section III-D)
        // 64 N N_t K S for the precoder and K S T log2(16) for the payload.
        EXPECT_EQ(scheme->reference_bits(), 64u * 2 * 4 * 4 * 16 + 4 * 16 * 16 * 4);
    }
    EXPECT_LE(make_scheme("ml", scenario, options)->fronthaul_bits(), 2048u);
    options.reference = signal::Reference::pilot;
    EXPECT_EQ(make_scheme("ml", scenario, options)->reference_bits(), 0u);
}

TEST(Scheme, MonostaticHasAStationOfItsOwnAndTheSameTargets)
{
    const auto scenario = cfisac::test::small_scenario();
    const auto scheme = make_scheme("monostatic", scenario);
    EXPECT_FALSE(scheme->estimates_velocity());
    EXPECT_EQ(scheme->fronthaul_bits(), 0u);
    EXPECT_EQ(scheme->reference_bits(), 0u);
    const auto& own = scheme->scenario();
    ASSERT_EQ(own.transmit.size(), 1u);
    ASSERT_EQ(own.receive.size(), 1u);
    EXPECT_EQ(own.transmit[0].position_m, (cfisac::Coordinates{50, 0}));
    EXPECT_EQ(own.receive[0].position_m, (cfisac::Coordinates{50, 0}));
    const auto together = draw_frame(signal::Layout(scenario), 4, 17).targets;
    const auto alone = draw_frame(signal::Layout(own), 4, 17).targets;
    EXPECT_TRUE(at::equal(together.position, alone.position));
    EXPECT_TRUE(at::equal(together.velocity, alone.velocity));
}

TEST(Scheme, RefusalsSayWhatIsWrong)
{
    const auto scenario = cfisac::test::small_scenario();
    expect_refused("kalman", scenario, {}, {"kalman", "dvqvae", "monostatic"});
    expect_refused("dvqvae", scenario, {}, {"dvqvae", "needs a model"});
    expect_refused("dvae", scenario, with(small_model()), {"dvae", "dvqvae"});
    auto other = scenario;
    other.targets.count = 3;
    other.name = "three";
    expect_refused("dvqvae", other, with(small_model()), {"small", "three"});
}

TEST(MonteCarlo, FramesAreThoseOfADataSet)
{
    auto scenario = cfisac::test::small_scenario();
    scenario.clutter.scatterers = 3;
    scenario.clocks.timing_offset_std_s = 1e-9;
    const signal::Layout layout(scenario);
    const auto expected =
        cfisac::training::draw_samples(layout, signal::Random::range(9, 40, 3));
    MonteCarlo monte_carlo(scenario, at::kCPU, 9);
    for (std::int64_t k = 0; k < 3; k++) {
        const auto frame = draw_frame(layout, 9, 40 + k);
        EXPECT_TRUE(at::allclose(frame.echo, expected.echo[k]));
        EXPECT_TRUE(at::allclose(frame.transmit, expected.transmit[k]));

        const auto record = monte_carlo.truth(40 + k);
        ASSERT_TRUE(record);
        ASSERT_EQ(record->size(), 12u);
        const auto root = expected.root_crlb[k].to(at::kDouble);
        for (std::int64_t q = 0; q < 2; q++) {
            for (std::int64_t d = 0; d < 2; d++) {
                EXPECT_FLOAT_EQ((*record)[2 * q + d],
                                expected.location()[k][q][d].item<float>());
                EXPECT_FLOAT_EQ((*record)[4 + 2 * q + d],
                                expected.velocity()[k][q][d].item<float>());
            }
            // A target's root bound is that of the trace of its block.
            const auto trace = [&](std::int64_t first) {
                return root.narrow(0, first + 2 * q, 2).norm().item<double>();
            };
            EXPECT_NEAR((*record)[8 + q], trace(0), 1e-4 * trace(0));
            EXPECT_NEAR((*record)[10 + q], trace(4), 1e-4 * trace(4));
        }
    }
}

//! Gives what it is told to, and remembers what it got.
class Told : public Scheme
{
public:
    Told(const cfisac::Scenario& scenario, double value, bool velocity)
        : d_scenario(scenario), d_value(value), d_velocity(velocity)
    {
    }
    const cfisac::Scenario& scenario() const override { return d_scenario; }
    cfisac::estimators::TargetEstimates operator()(const at::Tensor& echo,
                                                   const at::Tensor&) override
    {
        echoes.push_back(echo);
        const auto location = at::tensor({1.0, 2.0, 3.0, d_value}).view({2, 2});
        const auto velocity = at::full({2, 2}, std::nan(""), at::kDouble);
        return {location, d_velocity ? location : velocity, {}, at::ones({2})};
    }
    std::size_t fronthaul_bits() const override { return 0; }
    std::size_t reference_bits() const override { return 0; }
    bool estimates_velocity() const override { return d_velocity; }

    std::vector<at::Tensor> echoes;

private:
    cfisac::Scenario d_scenario;
    double d_value;
    bool d_velocity;
};

TEST(MonteCarlo, SchemesSeeTheSameFrameAndEstimatesAreFinite)
{
    const auto scenario = cfisac::test::small_scenario();
    MonteCarlo monte_carlo(scenario, at::kCPU, 2);
    Told good(scenario, 4.0, true), bad(scenario, std::nan(""), true),
        without(scenario, 4.0, false);
    const auto record = monte_carlo.estimates(good, 5);
    ASSERT_TRUE(record);
    EXPECT_EQ(*record, (std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4}));
    EXPECT_FALSE(monte_carlo.estimates(bad, 5));    // a lost frame
    EXPECT_TRUE(monte_carlo.estimates(without, 5)); // only its locations count
    const auto frame = draw_frame(signal::Layout(scenario), 2, 5);
    EXPECT_TRUE(at::equal(good.echoes.at(0), frame.echo));
    EXPECT_TRUE(at::equal(bad.echoes.at(0), frame.echo));
}

} // namespace
