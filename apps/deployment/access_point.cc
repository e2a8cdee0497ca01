// SPDX-License-Identifier: GPL-3.0-or-later
#include "access_point.h"
#include "frame_gate.h"
#include "recordings.h"

#include <algorithm>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/isac/cs_estimator.h>
#include <gnuradio/isac/dvqvae_encoder.h>
#include <gnuradio/isac/ml_estimator.h>
#include <gnuradio/isac/music_estimator.h>

namespace isac::apps {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

//! A radio that delivers nothing for longer has vanished; the first samples may take longer,
//! as long as a start time is away or others are missing.
constexpr std::chrono::seconds radio_silence(10);
constexpr std::chrono::seconds radio_start(60);
constexpr std::chrono::seconds longest_look(1);

gr::isac::access_point_estimator::sptr make_estimator(const AccessPointSettings& settings)
{
    const auto& name = settings.scheme.name;
    const auto make = [&](auto block, auto... more) {
        return gr::isac::access_point_estimator::sptr(block(
            settings.scenario, settings.access_point, settings.compute, false, more...));
    };
    return name == "music" ? make(gr::isac::music_estimator::make)
           : name == "cs"
               ? make(gr::isac::cs_estimator::make)
               : make(gr::isac::ml_estimator::make,
                      std::string(settings.static_clutter == "projection" ? "remove"
                                                                          : "scenario"));
}

std::size_t frame_bytes(const cfisac::Scenario& scenario)
{
    return scenario.receive_frame_size() * sizeof(gr_complex);
}

} // namespace

AccessPoint::AccessPoint(const AccessPointSettings& settings)
    : d_settings(settings),
      d_top(gr::make_top_block("isac_access_point")),
      d_ending(std::make_shared<Ending>(settings.frames)),
      d_looked(Clock::now())
{
    // First what may be refused quickly.
    d_sink = prepared([&] {
        return gr::isac::fronthaul_sink::make(settings.scheme.packet_size,
                                              settings.central,
                                              settings.security,
                                              settings.key_file,
                                              settings.server_key_file,
                                              settings.queue);
    });
    connect_scheme(settings.source == EchoSource::simulation ? connect_simulation()
                                                             : connect_antennas());
}

AccessPoint::Streams AccessPoint::connect_simulation()
{
    const auto& scenario = d_settings.scenario;
    d_clock = FrameClock::make(scenario, !d_settings.fast, d_ending);
    d_reference =
        gr::isac::transmit_reference::make(scenario, d_settings.seed, d_settings.compute);
    d_channel =
        gr::isac::bistatic_channel::make(scenario, d_settings.seed, d_settings.compute);
    d_top->connect(d_clock, 0, d_reference, 0);
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        d_top->connect(d_reference, n, d_channel, n);
    }
    const int receivers = static_cast<int>(scenario.receive.size());
    for (int output = 0; output <= receivers; ++output) { // the truth is the last
        if (output != d_settings.access_point) {
            const auto size = d_channel->output_signature()->sizeof_stream_item(output);
            d_top->connect(d_channel,
                           output,
                           gr::blocks::null_sink::make(static_cast<std::size_t>(size)),
                           0);
        }
    }
    return {d_channel, d_settings.access_point, d_reference, 0};
}

void AccessPoint::use_recording(const std::string& file)
{
    d_recording = prepared([&] { return gr::isac::sigmf_source::make(file); });
    const auto& setup = d_recording->recording().setup;
    const auto seed =
        prepared([&] { return payload_seed(d_recording->recording(), file); });
    const auto other = difference(d_settings.scenario, setup.scenario);
    if (!other.empty()) {
        throw UsageError("--recording: " + file +
                         ": is not of the scenario of --scenario: "
                         "they have " +
                         other);
    }
    if (setup.access_point != d_settings.access_point) {
        throw UsageError("--recording: " + file + ": is of receive access point " +
                         std::to_string(setup.access_point) + ", and not of " +
                         std::to_string(d_settings.access_point));
    }
    const auto missing = missing_time(d_recording->recording());
    if (d_settings.sync_mode == "time" && !missing.empty()) {
        throw UsageError("--sync-mode time: " + file + ": " + missing + " is missing");
    }
    d_settings.scenario.receive[static_cast<std::size_t>(setup.access_point)]
        .calibration = setup.own().calibration;
    d_settings.seed = seed;
    d_settings.full_scale_dbm = setup.full_scale_dbm;
    d_settings.start_time_s = setup.start_time_s.value_or(0.0);
}

gr::basic_block_sptr AccessPoint::make_antennas()
{
    if (d_settings.source == EchoSource::recording) {
        use_recording(d_settings.recording);
        return d_recording;
    }
    return make_radio_source(d_settings.scenario,
                             d_settings.scenario_file,
                             d_settings.access_point,
                             d_settings.radio);
}

