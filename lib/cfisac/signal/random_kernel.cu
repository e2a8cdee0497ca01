// SPDX-License-Identifier: GPL-3.0-or-later
#include "cuda_streams.cuh"
#include "random_cuda.h"
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace cfisac::signal::cuda {

namespace {

constexpr int threads = 256;
constexpr std::int64_t most_blocks = 4096; // of a grid along the words; threads go on

// What becomes of a block of words: values from number `first` of the batch on, of which
// there are `count` more in the frame.
struct StoreWords {
    static constexpr std::int64_t values_per_block = 4;
    std::int64_t* out;

    __device__ void operator()(std::int64_t first,
                               std::int64_t count,
                               const std::uint32_t* words) const
    {
        for (int k = 0; k < 4 && k < count; k++) {
            out[first + k] = words[k];
        }
    }
};

struct StoreUniform {
    static constexpr std::int64_t values_per_block = 4;
    double* out;

    __device__ void operator()(std::int64_t first,
                               std::int64_t count,
                               const std::uint32_t* words) const
    {
        for (int k = 0; k < 4 && k < count; k++) {
            out[first + k] = unit_interval(words[k]);
        }
    }
};

struct StoreComplexNormal {
    static constexpr std::int64_t values_per_block = 2;
    float2* out;
    float deviation;

    __device__ void operator()(std::int64_t first,
                               std::int64_t count,
                               const std::uint32_t* words) const
    {
        for (int k = 0; k < 2 && k < count; k++) {
            const auto value =
                complex_gaussian(words[2 * k], words[2 * k + 1], deviation);
            out[first + k] = make_float2(value.re, value.im);
        }
    }
};

struct StoreComplexNormalDouble {
    static constexpr std::int64_t values_per_block = 2;
    double2* out;
    double deviation;

    __device__ void operator()(std::int64_t first,
                               std::int64_t count,
                               const std::uint32_t* words) const
    {
        for (int k = 0; k < 2 && k < count; k++) {
            const double radius = deviation * sqrt(-log(unit_interval(words[2 * k])));
            double sine, cosine;
            sincospi(2.0 * unit_interval(words[2 * k + 1]), &sine, &cosine);
            out[first + k] = make_double2(radius * cosine, radius * sine);
        }
    }
};

// `count` values of each frame, of which `store` takes those of one block at a time.
template <typename Store>
__global__ void draw_kernel(Streams streams, std::int64_t count, Store store)
{
    const std::int64_t entry = blockIdx.y;
    const auto stream = streams.stream(entry);
    const std::int64_t blocks =
        (count + Store::values_per_block - 1) / Store::values_per_block;
    for (std::int64_t block = blockIdx.x * std::int64_t(blockDim.x) + threadIdx.x;
         block < blocks;
         block += std::int64_t(gridDim.x) * blockDim.x) {
        const auto drawn = philox(stream, static_cast<std::uint32_t>(block));
        const std::uint32_t words[4] = {drawn.w0, drawn.w1, drawn.w2, drawn.w3};
        const std::int64_t first = block * Store::values_per_block;
        store(entry * count + first, count - first, words);
    }
}

template <typename Store>
void draw(const Random& random, Purpose purpose, const at::Tensor& out, Store store)
{
    if (out.numel() == 0) {
        return;
    }
    const c10::cuda::CUDAGuard guard(out.device());
    const auto stream = c10::cuda::getCurrentCUDAStream();
    const std::int64_t count = out.numel() / random.batch();
    const std::int64_t blocks =
        (count + Store::values_per_block - 1) / Store::values_per_block;
    const std::int64_t grid = std::min(most_blocks, (blocks + threads - 1) / threads);
    for (std::int64_t first = 0; first < random.batch(); first += Streams::most) {
        const auto some = std::min(Streams::most, random.batch() - first);
        const dim3 size(static_cast<unsigned>(grid), static_cast<unsigned>(some));
        draw_kernel<<<size, threads, 0, stream>>>(
            Streams(random, purpose, first, some), count, store);
        C10_CUDA_KERNEL_LAUNCH_CHECK();
        store.out += some * count;
    }
}

} // namespace

void draw_words(const Random& random, Purpose purpose, at::Tensor& out)
{
    draw(random, purpose, out, StoreWords{out.data_ptr<std::int64_t>()});
}

void draw_uniform(const Random& random, Purpose purpose, at::Tensor& out)
{
    draw(random, purpose, out, StoreUniform{out.data_ptr<double>()});
}

void draw_complex_normal(const Random& random,
                         Purpose purpose,
                         double deviation,
                         at::Tensor& out)
{
    if (out.scalar_type() == at::kComplexFloat) {
        draw(random,
             purpose,
             out,
             StoreComplexNormal{
                 reinterpret_cast<float2*>(out.data_ptr<c10::complex<float>>()),
                 static_cast<float>(deviation)});
    } else {
        draw(random,
             purpose,
             out,
             StoreComplexNormalDouble{
                 reinterpret_cast<double2*>(out.data_ptr<c10::complex<double>>()),
                 deviation});
    }
}

} // namespace cfisac::signal::cuda
