// SPDX-License-Identifier: GPL-3.0-or-later
// The comparison without a quantizer: latents that travel as words.
#include "small_model.h"
#include "support.h"

#include <cfisac/fronthaul/packet.h>
#include <cfisac/nn/dvqvae.h>
#include <cfisac/nn/latent_words.h>
#include <cfisac/nn/safetensors.h>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using cfisac::test::example_scenario;
using cfisac::test::small_scenario;

namespace {

struct Case {
    const char* name;
    Latents latents;
    ReadOut read_out;
    int64_t codeword_dim; // 8 channels of the encoder: projected before or after
    int64_t vectors_sent;
};

class DVae : public testing::TestWithParam<Case>
{
protected:
    Architecture architecture() const
    {
        auto a = small_architecture(GetParam().read_out);
        a.latents = GetParam().latents;
        a.codeword_dim = GetParam().codeword_dim;
        a.grid.vectors_sent = GetParam().vectors_sent;
        return a;
    }
    int64_t words_per_element() const
    {
        return GetParam().latents == Latents::float32 ? 2 : 1;
    }
    double tolerance() const
    {
        return GetParam().latents == Latents::float32 ? 1e-6 : 1e-2;
    }
};

std::vector<at::Tensor> encoded(const Model& model, const cfisac::training::Batch& batch)
{
    std::vector<at::Tensor> messages;
    for (int m = 0; m < 2; m++) {
        messages.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
    }
    return messages;
}

// Projected latents of access point m; where not all vectors travel, of the largest.
at::Tensor projected(DVqVaeImpl& network, int64_t m, const cfisac::training::Batch& batch)
{
    const auto latent =
        network.encode(m, network.front_end(m, batch.echo.select(1, m), batch.transmit));
    auto rows = network.quantizer(m)->project(latent).view(
        {latent.size(0), network.positions(), -1});
    if (const auto sent = network.quantizer(m)->options().sent()) {
        const auto energy = rows.square().sum(2);
        const auto least = std::get<0>(energy.topk(sent, 1)).amin(1, true);
        rows = rows * (energy >= least).unsqueeze(2);
    }
    std::vector<int64_t> shape{latent.size(0), rows.size(2)};
    shape.insert(
        shape.end(), network.latent_shape().begin(), network.latent_shape().end());
    return rows.transpose(1, 2).reshape(shape);
}

TEST_P(DVae, EqualsTheNetworksWithoutAQuantizer)
{
    const at::NoGradGuard no_grad;
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, architecture(), 4);
    auto& network = *model.network();
    EXPECT_FALSE(network.quantized());
    const std::vector<at::Tensor> latents = {projected(network, 0, batch),
                                             projected(network, 1, batch)};
    const auto found = model.decode(encoded(model, batch), batch.transmit);
    if (GetParam().read_out == ReadOut::dense) {
        const auto [location, velocity] =
            network.labels().restore(network.decode_dense(latents, batch.transmit));
        EXPECT_LT(relative_difference(found.location, location), tolerance());
        EXPECT_LT(relative_difference(found.velocity, velocity), tolerance());
        return;
    }
    const auto peaks = read_peaks(network.decode_grid(latents),
                                  network.grid_decoder().geometry(),
                                  scenario.targets.count);
    EXPECT_LT(relative_difference(found.location, peaks.location), tolerance());
    EXPECT_LT(relative_difference(found.velocity, peaks.velocity), tolerance());
    EXPECT_LT(relative_difference(found.confidence, peaks.confidence), tolerance());
}

TEST_P(DVae, MessageHasTheWordsOfTheFewerElements)
{
    const auto scenario = small_scenario();
    const Model model(scenario, architecture(), 4);
    const auto features = std::min<int64_t>(8, GetParam().codeword_dim);
    const auto sent = GetParam().vectors_sent;
    const auto vectors = sent > 0 ? sent : model.network()->positions();
    EXPECT_EQ(model.index_count(), sent + vectors * features * words_per_element());
    EXPECT_EQ(model.index_range(), 65536);
    EXPECT_EQ(model.bits_per_index(), 16);
    EXPECT_EQ(model.fronthaul_bits(), 16 * model.index_count());
    EXPECT_EQ(model.codewords(), 0);
    EXPECT_TRUE(model.codeword_counts(1).empty());

    const auto message = encoded(model, frames(scenario))[1];
    EXPECT_EQ(message.sizes(), (at::IntArrayRef{3, model.index_count()}));
    EXPECT_EQ(message.scalar_type(), at::kLong);
    EXPECT_TRUE(model.accepts(1, message));
    EXPECT_EQ(model.codewords_of(1, message).sizes(), (at::IntArrayRef{3, 0}));
}

TEST_P(DVae, WrongMessagesAreRefused)
{
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, architecture(), 4);
    const auto good = encoded(model, batch);
    const auto refused = [&](const at::Tensor& message) {
        expect_error<std::invalid_argument>(
            [&] {
                model.decode({good[0], message}, batch.transmit);
            },
            {"access point 1"});
    };
    for (const int64_t word : {0x7f80, 0x7fc0, 65536, -1}) { // NaN in either type
        auto bad = good[1].clone();
        bad[2][-1] = word;
        EXPECT_FALSE(model.accepts(1, bad)) << word;
        refused(bad);
    }
    refused(good[1].slice(1, 1));
    if (GetParam().vectors_sent > 0) {
        auto bad = good[1].clone();
        bad[0][1] = bad[0][0];
        EXPECT_FALSE(model.accepts(1, bad));
        bad[0][1] = model.network()->positions();
        EXPECT_FALSE(model.accepts(1, bad));
        refused(bad);
    }
}

