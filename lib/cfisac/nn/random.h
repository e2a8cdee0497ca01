// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "scenario/hash.h"
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cstdint>
#include <string>

namespace cfisac::nn::detail {

//! a generator of its own for each (seed, purpose); on the processor for every device
inline at::Generator generator(uint64_t seed, const std::string& purpose)
{
    uint64_t mixed = cfisac::detail::fnv1a(purpose) + seed * 0x9e3779b97f4a7c15ULL; // finaliser of SplitMix64
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return at::detail::createCPUGenerator(mixed ^ (mixed >> 31));
}

//! `count` of `size` rows: without repetition while there are enough
inline at::Tensor random_rows(int64_t size,
                              int64_t count,
                              uint64_t seed,
                              const std::string& purpose)
{
    auto order =
        at::randperm(size, generator(seed, purpose), at::TensorOptions(at::kLong));
    if (count > size) {
        order = order.repeat({(count + size - 1) / size});
    }
    return order.slice(0, 0, count);
}

} // namespace cfisac::nn::detail
