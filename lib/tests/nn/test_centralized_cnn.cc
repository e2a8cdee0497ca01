// SPDX-License-Identifier: GPL-3.0-or-later
// The comparison in which the central unit gets the raw echoes of all access points.
#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/engine.h>
#include <cfisac/nn/safetensors.h>
#include <cfisac/signal/front_end.h>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using cfisac::signal::Reference;
using cfisac::test::example_scenario;
using cfisac::test::small_scenario;

namespace {

CentralizedCnnOptions small()
{
    return CentralizedCnnOptions()
        .access_points(3)
        .in_channels(2)
        .echo_shape({3, 5, 7})
        .targets(2)
        .dimensions(3)
        .first_channels(3)
        .second_channels(4)
        .kernel(3)
        .fully_connected(6);
}

std::vector<at::Tensor> inputs(at::ScalarType type = at::kFloat)
{
    return {normal({2, 2, 3, 5, 7}, 1, type),
            normal({2, 2, 3, 5, 7}, 2, type),
            normal({2, 2, 3, 5, 7}, 3, type)};
}

Architecture small_centralized(Reference reference)
{
    Architecture a;
    a.read_out = ReadOut::cnn;
    a.reference = reference;
    a.cnn = {3, 4, 3, 2, 2, 12};
    return a;
}

} // namespace

TEST(CentralizedCnn, ClosedFormCountAtThePaper)
{
    // Two access points with a real and an imaginary part each; 16 x 256 x 256 halved
    // three times.
    const int64_t convolutions = (125 * 4 + 1) * 16 + (125 * 16 + 1) * 32;
    const int64_t layers = (32 * 2 * 32 * 32 + 1) * 256 + 2 * (256 + 1) * 256;
    const int64_t output = (256 + 1) * 8;
    EXPECT_EQ(parameter_count(CentralizedCnnOptions()), convolutions + layers + output);
    EXPECT_EQ(feature_shape(CentralizedCnnOptions()),
              (std::vector<int64_t>{32, 2, 32, 32}));
}

TEST(CentralizedCnn, ClosedFormCountEqualsTheNetwork)
{
    for (const auto& options : {small(),
                                small().stride(1).pooling(3),
                                small().kernel(5).targets(1).access_points(1)}) {
        EXPECT_EQ(parameter_count(*CentralizedCnn(options)), parameter_count(options));
    }
}

TEST(CentralizedCnn, FramesOfABatchAreIndependentAndEveryEchoReachesTheOutput)
{
    CentralizedCnn network(small());
    const auto both = network(inputs());
    EXPECT_EQ(both.sizes(), (at::IntArrayRef{2, 12}));
    std::vector<at::Tensor> second;
    for (const auto& input : inputs()) {
        second.push_back(input.slice(0, 1));
    }
    EXPECT_LT(relative_difference(network(second), both.slice(0, 1)), 1e-5);
    for (size_t m = 0; m < 3; m++) {
        auto changed = inputs();
        changed[m] = -changed[m];
        EXPECT_FALSE(both.allclose(network(changed))) << "access point " << m;
    }
}

TEST(CentralizedCnn, GradientsEqualFiniteDifferences)
{
    CentralizedCnn network(small());
    network->to(at::kDouble);
    const auto echoes = inputs(at::kDouble);
    for (const auto& echo : echoes) {
        echo.requires_grad_();
    }
    const auto weight = normal({2, 12}, 6, at::kDouble);
    auto leaves = parameters_of(*network);
    for (size_t m = 0; m < echoes.size(); m++) {
        leaves.emplace_back("echo " + std::to_string(m), echoes[m]);
    }
    expect_gradients([&] { return (network(echoes) * weight).sum(); }, leaves);
}

TEST(CentralizedCnn, WrongInputsAndSizesAreNamed)
{
    CentralizedCnn network(small());
    auto echoes = inputs();
    echoes.pop_back();
    expect_error<std::invalid_argument>([&] { network(echoes); },
                                        {"2 echoes for 3 access points"});
    echoes.push_back(at::zeros({2, 2, 3, 5, 6}));
    expect_error<std::invalid_argument>(
        [&] { network(echoes); }, {"[2, 2, 3, 5, 6] of access point 2", "[3, 5, 7]"});
    echoes.back() = at::zeros({1, 2, 3, 5, 7});
    expect_error<std::invalid_argument>([&] { network(echoes); }, {"one batch"});
    expect_error<std::invalid_argument>([] { CentralizedCnn(small().kernel(4)); },
                                        {"kernel is 4", "odd"});
    expect_error<std::invalid_argument>([] { CentralizedCnn(small().pooling(0)); },
                                        {"pooling is 0"});
    expect_error<std::invalid_argument>(
        [] {
            CentralizedCnn(small().echo_shape({4, 6}));
        },
        {"[4, 6]", "three"});
}

