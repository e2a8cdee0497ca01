// SPDX-License-Identifier: GPL-3.0-or-later
// Echo and noise in one pass against the tensor operations in float64.
#include "small_scenario.h"
#include <ATen/Parallel.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#ifdef CFISAC_CUDA
#include <torch/cuda.h>
#endif

namespace {

using namespace cfisac;
using namespace cfisac::signal;

//! A deployment that nothing divides evenly.
struct Sizes {
    int dimensions, transmitters, receivers, transmit_antennas, receive_antennas;
    int subcarriers, symbols, targets, scatterers;
    std::int64_t batch;
};

std::vector<AccessPoint> points(
    std::mt19937& generator, const std::string& side, int count, int antennas, int d)
{
    std::uniform_real_distribution<double> place(0.0, 100.0), spacing(0.3, 0.6);
    std::normal_distribution<double> normal;
    std::vector<AccessPoint> result;
    for (int k = 0; k < count; k++) {
        AccessPoint point{side + std::to_string(k), {}, {}, antennas, spacing(generator)};
        double square = 0.0;
        for (int c = 0; c < d; c++) {
            point.position_m.push_back(place(generator));
            point.axis.push_back(normal(generator));
            square += point.axis[c] * point.axis[c];
        }
        for (auto& part : point.axis) {
            part /= std::sqrt(square);
        }
        result.push_back(point);
    }
    return result;
}

Scenario random_scenario(const Sizes& sizes)
{
    std::mt19937 generator(17 + sizes.symbols);
    auto scenario = test::small_scenario();
    scenario.dimensions = sizes.dimensions;
    const int d = sizes.dimensions;
    scenario.transmit =
        points(generator, "tx", sizes.transmitters, sizes.transmit_antennas, d);
    scenario.receive =
        points(generator, "rx", sizes.receivers, sizes.receive_antennas, d);
    auto& waveform = scenario.waveform;
    waveform.subcarrier_step = 3;
    waveform.symbol_step = 2;
    waveform.subcarriers = 3 * sizes.subcarriers;
    waveform.symbols = 2 * sizes.symbols;
    const auto cube = [d](double low, double high) {
        return Box{Coordinates(d, low), Coordinates(d, high)};
    };
    scenario.users.area_m = scenario.targets.area_m = scenario.clutter.area_m =
        cube(0.0, 100.0);
    scenario.targets.velocity_mps = cube(-20.0, 20.0);
    scenario.clutter.velocity_mps = cube(-1.0, 1.0);
    scenario.users.count = 1;
    scenario.targets.count = sizes.targets;
    scenario.clutter.scatterers = sizes.scatterers;
    scenario.clocks = {20e-9, 300.0};
    return scenario;
}

at::Tensor random_transmit(const Layout& layout, std::int64_t batch)
{
    return Random::range(9, 0, batch)
        .complex_normal(Purpose::training,
                        {layout.transmitters(),
                         layout.scenario.transmit_antennas(),
                         layout.subcarriers(),
                         layout.symbols()},
                        at::kFloat);
}

Scene random_scene(const Layout& layout, const Random& random)
{
    const auto& scenario = layout.scenario;
    return join(draw_targets(layout, scenario.targets, random),
                draw_clutter(layout, scenario.clutter, random));
}

double largest(const at::Tensor& values) { return values.abs().max().item<double>(); }

class OnePass : public testing::TestWithParam<Sizes>
{
protected:
    OnePass()
        : d_layout(random_scenario(GetParam())),
          d_random(Random::range(5, 40, GetParam().batch)),
          d_transmit(random_transmit(d_layout, GetParam().batch)),
          d_scene(random_scene(d_layout, d_random))
    {
    }

    //! The same by tensor operations in float64.
    at::Tensor reference(const std::optional<Offsets>& offsets) const
    {
        return echo_by_tensor_operations(
            d_layout, d_transmit.to(at::kComplexDouble), d_scene, offsets);
    }
    void expect_close(const at::Tensor& found, const at::Tensor& expected) const
    {
        EXPECT_EQ(found.scalar_type(), at::kComplexFloat);
        EXPECT_LT(largest(found - expected), 2e-6 * largest(expected));
    }

