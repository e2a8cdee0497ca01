// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace cfisac::nn::detail {

/*!
 * A function of tensors on one device, as fast as that device repeats it. On GPUs it is
 * recorded as CUDA graph at the first call with inputs of new sizes, after some calls that
 * choose the kernels, and replayed from then on: one launch in place of one for every
 * kernel. It must then not wait for the device, nor copy from or to the host.
 *
 * On GPUs the convolutions' kernels are chosen by measurement, and float32 is not rounded
 * to TF32. On other devices, or in a build without CUDA, the function is called.
 */
class Recorded
{
public:
    using Tensors = std::vector<at::Tensor>;
    using Function = std::function<Tensors(const Tensors&)>;

    //! \param graphs whether to record on GPUs
    Recorded(Function function, bool graphs);
    ~Recorded();
    Recorded(Recorded&&) noexcept;
    Recorded& operator=(Recorded&&) noexcept;

    /*!
     * Inputs and outputs are the caller's: those of a graph are copied in and out. The
     * first input decides the device.
     */
    Tensors operator()(const Tensors& inputs);

private:
    struct Graph;

    Function d_function;
    bool d_graphs;
    std::unique_ptr<Graph> d_graph; //!< for the sizes of the latest call
};

/*!
 * Calls function(0) … function(count − 1), on GPUs each on a stream of its own beside the
 * current one, which then waits for all of them.
 */
void on_own_streams(const at::Device& device,
                    std::size_t count,
                    const std::function<void(std::size_t)>& function);

} // namespace cfisac::nn::detail
