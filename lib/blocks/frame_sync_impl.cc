/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "frame_sync_impl.h"
#include "checks.h"
#include "exported_count.h"
#include "frames.h"
#include "radio_time_tag.h"

#include <algorithm>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <limits>

namespace gr {
namespace isac {

namespace {

using cfisac::signal::PreambleReport;
using cfisac::signal::SynchronisationEvent;

const pmt::pmt_t& status_port()
{
    static const pmt::pmt_t name = pmt::intern("status");
    return name;
}

cfisac::signal::SynchronisationSettings checked_settings(const std::string& mode,
                                                         double start_time_s,
                                                         int misses_allowed,
                                                         double false_alarm)
{
    if (mode != "time" && mode != "preamble") {
        throw std::invalid_argument("mode: \"" + mode +
                                    "\" is neither \"time\" nor \"preamble\"");
    }
    return {mode == "time", start_time_s, misses_allowed, false_alarm};
}

gr::io_signature::sptr antennas(const cfisac::Scenario& scenario, int access_point)
{
    const int count =
        checked_access_point(scenario.receive, access_point).total_antennas();
    return gr::io_signature::make(count, count, sizeof(gr_complex));
}

//! A value of every transmit access point, not a number where it was not seen.
template <typename Value>
pmt::pmt_t of_seen(const std::vector<PreambleReport>& reports, Value value)
{
    std::vector<double> values;
    for (const auto& report : reports) {
        values.push_back(report.seen ? value(report)
                                     : std::numeric_limits<double>::quiet_NaN());
    }
    return pmt::init_f64vector(values.size(), values);
}

std::string text(const std::vector<PreambleReport>& reports)
{
    std::string list;
    for (std::size_t n = 0; n < reports.size(); n++) {
        const auto& report = reports[n];
        list += list.empty() ? "" : "; ";
        list += fmt::format("transmit access point {:d} ", n);
        list += report.seen ? fmt::format("SNR {:.1f} dB, timing {:+.3f} us, frequency "
                                          "{:+.1f} Hz",
                                          report.snr_db,
                                          1e6 * report.timing_s,
                                          report.frequency_hz)
                            : "not seen";
    }
    return list;
}

} // namespace

frame_sync::sptr frame_sync::make(const cfisac::Scenario& scenario,
                                  int access_point,
                                  const std::string& mode,
                                  double start_time_s,
                                  int misses_allowed,
                                  double false_alarm)
{
    return gnuradio::make_block_sptr<frame_sync_impl>(
        scenario,
        access_point,
        checked_settings(mode, start_time_s, misses_allowed, false_alarm));
}

frame_sync_impl::frame_sync_impl(const cfisac::Scenario& scenario,
                                 int access_point,
                                 const cfisac::signal::SynchronisationSettings& settings)
    : gr::block("frame_sync",
                antennas(scenario, access_point),
                antennas(scenario, access_point)),
      d_scenario(scenario),
      d_access_point(access_point),
      d_settings(settings),
      d_synchroniser(std::make_unique<cfisac::signal::Synchroniser>(
          scenario, access_point, settings)),
      d_misses_allowed(settings.misses_allowed)
{
    set_tag_propagation_policy(TPP_DONT);
    const auto& timing = d_synchroniser->timing();
    set_relative_rate(static_cast<std::uint64_t>(timing.payload_samples()),
                      static_cast<std::uint64_t>(timing.period));
    message_port_register_out(status_port());
}

void frame_sync_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    const auto count = [this](const char* name,
                              std::uint64_t (frame_sync::*accessor)() const,
                              const char* unit,
                              const char* about) {
        add_rpc_variable(exported_count(alias(), name, accessor, unit, about));
    };
    count("frames", &frame_sync::frames, "frames", "frames sent out");
    count("frames_missed",
          &frame_sync::frames_missed,
          "frames",
          "frames without any preamble seen");
    count("frames_dropped",
          &frame_sync::frames_dropped,
          "frames",
          "frames dropped because samples are missing");
    count("locks", &frame_sync::locks, "times", "how often the lock was found");
    count("losses", &frame_sync::losses, "times", "how often the lock was lost");
#endif
}

bool frame_sync_impl::start()
{
    prepare_thread();
    auto settings = d_settings;
    settings.misses_allowed = d_misses_allowed;
    d_synchroniser = std::make_unique<cfisac::signal::Synchroniser>(
        d_scenario, d_access_point, settings);
    d_timed.reset();
    d_told = false;
    d_locked = false;
    d_failure.clear();
    return true;
}

void frame_sync_impl::set_misses_allowed(int misses_allowed)
{
    const gr::thread::scoped_lock lock(d_setlock);
    d_synchroniser->set_misses_allowed(misses_allowed);
    d_misses_allowed = misses_allowed;
}

void frame_sync_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // The rest of a frame goes out without further samples.
    std::fill(ninput_items_required.begin(),
              ninput_items_required.end(),
              d_synchroniser->frame() ? 0 : 1);
}

int frame_sync_impl::until_time(int taken, int available)
{
    const std::uint64_t first = nitems_read(0) + taken;
    std::vector<tag_t> tags;
    get_tags_in_range(tags, 0, first, nitems_read(0) + available, names::rx_time());
    std::sort(tags.begin(), tags.end(), tag_t::offset_compare);
    for (const auto& tag : tags) {
        if (tag.offset > first) {
            return static_cast<int>(tag.offset - nitems_read(0));
        }
        if (d_timed == first) {
            continue;
        }
        const auto time = radio_time<cfisac::signal::RadioTime>(tag.value);
        if (!time) {
            throw std::invalid_argument("the tag rx_time is not a tuple of seconds and "
                                        "their fraction but " +
                                        pmt::write_string(tag.value));
        }
        d_synchroniser->set_time(*time);
        d_timed = first;
    }
    return available;
}

