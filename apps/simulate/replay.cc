// SPDX-License-Identifier: GPL-3.0-or-later
#include "replay.h"
#include "common.h"
#include "flowgraph.h"
#include "recordings.h"

#include <algorithm>
#include <cfisac/scenario/frame_timing.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/null_sink.h>

namespace isac::apps {
namespace {

using cfisac::recording::RecordingError;
using Points = std::vector<ReplayedAccessPoint>;

//! That what belongs to `point` goes with what belongs to `first`.
void require_fit(const ReplayedAccessPoint& first, const ReplayedAccessPoint& point)
{
    const auto both = point.file + ": does not fit " + first.file + ": ";
    const auto other = difference(first.setup().scenario, point.setup().scenario);
    if (!other.empty()) {
        throw RecordingError(both + "the scenarios have " + other);
    }
    const auto require_same = [&](const std::optional<std::uint64_t>& a,
                                  const std::optional<std::uint64_t>& b,
                                  const std::string& key) {
        if (a && b && *a != *b) {
            throw RecordingError(both + key + " is " + std::to_string(*b) + ", not " +
                                 std::to_string(*a));
        }
    };
    require_same(first.setup().seed, point.setup().seed, "isac:seed");
    require_same(first.setup().scene_seed, point.setup().scene_seed, "isac:scene_seed");
}

Points open(const std::vector<std::string>& files)
{
    Points points;
    for (const auto& file : files) {
        ReplayedAccessPoint point;
        point.file = file;
        point.source = gr::isac::sigmf_source::make(file);
        payload_seed(point.source->recording(), file);
        for (const auto& before : points) {
            require_fit(before, point);
            if (before.setup().access_point == point.setup().access_point) {
                throw RecordingError(file + ": is of the receive access point " +
                                     point.setup().own().name + ", and so is " +
                                     before.file);
            }
        }
        points.push_back(std::move(point));
    }
    std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) {
        return a.setup().access_point < b.setup().access_point;
    });
    return points;
}

std::string sync_of(const std::string& word, const Points& points)
{
    if (word == "preamble") {
        return word;
    }
    for (const auto& point : points) {
        const auto missing = missing_time(point.source->recording());
        if (!missing.empty() && !word.empty()) {
            throw UsageError("--sync time: " + point.file + ": " + missing +
                             " is missing");
        }
        if (!missing.empty()) {
            return "preamble";
        }
    }
    return "time";
}

//! The scenario of all, with the calibration of each.
cfisac::Scenario scenario_of(const Points& points)
{
    auto scenario = points.front().setup().scenario;
    for (const auto& point : points) {
        scenario.receive.at(point.setup().access_point).calibration =
            point.setup().own().calibration;
    }
    return scenario;
}

std::set<int> absent_of(const Points& points, std::size_t count)
{
    std::set<int> absent;
    for (int m = 0; m < static_cast<int>(count); ++m) {
        absent.insert(m);
    }
    for (const auto& point : points) {
        absent.erase(point.setup().access_point);
    }
    return absent;
}

//! Seed of the scenes, where all recordings know it.
std::optional<std::uint64_t> scene_seed_of(const Points& points)
{
    for (const auto& point : points) {
        if (!point.setup().scene_seed) {
            return std::nullopt;
        }
    }
    return points.front().setup().scene_seed;
}

} // namespace

Replay::Replay(const ReplaySettings& settings, ReceiverSettings receiver)
    : d_settings(settings),
      d_top(gr::make_top_block("isac_simulate")),
      d_points(open(settings.files))
{
    d_settings.sync = sync_of(settings.sync, d_points);
    const auto scene_seed = scene_seed_of(d_points);
    if (settings.removal.empty()) {
        d_settings.removal = scene_seed ? "direct" : "projection";
    }
    if (d_settings.removal == "projection") {
        receiver.static_clutter = "remove";
    }
    receiver.scenario = scenario_of(d_points);
    receiver.seed = *d_points.front().setup().seed;
    receiver.absent = absent_of(d_points, receiver.scenario.receive.size());
    d_receiver = Receiver::make(receiver);
    connect(receiver);
    if (scene_seed) {
        connect_meter(receiver, *scene_seed);
    } else {
        const auto size =
            d_receiver->estimates()->output_signature()->sizeof_stream_item(0);
        d_top->connect(d_receiver->estimates(), 0, gr::blocks::null_sink::make(size), 0);
    }
    if (!settings.estimates.empty()) {
        d_writer =
            EstimateWriter::make(receiver.scenario, settings.estimates, receiver.absent);
        d_writer->connect_to(*d_top, d_receiver->estimates());
    }
}

