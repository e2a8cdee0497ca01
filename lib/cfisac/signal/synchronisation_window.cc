// SPDX-License-Identifier: GPL-3.0-or-later
#include "synchronisation_state.h"

#include <algorithm>

namespace cfisac::signal {

void SampleWindow::restart(std::int64_t next)
{
    for (auto& samples : d_samples) {
        samples.clear();
    }
    d_begin = next;
    d_next = next;
}

void SampleWindow::keep_from(std::int64_t place)
{
    if (place >= d_next) {
        for (auto& samples : d_samples) {
            samples.clear();
        }
        d_begin = place;
        return;
    }
    if (empty()) {
        d_begin = d_next;
    }
    for (auto& samples : d_samples) {
        if (place < d_begin) {
            samples.insert(samples.begin(), d_begin - place, 0.0f);
        } else {
            samples.erase(samples.begin(), samples.begin() + (place - d_begin));
        }
    }
    d_begin = place;
}

std::size_t SampleWindow::take(const std::vector<const std::complex<float>*>& samples,
                               std::size_t offset,
                               std::size_t count,
                               std::int64_t end)
{
    std::size_t taken = 0;
    if (d_next < d_begin) {
        taken = std::min<std::size_t>(count, d_begin - d_next);
        d_next += static_cast<std::int64_t>(taken);
    }
    if (d_next < d_begin || d_next >= end) {
        return taken;
    }
    const auto more = std::min<std::size_t>(count - taken, end - d_next);
    for (std::size_t a = 0; a < d_samples.size(); a++) {
        const auto* const first = samples[a] + offset + taken;
        d_samples[a].insert(d_samples[a].end(), first, first + more);
    }
    d_next += static_cast<std::int64_t>(more);
    return taken + more;
}

} // namespace cfisac::signal
