/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PACKET_DEADLINE_H
#define INCLUDED_ISAC_PACKET_DEADLINE_H

#include "frame_counter.h"
#include "real_time.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

/*! Decides when the central unit goes on without an access point: pairs the next packets of
 * several streams by frame number, and waits for none of them longer than a deadline.
 *
 * A stream that has missed one is not waited for again before something has come from it,
 * or every frame would take a deadline and a dead access point hold up the others. One that
 * misses the next as well, as where its packets are always late, gets another chance once a
 * second.
 *
 * The numbers of a stream rise (see frame_counter). A packet of a frame that is done with
 * is late.
 */
class packet_deadline
{
public:
    //! \param deadline_s from the first packet of a frame to the last that is waited for, s
    packet_deadline(double deadline_s, std::size_t streams);

    //! To be called in start(), and when frames are numbered anew.
    void start();

    //! Whether packets are waited for at all no longer than the deadline.
    bool limited() const { return d_deadline.count() > 0; }
    frame_clock::duration time() const { return d_deadline; }

    //! Frame after the last that was worked on, if any was.
    std::optional<std::uint64_t> next() const { return d_next; }

    //! A packet of this stream has come, late or not.
    void note_heard(std::size_t stream, frame_clock::time_point now);

    //! Whether a packet of this frame comes too late.
    bool late(std::uint64_t frame) const
    {
        return d_next && frames_between(*d_next, frame) < 0;
    }

    /*! The frame that comes next, and whose packets take part in it.
     * \param heads frame number of the next packet of each stream that has one, none late
     * \param ended streams that will bring nothing any more
     * \return nothing while there is something to wait for
     */
    struct turn {
        std::uint64_t frame;
        std::vector<bool> present; //!< [stream]
    };
    std::optional<turn> due(const std::vector<std::optional<std::uint64_t>>& heads,
                            const std::vector<bool>& ended,
                            frame_clock::time_point now);
    //! The frame was worked on.
    void note_used(std::uint64_t frame);

private:
    struct Stream {
        bool silent = false;                           //!< not waited for
        std::optional<frame_clock::time_point> missed; //!< when it missed a deadline last
        frame_clock::time_point again;                 //!< from when on it has a chance
    };

    void note_missed(Stream& stream, frame_clock::time_point now) const;

    const frame_clock::duration d_deadline;
    std::vector<Stream> d_streams;
    std::optional<std::uint64_t> d_next;    //!< one after the frame used last
    std::optional<std::uint64_t> d_waiting; //!< frame that is waited for
    frame_clock::time_point d_since;        //!< when its first packet was seen
};

} // namespace isac
} // namespace gr

#endif
