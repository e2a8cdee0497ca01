/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "received_frames.h"
#include "alignment.h"
#include "checks.h"
#include "frames.h"

#include <algorithm>
#include <cfisac/signal/front_end.h>
#include <cmath>
#include <stdexcept>

namespace gr {
namespace isac {

int check_access_point(const cfisac::Scenario& scenario, int access_point)
{
    checked_access_point(scenario.receive, access_point);
    return access_point;
}

gr::io_signature::sptr frame_signature(const cfisac::Scenario& scenario,
                                       int echoes,
                                       bool reads_transmit)
{
    std::vector<int> sizes(
        echoes, static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex)));
    if (reads_transmit) {
        sizes.insert(
            sizes.end(),
            scenario.transmit.size(),
            static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
    }
    return gr::io_signature::makev(1, static_cast<int>(sizes.size()), sizes);
}

received_frames::received_frames(gr::block& block,
                                 device_queue& queue,
                                 const cfisac::Scenario& scenario,
                                 options options)
    : d_block(block),
      d_scenario(scenario),
      d_options(std::move(options)),
      d_inputs(block, queue)
{
}

int received_frames::inputs() const
{
    return static_cast<int>(d_options.receivers.size() +
                            (d_options.reads_transmit ? d_scenario.transmit.size() : 0));
}

std::string received_frames::description() const
{
    return std::string(d_options.receivers.size() > 1
                           ? "the echoes of every receive access point"
                           : "the echo") +
           (d_options.reads_transmit ? " and the frames of every transmit access point"
                                     : " alone");
}

bool received_frames::accept(double power,
                             std::uint64_t frame,
                             const std::string& what,
                             const gr::logger_ptr& logger)
{
    if (std::isfinite(power)) {
        return true;
    }
    d_refused++;
    if (d_log_limiter.pass()) {
        logger->error("frame {:d} left out: {:s} has samples that are not finite ({:d} "
                      "frames left out so far)",
                      frame,
                      what,
                      d_refused.load());
    }
    return false;
}

bool received_frames::read(received_frame& next,
                           const std::vector<int>& items,
                           const gr_vector_const_void_star& input_items,
                           const gr::logger_ptr& logger)
{
    next.offset = d_block.nitems_read(0) + items[0];
    next.capture_time_ns = capture_time_ns(
        tags(), next.offset, next.frame, d_scenario.waveform.interval_s());
    const std::size_t echoes = d_options.receivers.size();
    for (std::size_t i = 0; i < echoes; i++) {
        next.echoes.push_back(
            d_inputs.read(i, items[i], receive_shape(d_scenario), input_items));
        const double power = cfisac::signal::mean_power(next.echoes[i]);
        const auto name =
            "the echo of access point " + std::to_string(d_options.receivers[i]);
        if (!accept(power, next.frame, name, logger)) {
            return false;
        }
        next.power = i == 0 ? power : next.power;
    }
    if (!d_options.reads_transmit) {
        return true;
    }
    next.transmit =
        d_inputs.read_stack(echoes,
                            {items.begin() + static_cast<int>(echoes), items.end()},
                            transmit_shape(d_scenario),
                            input_items);
    return accept(cfisac::signal::mean_power(next.transmit),
                  next.frame,
                  "the transmit signal",
                  logger);
}

int received_frames::work(int noutput_items,
                          const gr_vector_int& ninput_items,
                          const gr_vector_const_void_star& input_items,
                          const gr::logger_ptr& logger,
                          const processing& process,
                          const completion& complete)
{
    d_inputs.read_tags(ninput_items);
    const std::size_t echoes = d_options.receivers.size();
    const int waiting = *std::min_element(
        ninput_items.begin(), ninput_items.begin() + static_cast<int>(echoes));
    const int skipped = d_options.real_time ? std::max(waiting - frames_in_flight, 0) : 0;
    d_skipped.add(skipped, logger);
    auto number = [&](std::size_t stream, int item) -> std::optional<std::uint64_t> {
        if (stream < echoes && item < skipped) {
            return std::nullopt;
        }
        return frame_number(d_inputs.tags(stream),
                            d_block.nitems_read(static_cast<unsigned>(stream)) + item);
    };

    frame_aligner aligner(ninput_items);
    int produced = 0;
    // In real time the next call sees what has come in the meantime.
    const int most =
        d_options.real_time ? std::min(d_options.batch, noutput_items) : noutput_items;
    std::vector<received_frame> work;
    for (bool more = true; more && produced < most;) {
        const auto frame = aligner.align(number);
        more = frame.has_value();
        if (more) {
            received_frame next;
            next.frame = *frame;
            if (read(next, aligner.taken(), input_items, logger)) {
                if (complete) {
                    complete(next);
                }
                work.push_back(std::move(next));
            }
            aligner.advance();
        }
        const int count = static_cast<int>(work.size());
        if (count > 0 && (!more || count == std::min(d_options.batch, most - produced))) {
            process(work, produced);
            produced += count;
            work.clear();
        }
    }
    d_unmatched += aligner.unmatched();
    for (std::size_t i = 0; i < input_items.size(); i++) {
        d_block.consume(static_cast<int>(i), aligner.taken()[i]);
    }
    return produced;
}

} // namespace isac
} // namespace gr
