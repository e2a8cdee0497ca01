// SPDX-License-Identifier: GPL-3.0-or-later
#include "recorded.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <mutex>

#ifdef CFISAC_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace cfisac::nn::detail {

namespace {

// LibTorch keeps these per process. The first of several users at a time changes them,
// the last one brings back what was there.
class ConvolutionSettings
{
public:
    ConvolutionSettings()
    {
        const std::lock_guard<std::mutex> lock(s_mutex);
        if (s_users++ == 0) {
            auto& context = at::globalContext();
            s_benchmark = context.benchmarkCuDNN();
            s_tf32 = context.allowTF32CuDNN();
            context.setBenchmarkCuDNN(true);
            context.setAllowTF32CuDNN(false);
        }
    }
    ConvolutionSettings(const ConvolutionSettings&) = delete;
    ConvolutionSettings& operator=(const ConvolutionSettings&) = delete;
    ~ConvolutionSettings()
    {
        const std::lock_guard<std::mutex> lock(s_mutex);
        if (--s_users == 0) {
            at::globalContext().setBenchmarkCuDNN(s_benchmark);
            at::globalContext().setAllowTF32CuDNN(s_tf32);
        }
    }

private:
    static inline std::mutex s_mutex;
    static inline int s_users = 0;
    static inline bool s_benchmark = false;
    static inline bool s_tf32 = false;
};

} // namespace

#ifdef CFISAC_CUDA

namespace {

constexpr int calls_before_recording = 3;

} // namespace

struct Recorded::Graph {
    at::cuda::CUDAGraph graph;
    Tensors inputs;
    Tensors outputs;

    // The memory of inputs, outputs and all between them belongs to the graph.
    Graph(const Function& function, const Tensors& like)
    {
        const ConvolutionSettings settings;
        for (const auto& tensor : like) {
            inputs.push_back(tensor.clone());
        }
        const auto device = like[0].device().index();
        c10::cuda::getCurrentCUDAStream(device).synchronize();
        const auto stream = c10::cuda::getStreamFromPool(false, device);
        const c10::cuda::CUDAStreamGuard guard(stream);
        for (int i = 0; i < calls_before_recording; i++) {
            function(inputs);
        }
        stream.synchronize();
        // Other threads may go on with calls that are refused during a global capture.
        graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
        try {
            outputs = function(inputs);
        } catch (...) {
            graph.capture_end();
            throw;
        }
        graph.capture_end();
        stream.synchronize();
    }

    bool fits(const Tensors& given) const
    {
        for (std::size_t i = 0; i < inputs.size(); i++) {
            if (inputs[i].sizes() != given[i].sizes()) {
                return false;
            }
        }
        return true;
    }

    Tensors replay(const Tensors& given)
    {
        for (std::size_t i = 0; i < inputs.size(); i++) {
            inputs[i].copy_(given[i], /*non_blocking=*/true);
        }
        graph.replay();
        Tensors copies;
        for (const auto& tensor : outputs) {
            copies.push_back(tensor.clone());
        }
        return copies;
    }
};

#else

struct Recorded::Graph {
};

#endif

Recorded::Recorded(Function function, bool graphs)
    : d_function(std::move(function)), d_graphs(graphs)
{
}

Recorded::~Recorded() = default;
Recorded::Recorded(Recorded&&) noexcept = default;
Recorded& Recorded::operator=(Recorded&&) noexcept = default;

Recorded::Tensors Recorded::operator()(const Tensors& inputs)
{
    if (!inputs[0].is_cuda()) {
        return d_function(inputs);
    }
#ifdef CFISAC_CUDA
    if (d_graphs) {
        const c10::cuda::CUDAGuard guard(inputs[0].device());
        if (!d_graph || !d_graph->fits(inputs)) {
            d_graph.reset(); // before the next one takes its memory
            d_graph = std::make_unique<Graph>(d_function, inputs);
        }
        return d_graph->replay(inputs);
    }
#endif
    const ConvolutionSettings settings;
    return d_function(inputs);
}

void on_own_streams([[maybe_unused]] const at::Device& device,
                    std::size_t count,
                    const std::function<void(std::size_t)>& function)
{
#ifdef CFISAC_CUDA
    if (device.is_cuda() && count > 1) {
        const auto current = c10::cuda::getCurrentCUDAStream(device.index());
        at::cuda::CUDAEvent start;
        start.record(current);
        for (std::size_t k = 0; k < count; k++) {
            const auto own = c10::cuda::getStreamFromPool(false, device.index());
            start.block(own);
            {
                const c10::cuda::CUDAStreamGuard guard(own);
                function(k);
            }
            at::cuda::CUDAEvent end;
            end.record(own);
            end.block(current);
        }
        return;
    }
#endif
    for (std::size_t k = 0; k < count; k++) {
        function(k);
    }
}

} // namespace cfisac::nn::detail
