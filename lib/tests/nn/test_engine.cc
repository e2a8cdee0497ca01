// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_support.h"

#include <cfisac/nn/latent_words.h>

using namespace cfisac::nn;
using namespace cfisac::nn::test;

namespace {

std::vector<EngineCase> cases()
{
    using cfisac::signal::Reference;
    using A = Architecture;
    std::vector<EngineCase> all = {
        {"dense_raw"},
        {"dense_pilot", ReadOut::dense, [](A& a) { a.reference = Reference::pilot; }},
        {"dense_reference",
         ReadOut::dense,
         [](A& a) { a.reference = Reference::reference; }},
        {"dense_shared", ReadOut::dense, [](A& a) { a.shared_encoder = true; }, 3},
        {"dense_one_receiver", ReadOut::dense, [](A&) {}, 1},
        {"dense_three_receivers", ReadOut::dense, [](A&) {}, 3},
        {"dense_deep",
         ReadOut::dense,
         [](A& a) {
             a.dense.downsampling_layers = 1;
             a.dense.residual_layers = 3;
             a.dense.latent_residual_layers = 0;
         }},
        {"grid"},
        {"grid_own_encoders", ReadOut::grid, [](A& a) { a.shared_encoder = false; }, 3},
        {"grid_pilot", ReadOut::grid, [](A& a) { a.reference = Reference::pilot; }, 1},
        {"grid_groups", ReadOut::grid, [](A& a) { a.grid.codewords_per_vector = 2; }},
        {"grid_groups_sent",
         ReadOut::grid,
         [](A& a) {
             a.grid.codewords_per_vector = 2;
             a.grid.vectors_sent = 5;
             a.shared_encoder = true;
         },
         3},
        {"grid_float16",
         ReadOut::grid,
         [](A& a) {
             a.latents = Latents::float16;
             a.grid.vectors_sent = 5;
         }},
        {"grid_float32", ReadOut::grid, [](A& a) { a.latents = Latents::float32; }},
    };
    for (auto& kind : all) {
        kind.read_out = kind.name.rfind("grid", 0) == 0 ? ReadOut::grid : ReadOut::dense;
    }
    for (const auto codewords :
         {2, 3, 4, 8, 16, 31, 32, 64, 100, 128, 256, 512, 1000, 1024, 2048, 4095, 4096}) {
        all.push_back({"dense_codewords_" + std::to_string(codewords),
                       ReadOut::dense,
                       [codewords](A& a) { a.codewords = codewords; }});
        if (codewords == 2 || codewords == 100 || codewords == 4096) {
            all.push_back({"grid_codewords_" + std::to_string(codewords),
                           ReadOut::grid,
                           [codewords](A& a) { a.codewords = codewords; }});
        }
    }
    // Projected where the latent leaves (6 < 8 elements), and where it arrives (8 < 12).
    for (const auto dimension : {6, 12}) {
        for (const auto latents : {Latents::float32, Latents::float16}) {
            all.push_back({std::string("dense_") + to_string(latents) + "_" +
                               std::to_string(dimension),
                           ReadOut::dense,
                           [dimension, latents](A& a) {
                               a.latents = latents;
                               a.codeword_dim = dimension;
                           }});
        }
    }
    return all;
}

class Engine : public testing::TestWithParam<EngineCase>
{
};

// What the trainable network may send for random frames.
std::vector<at::Tensor> random_messages(const Model& model, std::int64_t batch)
{
    std::vector<at::Tensor> messages;
    for (const auto m : all_receivers(model)) {
        auto generator = at::detail::createCPUGenerator(31 + m);
        const auto sent = model.vectors_sent();
        const std::vector<std::int64_t> shape = {batch, model.index_count() - sent};
        auto message = at::randint(
            0, std::max<std::int64_t>(model.codewords(), 1), shape, generator, at::kLong);
        if (model.codewords() == 0) {
            const LatentWords words(model.architecture().latents);
            message = words.to_words(
                normal({batch, shape[1] / words.words_per_element()}, 41 + m));
        }
        if (sent > 0) {
            const auto drawn = at::rand({batch, model.positions()}, generator).topk(sent, 1);
            const auto positions = std::get<0>(std::get<1>(drawn).sort(1));
            message = at::cat({positions, message}, 1);
        }
        EXPECT_TRUE(model.accepts(m, message));
        messages.push_back(message);
    }
    return messages;
}

TEST_P(Engine, EncodesAndDecodesAsTheTrainableNetwork)
{
    const auto three = frames(GetParam().scenario());
    const auto model = model_for(GetParam(), three);
    EncoderEngine encoder(model, all_receivers(model));
    DecoderEngine decoder(model);
    for (const auto size : {3, 1, 3}) { // the sizes of a batch may change
        auto batch = three;
        batch.echo = three.echo.slice(0, 0, size);
        batch.transmit = three.transmit.slice(0, 0, size);
        const auto echoes = echoes_of(batch);
        const auto indices = encoder.encode(echoes, batch.transmit);
        ASSERT_EQ(indices.size(), echoes.size());
        std::vector<at::Tensor> expected;
        for (std::size_t m = 0; m < echoes.size(); m++) {
            expected.push_back(model.encode(m, echoes[m], batch.transmit));
            EXPECT_TRUE(model.accepts(m, indices[m]));
            if (model.codewords() > 0) {
                expect_same_indices(model, m, batch, indices[m], expected[m]);
                continue;
            }
            const LatentWords words(model.architecture().latents);
            const auto sent = model.vectors_sent();
            EXPECT_TRUE(
                indices[m].slice(1, 0, sent).equal(expected[m].slice(1, 0, sent)));
            EXPECT_LT(relative_difference(words.from_words(indices[m].slice(1, sent)),
                                          words.from_words(expected[m].slice(1, sent))),
                      model.architecture().latents == Latents::float16 ? 1e-3 : 1e-4);
        }
        const auto prepared = decoder.prepare(batch.transmit);
        expect_same_estimates(decoder.decode(expected, prepared),
                              model.decode(expected, batch.transmit));
    }
}

TEST_P(Engine, DecodesRandomMessagesAndWithoutAccessPoints)
{
    const auto batch = frames(GetParam().scenario());
    const auto model = model_for(GetParam(), batch);
    DecoderEngine decoder(model);
    const auto messages = random_messages(model, 3);
    const auto prepared = decoder.prepare(batch.transmit);
    expect_same_estimates(decoder.decode(messages, prepared),
                          model.decode(messages, batch.transmit));
    if (messages.size() == 1) {
        return;
    }
    for (std::size_t missing = 0; missing < messages.size(); missing++) {
        auto some = messages;
        some[missing] = at::Tensor();
        expect_same_estimates(decoder.decode(some, prepared),
                              model.decode(some, batch.transmit));
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, Engine, testing::ValuesIn(cases()), [](const auto& info) {
    return info.param.name;
});

TEST(EngineOf, SomeAccessPointsEncodesInTheirOrder)
{
    const EngineCase kind{"dense", ReadOut::dense, [](Architecture&) {}, 3};
    const auto batch = frames(kind.scenario());
    const auto model = model_for(kind, batch);
    EncoderEngine encoder(model, {2, 0});
    const auto indices = encoder.encode(
        {batch.echo.select(1, 2), batch.echo.select(1, 0)}, batch.transmit);
    expect_same_indices(model,
                        2,
                        batch,
                        indices[0],
                        model.encode(2, batch.echo.select(1, 2), batch.transmit));
    expect_same_indices(model,
                        0,
                        batch,
                        indices[1],
                        model.encode(0, batch.echo.select(1, 0), batch.transmit));
}

TEST(EngineOf, AModelKeepsItsWeightsWhenTheModelChanges)
{
    for (const auto read_out : {ReadOut::dense, ReadOut::grid}) {
        const EngineCase kind{to_string(read_out), read_out};
        const auto batch = frames(kind.scenario());
        const auto model = model_for(kind, batch);
        EncoderEngine encoder(model, {0, 1});
        DecoderEngine decoder(model);
        const auto indices = encoder.encode(echoes_of(batch), batch.transmit);
        const auto before = decoder.decode(indices, decoder.prepare(batch.transmit));
        {
            const at::NoGradGuard no_grad;
            for (auto& parameter : model.network()->parameters()) {
                parameter.zero_();
            }
            for (auto& buffer : model.network()->buffers()) {
                buffer.zero_();
            }
        }
        const auto again = encoder.encode(echoes_of(batch), batch.transmit);
        EXPECT_TRUE(again[0].equal(indices[0]));
        EXPECT_TRUE(again[1].equal(indices[1]));
        const auto after = decoder.decode(indices, decoder.prepare(batch.transmit));
        EXPECT_TRUE(after.location.equal(before.location)) << to_string(read_out);
        EXPECT_TRUE(after.velocity.equal(before.velocity)) << to_string(read_out);
    }
}

TEST(EngineIn, Bfloat16AgreesButForItsRounding)
{
    for (const auto read_out : {ReadOut::dense, ReadOut::grid}) {
        const EngineCase kind{to_string(read_out), read_out};
        const auto batch = frames(kind.scenario());
        const auto model = model_for(kind, batch);
        EngineOptions options;
        options.precision = Precision::bfloat16;
        EncoderEngine encoder(model, {0, 1}, options);
        DecoderEngine decoder(model, options);
        const auto indices = encoder.encode(echoes_of(batch), batch.transmit);
        std::vector<at::Tensor> expected;
        for (std::size_t m = 0; m < indices.size(); m++) {
            expected.push_back(model.encode(m, batch.echo.select(1, m), batch.transmit));
            const auto equal = (indices[m] == expected[m]).to(at::kDouble).mean();
            EXPECT_GT(equal.item<double>(), 0.9) << to_string(read_out);
        }
        expect_same_estimates(decoder.decode(expected, decoder.prepare(batch.transmit)),
                              model.decode(expected, batch.transmit),
                              0.02);
    }
}

TEST(EngineErrors, NameWhatIsWrong)
{
    using Wrong = std::invalid_argument;
    const EngineCase kind{"dense", ReadOut::dense, [](Architecture& a) {
                              a.reference = cfisac::signal::Reference::pilot;
                          }};
    const auto batch = frames(kind.scenario());
    const auto model = model_for(kind, batch);
    EngineOptions half;
    half.precision = Precision::float16;
    expect_error<Wrong>([&] { EncoderEngine(model, {0}, half); }, {"float16", "cpu"});
    expect_error<Wrong>([&] { DecoderEngine(model, half); }, {"float16", "cpu"});
    expect_error<Wrong>([&] { precision_from_string("double"); }, {"'double'"});
    EXPECT_EQ(precision_from_string("bfloat16"), Precision::bfloat16);
    EXPECT_STREQ(to_string(Precision::float16), "float16");
    expect_error<Wrong>([&] { EncoderEngine(model, {}); }, {"no access point"});
    expect_error<Wrong>([&] { EncoderEngine(model, {0, 2}); }, {"0 to 1", "2"});

    EncoderEngine encoder(model, {0, 1});
    const auto echoes = echoes_of(batch);
    expect_error<Wrong>([&] { encoder.encode({echoes[0]}, batch.transmit); },
                        {"1 echoes for 2"});
    expect_error<Wrong>(
        [&] {
            encoder.encode({echoes[0], echoes[1].slice(0, 1)}, batch.transmit);
        },
        {"echo", "complex64 of 3", "[2, "});
    expect_error<Wrong>(
        [&] {
            encoder.encode({echoes[0], echoes[1].to(at::kComplexDouble)}, batch.transmit);
        },
        {"echo", "complex64", "ComplexDouble"});
    expect_error<Wrong>([&] { encoder.encode(echoes, at::Tensor()); },
                        {"transmit", "nothing"});

    DecoderEngine decoder(model);
    const auto prepared = decoder.prepare(batch.transmit);
    auto indices = encoder.encode(echoes, batch.transmit);
    expect_error<Wrong>([&] { decoder.prepare(at::Tensor()); }, {"transmit", "nothing"});
    expect_error<Wrong>([&] { decoder.decode({indices[0]}, prepared); },
                        {"2 access points", "1"});
    expect_error<Wrong>([&] { decoder.decode({{}, {}}, prepared); }, {"missing"});
    expect_error<Wrong>(
        [&] {
            decoder.decode({indices[0], indices[1].to(at::kInt)}, prepared);
        },
        {"int64", "Int"});
    expect_error<Wrong>(
        [&] {
            decoder.decode({indices[0], indices[1].slice(1, 1)}, prepared);
        },
        {"indices"});
    expect_error<Wrong>([&] { decoder.decode(indices, at::Tensor()); }, {"transmitted"});
    expect_error<Wrong>([&] { decoder.decode(indices, prepared.slice(0, 1)); },
                        {"prepare", "[3, ", "[2, "});
    expect_error<Wrong>([&] { decoder.detect(indices, 0.5); }, {"dense", "grid"});
}

} // namespace
