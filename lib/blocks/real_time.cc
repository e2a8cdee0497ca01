/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "real_time.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace gr {
namespace isac {

namespace {

frame_clock::duration to_duration(double seconds)
{
    return std::chrono::duration_cast<frame_clock::duration>(
        std::chrono::duration<double>(seconds));
}

} // namespace

interval_ticks::interval_ticks(double interval_s)
    : d_interval_s(interval_s), d_interval(to_duration(interval_s))
{
}

frame_clock::time_point interval_ticks::due() const
{
    return d_start + to_duration(static_cast<double>(d_next) * d_interval_s);
}

std::uint64_t interval_ticks::pass()
{
    const auto now = frame_clock::now();
    if (!d_running) {
        d_running = true;
        d_start = now;
        d_next = 1;
        return 0;
    }
    const std::chrono::duration<double> late = now - due();
    if (late.count() <= d_interval_s) {
        return 0;
    }
    const auto passed = static_cast<std::uint64_t>(late.count() / d_interval_s);
    d_next += passed;
    return passed;
}

frame_clock::time_point interval_ticks::wait()
{
    const auto tick = due();
    std::this_thread::sleep_until(tick);
    d_next++;
    return tick;
}

void latency_record::add(double seconds)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    if (d_values.size() < most) {
        d_values.reserve(most);
        d_values.push_back(static_cast<float>(seconds));
        return;
    }
    d_values[d_next++ % most] = static_cast<float>(seconds);
}

void latency_record::clear()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_values.clear();
    d_next = 0;
}

double latency_record::quantile(double share) const
{
    std::vector<float> values;
    {
        const std::lock_guard<std::mutex> lock(d_mutex);
        values = d_values;
    }
    if (values.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto rank = std::max<std::ptrdiff_t>(
        0, std::llround(std::ceil(share * static_cast<double>(values.size()))) - 1);
    std::nth_element(values.begin(), values.begin() + rank, values.end());
    return values[rank];
}

} // namespace isac
} // namespace gr