void Replay::connect(const ReceiverSettings& settings)
{
    const auto& scenario = settings.scenario;
    const int transmitters = static_cast<int>(scenario.transmit.size());
    const auto frame_size = scenario.receive_frame_size() * sizeof(gr_complex);
    Sources sources;
    sources.top = d_top;
    sources.echoes.resize(scenario.receive.size());
    sources.known.resize(scenario.receive.size());
    for (auto& point : d_points) {
        const auto& setup = point.setup();
        const int m = setup.access_point;
        point.sync = gr::isac::frame_sync::make(
            scenario, m, d_settings.sync, setup.start_time_s.value_or(0.0));
        point.demodulator =
            gr::isac::ofdm_demodulator::make(scenario, m, setup.full_scale_dbm);
        point.reference =
            gr::isac::transmit_reference::make(scenario, settings.seed, settings.device);
        point.canceller = gr::isac::direct_path_canceller::make(
            scenario, m, d_settings.removal, true, settings.device);
        point.log = FrameLog::make(frame_size);
        for (int a = 0; a < scenario.receive_antennas(); ++a) {
            d_top->connect(point.source, a, point.sync, a);
            d_top->connect(point.sync, a, point.demodulator, a);
        }
        gr::basic_block_sptr frames = point.demodulator;
        if (d_settings.frames) {
            frames = gr::blocks::head::make(
                frame_size, static_cast<std::uint64_t>(*d_settings.frames));
            d_top->connect(point.demodulator, 0, frames, 0);
        }
        d_top->connect(frames, 0, point.log, 0);
        d_top->connect(frames, 0, point.reference, 0);
        d_top->connect(frames, 0, point.canceller, 0);
        sources.echoes[m] = {point.canceller, 0};
        for (int n = 0; n < transmitters; ++n) {
            d_top->connect(point.reference, n, point.canceller, 1 + n);
            sources.known[m].push_back({point.canceller, 1 + n});
        }
    }
    for (int n = 0; n < transmitters; ++n) {
        sources.transmit.push_back({d_points.front().reference, n});
    }
    d_receiver->connect(sources);
}

void Replay::connect_meter(const ReceiverSettings& settings, std::uint64_t scene_seed)
{
    // The frames of the first recording; the meter leaves out those without an estimate.
    const auto& scenario = settings.scenario;
    const int receivers = static_cast<int>(scenario.receive.size());
    d_truth = gr::isac::bistatic_channel::make(scenario, scene_seed, settings.device);
    for (int n = 0; n < static_cast<int>(scenario.transmit.size()); ++n) {
        d_top->connect(d_points.front().reference, n, d_truth, n);
    }
    const auto frame_size = scenario.receive_frame_size() * sizeof(gr_complex);
    for (int m = 0; m < receivers; ++m) {
        d_top->connect(d_truth, m, gr::blocks::null_sink::make(frame_size), 0);
    }
    d_meter = gr::isac::error_meter::make(scenario);
    d_top->connect(d_truth, receivers, d_meter, 0);
    d_top->connect(d_receiver->estimates(), 0, d_meter, 1);
    d_top->connect(d_truth, receivers + 1, d_meter, 2);
    d_top->connect(d_receiver->estimates(), 1, d_meter, 3);
}

std::vector<std::string> Replay::errors() const
{
    auto errors = d_receiver->errors();
    for (const auto& point : d_points) {
        for (const auto& error : {point.source->error(),
                                  point.sync->error(),
                                  point.reference->error(),
                                  point.canceller->error()}) {
            errors.push_back(error.empty() ? "" : point.file + ": " + error);
        }
    }
    if (d_truth) {
        errors.push_back(d_truth->error());
    }
    return errors;
}

std::string Replay::ranges() const
{
    std::string text;
    for (const auto& point : d_points) {
        const auto& frames = point.log->frames();
        text += text.empty() ? "" : "; ";
        text += point.file + " (" + point.setup().own().name + ") has ";
        text += frames.empty() ? "none"
                               : std::to_string(frames.front()) + " to " +
                                     std::to_string(frames.back());
    }
    return text;
}

std::uint64_t Replay::frames_lost() const
{
    std::set<std::uint64_t> all;
    std::uint64_t first = 0;
    std::uint64_t last = UINT64_MAX;
    for (const auto& point : d_points) {
        const auto& frames = point.log->frames();
        all.insert(frames.begin(), frames.end());
        first = std::max(first, *std::min_element(frames.begin(), frames.end()));
        last = std::min(last, *std::max_element(frames.begin(), frames.end()));
    }
    const auto within = std::distance(all.lower_bound(first), all.upper_bound(last));
    const auto known = static_cast<std::uint64_t>(within);
    return known - std::min(known, frames());
}

double Replay::run()
{
    std::uint64_t samples = UINT64_MAX;
    for (const auto& point : d_points) {
        samples = std::min(samples, point.source->recording().samples);
    }
    const cfisac::FrameTiming timing(d_receiver->scenario());
    const auto total = static_cast<std::int64_t>(samples) / timing.period;
    const double seconds = run_to_end(*d_top,
                                      std::min(total, d_settings.frames.value_or(total)),
                                      [this] { return frames(); });
    throw_first(errors());
    if (d_writer) {
        d_writer->finish();
    }
    if (frames() == 0) {
        throw std::runtime_error("no frame is in all recordings: " + ranges());
    }
    return seconds;
}

} // namespace isac::apps
