// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_support.h"

#include <ATen/Context.h>

#include <cfisac/nn/memory.h>
#include <nn/engine_layers.h>
#include <nn/latent_convolution.h>
#include <nn/recorded.h>

#include <sys/resource.h>

#include <cstdlib>
#include <cstring>

using namespace cfisac::nn;
using namespace cfisac::nn::test;
using namespace cfisac::nn::detail;

namespace {

// All layouts that this machine can compute with, in both types of CPUs.
std::vector<Numerics> all_numerics()
{
    std::vector<Numerics> all;
    for (const auto precision : {Precision::float32, Precision::bfloat16}) {
        const auto own = Numerics::of(at::kCPU, precision);
        all.push_back({own.type, ActivationLayout::plain});
        all.push_back({own.type, ActivationLayout::channels_last});
        if (own.layout == ActivationLayout::blocked) {
            all.push_back(own);
        }
    }
    return all;
}

// Of results whose summands are rounded to that type
double tolerance(const Numerics& numerics)
{
    return numerics.type == at::kFloat ? 1e-5 : 0.02;
}

// rows [B·P, C] as [B, C, shape…]
at::Tensor as_latent(const at::Tensor& rows, at::IntArrayRef sizes)
{
    return rows.view({sizes[0], -1, rows.size(1)}).transpose(1, 2).reshape(sizes);
}

TEST(EngineLayers, ConvolutionsAreThoseOfLibTorchInFloat64)
{
    struct Size {
        std::int64_t in, out, kernel, stride, padding;
    };
    for (const auto& size : {Size{2, 64, 4, 2, 1},
                             Size{64, 128, 4, 2, 1},
                             Size{128, 32, 3, 1, 1},
                             Size{32, 128, 1, 1, 0},
                             Size{3, 5, 4, 2, 1},
                             Size{7, 9, 3, 1, 1}}) {
        const auto k = size.kernel;
        const auto x = normal({2, size.in, 4, 6, 8}, 1);
        const auto weight = normal({size.out, size.in, k, k, k}, 2);
        for (const auto& bias : {normal({size.out}, 3), at::Tensor()}) {
            const auto expected = at::conv3d(x.to(at::kDouble),
                                             weight.to(at::kDouble),
                                             bias.defined() ? bias.to(at::kDouble) : bias,
                                             size.stride,
                                             size.padding);
            for (const auto& numerics : all_numerics()) {
                const PackedConvolution convolution(
                    numerics, weight, bias, size.stride, size.padding);
                const auto rows = numerics.rows(convolution(numerics.enter(x)));
                EXPECT_LT(
                    relative_difference(as_latent(rows, expected.sizes()), expected),
                    tolerance(numerics))
                    << size.in << " to " << size.out << ", " << numerics.type
                    << ", layout " << static_cast<int>(numerics.layout);
            }
        }
    }
}

TEST(EngineLayers, EncoderOfThePaperAtOneAntennaBlock)
{
    // The channels of the paper on a smaller frame
    Encoder encoder{EncoderOptions()};
    const at::NoGradGuard no_grad;
    const auto x = normal({1, 2, 4, 32, 32}, 1);
    const auto expected = encoder(x);
    for (const auto& numerics : all_numerics()) {
        const PackedEncoder packed(numerics, encoder->named_parameters(), "");
        EXPECT_LT(relative_difference(
                      as_latent(numerics.rows(packed(x)), expected.sizes()), expected),
                  numerics.type == at::kFloat ? 1e-4 : 0.03);
    }
}

TEST(EngineLayers, FlatProjectionIsALinearLayer)
{
    const std::vector<std::int64_t> shape = {6, 2, 4, 8};
    const auto weight = normal({5, 6 * 2 * 4 * 8}, 1), bias = normal({5}, 2);
    for (const auto batch : {1, 3}) {
        const auto x = normal({batch, 6, 2, 4, 8}, 3);
        const auto expected = at::linear(
            x.flatten(1).to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
        for (const auto& numerics : all_numerics()) {
            const FlatProjection projection(numerics, weight, bias, 6);
            const auto found = projection(numerics.enter(x));
            EXPECT_EQ(found.scalar_type(), at::kFloat);
            EXPECT_LT(relative_difference(found, expected), tolerance(numerics));
        }
    }
}

TEST(EngineLayers, TableOfCodewordsIsAConvolutionOfThem)
{
    const EngineCase kind{"dense", ReadOut::dense, [](Architecture&) {}, 3};
    const auto batch = frames(kind.scenario());
    const auto model = model_for(kind, batch);
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> messages, latents;
    auto& network = *model.network();
    for (const auto m : all_receivers(model)) {
        auto generator = at::detail::createCPUGenerator(m);
        messages.push_back(at::randint(
            0, model.codewords(), {2, model.index_count()}, generator, at::kLong));
        latents.push_back(
            network.quantizer(m)->lookup(messages[m], network.latent_shape()));
    }
    messages[0] = at::Tensor(); // the one that carries the bias, too
    latents[0].zero_();
    const auto parameters = network.named_parameters();
    const auto expected =
        at::conv3d(at::cat(latents, 1).to(at::kDouble),
                   parameters["decoder.latent_conv.weight"].to(at::kDouble),
                   parameters["decoder.latent_conv.bias"].to(at::kDouble),
                   1,
                   1);
    for (const auto& numerics : all_numerics()) {
        const auto table = make_latent_convolution(numerics, model);
        const auto convolution = make_latent_convolution(numerics, model, 0);
        // Indices in one, codewords in the other
        EXPECT_EQ(table->pack(messages).scalar_type(), at::kInt);
        EXPECT_EQ(convolution->pack(messages).scalar_type(), at::kFloat);
        for (const auto* each : {table.get(), convolution.get()}) {
            const auto rows = numerics.rows((*each)(each->pack(messages)));
            EXPECT_LT(relative_difference(as_latent(rows, expected.sizes()), expected),
                      tolerance(numerics));
        }
    }
}

TEST(EngineLayers, RecordedCallsItsFunctionOnACpu)
{
    int calls = 0;
    Recorded twice(
        [&](const Recorded::Tensors& inputs) {
            calls++;
            return Recorded::Tensors{inputs[0] * 2, inputs[1]};
        },
        true);
    for (const auto size : {2, 2, 5}) {
        const auto x = normal({size}, 1), y = normal({1}, 2);
        const auto found = twice({x, y});
        ASSERT_EQ(found.size(), 2u);
        EXPECT_TRUE(found[0].equal(x + x));
        EXPECT_TRUE(found[1].equal(y));
    }
    EXPECT_EQ(calls, 3);
    std::vector<std::size_t> order;
    on_own_streams(at::kCPU, 3, [&](std::size_t k) { order.push_back(k); });
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2}));
}

// Sanitizers bring an allocator of their own.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(EngineMemory, FreedMemoryIsTakenAgainWithoutPageFaults)
{
    keep_freed_memory();
    const std::size_t size = std::size_t{48} << 20; // 12,288 pages of 4 KiB
    const auto use = [size] {
        auto* memory = std::malloc(size);
        std::memset(memory, 1, size);
        const volatile char kept = static_cast<char*>(memory)[size / 2];
        std::free(memory);
        return kept;
    };
    const auto faults = [] {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_minflt;
    };
    use();
    const auto before = faults();
    use();
    EXPECT_LT(faults() - before, 100);
}
#endif

} // namespace
