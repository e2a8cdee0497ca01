// SPDX-License-Identifier: GPL-3.0-or-later
// Comparison with the NumPy computation of reference_signal.py.
#include "reference.h"
#include <cfisac/scenario/yaml.h>
#include <cfisac/signal/cramer_rao_bound.h>
#include <cfisac/signal/sensing_channel.h>
#include <cfisac/signal/transmitter.h>
#include <gtest/gtest.h>

namespace {

using namespace cfisac::signal;
using cfisac::test::complex_of;
using cfisac::test::read_reference;
using cfisac::test::relative_error;

class SceneReference : public testing::TestWithParam<int>
{
protected:
    void SetUp() override
    {
        d_file = read_reference("scene_" + std::to_string(GetParam()));
        d_layout = std::make_unique<Layout>(
            cfisac::parse_scenario(d_file.metadata.at("scenario")));
        d_transmit = complex_of(d_file, "x").unsqueeze(0);
        d_targets = scene("");
    }

    Scene scene(const std::string& prefix) const
    {
        return {d_file.tensors.at(prefix + "position").unsqueeze(0),
                d_file.tensors.at(prefix + "velocity").unsqueeze(0),
                complex_of(d_file, prefix + "reflection").unsqueeze(0)};
    }

    cfisac::nn::SafeTensors d_file;
    std::unique_ptr<Layout> d_layout;
    at::Tensor d_transmit;
    Scene d_targets;
};

TEST_P(SceneReference, Echo)
{
    const auto expected = complex_of(d_file, "echo");
    EXPECT_LT(relative_error(echo(*d_layout, d_transmit, d_targets)[0], expected), 1e-5);
    EXPECT_LT(
        relative_error(echo(*d_layout, d_transmit.to(at::kComplexFloat), d_targets)[0],
                       expected),
        1e-4);
}

TEST_P(SceneReference, EchoWithClutterAndOffsets)
{
    const Offsets offsets{d_file.tensors.at("timing").unsqueeze(0),
                          d_file.tensors.at("frequency").unsqueeze(0)};
    const auto everything = join(d_targets, scene("clutter_"));
    EXPECT_LT(relative_error(echo(*d_layout, d_transmit, everything, offsets)[0],
                             complex_of(d_file, "echo_full")),
              1e-5);
}

TEST_P(SceneReference, BoundFromCentralDifferences)
{
    const auto bound = cramer_rao_bound(*d_layout, d_transmit, d_targets, 1e-12)[0];
    const auto expected = d_file.tensors.at("bound");
    const auto ratio = bound.diagonal() / expected.diagonal();
    EXPECT_LT((ratio - 1.0).abs().max().item<double>(), 1e-3) << ratio;
    // Whole matrix, each entry on the scale of its row and column.
    const auto scale = expected.diagonal().rsqrt();
    const auto difference = (bound - expected) * scale.unsqueeze(0) * scale.unsqueeze(1);
    EXPECT_LT(difference.abs().max().item<double>(), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Random, SceneReference, testing::Range(0, 8));

TEST(PrecoderReference, ClosedForm)
{
    const auto file = read_reference("precoder");
    const auto channel = complex_of(file, "h");
    const auto constants = file.tensors.at("constants");
    const double noise = constants[0].item<double>();
    const double power = constants[1].item<double>();
    const auto access_points = constants[2].item().toLong();
    const auto precoder = mmse_precoder(channel, noise, power, access_points);
    EXPECT_LT(relative_error(precoder, complex_of(file, "w")), 1e-9);
    const auto signal = precode(precoder, complex_of(file, "s"), access_points);
    EXPECT_LT(relative_error(signal, complex_of(file, "x")), 1e-9);
    EXPECT_LT(
        relative_error(received_at_users(channel, signal), complex_of(file, "received")),
        1e-9);
    EXPECT_LT(relative_error(sinr(channel, precoder, noise), file.tensors.at("sinr")),
              1e-9);
}

} // namespace
