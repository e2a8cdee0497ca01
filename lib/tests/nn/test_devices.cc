// SPDX-License-Identifier: GPL-3.0-or-later
//
// Engines on the device that the environment's CFISAC_DEVICE names, against the trainable
// network on the processor.
#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/engine.h>
#include <cfisac/signal/device.h>
#include <cstdlib>

namespace cfisac::nn {

namespace {

using cfisac::test::example_scenario;

std::string device()
{
    const char* word = std::getenv("CFISAC_DEVICE");
    return signal::resolve_device(word ? word : "auto");
}

class Devices : public ::testing::TestWithParam<const char*>
{
protected:
    void SetUp() override
    {
        if (device() == "cpu") {
            GTEST_SKIP() << "no GPU to compare the processor with";
        }
    }
};

std::string name_of(const ::testing::TestParamInfo<const char*>& info)
{
    return info.param;
}

} // namespace

TEST_P(Devices, EnginesGiveWhatTheNetworkGivesOnTheProcessor)
{
    const auto scenario = example_scenario("lite");
    const Model model(scenario, Architecture::preset(GetParam()), 3);
    test::TemporaryFolder folder;
    const auto path = (folder.path() / "model.safetensors").string();
    model.save(path);
    const auto there = Model::load(path, device());
    EncoderEngine encoder(there, {0, 1});
    DecoderEngine decoder(there);

    const auto frames = test::frames(scenario);
    const auto transmit = frames.transmit.to(device());
    std::vector<at::Tensor> echoes;
    for (const std::int64_t m : {0, 1}) {
        echoes.push_back(frames.echo.select(1, m).contiguous().to(device()));
    }
    const auto found = encoder.encode(echoes, transmit);

    std::vector<at::Tensor> indices;
    std::vector<at::Tensor> indices_there;
    for (const std::int64_t m : {0, 1}) {
        indices.push_back(
            model.encode(m, frames.echo.select(1, m).contiguous(), frames.transmit));
        indices_there.push_back(indices.back().to(device()));
        // Where two codewords or cells are equally near, rounding decides.
        const auto equal =
            found[m].cpu().eq(indices.back()).to(at::kDouble).mean().item<double>();
        EXPECT_GE(equal, 0.995) << "access point " << m;
    }

    // Twice: a recorded graph is replayed.
    const auto expected = model.decode(indices, frames.transmit);
    for (int run = 0; run < 2; run++) {
        const auto estimates = decoder.decode(indices_there, decoder.prepare(transmit));
        EXPECT_LT(test::relative_difference(estimates.location.cpu(), expected.location),
                  1e-3);
        EXPECT_LT(test::relative_difference(estimates.velocity.cpu(), expected.velocity),
                  1e-3);
    }
}

INSTANTIATE_TEST_SUITE_P(ReadOuts, Devices, ::testing::Values("paper", "lite"), name_of);

} // namespace cfisac::nn
