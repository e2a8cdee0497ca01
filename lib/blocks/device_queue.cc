/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "device_queue.h"

namespace gr {
namespace isac {

#ifdef CFISAC_CUDA

void device_event::synchronize() const
{
    if (d_event) {
        d_event->synchronize();
    }
}

device_queue::device_queue(at::Device device) : d_device(device)
{
    if (device.is_cuda()) {
        d_stream.emplace(c10::cuda::getStreamFromPool(false, device.index()));
    }
}

void device_queue::begin() const
{
    if (d_stream) {
        at::cuda::CUDAEvent earlier;
        earlier.record(c10::cuda::getDefaultCUDAStream(d_device.index()));
        earlier.block(*d_stream);
    }
}

device_queue::scope::scope(const device_queue& queue)
{
    if (queue.d_stream) {
        d_guard.emplace(*queue.d_stream);
    }
}

device_event device_queue::mark() const
{
    device_event event;
    if (d_stream) {
        event.d_event = std::make_shared<at::cuda::CUDAEvent>();
        event.d_event->record(*d_stream);
    }
    return event;
}

void device_queue::wait(const device_event& event) const
{
    if (d_stream && event.d_event) {
        event.d_event->block(*d_stream);
    }
}

void device_queue::use(const at::Tensor& tensor) const
{
    if (d_stream) {
        tensor.record_stream(*d_stream);
    }
}

#else

void device_event::synchronize() const {}

device_queue::device_queue(at::Device device) : d_device(device) {}

void device_queue::begin() const {}

device_queue::scope::scope(const device_queue&) {}

device_event device_queue::mark() const { return {}; }

void device_queue::wait(const device_event&) const {}

void device_queue::use(const at::Tensor&) const {}

#endif

} // namespace isac
} // namespace gr
