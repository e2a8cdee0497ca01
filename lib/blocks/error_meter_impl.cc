/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "error_meter_impl.h"
#include "frames.h"

#include <algorithm>
#include <cmath>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

enum port { truth_port, estimates_port, bound_port, confidence_port };

//! Truths that may wait for an estimate.
constexpr std::size_t most_waiting = std::size_t{1} << 20;

gr::io_signature::sptr inputs(const cfisac::Scenario& scenario)
{
    const int values = static_cast<int>(estimate_size(scenario) * sizeof(float));
    const int targets = static_cast<int>(scenario.targets.count * sizeof(float));
    return gr::io_signature::makev(2, 4, {values, values, 2 * targets, targets});
}

} // namespace

error_meter::sptr error_meter::make(const cfisac::Scenario& scenario, bool location_only)
{
    return gnuradio::make_block_sptr<error_meter_impl>(scenario, location_only);
}

error_meter_impl::error_meter_impl(const cfisac::Scenario& scenario, bool location_only)
    : gr::block("error_meter", inputs(scenario), gr::io_signature::make(0, 0, 0)),
      d_values(estimate_size(scenario)),
      d_bounds(std::size_t{2} * scenario.targets.count),
      d_targets(scenario.targets.count),
      d_keeper(scenario,
               location_only ? cfisac::evaluation::Scored::location
                             : cfisac::evaluation::Scored::location_and_velocity)
{
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_out(names::scores_port());
}

std::map<std::string, double> error_meter_impl::scores() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    const cfisac::evaluation::Scores s = d_keeper.scores();
    return {
        {"frames", static_cast<double>(s.frames)},
        {"frames_lost", static_cast<double>(s.frames_lost)},
        {"location_rmse_m", s.location_rmse_m},
        {"location_median_m", s.location_median_m},
        {"location_p90_m", s.location_p90_m},
        {"location_within_1m", s.location_within_1m},
        {"velocity_rmse_mps", s.velocity_rmse_mps},
        {"velocity_median_mps", s.velocity_median_mps},
        {"velocity_p90_mps", s.velocity_p90_mps},
        {"root_crlb_location_rms_m", s.root_crlb_location_rms_m},
        {"root_crlb_location_median_m", s.root_crlb_location_median_m},
        {"root_crlb_velocity_rms_mps", s.root_crlb_velocity_rms_mps},
        {"root_crlb_velocity_median_mps", s.root_crlb_velocity_median_mps},
    };
}

std::map<std::string, double> error_meter_impl::calibration() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    const cfisac::evaluation::Calibration c = d_keeper.calibration();
    return {
        {"confidence_mean", c.confidence_mean},
        {"location_within_5m", c.location_within_5m},
        {"confidence_mean_within_5m", c.confidence_mean_within_5m},
        {"confidence_mean_beyond_5m", c.confidence_mean_beyond_5m},
    };
}

std::string error_meter_impl::to_json() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return cfisac::evaluation::to_json(d_keeper.scores());
}

std::string error_meter_impl::table() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return cfisac::evaluation::to_table(d_keeper.scores());
}

void error_meter_impl::clear()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_keeper.clear();
    d_unmatched = 0;
}

std::uint64_t error_meter_impl::estimates_unmatched() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_unmatched;
}

bool error_meter_impl::start()
{
    d_truths.clear();
    return true;
}

bool error_meter_impl::stop()
{
    // When the estimates have ended, none will come for a truth that is left over. When
    // the flowgraph was stopped instead, its frames are still under way and are not lost.
    if (detail() && detail()->input(estimates_port)->done()) {
        const std::lock_guard<std::mutex> lock(d_mutex);
        for (int left = truths_available() + static_cast<int>(d_truths.size()); left > 0;
             left--) {
            d_keeper.add_lost();
        }
    }
    return true;
}

int error_meter_impl::truths_available()
{
    if (!detail()) {
        return 0;
    }
    const int truths = detail()->input(truth_port)->items_available();
    return detail()->ninputs() > bound_port
               ? std::min(truths, detail()->input(bound_port)->items_available())
               : truths;
}

