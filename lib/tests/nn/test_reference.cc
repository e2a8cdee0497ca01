// SPDX-License-Identifier: GPL-3.0-or-later
// Compares with the networks of reference_networks.py, PyTorch in Python with the same
// weights.
#include <cfisac/nn/centralized_cnn.h>
#include <cfisac/nn/decoder.h>
#include <cfisac/nn/encoder.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/quantizer.h>

#include "support.h"

#include <nlohmann/json.hpp>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

constexpr double TOLERANCE = 1e-4;

struct Case {
    explicit Case(const std::string& name)
        : file(read_safetensors(reference_folder() + "/" + name + ".safetensors")),
          sizes(nlohmann::json::parse(file.metadata.at("sizes")))
    {
    }
    at::Tensor tensor(const std::string& name) const { return file.tensors.at(name); }
    int64_t size(const std::string& name) const { return sizes.at(name).get<int64_t>(); }
    std::vector<int64_t> shape(const std::string& name) const
    {
        return sizes.at(name).get<std::vector<int64_t>>();
    }

    SafeTensors file;
    nlohmann::json sizes;
};

EncoderOptions encoder_options(const Case& reference)
{
    return EncoderOptions()
        .in_channels(reference.size("in_channels"))
        .stem_channels(reference.size("stem_channels"))
        .hidden_channels(reference.size("hidden_channels"))
        .downsampling_layers(reference.size("downsampling_layers"))
        .residual_layers(reference.size("residual_layers"))
        .residual_channels(reference.size("residual_channels"));
}

void compare_encoder(const Case& reference)
{
    const at::NoGradGuard no_grad;
    Encoder encoder(encoder_options(reference));
    load_state(*encoder, reference.file, "encoder");
    EXPECT_LT(relative_difference(encoder(reference.tensor("echo")),
                                  reference.tensor("latent")),
              TOLERANCE);
}

/*
 * Where the two nearest codewords are as far to within the tolerance, rounding decides;
 * everywhere else the index must be the same.
 */
void compare_quantizer(const Case& reference)
{
    const at::NoGradGuard no_grad;
    VectorQuantizer quantizer(QuantizerOptions()
                                  .features(reference.size("hidden_channels"))
                                  .codeword_dim(reference.size("codeword_dim"))
                                  .codewords(reference.size("codewords")));
    load_state(*quantizer, reference.file, "quantizer");
    const auto latent = reference.tensor("latent");
    const auto out = quantizer->forward(latent);
    const auto differs = out.indices != reference.tensor("indices");
    const auto clear = reference.tensor("gap") > TOLERANCE;
    EXPECT_GT(clear.to(at::kDouble).mean().item<double>(), 0.99);
    EXPECT_EQ(differs.logical_and(clear).sum().item<int64_t>(), 0);
    EXPECT_TRUE(quantizer->indices(latent).equal(out.indices));
    EXPECT_GE(quantizer->distinct(out.indices), reference.size("codewords") / 2);
    const auto commitment = reference.tensor("commitment").item<double>();
    EXPECT_NEAR(out.commitment.item<double>(), commitment, TOLERANCE * commitment);
    if (reference.file.tensors.count("quantized") != 0 && !differs.any().item<bool>()) {
        EXPECT_LT(relative_difference(out.quantized, reference.tensor("quantized")),
                  TOLERANCE);
    }
    const auto rows = quantizer->project(latent);
    quantizer->ema_update(rows, reference.tensor("indices"));
    EXPECT_LT(
        relative_difference(quantizer->codebook(), reference.tensor("codebook_after")),
        TOLERANCE);
    EXPECT_LT(relative_difference(quantizer->counts(), reference.tensor("counts_after")),
              TOLERANCE);
}

void compare_decoder(const Case& reference)
{
    const at::NoGradGuard no_grad;
    Decoder decoder(
        DecoderOptions()
            .access_points(reference.size("access_points"))
            .codeword_dim(reference.size("codeword_dim"))
            .latent_shape(reference.shape("latent_shape"))
            .transmit_shape(reference.shape("transmit_shape"))
            .targets(reference.size("targets"))
            .dimensions(reference.size("dimensions"))
            .hidden_channels(reference.size("hidden_channels"))
            .stem_channels(reference.size("stem_channels"))
            .residual_channels(reference.size("residual_channels"))
            .latent_residual_layers(reference.size("latent_residual_layers"))
            .transmit_residual_layers(reference.size("transmit_residual_layers"))
            .transmit_downsampling_layers(reference.size("transmit_downsampling_layers"))
            .flat_features(reference.size("flat_features"))
            .fully_connected(reference.size("fully_connected")));
    load_state(*decoder, reference.file, "decoder");
    std::vector<at::Tensor> latents;
    for (int64_t m = 0; m < reference.size("access_points"); m++) {
        latents.push_back(reference.tensor("latent." + std::to_string(m)));
    }
    EXPECT_LT(relative_difference(decoder(latents, reference.tensor("transmit")),
                                  reference.tensor("estimate")),
              TOLERANCE);
}

void compare_centralized(const Case& reference)
{
    const at::NoGradGuard no_grad;
    const auto options = CentralizedCnnOptions()
                             .access_points(reference.size("access_points"))
                             .in_channels(reference.size("in_channels"))
                             .echo_shape(reference.shape("echo_shape"))
                             .targets(reference.size("targets"))
                             .dimensions(reference.size("dimensions"))
                             .first_channels(reference.size("first_channels"))
                             .second_channels(reference.size("second_channels"))
                             .kernel(reference.size("kernel"))
                             .stride(reference.size("stride"))
                             .pooling(reference.size("pooling"))
                             .fully_connected(reference.size("fully_connected"));
    EXPECT_TRUE(reference.tensor("feature_shape")
                    .equal(at::tensor(feature_shape(options), at::kLong)));
    CentralizedCnn network(options);
    load_state(*network, reference.file, "decoder");
    std::vector<at::Tensor> echoes;
    for (int64_t m = 0; m < reference.size("access_points"); m++) {
        echoes.push_back(reference.tensor("echo." + std::to_string(m)));
    }
    EXPECT_LT(relative_difference(network(echoes), reference.tensor("estimate")),
              TOLERANCE);
}

} // namespace

TEST(Reference, SmallEncoder) { compare_encoder(Case("access_point_small")); }

TEST(Reference, SmallQuantizer) { compare_quantizer(Case("access_point_small")); }

TEST(Reference, PaperEncoder) { compare_encoder(Case("access_point_paper")); }

TEST(Reference, PaperQuantizer) { compare_quantizer(Case("access_point_paper")); }

TEST(Reference, SmallDecoder) { compare_decoder(Case("decoder_small")); }

TEST(Reference, PaperDecoderOnAShortFrame)
{
    compare_decoder(Case("decoder_paper_channels"));
}

TEST(Reference, SmallCentralizedNetwork)
{
    compare_centralized(Case("centralized_small"));
}

TEST(Reference, CentralizedNetworkOfLite)
{
    compare_centralized(Case("centralized_lite"));
}
