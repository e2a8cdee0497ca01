// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_requests.h"

#include <algorithm>
#include <boost/thread/thread.hpp>
#include <cfisac/fronthaul/packet.h>
#include <chrono>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/names.h>

namespace isac::apps {
namespace {

constexpr std::uint64_t most_passed_over = 64;
constexpr std::uint64_t far_back = 1024;
constexpr std::size_t most_waiting = 4096;
//! An access point whose last packet is as many packets of all of them ago is gone.
constexpr std::uint64_t gone_after = 256;
constexpr auto moment = std::chrono::milliseconds(100);

} // namespace

bool FrameRequests::all_are_back() const
{
    return std::all_of(d_streams.begin(), d_streams.end(), [this](const Stream& stream) {
        const bool gone =
            !stream.latest || d_noted - stream.noted > gone_after * d_streams.size();
        return gone || *stream.latest + far_back <= *d_last;
    });
}

void FrameRequests::ask(std::uint64_t frame)
{
    d_frames.push_back(frame);
    if (d_frames.size() > most_waiting) { // nobody reads: the newest count
        d_frames.pop_front();
    }
    d_last = frame;
}

void FrameRequests::note(std::size_t m, std::uint64_t frame)
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_streams[m] = {frame, ++d_noted};
    if (d_last && frame <= *d_last && !all_are_back()) {
        return;
    }
    if (d_last && frame > *d_last && frame - *d_last <= most_passed_over) {
        for (auto between = *d_last + 1; between < frame; ++between) {
            ask(between);
        }
    }
    ask(frame);
    d_changed.notify_all();
}

void FrameRequests::note_end()
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    d_open -= d_open > 0 ? 1 : 0;
    d_changed.notify_all();
}

std::vector<std::uint64_t> FrameRequests::take(std::size_t most)
{
    std::unique_lock<std::mutex> lock(d_mutex);
    d_changed.wait_for(lock, moment, [this] { return !d_frames.empty() || d_open == 0; });
    const auto count = std::min(most, d_frames.size());
    const auto end = d_frames.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<std::uint64_t> frames(d_frames.begin(), end);
    d_frames.erase(d_frames.begin(), end);
    return frames;
}

bool FrameRequests::over() const
{
    const std::lock_guard<std::mutex> lock(d_mutex);
    return d_open == 0 && d_frames.empty();
}

std::shared_ptr<PacketListener> PacketListener::make(
    std::size_t packet_size,
    std::size_t access_point,
    std::shared_ptr<FrameRequests> requests)
{
    return gnuradio::make_block_sptr<PacketListener>(
        packet_size, access_point, std::move(requests));
}

PacketListener::PacketListener(std::size_t packet_size,
                               std::size_t access_point,
                               std::shared_ptr<FrameRequests> requests)
    : gr::sync_block("packet_listener",
                     gr::io_signature::make(1, 1, static_cast<int>(packet_size)),
                     gr::io_signature::make(0, 0, 0)),
      d_packet_size(packet_size),
      d_access_point(access_point),
      d_requests(std::move(requests))
{
}

bool PacketListener::stop()
{
    d_requests->note_end();
    return true;
}

int PacketListener::work(int items,
                         gr_vector_const_void_star& inputs,
                         gr_vector_void_star&)
{
    const auto* packets = static_cast<const std::uint8_t*>(inputs[0]);
    for (int item = 0; item < items; ++item) {
        cfisac::fronthaul::PacketHeader header;
        const auto* packet = packets + static_cast<std::size_t>(item) * d_packet_size;
        if (cfisac::fronthaul::read_header(
                packet, d_packet_size, d_packet_size, header) ==
            cfisac::fronthaul::PacketStatus::ok) {
            d_requests->note(d_access_point, header.frame);
        }
    }
    return items;
}

std::shared_ptr<RequestedFrames> RequestedFrames::make(
    std::size_t item_size, std::shared_ptr<FrameRequests> requests)
{
    return gnuradio::make_block_sptr<RequestedFrames>(item_size, std::move(requests));
}

RequestedFrames::RequestedFrames(std::size_t item_size,
                                 std::shared_ptr<FrameRequests> requests)
    : gr::sync_block("requested_frames",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(1, 1, static_cast<int>(item_size))),
      d_requests(std::move(requests))
{
}

int RequestedFrames::work(int items, gr_vector_const_void_star&, gr_vector_void_star&)
{
    std::vector<std::uint64_t> frames;
    // GNU Radio asks a source that has returned nothing again after a quarter of a second.
    while (frames.empty()) {
        boost::this_thread::interruption_point();
        if (d_requests->over()) {
            return WORK_DONE;
        }
        frames = d_requests->take(static_cast<std::size_t>(items));
    }
    for (std::size_t item = 0; item < frames.size(); ++item) {
        add_item_tag(0,
                     nitems_written(0) + item,
                     gr::isac::names::frame(),
                     pmt::from_uint64(frames[item]));
    }
    return static_cast<int>(frames.size());
}

} // namespace isac::apps
