/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_REAL_TIME_H
#define INCLUDED_ISAC_REAL_TIME_H

#include "failure.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <gnuradio/logger.h>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

/*! \file
 * Frames that come at the waveform's interval, as from a radio, whether or not anybody is
 * ready for them.
 */

//! Frames that a receiver holds when it is behind: the one it works on and the next.
constexpr int frames_in_flight = 2;

//! The clock of capture times: that of all blocks on a machine, which nobody sets.
using frame_clock = std::chrono::steady_clock;

//! Time since the clock's epoch, ns.
inline std::int64_t to_ns(frame_clock::time_point time)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch())
        .count();
}

//! Counts the frames that a block skips, and says so once a second at most.
class skip_count
{
public:
    void add(std::uint64_t frames, const gr::logger_ptr& logger)
    {
        if (frames == 0) {
            return;
        }
        d_count += frames;
        if (d_log_limiter.pass()) {
            logger->warn("behind real time: {:d} frames skipped so far", d_count.load());
        }
    }
    operator std::uint64_t() const { return d_count; }

private:
    std::atomic<std::uint64_t> d_count{0};
    log_limiter d_log_limiter;
};

//! Ends of the intervals: instants at equal distances that do not drift.
class interval_ticks
{
public:
    //! \param interval_s distance of two ticks, s
    explicit interval_ticks(double interval_s);

    //! Begin anew: the first tick is an interval after the first call of `pass`.
    void restart() { d_running = false; }

    /*! Leave behind the ticks that are over, except for one that has passed less than an
     * interval ago.
     * \return how many
     */
    std::uint64_t pass();
    //! Sleep until the next tick, or not at all when it has passed; it is left behind.
    //! \return when it was due
    frame_clock::time_point wait();

    frame_clock::duration interval() const { return d_interval; }

private:
    frame_clock::time_point due() const;

    const double d_interval_s;
    const frame_clock::duration d_interval;
    bool d_running = false;
    frame_clock::time_point d_start; //!< one interval ahead of tick 1
    std::uint64_t d_next = 1;        //!< number of the next tick
};

//! How long estimates take, over the last frames. For several threads.
class latency_record
{
public:
    //! \param seconds from the last sample of a frame to its estimate
    void add(double seconds);
    void clear();
    //! The value that a share of the latencies does not exceed, s; NaN without any.
    double quantile(double share) const;

private:
    static constexpr std::size_t most = std::size_t{1} << 16;

    mutable std::mutex d_mutex;
    std::vector<float> d_values; //!< the last `most`
    std::size_t d_next = 0;
};

} // namespace isac
} // namespace gr

#endif
