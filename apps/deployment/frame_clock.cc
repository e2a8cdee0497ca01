// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_clock.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <thread>

namespace isac::apps {
namespace {

constexpr double longest_delay_s = 0.1;
constexpr double longest_wait_s = 0.1; //!< a flowgraph that stops waits for this
constexpr double largest_step_back_s = 1.0;

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
    d_next =
        d_paced ? static_cast<std::uint64_t>(std::floor(unix_time_s() / d_period_s)) : 0;
    return true;
}

bool FrameClock::wait_for_frame()
{
    const double now = unix_time_s();
    const auto present = static_cast<std::uint64_t>(std::floor(now / d_period_s));
    const double over_s = static_cast<double>(d_next + 1) * d_period_s;
    if (over_s > now + d_period_s + largest_step_back_s) { // the clock was set back
        d_next = present;
        return false;
    }
    if (over_s > now) {
        std::this_thread::sleep_for(
            std::chrono::duration<double>(std::min(over_s - now, longest_wait_s)));
        return false;
    }
    if (now - over_s > std::max(longest_delay_s, d_period_s) && present > d_next) {
        d_skipped += present - d_next;
        d_next = present;
        return false;
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
    if (d_paced && !wait_for_frame()) {
        return 0;
    }
    for (std::uint64_t item = 0; item < count; ++item, ++d_next) {
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
    }
    d_ending->note_passed(count);
    return static_cast<int>(count);
}

} // namespace isac::apps
