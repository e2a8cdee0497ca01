// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_FRAME_ORDER_H
#define INCLUDED_CFISAC_FRONTHAUL_FRAME_ORDER_H

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cfisac::fronthaul {

//! What the frame number of a packet says.
enum class Arrival {
    next,     //!< newer than all before: to be passed on
    late,     //!< older than one that was passed on, and counted as lost by then
    duplicate //!< passed on before, or late before
};

/*! Tells from the frame numbers of an access point's packets which are lost, late and
 * duplicates, so that what is passed on rises. Numbers are compared modulo 2^64: they may
 * wrap.
 *
 * An access point that starts anew may count anew. The numbers begin anew
 * - with the first packet of a connection whose number is not ahead;
 * - with one that is more than `farthest` ahead;
 * - after packets in a row, each at most `stride` frames after the one before, that are all
 *   behind and no duplicates: `convincing` ones that are `window` or more behind, `overtaken`
 *   ones that are not, since as many may have been overtaken by one. These are late.
 */
class FrameOrder
{
public:
    //! Frames behind the newest for which duplicates are told from late ones.
    static constexpr std::uint64_t window = 1024;
    //! Frames that a gap may have.
    static constexpr std::uint64_t farthest = std::uint64_t{1} << 32;
    //! Packets that are believed to count anew.
    static constexpr unsigned convincing = 4;
    //! Packets less than `window` behind that are believed to count anew.
    static constexpr unsigned overtaken = 64;
    //! Frames from one packet to the next of an access point that skips some.
    static constexpr std::uint64_t stride = 64;

    //! A packet has come. \param anew whether it is the first of its connection
    Arrival note(std::uint64_t frame, bool anew);

    //! Frame numbers passed over, late ones among them.
    std::uint64_t lost() const { return d_lost; }

private:
    Arrival begin(std::uint64_t frame);
    Arrival behind(std::uint64_t frame, std::uint64_t distance);

    std::optional<std::uint64_t> d_newest;
    std::bitset<window> d_seen; //!< of the frames newest - window + 1 … newest, by number
    std::uint64_t d_lost = 0;
    std::uint64_t d_old = 0;  //!< last one behind
    unsigned d_old_count = 0; //!< how many of them in a row
};

} // namespace cfisac::fronthaul

#endif
