// SPDX-License-Identifier: GPL-3.0-or-later
// Targets have no order: neither a loss nor its gradients may follow that of the labels.
#include "nn/support.h"
#include "small_scenario.h"

#include <algorithm>
#include <cfisac/nn/grid_decoder.h>
#include <cfisac/training/loss.h>
#include <limits>
#include <numeric>
#include <torch/autograd.h>

using namespace cfisac;
using namespace cfisac::training;
using namespace cfisac::nn::test;
using cfisac::test::example_scenario;

namespace {

constexpr int64_t batch = 6;
constexpr double tolerance = 1e-12;

//! Locations [B, Q, D] in 0 … 100 m and velocities [B, Q, D] in -20 … 20 m/s.
struct Labels {
    at::Tensor location, velocity;

    Labels permuted(const at::Tensor& order) const // [B, Q]
    {
        const auto index = order.unsqueeze(-1).expand_as(location);
        return {location.gather(1, index), velocity.gather(1, index)};
    }
};

at::Tensor uniform(at::IntArrayRef shape, uint64_t seed)
{
    return normal(shape, seed, at::kDouble).mul(0.7).sigmoid();
}

Labels labels_of(int64_t targets, int64_t dimensions, uint64_t seed)
{
    return {100 * uniform({batch, targets, dimensions}, seed),
            40 * uniform({batch, targets, dimensions}, seed + 1) - 20};
}

//! All orders of `targets` targets, [Q!, Q].
at::Tensor all_orders(int64_t targets)
{
    std::vector<int64_t> order(static_cast<std::size_t>(targets)), all;
    std::iota(order.begin(), order.end(), int64_t{0});
    do {
        all.insert(all.end(), order.begin(), order.end());
    } while (std::next_permutation(order.begin(), order.end()));
    return at::tensor(all, at::kLong).view({-1, targets});
}

//! Order number `shift + b` of `orders` for frame b: [B, Q], another for every frame.
at::Tensor orders_of_frames(const at::Tensor& orders, int64_t shift)
{
    return orders.index_select(
        0, (at::arange(batch, at::kLong) + shift).remainder(orders.size(0)));
}

struct Result {
    at::Tensor loss;
    std::vector<at::Tensor> gradients;
};

Result result_of(const at::Tensor& loss, const std::vector<at::Tensor>& leaves)
{
    return {loss.detach(), torch::autograd::grad({loss}, leaves)};
}

void expect_same(const Result& a, const Result& b)
{
    EXPECT_NEAR(a.loss.item<double>(), b.loss.item<double>(), tolerance);
    for (std::size_t k = 0; k < a.gradients.size(); k++) {
        EXPECT_LT((a.gradients[k] - b.gradients[k]).abs().max().item<double>(), tolerance)
            << "gradient " << k;
        EXPECT_GT(a.gradients[k].abs().max().item<double>(), 1e-6) << "gradient " << k;
    }
}

//! targets, dimensions
class DenseLossOrder : public testing::TestWithParam<std::tuple<int, int>>
{
protected:
    int64_t targets() const { return std::get<0>(GetParam()); }
    int64_t dimensions() const { return std::get<1>(GetParam()); }
    nn::LabelRange range() const
    {
        const std::vector<double> zero(dimensions(), 0.0), side(dimensions(), 100.0);
        const std::vector<double> low(dimensions(), -20.0), high(dimensions(), 20.0);
        return {zero, side, low, high};
    }
    at::Tensor output() const // [B, 2DQ]
    {
        return uniform({batch, 2 * dimensions() * targets()}, 3).requires_grad_();
    }
};

TEST_P(DenseLossOrder, OfLabelsDoesNotMatter)
{
    const auto labels = labels_of(targets(), dimensions(), 1);
    const auto out = output();
    const auto result = [&](const Labels& truth) {
        return result_of(dense_loss(out, range(), truth.location, truth.velocity), {out});
    };
    const auto expected = result(labels);
    const auto orders = all_orders(targets());
    for (int64_t k = 0; k < orders.size(0); k++) {
        expect_same(result(labels.permuted(orders_of_frames(orders, k))), expected);
    }
}

TEST_P(DenseLossOrder, IsTheBestOfAllPermutations)
{
    const auto labels = labels_of(targets(), dimensions(), 1);
    const auto out = output();
    const auto orders = all_orders(targets());
    double mean = 0.0;
    for (int64_t b = 0; b < batch; b++) {
        double least = std::numeric_limits<double>::infinity();
        for (int64_t k = 0; k < orders.size(0); k++) {
            const auto truth = range().normalise(
                labels.location[b].index_select(0, orders[k]).unsqueeze(0),
                labels.velocity[b].index_select(0, orders[k]).unsqueeze(0));
            least = std::min(least,
                             (out.detach()[b] - truth.to(at::kDouble)[0])
                                 .square()
                                 .mean()
                                 .item<double>());
        }
        mean += least / batch;
    }
    EXPECT_NEAR(dense_loss(out, range(), labels.location, labels.velocity).item<double>(),
                mean,
                tolerance);
}

TEST_P(DenseLossOrder, GradientFollowsThatOfTheOutput)
{
    const auto labels = labels_of(targets(), dimensions(), 1);
    const auto out = output();
    const auto reversed = [&](const at::Tensor& value) {
        return value.detach()
            .view({batch, 2, targets(), dimensions()})
            .flip(2)
            .reshape({batch, -1});
    };
    const auto loss = [&](const at::Tensor& estimate) {
        return dense_loss(estimate, range(), labels.location, labels.velocity);
    };
    const auto other = reversed(out).requires_grad_();
    const auto expected = result_of(loss(out), {out});
    expect_same(result_of(loss(other), {other}),
                {expected.loss, {reversed(expected.gradients[0])}});
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         DenseLossOrder,
                         testing::Combine(testing::Range(1, 6), testing::Values(2, 3)));

class GridLossOrder : public testing::TestWithParam<int>
{
protected:
    static constexpr int64_t cells = 6, velocity_steps = 5;

