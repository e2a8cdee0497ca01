// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_CUDA_STREAMS_CUH
#define CFISAC_SIGNAL_CUDA_STREAMS_CUH

#include "draws.h"
#include <algorithm>
#include <cfisac/signal/random.h>

namespace cfisac::signal::cuda {

//! Streams of a few frames, passed to a kernel by value: nothing has to be copied to the
//! device beforehand.
struct Streams {
    static constexpr std::int64_t most = 64;

    std::uint64_t seed;
    std::uint32_t purpose;
    std::int64_t frames[most];

    //! Those of entries `first` to `first + count - 1` of the batch.
    Streams(const Random& random,
            Purpose purpose_,
            std::int64_t first,
            std::int64_t count)
        : seed(random.seed()), purpose(static_cast<std::uint32_t>(purpose_)), frames{}
    {
        std::copy_n(random.frames().begin() + first, count, frames);
    }

    __device__ Stream stream(std::int64_t entry) const
    {
        return {seed, static_cast<std::uint64_t>(frames[entry]), purpose};
    }
};

} // namespace cfisac::signal::cuda

#endif
