// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_clock.h"

#include <algorithm>
#include <boost/thread/thread.hpp>
#include <chrono>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <thread>

namespace isac::apps {
namespace {

constexpr double longest_delay_s = 0.25;
constexpr double longest_wait_s = 0.1; //!< a flowgraph that stops waits for this
constexpr double largest_step_back_s = 1.0;
constexpr std::uint64_t largest_stride = 1024;
constexpr double retry_after_s = 10.0; //!< whether the machine is fast enough by now

double unix_time_s()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

} // namespace

FrameClock::sptr FrameClock::make(const cfisac::Scenario& scenario,
                                  bool paced,
                                  std::shared_ptr<Ending> ending)
{
    return gnuradio::make_block_sptr<FrameClock>(scenario, paced, std::move(ending));
}

FrameClock::FrameClock(const cfisac::Scenario& scenario,
                       bool paced,
                       std::shared_ptr<Ending> ending)
    : gr::sync_block(
          "frame_clock",
          gr::io_signature::make(0, 0, 0),
          gr::io_signature::make(
              1,
              1,
              static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex)))),
      d_paced(paced),
      d_has_period(scenario.radio.has_value()),
      d_period_s(period_s(scenario)),
      d_ending(std::move(ending))
{
}

double FrameClock::period_s(const cfisac::Scenario& scenario)
{
    return scenario.radio ? scenario.radio->frame_period_s
                          : scenario.waveform.interval_s();
}

bool FrameClock::start()
{
    const double now = d_paced ? unix_time_s() : 0.0;
    d_next = static_cast<std::uint64_t>(std::floor(now / d_period_s));
    d_stride = 1;
    d_in_time_since = 0.0;
    return true;
}

void FrameClock::go_to(std::uint64_t frame)
{
    frame = (frame + d_stride - 1) / d_stride * d_stride;
    if (frame > d_next) {
        d_skipped += frame - d_next;
    }
    d_next = frame;
}

bool FrameClock::wait_for_frame()
{
    const double now = unix_time_s();
    const auto present = static_cast<std::uint64_t>(std::floor(now / d_period_s));
    const double over_s = static_cast<double>(d_next + 1) * d_period_s;
    const double ahead_s = static_cast<double>(d_stride) * d_period_s;
    if (over_s > now + ahead_s + largest_step_back_s) { // the clock was set back
        go_to(present);
        return false;
    }
    if (over_s > now) {
        std::this_thread::sleep_for(
            std::chrono::duration<double>(std::min(over_s - now, longest_wait_s)));
        return false;
    }
    if (now - over_s > std::max(longest_delay_s, 3 * d_period_s)) {
        if (now - d_in_time_since < retry_after_s) { // once may be an accident
            d_stride = std::min(2 * d_stride, largest_stride);
        }
        d_in_time_since = now;
        go_to(present);
        return false;
    }
    if (d_stride > 1 && now - d_in_time_since > retry_after_s) {
        d_stride /= 2;
        d_in_time_since = now;
    }
    return true;
}

int FrameClock::work(int items, gr_vector_const_void_star&, gr_vector_void_star&)
{
    const auto most = d_paced ? 1 : static_cast<std::uint64_t>(items);
    const auto count = d_ending->may_pass(most);
    if (count == 0) {
        return WORK_DONE;
    }
    // GNU Radio asks a source that has returned nothing again after a quarter of a second.
    while (d_paced && !wait_for_frame()) {
        boost::this_thread::interruption_point();
        if (d_ending->may_pass(count) == 0) {
            return WORK_DONE;
        }
    }
    for (std::uint64_t item = 0; item < count; ++item) {
        const auto offset = nitems_written(0) + item;
        add_item_tag(0, offset, gr::isac::names::frame(), pmt::from_uint64(d_next));
        if (d_has_period) {
            const double time_s = static_cast<double>(d_next) * d_period_s;
            const double seconds = std::floor(time_s);
            add_item_tag(
                0,
                offset,
                gr::isac::names::rx_time(),
                pmt::make_tuple(pmt::from_uint64(static_cast<std::uint64_t>(seconds)),
                                pmt::from_double(time_s - seconds)));
        }
        d_next++;
        go_to(d_next);
    }
    d_ending->note_passed(count);
    return static_cast<int>(count);
}

} // namespace isac::apps
