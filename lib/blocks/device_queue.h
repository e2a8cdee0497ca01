/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_DEVICE_QUEUE_H
#define INCLUDED_ISAC_DEVICE_QUEUE_H

#include <ATen/ATen.h>
#include <memory>
#ifdef CFISAC_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <optional>
#endif

namespace gr {
namespace isac {

//! A point in the work of a device. On the processor everything is done at once.
class device_event
{
public:
    //! Wait in the calling thread until it is reached.
    void synchronize() const;

private:
    friend class device_queue;
#ifdef CFISAC_CUDA
    std::shared_ptr<at::cuda::CUDAEvent> d_event; //!< null: reached
#endif
};

/*! Where a block computes: a device, and on CUDA a stream of the block's own, so that
 * blocks overlap.
 */
class device_queue
{
public:
    explicit device_queue(at::Device device);

    at::Device device() const { return d_device; }
    bool is_cuda() const { return d_device.is_cuda(); }

    //! What was computed before, such as weights in the stream of who made the block,
    //! comes first. To be called in start().
    void begin() const;

    //! While it lives, what the calling thread has LibTorch compute goes to this queue.
    class scope
    {
    public:
        explicit scope(const device_queue& queue);

    private:
#ifdef CFISAC_CUDA
        std::optional<c10::cuda::CUDAStreamGuard> d_guard;
#endif
    };

    //! The point after all that was queued so far.
    device_event mark() const;
    //! What is queued from now on comes after `event`, of any queue.
    void wait(const device_event& event) const;
    //! A tensor of another queue is used here: its memory stays until that is done.
    void use(const at::Tensor& tensor) const;

private:
    at::Device d_device;
#ifdef CFISAC_CUDA
    std::optional<c10::cuda::CUDAStream> d_stream;
#endif
};

} // namespace isac
} // namespace gr

#endif
