// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_FRAME_CLOCK_H
#define INCLUDED_APPS_DEPLOYMENT_FRAME_CLOCK_H

#include "ending.h"

#include <atomic>
#include <cfisac/scenario/scenario.h>
#include <gnuradio/sync_block.h>

namespace isac::apps {

/*! Source of the frames that a simulated access point works on: empty items that only say, by
 * their tag `frame`, which frame it is.
 *
 * Paced, frame k is the k-th interval since 1970 by the machine's clock, and leaves when that is
 * over: access points whose clocks agree have the same frames, also after one has been started
 * again. Where a frame cannot leave in time, the machine is too slow: frames up to the clock are
 * left out and counted, and when it happens again only those leave whose number is a multiple of
 * 2, of 4 and so on, so that access points that are too slow still have frames in common. Where
 * the clock is set back, frames wait until it is there again, a second at most; then they are
 * numbered by the new time.
 *
 * Not paced, frames have the numbers from 0 on and leave as they are taken.
 */
class FrameClock : public gr::sync_block
{
public:
    using sptr = std::shared_ptr<FrameClock>;

    static sptr make(const cfisac::Scenario& scenario,
                     bool paced,
                     std::shared_ptr<Ending> ending);

    FrameClock(const cfisac::Scenario& scenario,
               bool paced,
               std::shared_ptr<Ending> ending);

    //! From the start of a frame to that of the next, s: the frame period of the radio, or the
    //! interval where there is none.
    static double period_s(const cfisac::Scenario& scenario);

    //! Frames left out because they were not taken in time.
    std::uint64_t frames_skipped() const { return d_skipped; }

    bool start() override;
    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& outputs) override;

private:
    //! Wait a moment for the end of the next frame. \return whether it is over, and in time
    bool wait_for_frame();
    //! The next frame at or after `frame` that may leave.
    void go_to(std::uint64_t frame);

    const bool d_paced;
    const bool
        d_has_period; //!< whether the time of a frame is not its number times interval
    const double d_period_s;
    const std::shared_ptr<Ending> d_ending;
    std::uint64_t d_next = 0;
    std::uint64_t d_stride = 1;   //!< only multiples of it leave
    double d_in_time_since = 0.0; //!< since 1970, s
    std::atomic<std::uint64_t> d_skipped{0};
};

} // namespace isac::apps

#endif
