// SPDX-License-Identifier: GPL-3.0-or-later
#include <cfisac/nn/memory.h>

#include <cstdlib>
#include <limits>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace cfisac::nn {

void keep_freed_memory()
{
#ifdef __GLIBC__
    // Blocks mapped on their own are unmapped when freed, and above 32 MiB every block is.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

} // namespace cfisac::nn
