// SPDX-License-Identifier: GPL-3.0-or-later
#include "cuda_streams.cuh"
#include "echo_cuda.h"
#include "echo_factors.h"
#include "path_tables.h"
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace cfisac::signal::cuda {

namespace {

constexpr int threads = 128;
// Whose sums over the paths fit into the shared memory that every device grants.
constexpr std::int64_t reflectors_at_a_time = 16;

struct Inputs {
    host::FrameSizes sizes; // of the frames of one launch
    host::FrameGrid grid;
    const float2* illumination;     // [B, N, Q, S, T]
    const float2* arriving;         // [B, M, Q, M_r]
    const float2* over_subcarriers; // [B, N, M, Q, S]
    const float2* over_symbols;     // [B, N, M, Q, T]
    const double* timing_s;         // [B, N, M, T], or null
    const double* frequency_hz;
    bool noisy;
    float deviation;
    float2* received; // [B, M, M_r, S, T]
};

__device__ float2 operator*(float2 a, float2 b)
{
    return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

__device__ float2 operator+(float2 a, float2 b)
{
    return make_float2(a.x + b.x, a.y + b.y);
}

// The offsets of (30) for a pair of access points at one resource element.
__device__ float2 offset_phasor(const Inputs& in, std::int64_t pair, std::int64_t element)
{
    if (!in.timing_s) {
        return make_float2(1.0f, 0.0f);
    }
    const auto symbol = element % in.sizes.symbols;
    const auto k = pair * in.sizes.symbols + symbol;
    const double time = in.grid.first_symbol_s + symbol * in.grid.symbol_step_s;
    const double frequency = (element / in.sizes.symbols) * in.grid.subcarrier_step_hz;
    const auto value =
        turn_phasor(in.frequency_hz[k] * time - in.timing_s[k] * frequency);
    return make_float2(value.re, value.im);
}

// Noise number `place` of a frame, and the next one where two are wanted.
template <int count>
__device__ void draw_noise(const Stream& stream,
                           std::int64_t place,
                           float deviation,
                           float2 (&noise)[count])
{
    const auto words = philox(stream, static_cast<std::uint32_t>(place / 2));
    const auto first = complex_gaussian(words.w0, words.w1, deviation);
    const auto second = complex_gaussian(words.w2, words.w3, deviation);
    if constexpr (count == 2) {
        noise[0] = make_float2(first.re, first.im);
        noise[1] = make_float2(second.re, second.im);
    } else {
        const auto& own = place % 2 == 0 ? first : second;
        noise[0] = make_float2(own.re, own.im);
    }
}

/* A thread makes `count` neighbouring resource elements at all antennas of a receiver: two
 * where their number is even, as a block of random words serves two. The sums over the
 * paths wait in shared memory, where each thread sees its own only.
 */
template <int count>
__global__ void echo_kernel(Inputs in, Streams streams)
{
    extern __shared__ float2 path_sums[]; // [reflectors, count, threads]
    const auto& sizes = in.sizes;
    const std::int64_t elements = sizes.subcarriers * sizes.symbols;
    const std::int64_t element =
        (blockIdx.x * std::int64_t(blockDim.x) + threadIdx.x) * count;
    if (element >= elements) {
        return;
    }
    const std::int64_t receiver = blockIdx.y;
    const std::int64_t frame = blockIdx.z;
    const auto stream = streams.stream(frame);
    for (std::int64_t first = 0; first == 0 || first < sizes.reflectors;
         first += reflectors_at_a_time) {
        const auto some = min(reflectors_at_a_time, sizes.reflectors - first);
        for (std::int64_t n = 0; n < sizes.transmitters; n++) {
            const auto point = frame * sizes.transmitters + n;
            const auto pair = point * sizes.receivers + receiver;
            float2 offset[count];
            for (int k = 0; k < count; k++) {
                offset[k] = offset_phasor(in, pair, element + k);
            }
            for (std::int64_t q = 0; q < some; q++) {
                const auto path = pair * sizes.reflectors + first + q;
                const auto* source = in.illumination +
                                     (point * sizes.reflectors + first + q) * elements +
                                     element;
                for (int k = 0; k < count; k++) {
                    const auto subcarrier = (element + k) / sizes.symbols;
                    const auto symbol = (element + k) % sizes.symbols;
                    const auto value =
                        source[k] *
                        in.over_subcarriers[path * sizes.subcarriers + subcarrier] *
                        in.over_symbols[path * sizes.symbols + symbol] * offset[k];
                    auto& sum = path_sums[(q * count + k) * threads + threadIdx.x];
                    sum = n == 0 ? value : sum + value;
                }
            }
        }
        const auto array = frame * sizes.receivers + receiver;
        for (std::int64_t r = 0; r < sizes.receive_antennas; r++) {
            const auto place =
                (receiver * sizes.receive_antennas + r) * elements + element;
            auto* out = in.received + array * sizes.receive_antennas * elements +
                        r * elements + element;
            float2 value[count] = {};
            if (first > 0) {
                for (int k = 0; k < count; k++) {
                    value[k] = out[k];
                }
            } else if (in.noisy) {
                draw_noise(stream, place, in.deviation, value);
            }
            for (std::int64_t q = 0; q < some; q++) {
                const auto steering = in.arriving[(array * sizes.reflectors + first + q) *
                                                      sizes.receive_antennas +
                                                  r];
                for (int k = 0; k < count; k++) {
                    value[k] =
                        value[k] +
                        steering * path_sums[(q * count + k) * threads + threadIdx.x];
                }
            }
            if constexpr (count == 2) {
                *reinterpret_cast<float4*>(out) =
                    make_float4(value[0].x, value[0].y, value[1].x, value[1].y);
            } else {
                out[0] = value[0];
            }
        }
    }
}

template <int count>
void launch(const Inputs& in, const Streams& streams, std::int64_t frames)
{
    const auto threads_needed = in.sizes.elements() / count;
    const dim3 grid(static_cast<unsigned>((threads_needed + threads - 1) / threads),
                    static_cast<unsigned>(in.sizes.receivers),
                    static_cast<unsigned>(frames));
    const auto shared = std::min(reflectors_at_a_time, in.sizes.reflectors) * count *
                        threads * sizeof(float2);
    echo_kernel<count>
        <<<grid, threads, shared, c10::cuda::getCurrentCUDAStream()>>>(in, streams);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

const float2* values(const at::Tensor& tensor, std::int64_t frame)
{
    return reinterpret_cast<const float2*>(tensor.data_ptr<c10::complex<float>>()) +
           frame * tensor.stride(0);
}

} // namespace

at::Tensor echo(const Layout& layout,
                const at::Tensor& transmit,
                const Scene& scene,
                const std::optional<Offsets>& offsets,
                const std::optional<EchoNoise>& noise)
{
    const c10::cuda::CUDAGuard guard(transmit.device());
    const auto factors = echo_factors(layout, transmit, scene);
    const auto illumination = factors.illumination.contiguous();
    const auto arriving = factors.arriving.contiguous();
    const auto over_subcarriers = factors.over_subcarriers.contiguous();
    const auto over_symbols = factors.over_symbols.contiguous();
    at::Tensor timing, frequency;
    if (offsets) {
        timing = offsets->timing_s.to(at::kDouble).contiguous();
        frequency = offsets->frequency_hz.to(at::kDouble).contiguous();
    }
    Inputs in;
    in.sizes = host::frame_sizes(layout, scene);
    in.grid = host::frame_grid(layout.scenario.waveform);
    in.noisy = noise.has_value();
    in.deviation = noise ? static_cast<float>(noise->deviation) : 0.0f;
    auto result = at::empty({in.sizes.batch,
                             in.sizes.receivers,
                             in.sizes.receive_antennas,
                             in.sizes.subcarriers,
                             in.sizes.symbols},
                            transmit.options());
    // Without noise, nothing is drawn from these.
    const auto random = noise ? noise->random : Random::range(0, 0, in.sizes.batch);
    for (std::int64_t first = 0; first < in.sizes.batch; first += Streams::most) {
        const auto some = std::min(Streams::most, in.sizes.batch - first);
        in.illumination = values(illumination, first);
        in.arriving = values(arriving, first);
        in.over_subcarriers = values(over_subcarriers, first);
        in.over_symbols = values(over_symbols, first);
        in.timing_s =
            offsets ? timing.data_ptr<double>() + first * timing.stride(0) : nullptr;
        in.frequency_hz = offsets
                              ? frequency.data_ptr<double>() + first * frequency.stride(0)
                              : nullptr;
        in.received = const_cast<float2*>(values(result, first));
        const Streams streams(random, Purpose::sensing_noise, first, some);
        if (in.sizes.elements() % 2 == 0) {
            launch<2>(in, streams, some);
        } else {
            launch<1>(in, streams, some);
        }
    }
    return result;
}

} // namespace cfisac::signal::cuda
