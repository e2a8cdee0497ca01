/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chain.h"
#include "tensor_memory.h"

#include <algorithm>
#include <filesystem>

namespace gr {
namespace isac {
namespace test {

//! Threads of this process.
std::ptrdiff_t threads()
{
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

TEST(SteadyState, LibTorchComputesInTheThreadsOfTheBlocks)
{
    // Large enough that LibTorch would share the work.
    const std::string examples = std::string(CFISAC_SOURCE_DIR) + "/examples/";
    chain flow(cfisac::load_scenario(examples + "scenarios/lite.yml"),
               examples + "models/lite.safetensors",
               8);
    const auto before = threads();
    std::ptrdiff_t most = 0;
    flow.top->start();
    while (flow.decoder->frames() < 8 && flow.errors().empty()) {
        most = std::max(most, threads());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    flow.top->wait();
    ASSERT_EQ(flow.errors(), "");
    // Source, a head for each of four users, precoder, channel, two encoders, decoder and
    // four sinks.
    EXPECT_GT(most - before, 1);
    EXPECT_LE(most - before, 14);
}

TEST(SteadyState, TensorsTakeNoMemoryAfterTheFirstFrames)
{
    for (const char* architecture : {small_grid(), small_dense()}) {
        chain flow(small_scenario(), small_model(architecture, "reference"), 1500);
        flow.top->start();
        ASSERT_TRUE(wait_for([&] { return flow.decoder->frames() > 500; }));
        const auto taken = tensor_memory_taken();
        const auto reused = tensor_memory_reused();
        flow.top->wait();
        ASSERT_EQ(flow.errors(), "");
        EXPECT_EQ(flow.decoder->frames(), 1500u);
        EXPECT_EQ(tensor_memory_taken(), taken);
        EXPECT_GT(tensor_memory_reused(), reused + 500);
    }
}

TEST(SteadyState, OtherThreadsAreLeftAlone)
{
    std::thread keeper([] {
        keep_tensor_memory();
        at::Tensor first = at::ones({1000});
        const void* place = first.data_ptr();
        first.reset();
        EXPECT_EQ(at::zeros({1000}).data_ptr(), place);
    });
    keeper.join();
    const auto taken = tensor_memory_taken();
    at::Tensor outlives;
    std::thread maker([&] {
        keep_tensor_memory();
        outlives = at::full({1000}, 3.0);
    });
    maker.join();
    EXPECT_EQ(tensor_memory_taken(), taken + 1);
    const at::Tensor own = at::full({1000}, 4.0); // this thread keeps nothing
    EXPECT_EQ(tensor_memory_taken(), taken + 1);
    EXPECT_EQ(outlives.sum().item<float>(), 3000.0f);
    EXPECT_EQ(own.sum().item<float>(), 4000.0f);
}

} // namespace test
} // namespace isac
} // namespace gr
