// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/data_source.h"
#include "training/small_training.h"

#include <cfisac/nn/model_io.h>
#include <cfisac/training/loss.h>
#include <cfisac/training/roles.h>
#include <cfisac/training/sampler.h>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using namespace cfisac::training::test;
using cfisac::test::small_scenario;

namespace {

constexpr std::int64_t frames = 3;
constexpr double latent_regularisation = 0.03;

//! Networks in float64 with a batch for them.
struct Setting {
    explicit Setting(const nn::Architecture& architecture)
        : network(small_scenario(), architecture, 3), layout(small_scenario())
    {
        DataSource source(network, layout, options, {0, 1}, true);
        data = source.draw(7, 0, frames);
        network.to(at::kDouble);
        for (auto* tensor : {&data.inputs[0],
                             &data.inputs[1],
                             &data.truth.location,
                             &data.truth.velocity}) {
            *tensor = tensor->to(at::kDouble);
        }
        if (data.truth.transmit.defined()) {
            data.truth.transmit = data.truth.transmit.to(at::kComplexDouble);
        }
        data.truth.present = at::tensor({1., 1., 1., 0., 0., 1.}).view({frames, 2});
    }

    //! Loss of all networks in one graph.
    at::Tensor loss(bool quantizing)
    {
        std::vector<at::Tensor> latents;
        at::Tensor regularisation = at::zeros({}, at::kDouble);
        for (int m = 0; m < 2; m++) {
            const auto latent = network.encode(m, data.inputs[m]);
            auto& quantizer = network.quantizer(m);
            if (quantizing) {
                const auto output = quantizer->forward(latent);
                latents.push_back(output.quantized);
                regularisation = regularisation + options.commitment * output.commitment;
            } else {
                const auto rows = quantizer->project(latent);
                auto shape = network.latent_shape();
                shape.insert(shape.begin(), frames);
                shape.push_back(-1);
                latents.push_back(rows.view(shape).movedim(-1, 1));
                regularisation =
                    regularisation + latent_regularisation * rows.square().mean();
            }
        }
        const auto& truth = data.truth;
        const bool grid = network.architecture().read_out == nn::ReadOut::grid;
        const auto estimation =
            grid
                ? grid_loss(network.decode_grid(latents, truth.present),
                            network.grid_decoder(),
                            truth.location,
                            truth.velocity)
                      .total
                : dense_loss(network.decode_dense(latents, truth.transmit, truth.present),
                             network.labels(),
                             truth.location,
                             truth.velocity);
        return estimation + regularisation / 2;
    }

    std::map<std::string, at::Tensor> gradients()
    {
        std::map<std::string, at::Tensor> gradients;
        for (const auto& entry : network.named_parameters()) {
            gradients[entry.key()] = entry.value().grad().clone();
        }
        network.zero_grad();
        return gradients;
    }

