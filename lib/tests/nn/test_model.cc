// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/safetensors.h>
#include <cmath>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using cfisac::test::example_scenario;
using cfisac::test::small_scenario;

namespace {

Estimates run(const Model& model, const cfisac::training::Batch& batch)
{
    std::vector<at::Tensor> indices;
    for (int m = 0; m < 2; m++) {
        indices.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
        EXPECT_EQ(indices[m].sizes(), at::IntArrayRef({3, model.index_count()}));
    }
    return model.decode(indices, batch.transmit);
}

class ModelReadOut : public testing::TestWithParam<ReadOut>
{
};

TEST_P(ModelReadOut, SavedAndLoadedGivesTheSameEstimates)
{
    const TemporaryFolder folder;
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, small_architecture(GetParam()), 4);
    model.save(folder.file("m.safetensors"));
    const auto loaded = Model::load(folder.file("m.safetensors"), scenario, "cpu");
    EXPECT_EQ(loaded.fingerprint(), model.fingerprint());
    const auto before = run(model, batch), after = run(loaded, batch);
    EXPECT_TRUE(at::equal(before.location, after.location));
    EXPECT_TRUE(at::equal(before.velocity, after.velocity));
    EXPECT_EQ(before.location.sizes(), at::IntArrayRef({3, 2, 2}));
    EXPECT_EQ(before.confidence.sizes(), at::IntArrayRef({3, 2}));
    EXPECT_EQ(model.bits_per_index(), 4); // 12 codewords
    EXPECT_EQ(model.fronthaul_bits(), 4 * model.index_count());
    EXPECT_NE(Model(scenario, small_architecture(GetParam()), 5).fingerprint(),
              model.fingerprint());
}

TEST_P(ModelReadOut, GivesTheCountsOfEachAccessPoint)
{
    const TemporaryFolder folder;
    const auto scenario = small_scenario();
    const Model model(scenario, small_architecture(GetParam()), 4);
    EXPECT_EQ(model.codeword_counts(1), std::vector<float>(12, 1.0f));
    model.network()->quantizer(1)->counts()[3].fill_(0.25);
    auto expected = std::vector<float>(12, 1.0f);
    expected[3] = 0.25f;
    model.save(folder.file("m.safetensors"));
    const auto loaded = Model::load(folder.file("m.safetensors"));
    EXPECT_EQ(loaded.codeword_counts(1), expected);
    EXPECT_EQ(loaded.codeword_counts(0), std::vector<float>(12, 1.0f));

    for (const double bad : {-1.0, std::nan(""), HUGE_VAL}) {
        model.network()->quantizer(1)->counts()[3].fill_(bad);
        model.save(folder.file("bad.safetensors"));
        expect_error<FileError>([&] { Model::load(folder.file("bad.safetensors")); },
                                {"bad.safetensors", "counts of access point 1"});
    }
}

TEST_P(ModelReadOut, WrongInputsAreNamed)
{
    const auto scenario = small_scenario();
    auto batch = frames(scenario);
    const Model model(scenario, small_architecture(GetParam()), 4);
    expect_error<std::invalid_argument>(
        [&] { model.encode(2, batch.echo.select(1, 0), batch.transmit); },
        {"0 to 1", "2"});
    expect_error<std::invalid_argument>(
        [&] { model.encode(0, batch.echo.select(1, 0).slice(1, 1), batch.transmit); },
        {"echo must be [B, M_r, S, T]"});
    batch.echo[1][0][0][0][0] = std::numeric_limits<double>::quiet_NaN();
    expect_error<std::invalid_argument>(
        [&] { model.encode(0, batch.echo.select(1, 0), batch.transmit); },
        {"echo", "NaN"});
    expect_error<std::invalid_argument>([&] { model.decode({}, batch.transmit); }, {"2"});
}

INSTANTIATE_TEST_SUITE_P(Both,
                         ModelReadOut,
                         testing::Values(ReadOut::dense, ReadOut::grid),
                         [](const auto& info) { return to_string(info.param); });

TEST(Model, DenseWithReferenceHasAPlaneForEveryTransmitAntenna)
{
    auto architecture = small_architecture(ReadOut::dense);
    architecture.reference = cfisac::signal::Reference::pilot;
    const auto scenario = small_scenario();
    const Model model(scenario, architecture, 4);
    const auto estimates = run(model, frames(scenario));
    EXPECT_TRUE(at::isfinite(estimates.location).all().item<bool>());
    EXPECT_TRUE(model.encoder_needs_transmit());
    expect_error<std::invalid_argument>(
        [&] { model.encode(0, frames(scenario).echo.select(1, 0), at::Tensor()); },
        {"transmit", "nothing"});
}

