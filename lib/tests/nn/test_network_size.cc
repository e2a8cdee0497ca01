// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_model.h"
#include "support.h"

#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/model_io.h>
#include <cfisac/nn/safetensors.h>

#include <functional>
#include <string>
#include <vector>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using cfisac::test::example_scenario;
using cfisac::test::small_scenario;

namespace {

const std::string most = "1073741824";

struct Huge {
    const char* name; //!< of the test
    ReadOut read_out;
    const char* part; //!< that is refused
    const char* numbers;
    void (*grow)(Architecture&);
};

void PrintTo(const Huge& huge, std::ostream* out) { *out << huge.name; }

class HugeNetwork : public testing::TestWithParam<Huge>
{
protected:
    Architecture architecture() const
    {
        auto a = small_architecture(GetParam().read_out);
        GetParam().grow(a);
        return a;
    }
};

} // namespace

TEST_P(HugeNetwork, IsRefusedByNameAndSize)
{
    expect_error<std::invalid_argument>(
        [&] { DVqVae(small_scenario(), architecture(), 0); },
        {"architecture", GetParam().part, GetParam().numbers, most});
}

TEST_P(HugeNetwork, IsRefusedInAModelFile)
{
    const TemporaryFolder folder;
    const auto path = folder.file("m.safetensors");
    Model(small_scenario(), small_architecture(GetParam().read_out), 4).save(path);
    auto file = read_safetensors(path);
    file.metadata["architecture"] = architecture().to_json();
    write_safetensors(path, file.tensors, file.metadata);
    expect_error<FileError>([&] { Model::load(path); }, {path, GetParam().part, most});
}

// The small scenario has two access points on either side; its sizes are in the comments.
INSTANTIATE_TEST_SUITE_P(Sizes,
                         HugeNetwork,
                         testing::Values(
                             // 2 * 65536 * (2 * 65536 + 1)
                             Huge{"Codebook",
                                  ReadOut::dense,
                                  "codebook",
                                  "17180000256",
                                  [](Architecture& a) {
                                      a.codewords = a.codeword_dim = 65536;
                                  }},
                             // 2 * 2 * 32768 * 65536
                             Huge{"Latents",
                                  ReadOut::grid,
                                  "latents",
                                  "8589934592",
                                  [](Architecture& a) {
                                      a.codeword_dim = 65536;
                                      a.grid.codewords_per_vector = 32768;
                                      a.grid.cells = 2;
                                  }},
                             // 2 * 14 * 65536^2
                             Huge{"FrontEnd",
                                  ReadOut::grid,
                                  "front end",
                                  "120259084288",
                                  [](Architecture& a) { a.grid.cells = 65536; }},
                             // 2 * 2 * 4^2 * 2 * 65536^2
                             Huge{"VelocityPlanes",
                                  ReadOut::grid,
                                  "velocity planes",
                                  "549755813888",
                                  [](Architecture& a) { a.grid.velocity_steps = 65536; }},
                             // 65535^3 * 4 * 16
                             Huge{"Kernel",
                                  ReadOut::cnn,
                                  "first convolution",
                                  "numbers",
                                  [](Architecture& a) { a.cnn.kernel = 65535; }},
                             Huge{"Channels",
                                  ReadOut::cnn,
                                  "second convolution",
                                  "4294967296",
                                  [](Architecture& a) {
                                      a.cnn.kernel = 1;
                                      a.cnn.first_channels = a.cnn.second_channels =
                                          65536;
                                  }}),
                         [](const auto& info) { return info.param.name; });

TEST(NetworkSize, SumOfPartsIsBounded)
{
    // A thousand million numbers of two encoders and 700 million of the decoder.
    auto a = small_architecture(ReadOut::grid);
    a.grid.hidden_channels = 2000;
    a.grid.encoder_layers = 7;
    const auto encoder = parameter_count(
        GridEncoderOptions().in_channels(14).hidden_channels(2000).residual_layers(7));
    a.grid.decoder_channels = 2200;
    a.grid.decoder_layers = 8;
    EXPECT_LT(2 * encoder, ArchitectureLimits::numbers);
    expect_error<std::invalid_argument>([&] { DVqVae(small_scenario(), a, 0); },
                                        {"all parts up to the decoder", most});
}

TEST(NetworkSize, PaperAndComparedNetworksHaveRoom)
{
    const auto room = ArchitectureLimits::numbers / 4;
    EXPECT_LT(parameter_count(DecoderOptions()) + 2 * parameter_count(EncoderOptions()),
              room);
    for (const auto* name : {"lite", "cnn"}) {
        const DVqVae network(example_scenario("paper"), Architecture::preset(name), 0);
        EXPECT_LT(parameter_count(*network), room) << name;
    }
}

TEST(NetworkSize, ClosedFormsOfTheGrid)
{
    const auto scenario = small_scenario();
    for (const int64_t k : {1, 2, 5}) {
        const auto encoder = GridEncoderOptions()
                                 .in_channels(k + 3)
                                 .hidden_channels(4 * k)
                                 .residual_layers(k - 1);
        EXPECT_EQ(parameter_count(*GridEncoder(encoder)), parameter_count(encoder));
        const auto decoder = GridDecoderOptions()
                                 .codeword_dim(k + 1)
                                 .cells(3)
                                 .doppler_lines(k + 2)
                                 .profiles(k)
                                 .cell_features(2 * k)
                                 .channels(3 * k)
                                 .residual_layers(k - 1)
                                 .velocity_steps(k + 1);
        EXPECT_EQ(parameter_count(*GridDecoder(scenario, decoder)),
                  parameter_count(scenario, decoder));
    }
}
