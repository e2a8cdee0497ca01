// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_BENCHMARKS_DEVICE_H
#define INCLUDED_CFISAC_BENCHMARKS_DEVICE_H

#include <ATen/ATen.h>
#include <cfisac/signal/device.h>

#include <cstdlib>
#include <string>
#include <torch/cuda.h>

namespace cfisac::benchmarks {

//! The environment's CFISAC_DEVICE, `cpu` without it.
inline std::string device_word()
{
    const char* word = std::getenv("CFISAC_DEVICE");
    return word ? word : "cpu";
}

/*! Where benchmarks run.
 * \throws std::invalid_argument as cfisac::signal::resolve_device does
 */
inline at::Device device() { return at::Device(signal::resolve_device(device_word())); }

//! Wait for what was started on the device; without it, only the launches are timed.
inline void synchronize(const at::Device& device)
{
    if (device.is_cuda()) {
        torch::cuda::synchronize(device.index());
    }
}

} // namespace cfisac::benchmarks

#endif
