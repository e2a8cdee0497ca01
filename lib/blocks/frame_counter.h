/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRAME_COUNTER_H
#define INCLUDED_ISAC_FRAME_COUNTER_H

#include <cstdint>
#include <optional>

namespace gr {
namespace isac {

/*! Frames from `from` to `to`, negative when `to` is behind: numbers go on with 0 after
 * 2^64 - 1, so that those of which more than 2^63 lie between are behind.
 */
inline std::int64_t frames_between(std::uint64_t from, std::uint64_t to)
{
    return static_cast<std::int64_t>(to - from);
}

//! Most frames between where the central unit is and a place that is believed at once.
constexpr std::int64_t near_enough = 64;

/*! The numbers of one access point's packets, in the order in which they come.
 *
 * They rise. One that does not is that of a packet sent twice or overtaken by its
 * successor, unless several in a row rise again from another place: then the access point
 * counts anew. Its capture times tell which frames the new numbers are, where its clock
 * has gone on: to each belongs the nearest by the distance of its frames before. Where
 * numbers and capture times fit those before, and are where the central unit is, its clock
 * was wrong for a while: the count is that before.
 */
class frame_counter
{
public:
    enum class order {
        next,      //!< above all before
        duplicate, //!< of the packet before
        old,       //!< not above those before
        placed,    //!< counts anew, and it is known which frame this is
        unplaced   //!< counts anew, and it is not known which frame this is
    };

    /*! Take notice of a packet.
     * \param due the frame that comes next at the central unit, if any was worked on: a
     * new place far from it is not believed, where the others have gone on since
     */
    order read(std::uint64_t number,
               std::int64_t capture_time_ns,
               std::optional<std::uint64_t> due);

    //! Frame of a number of the present count.
    std::uint64_t frame(std::uint64_t number) const { return number + d_shift; }

    //! Whether there was any packet.
    bool is_running() const { return d_last.has_value(); }
    //! Whether it counts anew, and it is known which frames its numbers are.
    bool is_placed() const { return d_state == state::placed; }
    //! Whether it counts anew, and it is not known.
    bool is_unplaced() const { return d_state == state::unplaced; }
    //! What is to be added to its numbers, modulo 2^64.
    std::uint64_t shift() const { return d_shift; }
    /*! From now on the frames are numbered by the new count. An access point that does not
     * count anew yet is left out until it does: its packets are old.
     */
    void adopt();

private:
    enum class state { steady, placed, unplaced, left_behind };
    struct stamp {
        std::uint64_t number;
        std::int64_t time_ns;
    };

    //! A place in a count, and the distance of its frames by the capture times.
    struct line {
        stamp at;
        double interval_ns;
        std::uint64_t shift;
    };

    static double elapsed_ns(const stamp& from, const stamp& to);
    //! Whether time and number belong to a count.
    static bool fits(const line& count, const stamp& now);
    //! And whether the frame is where the central unit is.
    static bool continues(const line& count,
                          const stamp& now,
                          std::optional<std::uint64_t> due);
    line present() const { return {*d_last, interval_ns(), d_shift}; }
    bool is_new_count(const stamp& now);
    std::optional<std::uint64_t> place(const stamp& now,
                                       std::optional<std::uint64_t> due) const;
    //! Distance of two frames by the capture times so far, ns; not positive if not known.
    double interval_ns() const;

    state d_state = state::steady;
    std::optional<stamp> d_first; //!< of the present count
    std::optional<stamp> d_last;  //!< the highest
    std::optional<line> d_before; //!< the count before, when this one has no place
    double d_interval_ns = 0.0;   //!< of the count before
    std::uint64_t d_shift = 0;
    int d_run = 0; //!< packets in a row that rise from another place
    stamp d_run_first{};
    stamp d_run_last{};
};

} // namespace isac
} // namespace gr

#endif