    GridLossOrder()
        : d_decoder(example_scenario("lite"),
                    nn::GridDecoderOptions().cells(cells).velocity_steps(velocity_steps))
    {
        d_decoder->to(at::kDouble);
        // Moves the geometry to float64.
        const auto latent = normal({1, 32, 2, cells, cells}, 1, at::kDouble);
        d_decoder(std::vector<at::Tensor>{latent, latent});
        const auto leaf = [](at::IntArrayRef shape, uint64_t seed) {
            return normal(shape, seed, at::kDouble).requires_grad_();
        };
        d_output.presence = leaf({batch, cells, cells}, 2);
        d_output.offset = leaf({batch, 2, cells, cells}, 3);
        d_output.velocity_logits =
            leaf({batch, velocity_steps * velocity_steps, cells, cells}, 4);
        d_output.velocity = leaf({batch, 2, cells, cells}, 5);
    }

    void expect_no_order(const Labels& labels)
    {
        const auto result = [&](const Labels& truth) {
            const auto loss =
                grid_loss(d_output, *d_decoder, truth.location, truth.velocity);
            return result_of(loss.total,
                             {d_output.presence,
                              d_output.offset,
                              d_output.velocity_logits,
                              d_output.velocity});
        };
        const auto expected = result(labels);
        const auto orders = all_orders(labels.location.size(1));
        for (int64_t k = 0; k < orders.size(0); k++) {
            expect_same(result(labels.permuted(orders_of_frames(orders, k))), expected);
        }
    }

    nn::GridDecoder d_decoder;
    nn::GridOutput d_output;
};

TEST_P(GridLossOrder, OfLabelsDoesNotMatter)
{
    expect_no_order(labels_of(GetParam(), 2, 7));
}

// Targets in one cell, and targets that are at the same distance from a cell's centre.
TEST_P(GridLossOrder, DoesNotMatterWhereTargetsMeet)
{
    auto labels = labels_of(GetParam(), 2, 7);
    const auto number = at::arange(GetParam(), at::kDouble);
    const auto side = (number.remainder(2) * 2 - 1).view({1, -1});
    const auto centre = d_decoder->geometry().centres.to(at::kDouble); // [2, G, G]
    labels.location.select(-1, 0).copy_(centre[0][2][3] + 4 * side);
    labels.location.select(-1, 1).copy_(centre[1][2][3].expand_as(side));
    expect_no_order(labels);
}

INSTANTIATE_TEST_SUITE_P(Targets, GridLossOrder, testing::Range(1, 6));

} // namespace
