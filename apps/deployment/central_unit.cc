// SPDX-License-Identifier: GPL-3.0-or-later
#include "central_unit.h"
#include "frame_requests.h"

#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/isac/fusion_decoder.h>
#include <gnuradio/isac/names.h>
#include <gnuradio/isac/parameter_fusion.h>

namespace isac::apps {
namespace {

using gr::isac::fronthaul_source;
using nlohmann::ordered_json;

} // namespace

CentralUnit::CentralUnit(const CentralUnitSettings& settings)
    : d_settings(settings),
      d_top(gr::make_top_block("isac_central_unit")),
      d_heard(settings.scenario.receive.size(), 0)
{
    for (int m = 0; m < static_cast<int>(settings.scenario.receive.size()); ++m) {
        d_sources.push_back(prepared([&] {
            return fronthaul_source::make(settings.scenario,
                                          m,
                                          settings.scheme.packet_size,
                                          settings.scheme.fingerprint,
                                          settings.addresses[static_cast<std::size_t>(m)],
                                          settings.security,
                                          settings.key_file,
                                          settings.authorised_file,
                                          settings.queue);
        }));
    }
    connect_fusion();
    if (settings.scheme.decoder_reads_transmit) {
        connect_transmit();
    }
    connect_readers();
}

template <typename Block>
void CentralUnit::use(const Block& block)
{
    d_fusion = block;
    d_frames = [block] { return block->frames(); };
    d_fusion_error = [block] { return block->error(); };
    d_counts = {[block] { return block->frames_lost(); },
                [block] { return block->frames_incomplete(); },
                [block] { return block->packets_late(); },
                [block] { return block->duplicates(); },
                [block] { return block->packets_refused(); }};
}

void CentralUnit::connect_fusion()
{
    const auto& s = d_settings;
    if (s.scheme.name == "model") {
        use(prepared([&] {
            return gr::isac::fusion_decoder::make(s.scenario,
                                                  s.scheme.model,
                                                  s.compute,
                                                  {},
                                                  "float32",
                                                  false,
                                                  1,
                                                  s.deadline_s);
        }));
    } else {
        use(prepared([&] {
            return gr::isac::parameter_fusion::make(
                s.scenario, s.scheme.name, {}, false, s.deadline_s);
        }));
    }
    for (std::size_t m = 0; m < d_sources.size(); ++m) {
        d_top->connect(d_sources[m], 0, d_fusion, static_cast<int>(m));
    }
}

void CentralUnit::connect_transmit()
{
    const auto& scenario = d_settings.scenario;
    const auto count = d_sources.size();
    const auto requests = std::make_shared<FrameRequests>(count);
    for (std::size_t m = 0; m < count; ++m) {
        d_top->connect(d_sources[m],
                       0,
                       PacketListener::make(d_settings.scheme.packet_size, m, requests),
                       0);
    }
    d_reference =
        gr::isac::transmit_reference::make(scenario, d_settings.seed, d_settings.compute);
    d_top->connect(RequestedFrames::make(
                       scenario.receive_frame_size() * sizeof(gr_complex), requests),
                   0,
                   d_reference,
                   0);
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        d_top->connect(d_reference, n, d_fusion, static_cast<int>(count) + n);
    }
}

void CentralUnit::connect_readers()
{
    const auto& s = d_settings;
    const auto port = gr::isac::names::estimates_port();
    if (!s.publish_zmq.empty() || !s.publish_udp.empty()) {
        d_publisher = prepared([&] {
            return gr::isac::estimate_publisher::make(
                s.scenario, s.publish_zmq, s.publish_udp);
        });
        d_top->msg_connect(d_fusion, port, d_publisher, port);
    }
    if (!s.estimates.empty()) {
        d_writer = EstimateWriter::make(s.scenario, s.estimates, {}, true);
        d_writer->connect_to(*d_top, d_fusion);
    } else {
        const auto size = d_fusion->output_signature()->sizeof_stream_item(0);
        d_top->connect(
            d_fusion, 0, gr::blocks::null_sink::make(static_cast<std::size_t>(size)), 0);
    }
}

ordered_json CentralUnit::about() const
{
    ordered_json values;
    values["access_points"] = d_sources.size();
    values["scheme"] = d_settings.scheme.name;
    values["addresses"] = ordered_json::array();
    for (const auto& source : d_sources) {
        values["addresses"].push_back(source->address());
    }
    values["security"] = d_settings.security;
    const auto zmq = d_publisher ? d_publisher->zmq_address() : "";
    values["publish_zmq"] = zmq.empty() ? ordered_json(nullptr) : ordered_json(zmq);
    values["publish_udp"] = d_settings.publish_udp.empty()
                                ? ordered_json(nullptr)
                                : ordered_json(d_settings.publish_udp);
    return values;
}

ordered_json CentralUnit::health()
{
    const auto frames = d_frames();
    ordered_json values;
    values["frames"] = frames;
    values["rate_hz"] = d_rate.next(frames);
    values["frames_lost"] = d_counts.lost();
    values["frames_incomplete"] = d_counts.incomplete();
    values["packets_late"] = d_counts.late();
    values["packets_duplicate"] = d_counts.duplicates();
    values["packets_refused"] = d_counts.refused();
    values["heard"] = ordered_json::array();
    for (std::size_t m = 0; m < d_sources.size(); ++m) {
        const auto received = d_sources[m]->packets_received();
        if (received != d_heard[m]) {
            values["heard"].push_back(m);
        }
        d_heard[m] = received;
    }
    const auto each = [&](const char* key, auto count) {
        values[key] = ordered_json::array();
        for (const auto& source : d_sources) {
            values[key].push_back(((*source).*count)());
        }
    };
    each("received", &fronthaul_source::packets_received);
    each("lost", &fronthaul_source::packets_lost);
    each("late", &fronthaul_source::packets_late);
    each("duplicate", &fronthaul_source::packets_duplicate);
    each("corrupt", &fronthaul_source::packets_corrupt);
    each("foreign", &fronthaul_source::packets_foreign);
    each("refused", &fronthaul_source::packets_refused);
    each("connections_refused", &fronthaul_source::connections_refused);
    values["published"] = d_publisher ? d_publisher->published() : 0;
    values["datagrams_dropped"] = d_publisher ? d_publisher->datagrams_dropped() : 0;
    return values;
}

void CentralUnit::end()
{
    for (const auto& source : d_sources) {
        source->end();
    }
}

std::vector<std::string> CentralUnit::errors() const
{
    std::vector<std::string> all{d_fusion_error()};
    for (const auto& source : d_sources) {
        all.push_back(source->error());
    }
    if (d_reference) {
        all.push_back(d_reference->error());
    }
    return all;
}

void CentralUnit::write_files()
{
    if (d_writer) {
        d_writer->flush();
    }
}

void CentralUnit::close_files()
{
    if (d_writer) {
        d_writer->finish();
    }
}

} // namespace isac::apps
