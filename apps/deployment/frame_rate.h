// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_FRAME_RATE_H
#define INCLUDED_APPS_DEPLOYMENT_FRAME_RATE_H

#include <chrono>
#include <cmath>
#include <cstdint>

namespace isac::apps {

//! Frames a second between two lines of health.
class FrameRate
{
public:
    //! \param frames until now \return of them a second since the last call, to a tenth
    double next(std::uint64_t frames)
    {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> since = now - d_told;
        const auto count = static_cast<double>(frames - d_frames);
        d_told = now;
        d_frames = frames;
        return since.count() > 0.0 ? std::round(10.0 * count / since.count()) / 10.0
                                   : 0.0;
    }

private:
    std::chrono::steady_clock::time_point d_told = std::chrono::steady_clock::now();
    std::uint64_t d_frames = 0;
};

} // namespace isac::apps

#endif
