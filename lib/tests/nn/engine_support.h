// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/engine.h>

#include <functional>
#include <string>
#include <vector>

namespace cfisac::nn::test {

//! A kind of model to compare engine and trainable network with.
struct EngineCase {
    std::string name;
    ReadOut read_out = ReadOut::dense;
    std::function<void(Architecture&)> change = [](Architecture&) {};
    int receivers = 2;

    Scenario scenario() const
    {
        auto made = cfisac::test::small_scenario();
        made.receive.resize(1);
        for (auto& point : made.receive) {
            point.antennas = 8; // a latent with two positions along the antennas
        }
        while (static_cast<int>(made.receive.size()) < receivers) {
            made.receive.push_back(made.receive.front());
            made.receive.back().name = "rx" + std::to_string(made.receive.size() - 1);
            made.receive.back().position_m[0] += 20.0 * (made.receive.size() - 1);
        }
        return made;
    }
    Architecture architecture() const
    {
        auto made = small_architecture(read_out);
        change(made);
        return made;
    }
};

inline std::vector<std::int64_t> all_receivers(const Model& model)
{
    std::vector<std::int64_t> receivers(model.scenario().receive.size());
    for (std::size_t m = 0; m < receivers.size(); m++) {
        receivers[m] = static_cast<std::int64_t>(m);
    }
    return receivers;
}

inline std::vector<at::Tensor> echoes_of(const training::Batch& batch)
{
    std::vector<at::Tensor> echoes;
    for (std::int64_t m = 0; m < batch.echo.size(1); m++) {
        echoes.push_back(batch.echo.select(1, m));
    }
    return echoes;
}

//! [B·P, G·D], float64: projected rows of access point m
inline at::Tensor projected_rows(const Model& model,
                                 std::int64_t m,
                                 const training::Batch& batch)
{
    const at::NoGradGuard no_grad;
    auto& network = *model.network();
    const auto input =
        network.front_end(m, batch.echo.select(1, m), batch.transmit.contiguous());
    return network.quantizer(m)->project(network.encode(m, input)).to(at::kDouble);
}

/*!
 * A model with random weights whose codewords lie among the vectors of the batch, so that
 * many are chosen and some nearly equally near.
 */
inline Model model_for(const EngineCase& kind, const training::Batch& batch)
{
    const Model model(kind.scenario(), kind.architecture(), 11);
    const at::NoGradGuard no_grad;
    for (const auto m : all_receivers(model)) {
        if (model.codewords() == 0) {
            break;
        }
        const auto& codebook = model.network()->quantizer(m)->codebook();
        const auto rows = projected_rows(model, m, batch).view({-1, codebook.size(1)});
        codebook.copy_(rows.mean(0) + rows.std(0, false) *
                                          normal(codebook.sizes(), 20 + m, at::kDouble));
    }
    return model;
}

/*!
 * Indices are equal but for vectors whose distances to both codewords, in float64, differ
 * by no more than float32 rounding of a sum of that size.
 */
inline void expect_same_indices(const Model& model,
                                std::int64_t m,
                                const training::Batch& batch,
                                const at::Tensor& found,
                                const at::Tensor& expected)
{
    ASSERT_EQ(found.sizes(), expected.sizes());
    ASSERT_EQ(found.scalar_type(), at::kLong);
    if (model.vectors_sent() > 0) { // positions first: no row belongs to an index
        EXPECT_TRUE(found.equal(expected));
        return;
    }
    const auto codebook = model.network()->quantizer(m)->codebook().to(at::kDouble);
    const auto rows = projected_rows(model, m, batch).view({-1, codebook.size(1)});
    const auto distance = [&](const at::Tensor& indices) {
        return (rows - codebook.index_select(0, indices.flatten())).square().sum(1);
    };
    const auto size = rows.square().sum(1) + codebook.square().sum(1).max();
    const auto excess = ((distance(found) - distance(expected)).abs() / size).max();
    EXPECT_LT(excess.item<double>(), 2e-6);
    const auto differing = (found != expected).to(at::kDouble).mean().item<double>();
    EXPECT_LT(differing, 0.01);
}

inline void expect_same_estimates(const Estimates& found,
                                  const Estimates& expected,
                                  double tolerance = 1e-4)
{
    EXPECT_LT(relative_difference(found.location, expected.location), tolerance);
    EXPECT_LT(relative_difference(found.velocity, expected.velocity), tolerance);
    EXPECT_LT(relative_difference(found.confidence, expected.confidence), tolerance);
}

} // namespace cfisac::nn::test
