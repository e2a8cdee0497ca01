/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_sink_impl.h"
#include "../frames.h"
#include "map_window.h"

#include <algorithm>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>
#include <set>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

constexpr std::size_t most_names = 8;
constexpr int highest_rate = 60;

void check(const map_description& about, int rate)
{
    const auto& names = about.names;
    if (names.empty() || names.size() > most_names) {
        throw std::invalid_argument("names: " + std::to_string(names.size()) +
                                    " names, 1 to " + std::to_string(most_names) +
                                    " are needed");
    }
    std::set<std::string> seen;
    for (const std::string& name : names) {
        if (name.empty()) {
            throw std::invalid_argument("names: a name is empty");
        }
        if (!seen.insert(name).second) {
            throw std::invalid_argument("names: '" + name + "' is there twice");
        }
    }
    if (about.bound && !about.truth) {
        throw std::invalid_argument(
            "bound: it is compared with errors, which need truth");
    }
    if (rate < 1 || rate > highest_rate) {
        throw std::invalid_argument("rate: " + std::to_string(rate) +
                                    " redraws per second are not between 1 and " +
                                    std::to_string(highest_rate));
    }
}

} // namespace

map_packets packets_of(const model_info& model)
{
    if (model.packet_size == 0) {
        throw std::invalid_argument(
            "packets: " + model.path +
            " is a centralized network, for which raw echoes travel and no packets");
    }
    return {cfisac::fronthaul::PacketFormat(static_cast<std::uint32_t>(model.index_range),
                                            static_cast<std::uint32_t>(model.index_count),
                                            cfisac::fingerprint(model.scenario),
                                            model.fingerprint,
                                            model.index_priors),
            static_cast<std::size_t>(model.codewords),
            static_cast<std::size_t>(model.vectors_sent)};
}

map_packets packets_of(const estimator_info& estimator, const cfisac::Scenario& scenario)
{
    constexpr std::uint32_t word_range = 1 << 16;
    return {
        cfisac::fronthaul::PacketFormat(word_range,
                                        static_cast<std::uint32_t>(estimator.word_count),
                                        cfisac::fingerprint(scenario),
                                        estimator.fingerprint),
        0,
        0};
}

map_sink::sptr map_sink::make(const cfisac::Scenario& scenario,
                              const std::vector<std::string>& names,
                              bool truth,
                              bool bound,
                              const std::optional<map_packets>& packets,
                              const std::string& title,
                              int trail,
                              int rate,
                              const std::string& theme)
{
    const map_description about{scenario, names, truth, bound, packets};
    check(about, rate);
    return gnuradio::make_block_sptr<map_sink_impl>(
        about,
        map_settings{title, map_theme_from_string(theme), checked_trail(trail)},
        rate);
}

std::vector<map_sink_impl::input> map_sink_impl::inputs_of(const map_description& about)
{
    const std::size_t values = estimate_size(about.scenario) * sizeof(float);
    const std::size_t bounds =
        std::size_t{2} * about.scenario.targets.count * sizeof(float);
    std::vector<input> inputs;
    for (std::size_t i = 0; i < about.names.size(); i++) {
        inputs.push_back({kind::estimates, i, values});
    }
    if (about.truth) {
        inputs.push_back({kind::truth, 0, values});
    }
    if (about.bound) {
        inputs.push_back({kind::bound, 0, bounds});
    }
    for (std::size_t m = 0; about.packets && m < about.scenario.receive.size(); m++) {
        inputs.push_back({kind::packets, m, about.packets->format.size()});
    }
    return inputs;
}

map_sink_impl::map_sink_impl(const map_description& about,
                             const map_settings& settings,
                             int rate)
    : gr::block("map_sink",
                gr::io_signature::make(1, gr::io_signature::IO_INFINITE, sizeof(char)),
                gr::io_signature::make(0, 0, 0)),
      d_state(std::make_shared<map_state>(about, settings)),
      d_window(std::make_unique<map_window>(d_state, rate)),
      d_inputs(inputs_of(about))
{
    std::vector<int> sizes;
    for (const input& each : d_inputs) {
        sizes.push_back(static_cast<int>(each.item_size));
    }
    const int count = static_cast<int>(sizes.size());
    set_input_signature(gr::io_signature::makev(1, count, sizes));
    set_tag_propagation_policy(TPP_DONT);
    message_port_register_in(names::estimates_port());
    set_msg_handler(names::estimates_port(),
                    [this](const pmt::pmt_t& message) { take_message(message); });
}

map_sink_impl::~map_sink_impl() = default;

QWidget* map_sink_impl::qwidget() { return d_window->widget(); }

void map_sink_impl::set_trail(int frames) { d_state->set_trail(frames); }

int map_sink_impl::trail() const { return d_state->settings().trail; }

void map_sink_impl::set_theme(const std::string& theme)
{
    d_state->set_theme(map_theme_from_string(theme));
}

std::string map_sink_impl::theme() const { return to_string(d_state->settings().theme); }

void map_sink_impl::set_title(const std::string& title) { d_state->set_title(title); }

std::string map_sink_impl::title() const { return d_state->settings().title; }

void map_sink_impl::save_png(const std::string& path, int width, int height)
{
    d_window->save_png(path, width, height);
}

std::uint64_t map_sink_impl::frames() const { return d_state->frames(); }

std::uint64_t map_sink_impl::frames_incomplete() const
{
    return d_state->frames_incomplete();
}

std::uint64_t map_sink_impl::redraws() const { return d_window->redraws(); }