    TrainerOptions options;
    nn::DVqVaeImpl network;
    signal::Layout layout;
    StepData data;
};

void expect_gradients_of_one_graph(nn::Architecture architecture,
                                   bool shared,
                                   bool quantizing)
{
    SCOPED_TRACE((shared ? "shared, " : "own encoders, ") +
                 std::string(quantizing ? "quantizing" : "warm-up"));
    architecture.shared_encoder = shared;
    Setting s(architecture);
    s.loss(quantizing).backward();
    const auto expected = s.gradients();

    const auto encoder = shared_encoder(s.network, s.options);
    ASSERT_EQ(encoder != nullptr, shared);
    AccessPointRole first(s.network, 0, s.options, encoder),
        second(s.network, 1, s.options, encoder);
    CentralUnitRole centre(s.network, s.options);
    const auto down = centre.backward({first.forward(s.data.inputs[0], quantizing),
                                       second.forward(s.data.inputs[1], quantizing)},
                                      s.data.truth);
    first.backward(down[0]);
    second.backward(down[1]);
    for (const auto& [name, gradient] : s.gradients()) {
        const auto& other = expected.at(name);
        EXPECT_GT(other.abs().max().item<double>(), 0.0) << name;
        EXPECT_LT((gradient - other).abs().max().item<double>(), 1e-6) << name;
    }
}

TEST(Roles, GradientsAreThoseOfOneGraph)
{
    for (const bool shared : {false, true}) {
        for (const bool quantizing : {false, true}) {
            expect_gradients_of_one_graph(small_architecture(), shared, quantizing);
            expect_gradients_of_one_graph(small_dense_architecture(), shared, quantizing);
        }
    }
}

TEST(Roles, OnlyOwnWeightsAndCodebookChange)
{
    auto architecture = small_architecture();
    architecture.shared_encoder = false;
    Setting s(architecture);
    const auto before = [&] {
        std::map<std::string, at::Tensor> copy;
        for (const auto& [name, value] : nn::state_of(s.network)) {
            copy[name] = value.clone();
        }
        return copy;
    }();
    AccessPointRole role(s.network, 1, s.options, nullptr);
    const auto latent = role.forward(s.data.inputs[1], true);
    EXPECT_FALSE(latent.requires_grad());
    role.backward(at::ones_like(latent));
    for (const auto& [name, value] : nn::state_of(s.network)) {
        EXPECT_TRUE(at::equal(value, before.at(name))) << name;
    }
    role.update(1e-3);
    role.update_codebook();
    for (const auto& [name, value] : nn::state_of(s.network)) {
        const bool own =
            name.rfind("encoder1", 0) == 0 || name.rfind("quantizer1", 0) == 0;
        EXPECT_EQ(at::equal(value, before.at(name)), !own) << name;
    }
}

TEST(Roles, StatisticsOfPartsAreThoseOfTheWhole)
{
    auto architecture = small_architecture();
    Setting whole(architecture), parts(architecture);
    AccessPointRole expected(whole.network, 0, whole.options, nullptr),
        role(parts.network, 0, parts.options, nullptr);
    expected.forward(whole.data.inputs[0], true);
    expected.update_codebook();

    CodebookStatistics sum;
    for (const auto& part : parts.data.inputs[0].split(2)) {
        role.forward(part, true);
        const auto statistics = role.statistics();
        sum.counts =
            sum.counts.defined() ? sum.counts + statistics.counts : statistics.counts;
        sum.sums = sum.sums.defined() ? sum.sums + statistics.sums : statistics.sums;
    }
    role.update_codebook(sum);
    const auto& one = whole.network.quantizer(0);
    const auto& other = parts.network.quantizer(0);
    EXPECT_TRUE(at::allclose(one->counts(), other->counts(), 1e-12, 1e-12));
    EXPECT_TRUE(at::allclose(one->sums(), other->sums(), 1e-9, 1e-12));
    EXPECT_TRUE(at::allclose(one->codebook(), other->codebook(), 1e-9, 1e-12));
}

TEST(Roles, CandidatesAreProjectedRows)
{
    Setting s(small_architecture());
    AccessPointRole role(s.network, 0, s.options, nullptr);
    role.forward(s.data.inputs[0], true);
    const auto rows = role.candidates();
    const auto all =
        s.network.quantizer(0)->pieces(s.network.encode(0, s.data.inputs[0])).detach();
    ASSERT_EQ(rows.size(0), 16);
    const auto distance = at::cdist(rows, all);
    EXPECT_LT(std::get<0>(distance.min(1)).max().item<double>(), 1e-6);
}

TEST(Roles, StateGoesThroughARow)
{
    Setting from(small_architecture()), to(small_architecture());
    {
        at::NoGradGuard no_grad;
        for (auto& parameter : from.network.parameters()) {
            parameter.add_(1.0);
        }
    }
    set_flat_state(access_point_modules(to.network, 1),
                   flat_state(access_point_modules(from.network, 1)));
    const auto expected = nn::state_of(from.network);
    for (const auto& [name, value] : nn::state_of(to.network)) {
        const bool taken =
            name.rfind("encoder", 0) == 0 || name.rfind("quantizer1", 0) == 0;
        const bool parameter = name.find("weight") != std::string::npos ||
                               name.find("bias") != std::string::npos;
        EXPECT_EQ(at::equal(value, expected.at(name)), taken || !parameter) << name;
    }
}

TEST(DrawPresent, OneMissesInItsShareOfFrames)
{
    const auto present =
        draw_present(signal::Random::range(5, 0, 4000), 3, 0.4, at::kCPU);
    ASSERT_EQ(present.sizes(), at::IntArrayRef({4000, 3}));
    const auto missing = 3 - present.sum(1);
    EXPECT_EQ(missing.max().item<float>(), 1.0F);
    EXPECT_NEAR(missing.mean().item<float>(), 0.4, 0.03);
    EXPECT_NEAR(present.select(1, 2).mean().item<float>(), 1 - 0.4 / 3, 0.03);
    const auto later = draw_present(signal::Random::range(5, 100, 8), 3, 0.4, at::kCPU);
    EXPECT_TRUE(at::equal(later, present.slice(0, 100, 108)));
    EXPECT_FALSE(
        draw_present(signal::Random::range(5, 0, 4), 3, 0.0, at::kCPU).defined());
}

} // namespace