void error_meter_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // Truths are queued as they come: if they waited in their buffer, a long gap in the
    // estimates would hold up the block that makes them, and the echoes with it. The last
    // one stays where it is, because a sink with an empty input that has ended is taken
    // to be done, while estimates may still be under way.
    const bool queue = truths_available() > 1;
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), queue ? 2 : 1);
    for (std::size_t port : {estimates_port, confidence_port}) {
        if (port < ninput_items_required.size()) {
            ninput_items_required[port] = queue ? 0 : 1;
        }
    }
}

void error_meter_impl::queue_truths(int count, gr_vector_const_void_star& input_items)
{
    const bool with_bound = input_items.size() > bound_port;
    const auto* values = static_cast<const float*>(input_items[truth_port]);
    const auto* bounds =
        with_bound ? static_cast<const float*>(input_items[bound_port]) : nullptr;
    std::vector<tag_t> tags;
    get_tags_in_window(tags, truth_port, 0, count);
    for (int i = 0; i < count; i++) {
        entry next;
        next.frame = frame_number(tags, nitems_read(truth_port) + i);
        next.values.assign(values + i * d_values, values + (i + 1) * d_values);
        if (with_bound) {
            next.bound.assign(bounds + i * d_bounds, bounds + (i + 1) * d_bounds);
        }
        d_truths.push_back(std::move(next));
    }
    for (; d_truths.size() > most_waiting; d_truths.pop_front()) {
        d_keeper.add_lost();
    }
}

void error_meter_impl::score(const entry& truth,
                             const float* estimate,
                             const float* confidence)
{
    try {
        d_keeper.add(truth.values.data(),
                     estimate,
                     truth.bound.empty() ? nullptr : truth.bound.data(),
                     confidence);
    } catch (const std::invalid_argument& wrong) { // a value that is not finite
        d_keeper.add_lost();
        if (d_log_limiter.pass()) {
            d_logger->error("frame {:d}: {:s}", truth.frame, wrong.what());
        }
    }
}

int error_meter_impl::match(int count, const float* estimates, const float* confidences)
{
    std::vector<tag_t> tags;
    get_tags_in_window(tags, estimates_port, 0, count);
    int taken = 0;
    while (taken < count && !d_truths.empty()) {
        const entry& truth = d_truths.front();
        const auto frame = frame_number(tags, nitems_read(estimates_port) + taken);
        if (truth.frame > frame) {
            d_unmatched++;
            taken++;
            continue;
        }
        if (truth.frame < frame) {
            d_keeper.add_lost();
        } else {
            score(truth,
                  estimates + taken * d_values,
                  confidences ? confidences + taken * d_targets : nullptr);
            taken++;
        }
        d_truths.pop_front();
    }
    return taken;
}

void error_meter_impl::publish()
{
    if (!d_publish_limiter.pass()) {
        return;
    }
    pmt::pmt_t message = pmt::make_dict();
    for (const auto& [name, value] : scores()) {
        message = pmt::dict_add(message, pmt::intern(name), pmt::from_double(value));
    }
    message_port_pub(names::scores_port(), message);
}

int error_meter_impl::general_work(int,
                                   gr_vector_int& ninput_items,
                                   gr_vector_const_void_star& input_items,
                                   gr_vector_void_star&)
{
    const bool with_bound = input_items.size() > bound_port;
    const bool with_confidence = input_items.size() > confidence_port;
    int truths = with_bound ? std::min(ninput_items[truth_port], ninput_items[bound_port])
                            : ninput_items[truth_port];
    int estimates = with_confidence ? std::min(ninput_items[estimates_port],
                                               ninput_items[confidence_port])
                                    : ninput_items[estimates_port];
    try {
        const std::lock_guard<std::mutex> lock(d_mutex);
        queue_truths(truths, input_items);
        estimates = match(estimates,
                          static_cast<const float*>(input_items[estimates_port]),
                          with_confidence
                              ? static_cast<const float*>(input_items[confidence_port])
                              : nullptr);
    } catch (const std::exception& cause) {
        d_logger->error("flowgraph ends: {:s}", cause.what());
        return WORK_DONE;
    }
    if (truths > 0 && !d_truths.empty()) { // the last one stays, see forecast()
        d_truths.pop_back();
        truths--;
    }
    consume(truth_port, truths);
    consume(estimates_port, estimates);
    if (with_bound) {
        consume(bound_port, truths);
    }
    if (with_confidence) {
        consume(confidence_port, estimates);
    }
    if (estimates > 0) {
        publish();
    }
    return 0;
}

} // namespace isac
} // namespace gr
