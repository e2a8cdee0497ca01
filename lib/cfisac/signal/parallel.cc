// SPDX-License-Identifier: GPL-3.0-or-later
#include "parallel.h"
#include <ATen/Parallel.h>

namespace cfisac::signal {

void parallel_for(std::int64_t begin,
                  std::int64_t end,
                  const std::function<void(std::int64_t, std::int64_t)>& body)
{
    at::parallel_for(begin, end, 1, body);
}

} // namespace cfisac::signal