TEST(Model, DetectsWhatDecodeFindsAndWhatIsAboveTheThreshold)
{
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, small_architecture(ReadOut::grid), 4);
    std::vector<at::Tensor> indices;
    for (int m = 0; m < 2; m++) {
        indices.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
    }
    const auto estimates = model.decode(indices, batch.transmit);
    const double threshold = 1e-3; // fresh weights are sure of nothing
    const auto detections = model.detect(indices, batch.transmit, threshold);
    ASSERT_EQ(detections.size(), 3u);
    for (int b = 0; b < 3; b++) {
        const auto& found = detections[b];
        ASSERT_GE(found.confidence.size(0), 1);
        EXPECT_GT(found.confidence.min().item<double>(), threshold);
        EXPECT_TRUE(found.location[0].equal(estimates.location[b][0]));
        EXPECT_TRUE(found.velocity[0].equal(estimates.velocity[b][0]));
        EXPECT_TRUE(found.confidence[0].equal(estimates.confidence[b][0]));
    }
    for (const auto& found : model.detect(indices, at::Tensor(), 0.999)) {
        EXPECT_EQ(found.location.sizes(), at::IntArrayRef({0, 2}));
    }
    expect_error<std::invalid_argument>([&] { model.detect(indices, at::Tensor(), 1.0); },
                                        {"threshold", "1"});
    expect_error<std::invalid_argument>(
        [&] {
            Model(scenario, small_architecture(ReadOut::dense), 4)
                .detect(indices, batch.transmit, threshold);
        },
        {"dense", "grid"});
}

TEST(Model, OtherScenarioIsRefused)
{
    const TemporaryFolder folder;
    Model(small_scenario(), small_architecture(ReadOut::grid), 4)
        .save(folder.file("m.safetensors"));
    expect_error<FileError>(
        [&] {
            Model::load(folder.file("m.safetensors"), example_scenario("lite"), "cpu");
        },
        {"m.safetensors", "'small'", "'lite'"});
    // Power and noise are free to change.
    auto louder = small_scenario();
    louder.transmit_power_dbm += 10;
    louder.sensing_noise_dbm -= 3;
    EXPECT_NO_THROW(Model::load(folder.file("m.safetensors"), louder, "cpu"));
}

TEST(Model, DamagedFilesNameWhatIsWrong)
{
    const TemporaryFolder folder;
    const auto path = folder.file("m.safetensors");
    Model(small_scenario(), small_architecture(ReadOut::grid), 4).save(path);
    const auto good = read_safetensors(path);

    auto changed = good;
    changed.tensors.erase("decoder.head.bias");
    write_safetensors(path, changed.tensors, changed.metadata);
    expect_error<FileError>([&] { Model::load(path); }, {path, "decoder.head.bias"});

    changed = good;
    changed.tensors["decoder.head.bias"] = at::zeros({3});
    write_safetensors(path, changed.tensors, changed.metadata);
    expect_error<FileError>([&] { Model::load(path); },
                            {path, "decoder.head.bias", "[3]"});

    changed = good;
    changed.metadata.erase("scenario");
    write_safetensors(path, changed.tensors, changed.metadata);
    expect_error<FileError>([&] { Model::load(path); }, {path, "scenario"});

    changed = good;
    changed.tensors["quantizer0.codebook"] = changed.tensors["quantizer0.codebook"] + 1.0;
    write_safetensors(path, changed.tensors, changed.metadata);
    expect_error<FileError>([&] { Model::load(path); }, {path, "model_fingerprint"});

    write_bytes(path, read_bytes(path).substr(0, 1000));
    expect_error<FileError>([&] { Model::load(path); }, {path});
}

TEST(Architecture, JsonRoundTrip)
{
    for (const auto read_out : {ReadOut::dense, ReadOut::grid}) {
        const auto a = small_architecture(read_out);
        EXPECT_EQ(Architecture::from_json(a.to_json()).to_json(), a.to_json());
    }
    EXPECT_EQ(Architecture::from_json("{}").to_json(),
              Architecture::preset("paper").to_json());
}

TEST(Architecture, WrongJsonIsNamed)
{
    const auto refused = [](const std::string& text, const std::string& part) {
        expect_error<std::invalid_argument>([&] { Architecture::from_json(text); },
                                            {part});
    };
    refused("{", "not JSON");
    refused("[]", "object");
    refused(R"({"codeword": 3})", "codeword");
    refused(R"({"codewords": 0})", "codewords");
    refused(R"({"codewords": 2.5})", "2.5");
    refused(R"({"codewords": 999999999})", "999999999");
    refused(R"({"codewords": 18446744073709551615})", "18446744073709551615");
    refused(R"({"dense": {"residual_layers": 257}})", "from 1 to 256, got 257");
    refused(R"({"grid": {"cell": 3}})", "cell");
    refused(R"({"grid": 3})", "grid");
    refused(R"({"grid": {"doppler_spacing_hz": -1}})", "doppler_spacing_hz");
    refused(R"({"read_out": "tree"})", "tree");
    refused(R"({"reference": "guess"})", "guess");
    refused(R"({"shared_encoder": 1})", "shared_encoder");
    refused(R"({"latents": 16})", "latents");
    refused(R"({"latents": "float8"})", "'float8'");
    refused(std::string(1 << 15, '['), "within one another");
    refused("{\"codewords\": " + std::string(1 << 15, '[') + std::string(1 << 15, ']') +
                "}",
            "within one another");
    refused("{}" + std::string(1 << 16, ' '), "65536 bytes");
    refused("{\"\x7f\": 1}", "?: unknown key");
    refused("\x1b[2J", "'?[2J'");
    refused("{\"reference\": \"\x7f\"}", "'?'");
    expect_error<std::invalid_argument>([] { Architecture::preset("big"); }, {"'big'"});
}

TEST(Architecture, GridNeedsAReference)
{
    auto a = small_architecture(ReadOut::grid);
    a.reference = cfisac::signal::Reference::raw;
    expect_error<std::invalid_argument>([&] { DVqVae(small_scenario(), a, 0); }, {"raw"});
}

} // namespace
