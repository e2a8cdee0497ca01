// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_BENCHMARKS_ALLOCATIONS_H
#define INCLUDED_CFISAC_BENCHMARKS_ALLOCATIONS_H

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace cfisac::benchmarks {

namespace detail {

// Type of the totals in the report, which differs between releases of LibTorch
template <typename Method>
struct TotalOf;
template <typename Total>
struct TotalOf<void (c10::MemoryReportingInfoBase::*)(
    void*, std::int64_t, Total, Total, c10::Device)> {
    using type = Total;
};
using Total = TotalOf<decltype(&c10::MemoryReportingInfoBase::reportMemoryUsage)>::type;

class AllocationCounter : public c10::MemoryReportingInfoBase
{
public:
    void reportMemoryUsage(void*, std::int64_t size, Total, Total, c10::Device) override
    {
        d_count += size > 0 ? 1 : 0;
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t count() const { return d_count; }

private:
    std::int64_t d_count = 0;
};

} // namespace detail

/*! How often `work` asks LibTorch's allocators for memory in this thread. What oneDNN
 * takes for its own formats does not pass these and is not counted.
 */
inline std::int64_t count_allocations(const std::function<void()>& work)
{
    const auto counter = std::make_shared<detail::AllocationCounter>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
    work();
    return counter->count();
}

} // namespace cfisac::benchmarks

#endif
