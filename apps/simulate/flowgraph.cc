// SPDX-License-Identifier: GPL-3.0-or-later
#include "flowgraph.h"
#include "common.h"

#include <chrono>
#include <future>
#include <stdexcept>

namespace isac::apps {

double run_to_end(gr::top_block& top,
                  std::int64_t total,
                  const std::function<std::uint64_t()>& done)
{
    const InterruptGuard guard;
    Progress progress(total, "frames");
    const auto start = std::chrono::steady_clock::now();
    top.start();
    auto ended = std::async(std::launch::async, [&top] { top.wait(); });
    while (ended.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        progress.update(static_cast<std::int64_t>(done()));
        if (guard.requested()) {
            top.stop();
            ended.wait();
            throw Interrupted();
        }
    }
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    return elapsed.count();
}

void throw_first(const std::vector<std::string>& errors)
{
    for (const auto& error : errors) {
        if (!error.empty()) {
            throw std::runtime_error(error);
        }
    }
}

} // namespace isac::apps
