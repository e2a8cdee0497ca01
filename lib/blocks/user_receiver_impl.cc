/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "user_receiver_impl.h"
#include "exported_count.h"
#include "frames.h"
#include "ofdm_symbols.h"

#include <algorithm>
#include <cfisac/signal/front_end.h>
#include <cfisac/signal/transmitter.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {

namespace {

int elements(const cfisac::Scenario& scenario)
{
    return scenario.waveform.sensed_subcarriers() * scenario.waveform.sensed_symbols();
}

std::map<std::string, double> figures(const cfisac::signal::UserScores& scores)
{
    return {{"evm_db", scores.evm_db()},
            {"evm_percent", 100.0 * scores.evm()},
            {"sinr_db", scores.sinr_db()},
            {"bits", static_cast<double>(scores.bits)},
            {"bit_errors", static_cast<double>(scores.bit_errors)},
            {"bit_error_rate", scores.bit_error_rate()}};
}

} // namespace

user_receiver::sptr user_receiver::make(const cfisac::Scenario& scenario,
                                        int user,
                                        std::uint64_t seed,
                                        int training_symbols,
                                        bool track_phase)
{
    return gnuradio::make_block_sptr<user_receiver_impl>(
        scenario, user, seed, training_symbols, track_phase);
}

user_receiver_impl::user_receiver_impl(const cfisac::Scenario& scenario,
                                       int user,
                                       std::uint64_t seed,
                                       int training_symbols,
                                       bool track_phase)
    : gr::block("user_receiver",
                gr::io_signature::make(
                    1, 1, static_cast<int>(elements(scenario) * sizeof(gr_complex))),
                gr::io_signature::make(1, 1, sizeof(gr_complex))),
      d_layout(scenario),
      d_receiver(d_layout,
                 user,
                 training_symbols,
                 track_phase,
                 scenario.radio ? carrier_map(scenario).centre : -1),
      d_user(user),
      d_seed(seed),
      d_frame_items(elements(scenario))
{
    set_tag_propagation_policy(TPP_DONT);
    set_output_multiple(d_frame_items);
    set_relative_rate(static_cast<std::uint64_t>(d_frame_items), 1);
    message_port_register_out(names::scores_port());
}

void user_receiver_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &user_receiver::frames, "frames", "frames received"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_refused",
                                    &user_receiver::frames_refused,
                                    "frames",
                                    "frames left out: samples not finite"));
#endif
}

bool user_receiver_impl::start()
{
    prepare_thread();
    d_failure.clear();
    return true;
}

void user_receiver_impl::forecast(int noutput_items, gr_vector_int& ninput_items_required)
{
    ninput_items_required[0] = std::max(1, noutput_items / d_frame_items);
}

std::map<std::string, double> user_receiver_impl::scores() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    auto result = figures(d_scores);
    result["frames"] = static_cast<double>(d_counted);
    return result;
}

std::map<std::string, double> user_receiver_impl::last_frame() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    auto result = figures(d_last.scores);
    result["frame"] = static_cast<double>(d_last_number);
    return result;
}

std::vector<gr_complex> user_receiver_impl::channel() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_last.channel;
}

std::vector<double> user_receiver_impl::subcarrier_sinr_db() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    std::vector<double> result;
    for (const double sinr : d_last.sinr) {
        result.push_back(10.0 * std::log10(sinr));
    }
    return result;
}

void user_receiver_impl::reset()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_scores = {};
    d_counted = 0;
}

bool user_receiver_impl::receive(const at::Tensor& samples, std::uint64_t frame)
{
    if (!std::isfinite(cfisac::signal::mean_power(samples))) {
        d_frames_refused++;
        if (d_refused_log.pass()) {
            d_logger->error("frame {:d} left out: it has samples that are not finite "
                            "({:d} frames left out so far)",
                            frame,
                            d_frames_refused.load());
        }
        return false;
    }
    const at::Tensor sent =
        cfisac::signal::payload(
            d_layout, cfisac::signal::Random(d_seed, {static_cast<std::int64_t>(frame)}))
            .select(1, d_user)[0];
    auto received = d_receiver(samples[0], sent);
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_last = std::move(received);
    d_last_number = frame;
    d_scores.add(d_last.scores);
    d_counted++;
    d_frames++;
    return true;
}

void user_receiver_impl::tag_frame(std::uint64_t offset,
                                   const std::vector<tag_t>& tags,
                                   int place)
{
    const std::uint64_t to = nitems_written(0) + place;
    for (const tag_t& tag : tags) {
        if (tag.offset == offset && !pmt::eq(tag.key, names::frame())) {
            add_item_tag(0, to, tag.key, tag.value, tag.srcid);
        }
    }
    add_item_tag(0, to, names::frame(), pmt::from_uint64(d_last_number));
    const auto& scores = d_last.scores;
    add_item_tag(0, to, pmt::intern("evm_db"), pmt::from_double(scores.evm_db()));
    add_item_tag(0, to, pmt::intern("sinr_db"), pmt::from_double(scores.sinr_db()));
    add_item_tag(
        0, to, pmt::intern("bit_error_rate"), pmt::from_double(scores.bit_error_rate()));
}

void user_receiver_impl::publish()
{
    if (!d_publish_limiter.pass()) {
        return;
    }
    pmt::pmt_t message = pmt::make_dict();
    const auto add = [&](const std::string& key, double value) {
        message = pmt::dict_add(message, pmt::intern(key), pmt::from_double(value));
    };
    for (const auto& [name, value] : scores()) {
        add(name, value);
    }
    for (const auto& [name, value] : last_frame()) {
        add(name == "frame" ? "frame" : "frame_" + name, value);
    }
    message_port_pub(names::scores_port(), message);
}

int user_receiver_impl::general_work(int noutput_items,
                                     gr_vector_int& ninput_items,
                                     gr_vector_const_void_star& input_items,
                                     gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    std::vector<tag_t> tags;
    get_tags_in_window(tags, 0, 0, ninput_items[0]);
    auto* const out = static_cast<gr_complex*>(output_items[0]);
    const std::vector<std::int64_t> shape{d_layout.subcarriers(), d_layout.symbols()};
    int taken = 0;
    int produced = 0;
    try {
        for (; taken < ninput_items[0] && produced + d_frame_items <= noutput_items;
             taken++) {
            const std::uint64_t offset = nitems_read(0) + taken;
            const auto* item = static_cast<const gr_complex*>(input_items[0]) +
                               std::size_t(taken) * d_frame_items;
            if (receive(wrap(item, shape), frame_number(tags, offset))) {
                copy_out(d_last.symbols, out + produced, at::kComplexFloat);
                tag_frame(offset, tags, produced);
                produced += d_frame_items;
            }
        }
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
    consume(0, taken);
    if (produced > 0) {
        publish();
    }
    return produced;
}

} // namespace isac
} // namespace gr
