// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_PARALLEL_H
#define CFISAC_SIGNAL_PARALLEL_H

#include <cstdint>
#include <functional>

namespace cfisac::signal {

/*! Calls `body(first, last)` for ranges that make up [begin, end), on LibTorch's threads.
 *
 * at::parallel_for is a template that runs on one thread where OpenMP is not switched on
 * for the file that uses it, which cannot be done beside the precompiled header: this
 * function lives in a file of its own.
 */
void parallel_for(std::int64_t begin,
                  std::int64_t end,
                  const std::function<void(std::int64_t, std::int64_t)>& body);

} // namespace cfisac::signal

#endif
