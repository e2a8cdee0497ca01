// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_LOCKSTEP_H
#define INCLUDED_RADIO_LOCKSTEP_H

#include "environment.h"
#include <cstdint>

namespace cfisac::radio {

/*! The time of an environment without a clock: all times are environment times, ns.
 *
 * A transmit stream holds time while it is active and not between two bursts: the
 * *frontier*, up to which receivers may receive, is the earliest edge (see RadioSlot) of
 * those that hold. Where none does, it stands still a little after the latest edge there
 * was, so that what was sent arrives. Before `participants` radios have streamed there is
 * no frontier.
 *
 * Streams that begin do so at or after what receivers were told to be final. They make
 * themselves known first, with an edge before all time, and look then; receivers say first
 * what they take to be final, and look again then: so one of the two sees the other.
 */
class Lockstep
{
public:
    //! How far the frontier lies behind the last edge when no stream holds: paths are
    //! shorter.
    static constexpr std::int64_t drain_ns = 10'000'000;

    //! \param window_ns how far transmitters may be ahead of the frontier and of receivers
    Lockstep(const Environment& environment, std::int64_t window_ns);

    /*! Never when there is none, or a stream is about to begin.
     * \param own whether the own stream counts */
    std::int64_t frontier(bool own = true) const;
    /*! A receiver's question: how far it may receive, at most `wanted`. */
    std::int64_t reach(std::int64_t wanted) const;
    //! Time as a radio's clock shows it: 0, or how far the others' streams are.
    std::int64_t now() const;

    /*! Begin to hold time, with an edge before all time: the caller sets it.
     * \return from when on samples may be sent: what receivers were told to be final, never
     * when they were told nothing
     */
    std::int64_t hold() const;
    //! Hold time no longer.
    void release() const;
    //! Up to when a transmit stream may write; never when it has to wait.
    std::int64_t transmit_limit() const;

    /*! A receive stream begins, with an edge before all time: the caller sets it and calls
     * `join`.
     * \return from when on it can receive */
    std::int64_t begin_receiving() const;
    //! The own stream is on: time starts when it is the last one that was waited for.
    void join() const;

private:
    bool is_anyone_about_to_hold() const;

    const Environment& d_environment;
    std::int64_t d_window_ns;
};

} // namespace cfisac::radio

#endif