class CentralizedFrontEnd : public testing::TestWithParam<Reference>
{
};

TEST_P(CentralizedFrontEnd, EstimatesFromTheFrontEndsOfAllEchoes)
{
    const at::NoGradGuard no_grad;
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, small_centralized(GetParam()), 4);
    const bool raw = GetParam() == Reference::raw;
    std::vector<at::Tensor> planes;
    for (int m = 0; m < 2; m++) {
        const auto echo = batch.echo.select(1, m);
        planes.push_back(raw ? cfisac::signal::echo_channels(echo)
                             : cfisac::signal::correlated_channels(echo, batch.transmit));
    }
    CentralizedCnn network(CentralizedCnnOptions()
                               .in_channels(raw ? 2 : 16)
                               .echo_shape({4, 16, 16})
                               .first_channels(3)
                               .second_channels(4)
                               .kernel(3)
                               .fully_connected(12));
    load_state(*network, state_of(*model.network()->named_children()["decoder"]));
    const auto labels = network(planes).reshape({3, 2, 2, 2});
    const auto found = model.estimate(batch.echo, raw ? at::Tensor() : batch.transmit);
    // lite.yml: 0 to 100 m, -20 to 20 m/s
    EXPECT_LT(relative_difference(found.location, 100.0 * labels.select(1, 0)), 1e-5);
    EXPECT_LT(relative_difference(found.velocity, 40.0 * labels.select(1, 1) - 20.0), 1e-5);
    EXPECT_TRUE(found.confidence.equal(at::ones({3, 2})));
    EXPECT_EQ(parameter_counts(*model.network()).decoder,
              parameter_count(network->options()));
}

TEST_P(CentralizedFrontEnd, SavedAndLoadedGivesTheSameEstimates)
{
    const TemporaryFolder folder;
    const auto path = folder.file("m.safetensors");
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, small_centralized(GetParam()), 4);
    model.save(path);
    const auto loaded = Model::load(path, scenario, "cpu");
    EXPECT_TRUE(loaded.centralized());
    EXPECT_EQ(loaded.fingerprint(), model.fingerprint());
    EXPECT_EQ(loaded.architecture().to_json(), model.architecture().to_json());
    EXPECT_TRUE(loaded.estimate(batch.echo, batch.transmit)
                    .location.equal(model.estimate(batch.echo, batch.transmit).location));
    EXPECT_NE(Model(scenario, small_centralized(GetParam()), 5).fingerprint(),
              model.fingerprint());
}

TEST_P(CentralizedFrontEnd, CountsTheRawEchoAndNothingElse)
{
    const auto scenario = small_scenario();
    const Model model(scenario, small_centralized(GetParam()), 4);
    EXPECT_EQ(model.fronthaul_bits(), 64 * 4 * 16 * 16);
    EXPECT_EQ(model.reference_bits(), 0); // the central unit makes X itself
    EXPECT_EQ(model.index_count(), 0);
    EXPECT_EQ(model.index_range(), 0);
    EXPECT_EQ(model.bits_per_index(), 0);
    EXPECT_EQ(model.codewords(), 0);
    EXPECT_EQ(model.vectors_sent(), 0);
    EXPECT_EQ(model.positions(), 0);
    EXPECT_TRUE(model.codeword_counts(1).empty());
    const auto counts = parameter_counts(*model.network());
    EXPECT_EQ(counts.encoder + counts.encoders + counts.projector + counts.codebook, 0);
    EXPECT_EQ(model.encoder_needs_transmit(), GetParam() != Reference::raw);
    EXPECT_FALSE(model.decoder_needs_transmit());
}

INSTANTIATE_TEST_SUITE_P(
    All,
    CentralizedFrontEnd,
    testing::Values(Reference::raw, Reference::pilot, Reference::reference),
    [](const auto& info) { return cfisac::signal::to_string(info.param); });

TEST(CentralizedModel, SixtySevenMegabitAtThePaper)
{
    auto architecture = Architecture::preset("cnn");
    architecture.cnn.fully_connected = 1; // a small network; the echo is the paper's
    const Model model(example_scenario("paper"), architecture, 0);
    EXPECT_EQ(model.fronthaul_bits(), 67108864);
}

TEST(CentralizedModel, NothingIsEncodedOrDecoded)
{
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, small_centralized(Reference::reference), 4);
    const auto indices = at::zeros({3, 1}, at::kLong);
    for (const std::function<void()>& call : std::vector<std::function<void()>>{
             [&] { model.encode(0, batch.echo.select(1, 0), batch.transmit); },
             [&] {
                 model.decode({indices, indices}, batch.transmit);
             },
             [&] {
                 model.detect({indices, indices}, batch.transmit, 0.5);
             },
             [&] { model.accepts(0, indices); },
             [&] { model.codewords_of(0, indices); },
             [&] {
                 EncoderEngine(model, {0, 1});
             },
             [&] { DecoderEngine engine(model); }}) {
        expect_error<std::invalid_argument>(call, {"cnn", "raw echoes"});
    }
}