bool map_sink_impl::start()
{
    for (input& each : d_inputs) {
        each.taken = 0;
    }
    d_state->update(
        [](map_frames& frames, std::optional<fronthaul_meter>&) { frames.restart(); });
    return true;
}

bool map_sink_impl::check_topology(int ninputs, int)
{
    const int wanted = static_cast<int>(d_inputs.size());
    if (ninputs != wanted) {
        const auto& about = d_state->about();
        d_logger->error(
            "{:d} inputs connected, but it has {:d}: {:d} of estimates{:s}{:s}"
            "{:s}",
            ninputs,
            wanted,
            about.names.size(),
            about.truth ? ", the truth" : "",
            about.bound ? ", the bound" : "",
            about.packets ? ", the packets of every receive access point" : "");
    }
    return ninputs == wanted;
}

void map_sink_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // The streams need not keep step: whatever has come is taken. The last item of each is
    // consumed only when another one has come, because a sink with an empty input that has
    // ended is taken to be done, while the others may go on.
    bool all_done = true;
    for (std::size_t i = 0; i < ninput_items_required.size(); i++) {
        const auto& reader = detail()->input(static_cast<unsigned>(i));
        const std::uint64_t there =
            nitems_read(static_cast<unsigned>(i)) + reader->items_available();
        if (there > d_inputs[i].taken) {
            std::fill(ninput_items_required.begin(), ninput_items_required.end(), 0);
            return;
        }
        all_done = all_done && reader->done();
    }
    for (std::size_t i = 0; i < ninput_items_required.size(); i++) {
        const auto& reader = detail()->input(static_cast<unsigned>(i));
        ninput_items_required[i] =
            all_done || !reader->done() ? reader->items_available() + 1 : 0;
    }
}

void map_sink_impl::take_message(const pmt::pmt_t& message)
{
    const auto& scenario = d_state->about().scenario;
    try {
        auto pdu = read_estimates(message,
                                  static_cast<std::size_t>(scenario.dimensions),
                                  static_cast<std::size_t>(scenario.targets.count));
        d_state->update([&pdu](map_frames& frames, std::optional<fronthaul_meter>&) {
            frames.add_pdu(std::move(pdu));
        });
    } catch (const std::exception& cause) {
        d_messages_refused++;
        if (d_message_limiter.pass()) {
            d_logger->error("message refused: {:s}", cause.what());
        }
    }
}

void map_sink_impl::take_packet(fronthaul_meter& fronthaul,
                                std::size_t access_point,
                                const std::uint8_t* data)
{
    const char* wrong = fronthaul.add(access_point, data);
    if (wrong) {
        d_packets_refused++;
        if (d_packet_limiter.pass()) {
            d_logger->error("packet of access point {:d} refused: {:s} ({:d} packets "
                            "refused so far)",
                            access_point,
                            wrong,
                            d_packets_refused.load());
        }
    }
}

void map_sink_impl::take(map_frames& frames,
                         std::optional<fronthaul_meter>& fronthaul,
                         input& from,
                         int available,
                         const char* items)
{
    const auto port = static_cast<unsigned>(&from - d_inputs.data());
    const std::uint64_t first = nitems_read(port);
    const std::uint64_t end = first + available;
    std::vector<tag_t> tags;
    if (from.what != kind::packets && from.taken < end) {
        get_tags_in_range(tags, port, std::max(first, from.taken), end, names::frame());
    }
    const auto now = std::chrono::steady_clock::now();
    auto tag = tags.cbegin(); // they come in the order of their items
    for (std::uint64_t item = std::max(first, from.taken); item < end; item++) {
        const char* data = items + (item - first) * from.item_size;
        if (from.what == kind::packets) {
            take_packet(
                *fronthaul, from.number, reinterpret_cast<const std::uint8_t*>(data));
            continue;
        }
        const auto* values = reinterpret_cast<const float*>(data);
        tag = std::find_if(
            tag, tags.cend(), [item](const tag_t& t) { return t.offset >= item; });
        const bool tagged = tag != tags.cend() && tag->offset == item;
        const std::uint64_t frame = tagged ? frame_number({*tag}, item) : item;
        if (from.what == kind::truth) {
            frames.add_truth(frame, values);
        } else if (from.what == kind::bound) {
            frames.add_bound(frame, values);
        } else {
            frames.add_estimate(from.number, frame, values, now);
        }
    }
    from.taken = std::max(from.taken, end);
    if (from.what == kind::estimates && detail()->input(port)->done() &&
        detail()->input(port)->items_available() <= available) {
        frames.end(from.number);
    }
}

int map_sink_impl::general_work(int,
                                gr_vector_int& ninput_items,
                                gr_vector_const_void_star& input_items,
                                gr_vector_void_star&)
{
    try {
        d_state->update(
            [&](map_frames& frames, std::optional<fronthaul_meter>& fronthaul) {
                // Truth and bound first, as they are there before the estimates of their
                // frames.
                for (const bool estimates : {false, true}) {
                    for (std::size_t i = 0; i < d_inputs.size(); i++) {
                        if ((d_inputs[i].what == kind::estimates) == estimates) {
                            take(frames,
                                 fronthaul,
                                 d_inputs[i],
                                 ninput_items[i],
                                 static_cast<const char*>(input_items[i]));
                        }
                    }
                }
            });
    } catch (const std::exception& cause) {
        d_logger->error("flowgraph ends: {:s}", cause.what());
        return WORK_DONE;
    }
    for (std::size_t i = 0; i < d_inputs.size(); i++) {
        consume(static_cast<int>(i), std::max(ninput_items[i] - 1, 0)); // see forecast()
    }
    return 0;
}

} // namespace isac
} // namespace gr
