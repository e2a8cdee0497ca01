// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_DEPLOYMENT_FRAME_REQUESTS_H
#define INCLUDED_APPS_DEPLOYMENT_FRAME_REQUESTS_H

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <gnuradio/sync_block.h>

namespace isac::apps {

/*! Frames that a central unit needs the transmit frames of: those that packets are of, each once
 * and in ascending order, whichever access point is ahead. From any thread.
 *
 * Where a number is passed over, the frames between are asked for, too, as another access point
 * may have them; up to 64. Where the packets of all access points are 1024 frames back or more,
 * they count anew, and so do the frames.
 */
class FrameRequests
{
public:
    explicit FrameRequests(std::size_t access_points)
        : d_streams(access_points), d_open(access_points)
    {
    }

    //! A packet of access point m has come.
    void note(std::size_t m, std::uint64_t frame);
    //! No more packets come from one of the access points.
    void note_end();
    //! The next frames, at most `most`; waits a moment for the first.
    std::vector<std::uint64_t> take(std::size_t most);
    //! Whether nothing will come any more.
    bool over() const;

private:
    struct Stream {
        std::optional<std::uint64_t> latest;
        std::uint64_t noted = 0; //!< value of `d_noted` then
    };
    bool all_are_back() const;
    void ask(std::uint64_t frame);

    mutable std::mutex d_mutex;
    std::condition_variable d_changed;
    std::vector<Stream> d_streams;
    std::size_t d_open;
    std::uint64_t d_noted = 0; //!< packets so far
    std::optional<std::uint64_t> d_last;
    std::deque<std::uint64_t> d_frames;
};

//! Sink of the packets of an access point, which asks for their frames.
class PacketListener : public gr::sync_block
{
public:
    static std::shared_ptr<PacketListener> make(std::size_t packet_size,
                                                std::size_t access_point,
                                                std::shared_ptr<FrameRequests> requests);
    PacketListener(std::size_t packet_size,
                   std::size_t access_point,
                   std::shared_ptr<FrameRequests> requests);

    bool stop() override;
    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& outputs) override;

private:
    const std::size_t d_packet_size;
    const std::size_t d_access_point;
    const std::shared_ptr<FrameRequests> d_requests;
};

//! Source of empty items with the numbers of the frames that are asked for, in the tag `frame`.
class RequestedFrames : public gr::sync_block
{
public:
    //! \param item_size of what reads them
    static std::shared_ptr<RequestedFrames> make(std::size_t item_size,
                                                 std::shared_ptr<FrameRequests> requests);
    RequestedFrames(std::size_t item_size, std::shared_ptr<FrameRequests> requests);

    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& outputs) override;

private:
    const std::shared_ptr<FrameRequests> d_requests;
};

} // namespace isac::apps

#endif
