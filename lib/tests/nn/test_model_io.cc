// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/decoder.h>
#include <cfisac/nn/encoder.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/quantizer.h>

#include "support.h"

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

EncoderOptions small()
{
    return EncoderOptions().stem_channels(3).hidden_channels(5).residual_channels(4);
}

} // namespace

TEST(ModelIo, NamesOfTheEncoder)
{
    std::vector<std::string> names;
    for (const auto& [name, tensor] : state_of(*Encoder(small()), "encoder.0")) {
        names.push_back(name);
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"encoder.0.conv1.bias",
                                        "encoder.0.conv1.weight",
                                        "encoder.0.conv2.bias",
                                        "encoder.0.conv2.weight",
                                        "encoder.0.conv3.bias",
                                        "encoder.0.conv3.weight",
                                        "encoder.0.residual.0.conv1.weight",
                                        "encoder.0.residual.0.conv2.weight",
                                        "encoder.0.residual.1.conv1.weight",
                                        "encoder.0.residual.1.conv2.weight"}));
}

TEST(ModelIo, SaveAndLoadThroughAFile)
{
    const TemporaryFolder folder;
    const auto path = folder.file("model.safetensors");
    Encoder encoder(small().seed(1));
    VectorQuantizer quantizer(
        QuantizerOptions().features(5).codeword_dim(8).codewords(4));
    quantizer->ema_update(normal({9, 8}, 1), at::zeros({9}, at::kLong));
    auto tensors = state_of(*encoder, "encoder.0");
    tensors.merge(state_of(*quantizer, "quantizer.0"));
    write_safetensors(path, tensors);

    const auto file = read_safetensors(path);
    Encoder other(small().seed(2));
    VectorQuantizer other_quantizer(
        QuantizerOptions().features(5).codeword_dim(8).codewords(4).seed(2));
    load_state(*other, file, "encoder.0");
    load_state(*other_quantizer, file, "quantizer.0");
    const auto echo = normal({1, 2, 8, 8, 8}, 3);
    EXPECT_TRUE(encoder(echo).equal(other(echo)));
    EXPECT_TRUE(quantizer->counts().equal(other_quantizer->counts()));
    EXPECT_TRUE(quantizer->sums().equal(other_quantizer->sums()));
    EXPECT_TRUE(
        quantizer->indices(encoder(echo)).equal(other_quantizer->indices(other(echo))));
    EXPECT_TRUE(other->named_parameters()["conv1.weight"].requires_grad());
}

TEST(ModelIo, HalfPrecisionFilesAreWidened)
{
    Encoder encoder(small());
    std::map<std::string, at::Tensor> halves;
    for (const auto& [name, tensor] : state_of(*encoder)) {
        halves[name] = tensor.to(at::kHalf);
    }
    Encoder other(small().seed(5));
    load_state(*other, halves);
    for (const auto& [name, tensor] : state_of(*other)) {
        EXPECT_EQ(tensor.scalar_type(), at::kFloat);
        EXPECT_TRUE(tensor.equal(halves.at(name).to(at::kFloat))) << name;
    }
}

TEST(ModelIo, ErrorsNameFileAndTensorAndChangeNothing)
{
    const TemporaryFolder folder;
    const auto path = folder.file("model.safetensors");
    Encoder encoder(small());
    const auto before = encoder->named_parameters()["conv1.weight"].detach().clone();
    const auto expect = [&](const std::map<std::string, at::Tensor>& tensors,
                            const std::vector<std::string>& parts) {
        write_safetensors(path, tensors);
        const auto file = read_safetensors(path);
        expect_error<FileError>([&] { load_state(*encoder, file, "encoder.0"); }, parts);
        EXPECT_TRUE(encoder->named_parameters()["conv1.weight"].equal(before));
    };
    const auto good = state_of(*Encoder(small().seed(3)), "encoder.0");
    auto bad = good;
    bad["encoder.0.conv2.weight"] = at::zeros({5, 3, 3, 4, 4});
    expect(
        bad,
        {path,
         "encoder.0.conv2.weight: expected [5, 3, 4, 4, 4], file has [5, 3, 3, 4, 4]"});
    bad = good;
    bad.erase("encoder.0.residual.1.conv2.weight");
    expect(bad, {path, "encoder.0.residual.1.conv2.weight: missing"});
    bad = good;
    bad["encoder.0.conv4.bias"] = at::zeros({1});
    expect(bad, {path, "encoder.0.conv4.bias: superfluous"});
    bad = good;
    bad["encoder.0.conv1.bias"] = at::zeros({3}, at::kLong);
    expect(bad, {path, "encoder.0.conv1.bias: expected type Float, file has Long"});

    // of another access point: not superfluous here
    auto both = good;
    both["encoder.01.x"] = at::zeros({1});
    EXPECT_NO_THROW(load_state(*encoder, both, "encoder.0"));
    expect_error<FileError>([&] { load_state(*encoder, both); }, {"conv1.bias: missing"});
}

TEST(ModelIo, InitialWeightsLeaveTheGlobalGeneratorOutOfIt)
{
    Decoder a(DecoderOptions().latent_shape({1, 1, 1}).transmit_shape({4, 4, 4}).seed(4));
    at::manual_seed(1);
    Decoder b(DecoderOptions().latent_shape({1, 1, 1}).transmit_shape({4, 4, 4}).seed(4));
    const auto mine = state_of(*a);
    for (const auto& [name, tensor] : state_of(*b)) {
        EXPECT_TRUE(tensor.equal(mine.at(name))) << name;
        EXPECT_GT(tensor.abs().max().item<float>(), 0) << name;
    }
    EXPECT_FALSE(mine.at("latent_residual.0.conv1.weight")
                     .equal(mine.at("latent_residual.1.conv1.weight")));
}