TEST(CentralizedModel, WrongEchoesAreNamed)
{
    const auto scenario = small_scenario();
    auto batch = frames(scenario);
    const Model model(scenario, small_centralized(Reference::pilot), 4);
    expect_error<std::invalid_argument>(
        [&] { model.estimate(batch.echo.slice(1, 1), batch.transmit); },
        {"echoes", "2 access points", "[3, 1, 4, 16, 16]"});
    expect_error<std::invalid_argument>(
        [&] { model.estimate(batch.echo.slice(2, 1), batch.transmit); },
        {"echo must be [B, M_r, S, T]"});
    expect_error<std::invalid_argument>([&] { model.estimate(batch.echo, at::Tensor()); },
                                        {"transmit", "nothing"});
    batch.echo[1][1][0][0][0] = std::numeric_limits<double>::infinity();
    expect_error<std::invalid_argument>(
        [&] { model.estimate(batch.echo, batch.transmit); }, {"echo", "infinite"});
}

TEST(CentralizedModel, WrongFilesAreNamed)
{
    const TemporaryFolder folder;
    const auto path = folder.file("m.safetensors");
    Model(small_scenario(), small_centralized(Reference::raw), 4).save(path);
    const auto good = read_safetensors(path);
    const auto refused = [&](const SafeTensors& file,
                             const std::vector<std::string>& parts) {
        write_safetensors(path, file.tensors, file.metadata);
        expect_error<FileError>([&] { Model::load(path); }, parts);
    };
    auto changed = good;
    changed.tensors.erase("decoder.conv2.bias");
    refused(changed, {path, "decoder.conv2.bias", "missing"});
    changed = good;
    changed.tensors["decoder.fully_connected1.weight"] = at::zeros({12, 3});
    refused(changed, {path, "decoder.fully_connected1.weight", "[12, 3]"});
    changed = good;
    changed.tensors["quantizer0.codebook"] = at::zeros({2, 2});
    refused(changed, {path, "quantizer0.codebook", "superfluous"});
    changed = good;
    changed.tensors["decoder.output.bias"] = changed.tensors["decoder.output.bias"] + 1.0;
    refused(changed, {path, "model_fingerprint"});
}

TEST(CentralizedModel, EstimateOfOtherModelsIsEncodeAndDecode)
{
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    for (const auto read_out : {ReadOut::dense, ReadOut::grid}) {
        const Model model(scenario, small_architecture(read_out), 4);
        std::vector<at::Tensor> indices;
        for (int m = 0; m < 2; m++) {
            indices.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
        }
        const auto expected = model.decode(indices, batch.transmit);
        const auto found = model.estimate(batch.echo, batch.transmit);
        EXPECT_TRUE(found.location.equal(expected.location)) << to_string(read_out);
        EXPECT_TRUE(found.velocity.equal(expected.velocity)) << to_string(read_out);
        EXPECT_TRUE(found.confidence.equal(expected.confidence)) << to_string(read_out);
    }
}

TEST(CentralizedArchitecture, OtherReadOutsKeepTheirText)
{
    for (const auto* name : {"paper", "lite"}) { // and so their fingerprints
        EXPECT_EQ(Architecture::preset(name).to_json().find("cnn"), std::string::npos);
    }
    const auto a = small_centralized(Reference::pilot);
    EXPECT_EQ(Architecture::from_json(a.to_json()).to_json(), a.to_json());
    EXPECT_EQ(
        a.to_json(),
        R"({"read_out":"cnn","reference":"pilot","cnn":{"first_channels":3,)"
        R"("second_channels":4,"kernel":3,"stride":2,"pooling":2,"fully_connected":12}})");
}

TEST(CentralizedArchitecture, WrongSizesAreNamed)
{
    expect_error<std::invalid_argument>(
        [] { Architecture::from_json(R"({"cnn": {"kernels": 5}})"); }, {"kernels"});
    expect_error<std::invalid_argument>(
        [] { Architecture::from_json(R"({"cnn": {"stride": 0}})"); }, {"stride", "0"});
    auto a = small_centralized(Reference::raw);
    a.cnn.kernel = 4;
    expect_error<std::invalid_argument>([&] { DVqVae(small_scenario(), a, 0); },
                                        {"kernel is 4"});
    a = small_centralized(Reference::raw);
    a.latents = Latents::float16;
    expect_error<std::invalid_argument>([&] { DVqVae(small_scenario(), a, 0); },
                                        {"latents", "cnn", "float16"});
}