AccessPoint::Streams AccessPoint::connect_antennas()
{
    const auto antennas = make_antennas();
    const auto& scenario = d_settings.scenario;
    const int m = d_settings.access_point;
    d_sync = prepared([&] {
        return gr::isac::frame_sync::make(
            scenario, m, d_settings.sync_mode, d_settings.start_time_s);
    });
    d_demodulator = prepared([&] {
        return gr::isac::ofdm_demodulator::make(scenario, m, d_settings.full_scale_dbm);
    });
    const auto gate = FrameGate::make(frame_bytes(scenario), d_ending);
    d_reference =
        gr::isac::transmit_reference::make(scenario, d_settings.seed, d_settings.compute);
    d_canceller = gr::isac::direct_path_canceller::make(
        scenario, m, d_settings.static_clutter, true, d_settings.compute);
    for (int a = 0; a < scenario.receive_antennas(); ++a) {
        d_top->connect(antennas, a, d_sync, a);
        d_top->connect(d_sync, a, d_demodulator, a);
    }
    d_top->connect(d_demodulator, 0, gate, 0);
    d_top->connect(gate, 0, d_reference, 0);
    d_top->connect(gate, 0, d_canceller, 0);
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        d_top->connect(d_reference, n, d_canceller, 1 + n);
    }
    return {d_canceller, 0, d_canceller, 1};
}

void AccessPoint::connect_scheme(const Streams& streams)
{
    const auto& scenario = d_settings.scenario;
    const auto& scheme = d_settings.scheme;
    const int transmitters = static_cast<int>(scenario.transmit.size());
    gr::basic_block_sptr block;
    const auto use = [&](const auto& made) {
        block = made;
        d_frames = [made] { return made->frames(); };
        d_scheme_error = [made] { return made->error(); };
    };
    if (scheme.name == "model") {
        use(prepared([&] {
            return gr::isac::dvqvae_encoder::make(scenario,
                                                  scheme.model,
                                                  d_settings.access_point,
                                                  d_settings.seed,
                                                  d_settings.compute);
        }));
    } else {
        use(prepared([&] { return make_estimator(d_settings); }));
    }
    d_top->connect(streams.echo_block, streams.echo_port, block, 0);
    for (int n = 0; n < transmitters; ++n) {
        const int port = streams.first_transmit_port + n;
        if (scheme.encoder_reads_transmit) {
            d_top->connect(streams.transmit_block, port, block, 1 + n);
        } else if (d_canceller) { // its outputs must all be read
            const auto size = scenario.transmit_frame_size() * sizeof(gr_complex);
            d_top->connect(
                streams.transmit_block, port, gr::blocks::null_sink::make(size), 0);
        }
    }
    d_top->connect(block, 0, d_sink, 0);
}

ordered_json AccessPoint::about() const
{
    ordered_json values;
    values["access_point"] = d_settings.access_point;
    values["source"] = d_settings.source == EchoSource::radio       ? "radio"
                       : d_settings.source == EchoSource::recording ? "recording"
                                                                    : "simulation";
    values["scheme"] = d_settings.scheme.name;
    values["central"] = d_settings.central;
    values["security"] = d_settings.security;
    return values;
}

ordered_json AccessPoint::health()
{
    const auto frames = d_frames();
    ordered_json values;
    values["access_point"] = d_settings.access_point;
    values["frames"] = frames;
    values["rate_hz"] = d_rate.next(frames);
    values["connected"] = d_sink->connected();
    values["sent"] = d_sink->packets_sent();
    values["dropped"] = d_sink->packets_dropped();
    values["connections_refused"] = d_sink->connections_refused();
    const auto of_sync = [this](auto count) -> ordered_json {
        return d_sync ? ordered_json(((*d_sync).*count)()) : ordered_json(nullptr);
    };
    using gr::isac::frame_sync;
    values["skipped"] =
        d_clock ? ordered_json(d_clock->frames_skipped()) : ordered_json(nullptr);
    values["locked"] = of_sync(&frame_sync::locked);
    values["locks_lost"] = of_sync(&frame_sync::losses);
    values["preambles_missed"] = of_sync(&frame_sync::frames_missed);
    values["frames_cut"] = of_sync(&frame_sync::frames_dropped);
    return values;
}

std::string AccessPoint::trouble()
{
    if (d_settings.source != EchoSource::radio) {
        return "";
    }
    const auto now = Clock::now();
    const auto samples = d_sync->nitems_read(0);
    // Time in which this program stood still itself is no silence of the radio.
    d_silence += std::min<Clock::duration>(now - d_looked, longest_look);
    d_looked = now;
    if (samples != d_samples) {
        d_samples = samples;
        d_silence = {};
    }
    const auto patience = d_samples == 0 ? radio_start : radio_silence;
    if (d_silence <= patience) {
        return "";
    }
    return "radio " + d_settings.radio.device + ": no samples for " +
           std::to_string(patience.count()) + " s";
}

std::vector<std::string> AccessPoint::errors() const
{
    std::vector<std::string> all{d_scheme_error(), d_sink->error(), d_reference->error()};
    const auto add = [&all](const auto& block) {
        if (block) {
            all.push_back(block->error());
        }
    };
    add(d_channel);
    add(d_recording);
    add(d_sync);
    add(d_canceller);
    return all;
}

} // namespace isac::apps
