/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "error_meter_impl.h"
#include "frames.h"

#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

enum port { truth_port, estimates_port, bound_port };

//! Items of a port that may wait for a partner.
constexpr std::size_t most_waiting = 4096;

gr::io_signature::sptr inputs(const cfisac::Scenario& scenario)
{
    const int values = static_cast<int>(estimate_size(scenario) * sizeof(float));
    const int bounds = static_cast<int>(2 * scenario.targets.count * sizeof(float));
    return gr::io_signature::makev(2, 3, { values, values, bounds });
}

} // namespace

error_meter::sptr error_meter::make(const cfisac::Scenario& scenario)
{
    return gnuradio::make_block_sptr<error_meter_impl>(scenario);
}

error_meter_impl::error_meter_impl(const cfisac::Scenario& scenario)
    : gr::block("error_meter", inputs(scenario), gr::io_signature::make(0, 0, 0)),
      d_values(estimate_size(scenario)),
      d_bounds(std::size_t{ 2 } * scenario.targets.count),
      d_keeper(scenario)
{
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_out(names::scores_port());
}

std::map<std::string, double> error_meter_impl::scores() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    const cfisac::evaluation::Scores s = d_keeper.scores();
    return {
        { "frames", static_cast<double>(s.frames) },
        { "frames_lost", static_cast<double>(s.frames_lost) },
        { "location_rmse_m", s.location_rmse_m },
        { "location_median_m", s.location_median_m },
        { "location_p90_m", s.location_p90_m },
        { "location_within_1m", s.location_within_1m },
        { "velocity_rmse_mps", s.velocity_rmse_mps },
        { "velocity_median_mps", s.velocity_median_mps },
        { "velocity_p90_mps", s.velocity_p90_mps },
        { "root_crlb_location_rms_m", s.root_crlb_location_rms_m },
        { "root_crlb_location_median_m", s.root_crlb_location_median_m },
        { "root_crlb_velocity_rms_mps", s.root_crlb_velocity_rms_mps },
        { "root_crlb_velocity_median_mps", s.root_crlb_velocity_median_mps },
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
    d_truth.clear();
    d_estimates.clear();
    return true;
}

bool error_meter_impl::stop()
{
    // When the streams have ended, no estimate will come for a truth that is left over. When
    // the flowgraph was stopped instead, its frames are still under way and are not lost.
    const auto reader = detail() ? detail()->input(truth_port) : nullptr;
    if (reader && reader->done()) {
        const std::lock_guard<std::mutex> lock(d_mutex);
        const std::size_t left = d_truth.size() + reader->items_available();
        for (std::size_t i = 0; i < left; i++) {
            d_keeper.add_lost();
        }
    }
    d_truth.clear();
    d_estimates.clear();
    return true;
}

void error_meter_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // Any item is taken when it comes, unless its queue is full: then the other one's turn
    // has come.
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 0);
    if (d_truth.size() >= most_waiting) {
        ninput_items_required[estimates_port] = 1;
    }
    if (d_estimates.size() >= most_waiting) {
        ninput_items_required[truth_port] = 1;
    }
}

int error_meter_impl::fill(std::deque<entry>& queue,
                           int port,
                           int available,
                           const void* items,
                           const void* bounds)
{
    const int room = static_cast<int>(most_waiting - std::min(queue.size(), most_waiting));
    const int count = std::min(available, room);
    std::vector<tag_t> tags;
    get_tags_in_window(tags, port, 0, count);
    const auto* values = static_cast<const float*>(items);
    const auto* bound = static_cast<const float*>(bounds);
    for (int i = 0; i < count; i++) {
        entry next;
        next.frame = frame_number(tags, nitems_read(port) + i);
        next.values.assign(values, values + d_values);
        values += d_values;
        if (bound) {
            next.bound.assign(bound, bound + d_bounds);
            bound += d_bounds;
        }
        queue.push_back(std::move(next));
    }
    return count;
}

void error_meter_impl::score(const entry& truth, const entry& estimate)
{
    auto finite = [](const std::vector<float>& values) {
        return std::all_of(
            values.begin(), values.end(), [](float v) { return std::isfinite(v); });
    };
    if (!finite(truth.values) || !finite(estimate.values)) {
        d_keeper.add_lost();
        if (d_log_limiter.pass()) {
            d_logger->error("frame {:d}: truth or estimate is not finite", truth.frame);
        }
        return;
    }
    d_keeper.add(truth.values.data(),
                 estimate.values.data(),
                 truth.bound.empty() ? nullptr : truth.bound.data());
}

void error_meter_impl::match()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    while (!d_estimates.empty() && !d_truth.empty()) {
        const std::uint64_t estimate = d_estimates.front().frame;
        const std::uint64_t truth = d_truth.front().frame;
        if (truth < estimate) {
            d_keeper.add_lost();
            d_truth.pop_front();
        } else if (truth > estimate) {
            d_unmatched++;
            d_estimates.pop_front();
        } else {
            score(d_truth.front(), d_estimates.front());
            d_truth.pop_front();
            d_estimates.pop_front();
        }
    }
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
    const int truths = with_bound
                           ? std::min(ninput_items[truth_port], ninput_items[bound_port])
                           : ninput_items[truth_port];
    try {
        const int taken_truths = fill(d_truth,
                                      truth_port,
                                      truths,
                                      input_items[truth_port],
                                      with_bound ? input_items[bound_port] : nullptr);
        const int taken_estimates = fill(d_estimates,
                                         estimates_port,
                                         ninput_items[estimates_port],
                                         input_items[estimates_port],
                                         nullptr);
        match();
        consume(truth_port, taken_truths);
        consume(estimates_port, taken_estimates);
        if (with_bound) {
            consume(bound_port, taken_truths);
        }
        if (taken_estimates > 0) {
            publish();
        }
    } catch (const std::exception& cause) {
        d_logger->error("flowgraph ends: {:s}", cause.what());
        return WORK_DONE;
    }
    return 0;
}

} // namespace isac
} // namespace gr