TEST_P(DVae, SavedWithoutACodebookAndLoaded)
{
    const TemporaryFolder folder;
    const auto path = folder.file("m.safetensors");
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, architecture(), 4);
    model.save(path);
    for (const auto& [name, tensor] : read_safetensors(path).tensors) {
        EXPECT_TRUE(name.rfind("quantizer", 0) != 0 ||
                    name.find(".projector.weight") != std::string::npos)
            << name;
    }
    const auto loaded = Model::load(path, scenario, "cpu");
    EXPECT_EQ(loaded.fingerprint(), model.fingerprint());
    const auto messages = encoded(model, batch);
    EXPECT_TRUE(encoded(loaded, batch)[1].equal(messages[1]));
    EXPECT_TRUE(loaded.decode(messages, batch.transmit)
                    .location.equal(model.decode(messages, batch.transmit).location));
    const auto counts = parameter_counts(*loaded.network());
    EXPECT_EQ(counts.projector, 8 * GetParam().codeword_dim);
    EXPECT_EQ(counts.codebook, 0);
}

TEST_P(DVae, AMissingAccessPointIsReadAsZeros)
{
    const auto scenario = small_scenario();
    const auto batch = frames(scenario);
    const Model model(scenario, architecture(), 4);
    const auto messages = encoded(model, batch);
    const auto estimates = model.decode({messages[0], at::Tensor()}, batch.transmit);
    EXPECT_TRUE(at::isfinite(estimates.location).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(
    All,
    DVae,
    testing::Values(Case{"Dense32", Latents::float32, ReadOut::dense, 12, 0},
                    Case{"Dense16", Latents::float16, ReadOut::dense, 12, 0},
                    Case{"Dense32Projected", Latents::float32, ReadOut::dense, 6, 0},
                    Case{"Grid32", Latents::float32, ReadOut::grid, 12, 0},
                    Case{"Grid16Projected", Latents::float16, ReadOut::grid, 6, 0},
                    Case{"Largest32", Latents::float32, ReadOut::grid, 12, 7},
                    Case{"Largest32Projected", Latents::float32, ReadOut::grid, 6, 7},
                    Case{"Largest16", Latents::float16, ReadOut::grid, 8, 5}),
    [](const auto& info) { return info.param.name; });

TEST(DVaePaper, BitsOfTheUnprojectedLatent)
{
    auto architecture = Architecture::preset("paper");
    architecture.dense.flat_features = 1; // a small decoder; the latent is the paper's
    architecture.latents = Latents::float32;
    const auto scenario = example_scenario("paper");
    const Model model(scenario, architecture, 0);
    EXPECT_EQ(model.fronthaul_bits(), int64_t{32} * 128 * 16384);
    EXPECT_EQ(static_cast<uint64_t>(model.fronthaul_bits()), scenario.raw_echo_bits());
    EXPECT_LE(model.index_count(), int64_t{cfisac::fronthaul::max_index_count});
}

TEST(DVaeTraining, GradientsPassTheUnquantizedLatent)
{
    for (const int64_t dim : {4, 10}) { // projected where it leaves, where it arrives
        VectorQuantizer sender(QuantizerOptions()
                                   .features(6)
                                   .codeword_dim(dim)
                                   .codewords(0)
                                   .positions(5)
                                   .sent(2));
        sender->to(at::kDouble);
        auto latent = normal({2, 6, 5}, 3, at::kDouble).requires_grad_();
        auto leaves = parameters_of(*sender);
        leaves.emplace_back("latent", latent);
        expect_gradients(
            [&] {
                return sender->restore(sender->unquantized(latent), {5}).pow(3).sum();
            },
            leaves);
    }
}

TEST(DVaeTraining, NothingReadsACodebookThatIsNotThere)
{
    VectorQuantizer sender(QuantizerOptions().features(6).codeword_dim(4).codewords(0));
    const auto latent = normal({2, 6, 5}, 3);
    const auto rows = sender->project(latent);
    const auto indices = at::zeros({2, 5}, at::kLong);
    for (const std::function<void()>& call :
         std::vector<std::function<void()>>{[&] { sender->indices(latent); },
                                            [&] { sender->forward(latent); },
                                            [&] { sender->lookup(indices, {5}); },
                                            [&] { sender->ema_update(rows, indices); },
                                            [&] { sender->initialise(rows, 1); },
                                            [&] { sender->replace_dead(rows, 1.0, 1); },
                                            [&] { sender->perplexity(indices); },
                                            [&] { sender->distinct(indices); },
                                            [&] { sender->dead(1.0); }}) {
        expect_error<std::invalid_argument>(call, {"no codebook"});
    }
}

TEST(DVaeArchitecture, OlderFilesAreQuantized)
{
    auto a = small_architecture(ReadOut::dense);
    EXPECT_EQ(a.to_json().find("latents"), std::string::npos); // same fingerprints
    EXPECT_EQ(Architecture::from_json(a.to_json()).latents, Latents::quantized);
    EXPECT_EQ(Architecture::from_json(R"({"latents": "quantized"})").latents,
              Latents::quantized);
    for (const auto latents : {Latents::float32, Latents::float16}) {
        a.latents = latents;
        EXPECT_EQ(Architecture::from_json(a.to_json()).latents, latents);
    }
}

TEST(DVaeArchitecture, PositionsMustFitAWord)
{
    auto a = small_architecture(ReadOut::grid);
    a.latents = Latents::float32;
    a.grid.cells = 512; // 2 · 256² vectors
    a.grid.vectors_sent = 10;
    expect_error<std::invalid_argument>([&] { DVqVae(small_scenario(), a, 0); },
                                        {"vectors_sent", "131072", "16"});
}

} // namespace
