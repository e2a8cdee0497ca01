/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include "map_frames.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace gr {
namespace isac {

namespace {

bool all_finite(const std::vector<float>& values)
{
    return std::all_of(
        values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

} // namespace

map_frames::map_frames(const cfisac::Scenario& scenario,
                       std::size_t streams,
                       bool with_truth,
                       bool with_bound)
    : d_targets(static_cast<std::size_t>(scenario.targets.count)),
      d_values(2 * static_cast<std::size_t>(scenario.dimensions) * d_targets),
      d_with_truth(with_truth),
      d_with_bound(with_bound),
      d_match(scenario),
      d_streams(streams),
      d_location(streams + 1),
      d_velocity(streams + 1)
{
    if (streams == 0) {
        throw std::invalid_argument("a map has at least 1 stream of estimates, not 0");
    }
}

void map_frames::set_trail(std::size_t frames)
{
    d_trail = frames;
    while (d_settled.size() > d_trail + 1) {
        d_settled.pop_front();
    }
}

map_frames::open_frame* map_frames::open(progress& stream, std::uint64_t frame)
{
    if (stream.frame && frame < *stream.frame) {
        restart();
    }
    stream.frame = frame;
    if (d_closed && frame <= *d_closed) {
        return nullptr; // of a stream that was not waited for any more
    }
    open_frame& each = d_open[frame];
    each.known.frame = frame;
    each.known.estimates.resize(d_streams.size());
    if (d_open.size() > most_open) {
        d_incomplete++;
        if (d_open.begin()->first == frame) {
            d_open.erase(d_open.begin());
            return nullptr;
        }
        d_open.erase(d_open.begin());
    }
    return &each;
}

void map_frames::add_truth(std::uint64_t frame, const float* values)
{
    if (open_frame* each = open(d_truth, frame)) {
        each->known.truth.assign(values, values + d_values);
        settle(*each);
    }
}

void map_frames::add_bound(std::uint64_t frame, const float* values)
{
    if (open_frame* each = open(d_bound, frame)) {
        each->known.bound.assign(values, values + 2 * d_targets);
        settle(*each);
    }
}

void map_frames::add_estimate(std::size_t stream,
                              std::uint64_t frame,
                              const float* values,
                              time now)
{
    progress& mine = d_streams[stream];
    const auto before = mine.frame;
    open_frame* each = open(mine, frame);
    mine.when = d_latest = now;
    d_first = d_first.value_or(now);
    if (each) {
        each->known.estimates[stream].values.assign(values, values + d_values);
        for (auto pdu = d_pdus.begin(); pdu != d_pdus.end(); ++pdu) {
            if (pdu->frame == frame && take_pdu(each->known, *pdu)) {
                d_pdus.erase(pdu);
                break;
            }
        }
        if (settle(*each)) {
            return;
        }
    }
    // Frames that the stream has passed over may have waited for it alone.
    for (auto passed = d_open.lower_bound(frame); passed != d_open.begin();) {
        --passed;
        if ((before && passed->first <= *before) || settle(passed->second)) {
            break;
        }
    }
}

bool map_frames::take_pdu(map_frame& frame, const estimate_pdu& pdu) const
{
    for (map_estimate& each : frame.estimates) {
        if (each.values.size() != pdu.values.size() ||
            std::memcmp(each.values.data(),
                        pdu.values.data(),
                        pdu.values.size() * sizeof(float)) != 0) {
            continue;
        }
        each.confidence = pdu.confidence;
        each.covariance = pdu.covariance;
        each.access_points = pdu.access_points;
        return true;
    }
    return false;
}

void map_frames::add_pdu(estimate_pdu pdu)
{
    const auto found = d_open.find(pdu.frame);
    if (found != d_open.end() && take_pdu(found->second.known, pdu)) {
        return;
    }
    for (auto& each : d_settled) {
        if (each->frame == pdu.frame) {
            // What is complete may be painted at this moment: another one takes its place.
            auto copy = std::make_shared<map_frame>(*each);
            if (take_pdu(*copy, pdu)) {
                each = std::move(copy);
            }
            return;
        }
    }
    d_pdus.push_back(std::move(pdu));
    if (d_pdus.size() > most_pdus) {
        d_pdus.pop_front();
    }
}

void map_frames::end(std::size_t stream)
{
    if (d_streams[stream].ended) {
        return;
    }
    d_streams[stream].ended = true;
    // What waited for it alone is settled now.
    std::vector<std::uint64_t> numbers;
    for (const auto& [frame, each] : d_open) {
        numbers.push_back(frame);
    }
    for (const auto frame : numbers) {
        const auto each = d_open.find(frame);
        if (each != d_open.end()) {
            settle(each->second);
        }
    }
}

void map_frames::restart()
{
    d_open.clear();
    d_closed.reset();
    d_settled.clear();
    d_pdus.clear();
    d_first.reset();
    d_truth = d_bound = {};
    for (progress& each : d_streams) {
        each = {};
    }
}

bool map_frames::is_waited_for(const progress& stream, std::uint64_t frame) const
{
    if (stream.ended || (stream.frame && *stream.frame > frame)) {
        return false;
    }
    const auto since = stream.when ? stream.when : d_first;
    return !since ||
           std::chrono::duration<double>(d_latest - *since).count() < patience_s;
}

bool map_frames::is_settled(const map_frame& frame) const
{
    if ((d_with_truth && frame.truth.empty()) || (d_with_bound && frame.bound.empty())) {
        return false;
    }
    bool any = false;
    for (std::size_t i = 0; i < d_streams.size(); i++) {
        const bool there = !frame.estimates[i].values.empty();
        any = any || there;
        if (!there && is_waited_for(d_streams[i], frame.frame)) {
            return false;
        }
    }
    return any;
}

bool map_frames::is_complete(const map_frame& frame) const
{
    return std::all_of(frame.estimates.begin(),
                       frame.estimates.end(),
                       [](const map_estimate& each) { return !each.values.empty(); });
}

void map_frames::score(open_frame& each)
{
    map_frame& known = each.known;
    if (known.truth.empty() || !all_finite(known.truth)) {
        return;
    }
    for (std::size_t i = 0; i < d_streams.size(); i++) {
        map_estimate& estimate = known.estimates[i];
        if (estimate.values.empty() || !estimate.match.empty() ||
            !all_finite(estimate.values)) {
            continue;
        }
        const auto errors = d_match(known.truth.data(), estimate.values.data());
        estimate.match = errors.match;
        d_location[i].add(d_latest, errors.location_m);
        d_velocity[i].add(d_latest, errors.velocity_mps);
        each.scored = true;
    }
    if (each.scored && !each.bound_scored && !known.bound.empty()) {
        const auto middle = known.bound.begin() + static_cast<std::ptrdiff_t>(d_targets);
        d_location.back().add(d_latest, {known.bound.begin(), middle});
        d_velocity.back().add(d_latest, {middle, known.bound.end()});
        each.bound_scored = true;
    }
}

bool map_frames::settle(open_frame& each)
{
    score(each);
    if (!is_settled(each.known)) {
        return false;
    }
    close(each.known.frame);
    return true;
}

void map_frames::close(std::uint64_t frame)
{
    const auto last = d_open.find(frame);
    d_incomplete += static_cast<std::uint64_t>(std::distance(d_open.begin(), last));
    (is_complete(last->second.known) ? d_frames : d_incomplete)++;
    d_settled.push_back(std::make_shared<map_frame>(std::move(last->second.known)));
    d_open.erase(d_open.begin(), std::next(last));
    d_closed = frame;
    while (d_settled.size() > d_trail + 1) {
        d_settled.pop_front();
    }
}

} // namespace isac
} // namespace gr
