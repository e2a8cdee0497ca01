/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PACKET_ALIGNMENT_H
#define INCLUDED_ISAC_PACKET_ALIGNMENT_H

#include "packet_deadline.h"
#include "packet_streams.h"
#include "real_time.h"

#include <atomic>
#include <cstdint>
#include <gnuradio/block.h>
#include <optional>
#include <vector>

namespace gr {
namespace isac {

/*! The packet inputs of a block that is a central unit, its first M': tells which frame
 * comes next and whose packets take part in it.
 *
 * Without a deadline a frame needs the packets of all access points. With one, it goes on
 * without those that are late or missing, and says so in the log. Access points that count
 * anew are taken back (see frame_counter). Not for several threads, except for the counts.
 */
class packet_alignment
{
public:
    using turn = packet_deadline::turn;

    /*! \param block whose inputs they are, \param receivers [M'] access point of each
     * \param real_time whether frames are skipped when those of more wait
     * \param deadline_s from the first packet of a frame to the last that is waited for, s;
     * 0 for ever
     * \throws std::invalid_argument on a deadline that is not between 0 and an hour
     */
    packet_alignment(gr::block& block,
                     const cfisac::fronthaul::PacketFormat& format,
                     const std::vector<std::size_t>& receivers,
                     packet_streams::index_check accepts,
                     bool real_time,
                     double deadline_s);

    //! To be called in start().
    void start();

    const cfisac::fronthaul::PacketFormat& format() const { return d_packets.format(); }
    std::size_t count() const { return d_packets.count(); } //!< M'
    //! Access point of stream i.
    std::size_t receiver(std::size_t i) const { return d_packets.receiver(i); }
    //! Packets that have to be there for the block to be called, of each stream.
    int required() const { return d_deadline.limited() ? 0 : 1; }

    //! To be called first in general_work().
    void begin(const gr_vector_int& ninput_items,
               const gr_vector_const_void_star& input_items,
               const gr::logger_ptr& logger);
    /*! The frame that comes next; the same again until it is taken or dropped.
     * \return nothing while there is something to wait for
     */
    std::optional<turn> next();
    //! Packet of a stream that takes part in the frame that comes next.
    const cfisac::fronthaul::Packet& packet(std::size_t i) const
    {
        return d_packets.packet(i);
    }
    //! Capture time of the frame that comes next, by the first access point in it.
    std::int64_t capture_time_ns(const turn& next) const;
    //! Access points that take part in it.
    std::vector<std::int32_t> access_points(const turn& next) const;
    //! Go on: its packets have been made use of.
    void take(const turn& next);
    //! Go on without an estimate: something else that the frame needs will not come.
    void drop(const turn& next);
    //! An estimate was given.
    void note_estimated(std::uint64_t frame) { d_packets.note_used(frame); }
    /*! To be called last in general_work(): consumes the packets, and waits a moment for
     * others where nothing was done.
     * \param produced items, \param busy whether anything else was done
     * \return what general_work() returns
     */
    int finish(int produced, bool busy = false);

    std::uint64_t frames() const { return d_packets.frames(); }
    std::uint64_t frames_lost() const { return d_packets.frames_lost(); }
    std::uint64_t frames_skipped() const { return d_skipped; }
    std::uint64_t frames_incomplete() const { return d_incomplete; }
    std::uint64_t packets_refused() const { return d_packets.refused(); }
    std::map<std::string, std::uint64_t> refusals() const { return d_packets.refusals(); }
    std::uint64_t packets_late() const { return d_packets.late(); }
    std::uint64_t duplicates() const { return d_packets.duplicates(); }
    //! Packets dropped for want of a partner.
    std::uint64_t unmatched() const { return d_unmatched; }

private:
    using numbers = std::vector<std::optional<std::uint64_t>>;

    //! Frame of the next packet of each stream that has one, none late.
    numbers read_heads(frame_clock::time_point now);
    std::optional<std::uint64_t> read_head(std::size_t stream);
    //! Drop what comes after its frame. \return whether there was any
    bool drop_late(const numbers& heads);
    /*! What to do with packets of which it is not known which frames they are.
     * \return whether the heads are to be read again
     */
    bool settle_unplaced(numbers& heads, frame_clock::time_point now);
    void adopt_counts();
    frame_clock::duration longest_wait() const;
    /*! What to do with packets of frames that are still far off.
     * \return whether the heads are to be read again
     */
    bool settle_far_ahead(numbers& heads, frame_clock::time_point now);
    //! The frame of all heads. Drops what has no partner.
    std::optional<turn> complete(const numbers& heads, bool& dropped);
    //! Say who is missing from now on, and who is back.
    void note_present(const turn& next);
    void wait_for_input();

    gr::block& d_block;
    packet_streams d_packets;
    packet_deadline d_deadline;
    const bool d_real_time;
    gr::logger_ptr d_logger;
    std::vector<int> d_available; //!< [M'] items of this call
    std::vector<const std::uint8_t*> d_items;
    std::vector<int> d_taken;    //!< [M'] items that are done with
    std::vector<bool> d_ended;   //!< [M'] streams that will bring nothing any more
    int d_skip = 0;              //!< items of each stream that this call passes over
    std::vector<bool> d_present; //!< [M'] who took part in the last frame
    std::optional<frame_clock::time_point> d_unplaced_since; //!< there is nothing else
    std::optional<frame_clock::time_point> d_far_since;      //!< there is nothing nearer
    //! [M'] since when the packets are of frames far off
    std::vector<std::optional<frame_clock::time_point>> d_ahead_since;
    skip_count d_skipped;
    std::atomic<std::uint64_t> d_incomplete{0};
    std::atomic<std::uint64_t> d_unmatched{0};
};

} // namespace isac
} // namespace gr

#endif
