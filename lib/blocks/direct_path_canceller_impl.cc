/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "direct_path_canceller_impl.h"
#include "exported_count.h"
#include "frames.h"
#include "message.h"

#include <algorithm>
#include <cfisac/signal/device.h>
#include <cfisac/signal/static_echo.h>
#include <cmath>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <limits>

namespace gr {
namespace isac {

namespace {

using removal_kind = direct_path_canceller_impl::removal_kind;

struct removal_name {
    removal_kind kind;
    const char* name;
};
constexpr removal_name removals[] = {{removal_kind::none, "none"},
                                     {removal_kind::direct, "direct"},
                                     {removal_kind::projection, "projection"}};

removal_kind removal_from_string(const std::string& word)
{
    for (const auto& each : removals) {
        if (word == each.name) {
            return each.kind;
        }
    }
    throw std::invalid_argument("removal: \"" + word +
                                "\" is not one of none, direct, projection");
}

gr::io_signature::sptr output_frames(const cfisac::Scenario& scenario)
{
    std::vector<int> sizes(
        1 + scenario.transmit.size(),
        static_cast<int>(scenario.transmit_frame_size() * sizeof(gr_complex)));
    sizes[0] = static_cast<int>(scenario.receive_frame_size() * sizeof(gr_complex));
    const int count = static_cast<int>(sizes.size());
    return gr::io_signature::makev(count, count, sizes);
}

pmt::pmt_t vector_of(const std::vector<double>& values)
{
    return pmt::init_f64vector(values.size(), values);
}

} // namespace

direct_path_canceller::sptr direct_path_canceller::make(const cfisac::Scenario& scenario,
                                                        int access_point,
                                                        const std::string& removal,
                                                        bool measure,
                                                        const std::string& device)
{
    return gnuradio::make_block_sptr<direct_path_canceller_impl>(
        scenario, access_point, removal_from_string(removal), measure, device);
}

direct_path_canceller_impl::direct_path_canceller_impl(const cfisac::Scenario& scenario,
                                                       int access_point,
                                                       removal_kind removal,
                                                       bool measure,
                                                       const std::string& device)
    : gr::block(
          "direct_path_canceller", frame_signature(scenario, 1), output_frames(scenario)),
      d_queue(cfisac::signal::resolve_device(device)),
      d_layout(scenario, d_queue.device()),
      d_receiver(check_access_point(scenario, access_point)),
      d_measure(measure),
      d_removal(removal),
      d_frames_in(*this, d_queue, scenario, {{access_point}, true, false, 1})
{
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_out(names::offsets_port());
    message_port_register_in(names::command_port());
    set_msg_handler(names::command_port(),
                    [this](const pmt::pmt_t& m) { on_command(m); });
}

void direct_path_canceller_impl::setup_rpc()
{
#ifdef GR_CTRLPORT
    add_rpc_variable(exported_count(
        alias(), "frames", &direct_path_canceller::frames, "frames", "frames worked on"));
    add_rpc_variable(exported_count(alias(),
                                    "frames_without_direct_path",
                                    &direct_path_canceller::frames_without_direct_path,
                                    "frames",
                                    "frames in which a direct path was too weak"));
#endif
}

bool direct_path_canceller_impl::start()
{
    prepare_thread();
    d_queue.begin();
    d_frames_in.start();
    d_failure.clear();
    return true;
}

bool direct_path_canceller_impl::check_topology(int ninputs, int)
{
    const int wanted = d_frames_in.inputs();
    if (ninputs != wanted) {
        d_logger->error("{:d} inputs connected, but it works on {:d}: {:s}",
                        ninputs,
                        wanted,
                        d_frames_in.description());
    }
    return ninputs == wanted;
}

void direct_path_canceller_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

void direct_path_canceller_impl::set_removal(const std::string& removal)
{
    d_removal = removal_from_string(removal);
}

std::string direct_path_canceller_impl::removal() const
{
    return removals[static_cast<int>(d_removal.load())].name;
}

void direct_path_canceller_impl::on_command(const pmt::pmt_t& message)
{
    try {
        message_reader reader(message);
        const auto removal = reader.word("removal");
        reader.finish();
        if (removal) {
            set_removal(*removal);
        }
    } catch (const std::exception& cause) {
        d_messages_refused++;
        d_logger->error("message at port command refused: {:s}", cause.what());
    }
}

std::vector<cfisac::signal::ClockOffset> direct_path_canceller_impl::tagged_offsets(
    std::uint64_t offset) const
{
    std::vector<cfisac::signal::ClockOffset> offsets(d_layout.transmitters());
    const auto read = [&](const pmt::pmt_t& key,
                          double cfisac::signal::ClockOffset::*to) {
        const auto tag = find_tag(d_frames_in.tags(), offset, key);
        if (!tag) {
            return;
        }
        if (!pmt::is_f64vector(*tag) || pmt::length(*tag) != offsets.size()) {
            throw std::invalid_argument("tag " + pmt::symbol_to_string(key) +
                                        ": want an f64vector of " +
                                        std::to_string(offsets.size()) +
                                        " entries, got " + pmt::write_string(*tag));
        }
        for (std::size_t n = 0; n < offsets.size(); n++) {
            const double value = pmt::f64vector_ref(*tag, n);
            offsets[n].*to = std::isfinite(value) ? value : 0.0;
        }
    };
    read(names::timing_offset_s(), &cfisac::signal::ClockOffset::timing_s);
    read(names::frequency_offset_hz(), &cfisac::signal::ClockOffset::frequency_hz);
    return offsets;
}

void direct_path_canceller_impl::publish(
    std::uint64_t frame,
    const std::vector<cfisac::signal::DirectPath>& paths,
    int item,
    std::uint64_t input_offset)
{
    const auto of = [&](auto value) {
        std::vector<double> values;
        for (const auto& path : paths) {
            values.push_back(value(path));
        }
        return vector_of(values);
    };
    const auto if_seen = [](const cfisac::signal::DirectPath& path, double value) {
        return path.seen ? value : std::numeric_limits<double>::quiet_NaN();
    };
    const auto timing = of([](const auto& path) { return path.offset.timing_s; });
    const auto frequency = of([](const auto& path) { return path.offset.frequency_hz; });
    const auto time = find_tag(d_frames_in.tags(), input_offset, names::rx_time());
    for (unsigned port = 0; port <= static_cast<unsigned>(d_layout.transmitters());
         port++) {
        const std::uint64_t out = nitems_written(port) + item;
        add_item_tag(port, out, names::frame(), pmt::from_uint64(frame));
        add_item_tag(port, out, names::timing_offset_s(), timing);
        add_item_tag(port, out, names::frequency_offset_hz(), frequency);
        if (time) {
            add_item_tag(port, out, names::rx_time(), *time);
        }
    }
    pmt::pmt_t about = pmt::make_dict();
    const auto add = [&about](const pmt::pmt_t& key, const pmt::pmt_t& value) {
        about = pmt::dict_add(about, key, value);
    };
    add(names::frame(), pmt::from_uint64(frame));
    add(names::timing_offset_s(), timing);
    add(names::frequency_offset_hz(), frequency);
    add(pmt::intern("timing_deviation_s"),
        of([&](const auto& path) { return if_seen(path, path.deviation.timing_s); }));
    add(pmt::intern("frequency_deviation_hz"),
        of([&](const auto& path) { return if_seen(path, path.deviation.frequency_hz); }));
    add(pmt::intern("snr_db"), of([](const auto& path) { return path.snr_db; }));
    message_port_pub(names::offsets_port(), about);
}

void direct_path_canceller_impl::process(const received_frame& frame,
                                         int item,
                                         gr_vector_void_star& output_items)
{
    const auto& scenario = d_layout.scenario;
    auto echo = frame.echoes[0][0];
    const auto transmit = frame.transmit[0];
    const auto expected = tagged_offsets(frame.offset);
    std::vector<cfisac::signal::DirectPath> paths(expected.size());
    for (std::size_t n = 0; n < paths.size(); n++) {
        paths[n].offset = expected[n];
    }
    if (d_measure) {
        const bool known =
            find_tag(d_frames_in.tags(), frame.offset, names::timing_offset_s())
                .has_value();
        paths = cfisac::signal::measure_direct_paths(
            d_layout,
            echo,
            transmit,
            d_receiver,
            expected,
            known ? 0.0 : scenario.waveform.cyclic_prefix_s);
        const auto weak = std::find_if(
            paths.begin(), paths.end(), [](const auto& path) { return !path.seen; });
        if (weak != paths.end()) {
            d_frames_without++;
            if (d_weak_log.pass()) {
                d_logger->warn(
                    "frame {:d}: the direct path of transmit access point {:d} "
                    "is too weak to measure its clock ({:d} such frames so far)",
                    frame.frame,
                    weak - paths.begin(),
                    d_frames_without.load());
            }
        }
    }
    std::vector<cfisac::signal::ClockOffset> offsets;
    for (const auto& path : paths) {
        offsets.push_back(path.offset);
    }
    const auto seen = cfisac::signal::with_offsets(d_layout, transmit, offsets);
    switch (d_removal) {
    case removal_kind::none:
        break;
    case removal_kind::direct:
        echo = echo - cfisac::signal::direct_echo(d_layout, transmit, d_receiver, paths);
        break;
    case removal_kind::projection:
        echo =
            cfisac::signal::without_static(echo, cfisac::signal::static_subspace(seen));
        break;
    }
    copy_out(echo,
             static_cast<gr_complex*>(output_items[0]) +
                 item * scenario.receive_frame_size(),
             at::kComplexFloat);
    for (std::size_t n = 0; n < offsets.size(); n++) {
        copy_out(seen[static_cast<std::int64_t>(n)],
                 static_cast<gr_complex*>(output_items[1 + n]) +
                     item * scenario.transmit_frame_size(),
                 at::kComplexFloat);
    }
    publish(frame.frame, paths, item, frame.offset);
    d_frames++;
}

int direct_path_canceller_impl::general_work(int noutput_items,
                                             gr_vector_int& ninput_items,
                                             gr_vector_const_void_star& input_items,
                                             gr_vector_void_star& output_items)
{
    const c10::InferenceMode no_gradients;
    const device_queue::scope own_queue(d_queue);
    try {
        return d_frames_in.work(noutput_items,
                                ninput_items,
                                input_items,
                                d_logger,
                                [&](const std::vector<received_frame>& work, int item) {
                                    process(work[0], item, output_items);
                                });
    } catch (const std::exception& cause) {
        return d_failure.end(d_logger, cause);
    }
}

} // namespace isac
} // namespace gr
