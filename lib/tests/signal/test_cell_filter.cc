// SPDX-License-Identifier: GPL-3.0-or-later
#include "signal/host_cell_filter.h"
#include "signal/simd.h"
#include "signal/tensor_cell_filter.h"
#include "small_scenario.h"

#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

#include <cmath>

namespace cfisac::signal {
namespace {

struct Sizes {
    int receive_antennas;
    int transmit_antennas;
    int subcarriers; //!< N_s, every eighth is sensed
    int symbols;
    std::int64_t cells;
    std::int64_t lines;
};

std::ostream& operator<<(std::ostream& out, const Sizes& s)
{
    return out << s.receive_antennas << " and " << s.transmit_antennas << " antennas, "
               << s.subcarriers / 8 << " by " << s.symbols / 8 << ", " << s.cells
               << " cells, " << s.lines << " lines";
}

class HostCells : public testing::TestWithParam<Sizes>
{
protected:
    Scenario scenario() const
    {
        auto scenario = cfisac::test::example_scenario("lite");
        scenario.waveform.subcarriers = GetParam().subcarriers;
        scenario.waveform.symbols = GetParam().symbols;
        scenario.users.count = 2; // not more than the fewest antennas
        for (auto& point : scenario.transmit) {
            point.antennas = GetParam().transmit_antennas;
        }
        for (auto& point : scenario.receive) {
            point.antennas = GetParam().receive_antennas;
        }
        return scenario;
    }
};

constexpr double spacing_hz = 430.0;

// Echoes of three frames, X and Y of the second receive access point
struct Frames {
    explicit Frames(const Layout& layout)
    {
        const auto random = Random::range(11, 40, 3);
        transmit =
            signal::transmit(layout, layout.scenario.transmit_power_dbm, random).signal;
        targets = draw_targets(layout, layout.scenario.targets, random);
        echo = received_echo(
                   layout, transmit, targets, Impairments::of(layout.scenario), random)
                   .select(1, 1)
                   .contiguous();
    }
    at::Tensor transmit;
    at::Tensor echo;
    Scene targets;
};

TEST_P(HostCells, AreThoseOfTheTensorForm)
{
    const Layout layout(scenario());
    const Frames frames(layout);
    const auto cells = GetParam().cells, lines = GetParam().lines;
    const auto places = cell_centres(layout.scenario, cells).flatten(0, 1);
    const auto power = at::full({3, 2, cells * cells, lines}, NAN);
    const auto illumination = at::full({3, 2, cells * cells}, NAN);
    HostCellFilter(layout, 1, places, lines, spacing_hz)(
        frames.echo, frames.transmit, power, illumination);
    const auto expected = TensorCellFilter(
        layout, at::kCPU, 1, places, lines, spacing_hz)(frames.echo, frames.transmit);
    const auto other = expected.power.flatten(3).transpose(2, 3);
    ASSERT_EQ(power.sizes(), other.sizes());
    EXPECT_LT((power - other).abs().max().item<double>(),
              2e-5 * other.max().item<double>());
    const auto energy = expected.illumination.flatten(2);
    EXPECT_LT((illumination - energy).abs().max().item<double>(),
              1e-5 * energy.max().item<double>());
}

//! The same of planar arrays in space.
TEST(HostCellsInSpace, AreThoseOfTheTensorForm)
{
    auto scenario = cfisac::test::example_scenario("lite_3d");
    for (auto& point : scenario.transmit) {
        point.antennas = 3;
        point.planar->antennas = 2;
    }
    for (auto& point : scenario.receive) {
        point.antennas = 2;
        point.planar->antennas = 5;
        point.planar->axis = {0.6, 0.0, 0.8};
    }
    const Layout layout(scenario);
    const Frames frames(layout);
    const std::vector<std::int64_t> cells = {5, 4, 3};
    const auto places = cell_centres(scenario, cells);
    ASSERT_EQ(places.sizes(), at::IntArrayRef({5, 4, 3, 3}));
    EXPECT_NEAR(places[4][0][2][2].item<double>(), 12.5, 1e-12);
    const auto found =
        CellFilter(layout, 1, places, 17, spacing_hz)(frames.echo, frames.transmit);
    const auto expected =
        TensorCellFilter(layout, at::kCPU, 1, places.reshape({-1, 3}), 17, spacing_hz)(
            frames.echo, frames.transmit);
    ASSERT_EQ(found.power.sizes(), at::IntArrayRef({3, 2, 17, 5, 4, 3}));
    EXPECT_LT((found.power.flatten(3) - expected.power).abs().max().item<double>(),
              2e-5 * expected.power.max().item<double>());
    ASSERT_EQ(found.illumination.sizes(), at::IntArrayRef({3, 2, 5, 4, 3}));
    EXPECT_LT((found.illumination.flatten(2) - expected.illumination)
                  .abs()
                  .max()
                  .item<double>(),
              1e-5 * expected.illumination.max().item<double>());
    EXPECT_THROW(cell_centres(scenario, std::vector<std::int64_t>{5, 4}),
                 std::invalid_argument);
    EXPECT_THROW(cell_centres(scenario, std::vector<std::int64_t>{5, 4, 0}),
                 std::invalid_argument);
}

//! Directly from the definition, in float64, with the delay of each cell instead of the
//! three steps around it: within what the interpolation may cost.
TEST_P(HostCells, AreThoseOfTheDefinition)
{
    const Layout layout(scenario());
    const Frames frames(layout);
    const auto cells = GetParam().cells, lines = GetParam().lines;
    const auto found =
        CellFilter(layout, 1, cells, lines, spacing_hz)(frames.echo, frames.transmit);
    const auto place = cell_centres(layout.scenario, cells).reshape({1, -1, 2});
    const auto paths = bistatic_paths(layout, place, at::zeros_like(place));
    const auto y = frames.echo[0].to(at::kComplexDouble); // [M_r, S, T]
    const auto doppler = doppler_lines(lines, spacing_hz);
    const double mean_power = y.abs().square().mean().item<double>();
    for (const std::int64_t n : {0, 1}) {
        const auto x = frames.transmit[0][n].to(at::kComplexDouble);
        const double largest = found.power[0][n].max().item<double>();
        for (const std::int64_t cell : {std::int64_t{0}, cells + 1, cells * cells - 1}) {
            const auto arriving = steering_vector(paths.receive.cosine[0][1][cell],
                                                  layout.receive.spacing[1],
                                                  layout.scenario.receive_antennas());
            const auto departing = steering_vector(paths.transmit.cosine[0][n][cell],
                                                   layout.transmit.spacing[n],
                                                   layout.scenario.transmit_antennas());
            const auto seen = at::einsum("a,ast->st", {arriving.conj(), y});
            const auto sent = at::einsum("a,ast->st", {departing.conj(), x});
            const double energy = sent.abs().square().sum().item<double>();
            EXPECT_NEAR(found.illumination[0][n].flatten()[cell].item<double>() / energy,
                        1.0,
                        1e-4);
            const auto ramp =
                phasor(paths.delay_s[0][n][1][cell] * layout.frequency_hz * (2.0 * M_PI))
                    .unsqueeze(1);
            const auto product = seen * sent.conj() * ramp;
            const auto lines_of_cell = at::matmul(
                product, phasor(layout.time_s.unsqueeze(1) * doppler * (-2.0 * M_PI)));
            const auto power =
                lines_of_cell.sum(0).abs().square() / (energy * mean_power); // [F]
            const auto own = found.power[0][n].flatten(1).select(1, cell);
            EXPECT_LT((own - power).abs().max().item<double>(), 0.02 * largest)
                << "transmit access point " << n << ", cell " << cell;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         HostCells,
                         testing::Values(Sizes{8, 8, 256, 256, 12, 24},
                                         Sizes{3, 5, 168, 200, 7, 9},
                                         Sizes{4, 3, 136, 128, 5, 33},
                                         Sizes{1, 1, 64, 72, 4, 1},
                                         Sizes{5, 2, 128, 136, 6, 34}));

TEST(Simd, LogarithmIsWithinItsError)
{
    for (int k = -600000; k <= 600000; k++) {
        const float value = std::exp(static_cast<double>(k) * 1.4e-4);
        const double expected = std::log(static_cast<double>(value));
        ASSERT_NEAR(logarithm(value), expected, 3e-7 * std::max(1.0, std::abs(expected)))
            << value;
    }
}

} // namespace
} // namespace cfisac::signal