void frame_sync_impl::tell(const cfisac::signal::SynchronisedFrame& frame, int item)
{
    const auto timing =
        of_seen(frame.reports, [](const auto& report) { return report.timing_s; });
    const auto remaining = of_seen(frame.reports, [&](const auto& report) {
        return report.frequency_hz - frame.frequency_hz;
    });
    const auto tag = [&](const pmt::pmt_t& key, const pmt::pmt_t& value) {
        for (int output = 0; output < d_synchroniser->antennas(); output++) {
            add_item_tag(output, nitems_written(output) + item, key, value);
        }
    };
    tag(names::frame(), pmt::from_uint64(frame.number));
    if (frame.time) {
        tag(names::rx_time(),
            pmt::make_tuple(pmt::from_uint64(frame.time->seconds),
                            pmt::from_double(frame.time->fraction)));
    }
    tag(names::timing_offset_s(), timing);
    tag(names::frequency_offset_hz(), remaining);

    pmt::pmt_t status = pmt::make_dict();
    const auto add = [&](const char* key, const pmt::pmt_t& value) {
        status = pmt::dict_add(status, pmt::intern(key), value);
    };
    add("frame", pmt::from_uint64(frame.number));
    add("locked", pmt::from_bool(frame.locked));
    add("misses", pmt::from_long(frame.misses));
    add("frequency_hz", pmt::from_double(frame.frequency_hz));
    add("snr_db",
        of_seen(frame.reports, [](const auto& report) { return report.snr_db; }));
    add("timing_offset_s", timing);
    add("frequency_offset_hz",
        of_seen(frame.reports, [](const auto& report) { return report.frequency_hz; }));
    message_port_pub(status_port(), status);
}

void frame_sync_impl::log(const SynchronisationEvent& event)
{
    const double rate = d_synchroniser->timing().sample_rate_hz;
    switch (event.kind) {
    case SynchronisationEvent::Kind::locked:
        d_logger->info("locked at frame {:d}: {:s}", event.frame, text(event.reports));
        break;
    case SynchronisationEvent::Kind::missed:
        if (d_missed_lines.pass()) {
            d_logger->warn(
                "frame {:d}: preamble missed, {:d} in a row; going on by the clock",
                event.frame,
                event.misses);
        }
        break;
    case SynchronisationEvent::Kind::lost:
        if (event.misses > 0) {
            d_logger->warn("lock lost at frame {:d}: no preamble in {:d} frames",
                           event.frame,
                           event.misses);
        } else {
            d_logger->warn("lock lost at frame {:d}: the time jumped too far to know "
                           "where frames are",
                           event.frame);
        }
        break;
    case SynchronisationEvent::Kind::jump:
        d_logger->warn("overflow: time jumped by {:d} samples ({:.3f} ms) at frame {:d}; "
                       "{:d} frames dropped{:s}",
                       event.samples,
                       1e3 * static_cast<double>(event.samples) / rate,
                       event.frame,
                       event.frames,
                       d_synchroniser->locked() ? ", lock kept" : "");
        break;
    case SynchronisationEvent::Kind::renumber:
        if (d_settings.by_time) {
            d_logger->warn(
                "frame {:d} by the schedule has the number {:d} in its header: "
                "is the start time that of the transmit access points?",
                event.frame,
                static_cast<std::int64_t>(event.frame) + event.samples);
        } else {
            d_logger->warn("frame {:d} has the number {:d} in its header, which counts "
                           "from now on: the transmit access points have started anew",
                           event.frame,
                           static_cast<std::int64_t>(event.frame) + event.samples);
        }
        break;
    }
}

void frame_sync_impl::note_counts()
{
    for (const auto& event : d_synchroniser->take_events()) {
        log(event);
    }
    const auto& counts = d_synchroniser->counts();
    d_locked = d_synchroniser->locked();
    d_frames = counts.frames;
    d_missed = counts.missed;
    d_dropped = counts.dropped;
    d_locks = counts.locks;
    d_losses = counts.losses;
}

int frame_sync_impl::general_work(int noutput_items,
                                  gr_vector_int& ninput_items,
                                  gr_vector_const_void_star& input_items,
                                  gr_vector_void_star& output_items)
{
    const gr::thread::scoped_lock lock(d_setlock);
    const int available = *std::min_element(ninput_items.begin(), ninput_items.end());
    std::vector<const gr_complex*> from(input_items.size());
    std::vector<gr_complex*> to(output_items.size());
    int taken = 0;
    int produced = 0;
    try {
        while (true) {
            if (const auto* const frame = d_synchroniser->frame()) {
                if (produced == noutput_items) {
                    break;
                }
                if (!d_told) {
                    tell(*frame, produced);
                    d_told = true;
                }
                for (std::size_t a = 0; a < to.size(); a++) {
                    to[a] = static_cast<gr_complex*>(output_items[a]) + produced;
                }
                produced +=
                    static_cast<int>(d_synchroniser->read(to, noutput_items - produced));
                continue;
            }
            d_told = false;
            if (taken == available) {
                break;
            }
            const int until = until_time(taken, available);
            for (std::size_t a = 0; a < from.size(); a++) {
                from[a] = static_cast<const gr_complex*>(input_items[a]) + taken;
            }
            taken += static_cast<int>(d_synchroniser->push(from, until - taken));
        }
        note_counts();
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    consume_each(taken);
    return produced;
}

} // namespace isac
} // namespace gr