    Layout d_layout;
    Random d_random;
    at::Tensor d_transmit;
    Scene d_scene;
};

TEST_P(OnePass, EqualsTheTensorOperations)
{
    expect_close(echo(d_layout, d_transmit, d_scene), reference(std::nullopt));
}

TEST_P(OnePass, EqualsTheTensorOperationsWithOffsets)
{
    const auto offsets = draw_offsets(d_layout, d_layout.scenario.clocks, d_random);
    expect_close(echo(d_layout, d_transmit, d_scene, offsets), reference(offsets));
}

TEST_P(OnePass, AddsTheNoiseOfItsFrames)
{
    auto impairments = Impairments::of(d_layout.scenario);
    impairments.noise_dbm = -75.0;
    const auto targets = draw_targets(d_layout, d_layout.scenario.targets, d_random);
    const auto offsets = draw_offsets(d_layout, d_layout.scenario.clocks, d_random);
    // Both sets of draws once more in float64.
    const auto expected =
        reference(offsets) +
        sensing_noise(d_layout, impairments.noise_dbm, d_random, at::kDouble);
    expect_close(received_echo(d_layout, d_transmit, targets, impairments, d_random),
                 expected);
}

TEST_P(OnePass, GivesTheSameBitsOnAnyNumberOfThreads)
{
    const auto make = [this](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        const auto received = received_echo(
            d_layout, d_transmit, d_scene, Impairments::of(d_layout.scenario), d_random);
        at::set_num_threads(before);
        return at::view_as_real(received);
    };
    const auto one = make(1);
    EXPECT_TRUE(at::equal(one, make(2)));
    EXPECT_TRUE(at::equal(one, make(5)));
}

TEST_P(OnePass, FrameDoesNotDependOnItsBatch)
{
    const auto last = GetParam().batch - 1;
    const auto impairments = Impairments::of(d_layout.scenario);
    const auto batch =
        received_echo(d_layout, d_transmit, d_scene, impairments, d_random);
    const Scene own = {d_scene.position.slice(0, last),
                       d_scene.velocity.slice(0, last),
                       d_scene.reflection.slice(0, last)};
    const auto alone = received_echo(
        d_layout, d_transmit.slice(0, last), own, impairments, Random(5, {40 + last}));
    EXPECT_TRUE(at::equal(at::view_as_real(batch[last]), at::view_as_real(alone[0])));
}

// Odd numbers of antennas and elements, more reflectors than are taken at a time, rows of
// symbols longer than a part, one element.
INSTANTIATE_TEST_SUITE_P(Sizes,
                         OnePass,
                         testing::Values(Sizes{2, 2, 2, 4, 4, 16, 16, 2, 0, 1},
                                         Sizes{2, 3, 2, 3, 5, 7, 13, 3, 4, 3},
                                         Sizes{3, 2, 3, 5, 3, 33, 41, 1, 2, 2},
                                         Sizes{2, 1, 2, 2, 3, 5, 96, 4, 33, 2},
                                         Sizes{3, 1, 1, 1, 1, 2, 1201, 2, 1, 1},
                                         Sizes{2, 2, 1, 2, 2, 1, 1, 1, 0, 2}));

TEST(OnePassChecks, FramesOfNoiseMustBeThoseOfTheSignal)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(1, 0, 2);
    const auto targets = draw_targets(layout, layout.scenario.targets, random);
    EXPECT_THROW(received_echo(layout,
                               random_transmit(layout, 2),
                               targets,
                               Impairments::of(layout.scenario),
                               Random(1, {0})),
                 std::invalid_argument);
}

TEST(OnePassChecks, StridesOfTheSignalDoNotMatter)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(1, 0, 2);
    const auto scene = random_scene(layout, random);
    const auto x = random_transmit(layout, 2);
    const auto strided = x.transpose(3, 4).contiguous().transpose(3, 4);
    ASSERT_FALSE(strided.is_contiguous());
    EXPECT_TRUE(at::equal(at::view_as_real(echo(layout, x, scene)),
                          at::view_as_real(echo(layout, strided, scene))));
    // A conjugation that is only noted.
    EXPECT_TRUE(at::allclose(echo(layout, x.conj(), scene),
                             echo(layout, x.conj().resolve_conj().contiguous(), scene)));
}

TEST(Gradients, FlowThroughTheEcho)
{
    const Layout layout(test::small_scenario());
    const auto random = Random::range(1, 0, 1);
    auto scene = random_scene(layout, random);
    scene.position.requires_grad_();
    const auto power =
        at::view_as_real(echo(layout, random_transmit(layout, 1), scene)).square().sum();
    power.backward();
    EXPECT_GT(largest(scene.position.grad()), 0.0);
}

#ifdef CFISAC_CUDA
TEST_P(OnePass, CudaEqualsTheTensorOperations)
{
    if (!torch::cuda::is_available()) {
        GTEST_SKIP() << "no CUDA device";
    }
    const Layout layout(d_layout.scenario, at::kCUDA);
    const auto impairments = Impairments::of(d_layout.scenario);
    const auto targets = draw_targets(d_layout, d_layout.scenario.targets, d_random);
    const auto offsets = draw_offsets(d_layout, d_layout.scenario.clocks, d_random);
    const auto expected =
        reference(offsets) +
        sensing_noise(d_layout, impairments.noise_dbm, d_random, at::kDouble);
    const auto received =
        received_echo(layout,
                      d_transmit.to(at::kCUDA),
                      draw_targets(layout, layout.scenario.targets, d_random),
                      impairments,
                      d_random);
    expect_close(received.cpu(), expected);
}
#endif

} // namespace
