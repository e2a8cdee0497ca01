/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_PACKET_STREAMS_H
#define INCLUDED_ISAC_PACKET_STREAMS_H

#include "failure.h"
#include "frame_counter.h"

#include <atomic>
#include <cfisac/fronthaul/packet.h>
#include <cfisac/scenario/scenario.h>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! Receive access points that are not absent, ascending.
 * \throws std::invalid_argument if `absent` names an access point that does not exist or
 * one twice, or all of them
 */
std::vector<std::size_t> present_access_points(const cfisac::Scenario& scenario,
                                               const std::vector<int>& absent);

/*! The packets that the central unit reads, one stream for each access point. What is wrong
 * is counted by its reason, logged (once a second at most) and never decoded; what was sent
 * twice or comes after its successor is counted and dropped. Not for several threads, except
 * for the counts.
 */
class packet_streams
{
public:
    //! Whether the indices of a packet are some that access point `receiver` can give.
    using index_check = std::function<bool(std::size_t receiver,
                                           const std::vector<std::uint32_t>& indices)>;

    //! \param receivers [M'] access point of each stream
    packet_streams(const cfisac::fronthaul::PacketFormat& format,
                   const std::vector<std::size_t>& receivers,
                   index_check accepts);

    //! To be called in start().
    void start();

    const cfisac::fronthaul::PacketFormat& format() const { return d_format; }
    std::size_t count() const { return d_receivers.size(); }             //!< M'
    std::size_t receiver(std::size_t i) const { return d_receivers[i]; } //!< of stream i

    /*! Read a packet, which is then the latest of its stream; one that was read before is
     * not read again.
     * \param item its number in the stream, from the start of the flowgraph
     * \param data `format().size()` bytes
     * \return whether it is a packet to work on, whose frame is `frame(stream)`
     */
    bool read(std::size_t stream,
              std::uint64_t item,
              const std::uint8_t* data,
              const gr::logger_ptr& logger);
    //! The latest packet of a stream.
    const cfisac::fronthaul::Packet& packet(std::size_t stream) const
    {
        return d_heads[stream].packet;
    }
    //! Frame of the latest packet of a stream, wherever the access point counts.
    std::uint64_t frame(std::size_t stream) const
    {
        return d_counters[stream].frame(d_heads[stream].packet.frame);
    }
    //! Whether an access point counts anew and it is not known which frames these are.
    bool is_unplaced(std::size_t stream) const
    {
        return d_counters[stream].is_unplaced();
    }
    //! Whether all access points count anew and agree, but for those that are gone for good
    //! or that were never there.
    bool all_count_anew(const std::vector<bool>& gone) const;
    //! From now on the frames are numbered by the new counts, see frame_counter::adopt().
    void adopt_counts(const gr::logger_ptr& logger);
    //! A packet came after its frame.
    void note_late() { d_late++; }
    //! The packets of a frame were used.
    void note_used(std::uint64_t frame);

    std::uint64_t frames() const { return d_frames; }
    //! Frames without an estimate, between the first and the last number seen.
    std::uint64_t frames_lost() const { return d_frames_lost; }
    std::uint64_t refused() const { return d_refused; }
    //! Packets that came after their frame or after their successor.
    std::uint64_t late() const { return d_late; }
    //! Packets of the same frame as the one before.
    std::uint64_t duplicates() const { return d_duplicates; }
    //! Packets refused, by what was wrong with them.
    std::map<std::string, std::uint64_t> refusals() const;

private:
    //! A packet that was read but whose item is not consumed yet.
    struct head {
        std::optional<std::uint64_t> item; //!< that `packet` was read from
        cfisac::fronthaul::Packet packet;
    };

    void refuse(std::size_t stream,
                const char* reason,
                const std::string& details,
                const gr::logger_ptr& logger);
    //! What is wrong with the access point that a packet names.
    std::string wrong_access_point(std::size_t stream, std::size_t named) const;
    //! Whether a packet comes in its turn.
    bool is_next(std::size_t stream, const gr::logger_ptr& logger);
    void note_seen(std::uint64_t frame);

    const cfisac::fronthaul::PacketFormat d_format;
    const std::vector<std::size_t> d_receivers; //!< [M']
    const index_check d_accepts;
    std::vector<head> d_heads;                //!< [M']
    std::vector<frame_counter> d_counters;    //!< [M']
    std::vector<log_limiter> d_anew_limiters; //!< [M'], of who counts anew
    bool d_first_frame = true;                //!< no packet seen yet
    bool d_any_used = false;                  //!< a frame was used
    std::uint64_t d_next = 0;                 //!< frame that comes next when none is lost
    std::atomic<std::uint64_t> d_frames{0};
    std::atomic<std::uint64_t> d_frames_lost{0};
    std::atomic<std::uint64_t> d_refused{0};
    std::atomic<std::uint64_t> d_late{0};
    std::atomic<std::uint64_t> d_duplicates{0};
    mutable std::mutex d_refusals_mutex;
    std::map<std::string, std::uint64_t> d_refusals; //!< guarded by d_refusals_mutex
    log_limiter d_log_limiter;
};

} // namespace isac
} // namespace gr

#endif
