// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the machine can do: the largest rates of arithmetic and of memory that LibTorch
// reaches on all threads, with which the other benchmarks are compared. The peak is the
// largest of all shapes: report the maximum over the names with one beginning.
#include <support/device.h>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <string>
#include <utility>
#include <vector>

namespace {

using cfisac::benchmarks::device;
using cfisac::benchmarks::synchronize;

void without_tf32()
{
    // TF32 rounds what goes into a float32 product.
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
}

at::Tensor random(at::IntArrayRef sizes, at::ScalarType type)
{
    // Zeros would draw less power, and a GPU would keep a higher clock.
    return at::randn(sizes, at::TensorOptions(device())).to(type);
}

template <typename Work>
void measure(benchmark::State& state, const Work& work)
{
    work(); // allocates, and chooses kernels
    synchronize(device());
    for (auto _ : state) {
        work();
        synchronize(device());
    }
}

void rate(benchmark::State& state, const char* name, double amount)
{
    state.counters[name] =
        benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
}

void matrix_product(benchmark::State& state, at::ScalarType type)
{
    try {
        const at::InferenceMode no_gradients;
        without_tf32();
        const auto n = state.range(0);
        const auto a = random({n, n}, type);
        const auto b = random({n, n}, type);
        auto product = at::empty_like(a);
        measure(state, [&] { at::mm_out(product, a, b); });
        rate(state, "flop_per_second", 2.0 * n * n * n);
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

//! Channels to as many channels, kernel 3 × 3 × 3, over 8 × 64 × 64 places.
void convolution(benchmark::State& state, at::ScalarType type)
{
    try {
        const at::InferenceMode no_gradients;
        without_tf32();
        const auto channels = state.range(0);
        const auto format = at::MemoryFormat::ChannelsLast3d;
        const auto input = random({1, channels, 8, 64, 64}, type).contiguous(format);
        const auto weight =
            random({channels, channels, 3, 3, 3}, type).contiguous(format);
        measure(state, [&] { at::conv3d(input, weight, {}, 1, 1); });
        rate(state,
             "flop_per_second",
             2.0 * 27.0 * channels * static_cast<double>(input.numel()));
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

// Beyond every cache.
constexpr std::int64_t floats_on_host = std::int64_t{1} << 26;
constexpr std::int64_t floats_on_gpu = std::int64_t{1} << 29;

std::int64_t array_length()
{
    return device().is_cuda() ? floats_on_gpu : floats_on_host;
}

void copy(benchmark::State& state)
{
    try {
        const at::InferenceMode no_gradients;
        const auto from = random({array_length()}, at::kFloat);
        auto to = at::empty_like(from);
        measure(state, [&] { to.copy_(from); });
        rate(state, "bytes_per_second", 2.0 * static_cast<double>(from.nbytes()));
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

//! a = b + c s, as in the benchmark STREAM.
void triad(benchmark::State& state)
{
    try {
        const at::InferenceMode no_gradients;
        const auto b = random({array_length()}, at::kFloat);
        const auto c = random({array_length()}, at::kFloat);
        auto a = at::empty_like(b);
        measure(state, [&] { at::add_out(a, b, c, 3.0); });
        rate(state, "bytes_per_second", 3.0 * static_cast<double>(b.nbytes()));
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

void write(benchmark::State& state)
{
    try {
        const at::InferenceMode no_gradients;
        auto to = random({array_length()}, at::kFloat);
        measure(state, [&] { to.zero_(); });
        rate(state, "bytes_per_second", static_cast<double>(to.nbytes()));
    } catch (const std::exception& error) {
        state.SkipWithError(error.what());
    }
}

// For what runs on one thread, as the blocks of a flowgraph do. A matrix product would also
// use the threads of the BLAS library, which does not follow LibTorch's setting.
void convolution_of_one_thread(benchmark::State& state, at::ScalarType type)
{
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    convolution(state, type);
    at::set_num_threads(threads);
}

using Function = void (*)(benchmark::State&, at::ScalarType);

void add(const std::string& name,
         Function function,
         at::ScalarType type,
         const std::vector<std::int64_t>& sizes)
{
    auto* benchmark = benchmark::RegisterBenchmark(
        ("Machine/peak_" + name).c_str(),
        [=](benchmark::State& state) { function(state, type); });
    for (const auto size : sizes) {
        benchmark->Arg(size);
    }
    benchmark->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(0.3);
}

bool register_all()
{
    const bool gpu = cfisac::benchmarks::device_word().rfind("cuda", 0) == 0;
    std::vector<std::pair<std::string, at::ScalarType>> types = {
        {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}};
    std::vector<std::int64_t> sizes = {1024, 2048, 4096};
    if (gpu) {
        types.emplace_back("float16", at::kHalf);
        sizes.push_back(8192);
    } else {
        add("float32_one_thread/convolution",
            convolution_of_one_thread,
            at::kFloat,
            {64, 128, 256});
    }
    for (const auto& [name, type] : types) {
        add(name + "/matrix_product", matrix_product, type, sizes);
        add(name + "/convolution", convolution, type, {128, 256});
    }
    return true;
}

const bool registered = register_all();

} // namespace

BENCHMARK(copy)->Name("Machine/bandwidth/copy")->UseRealTime()->MinTime(0.3);
BENCHMARK(triad)->Name("Machine/bandwidth/triad")->UseRealTime()->MinTime(0.3);
BENCHMARK(write)->Name("Machine/bandwidth/write")->UseRealTime()->MinTime(0.3);
