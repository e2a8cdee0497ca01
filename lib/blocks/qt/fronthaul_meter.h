/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_FRONTHAUL_METER_H
#define INCLUDED_ISAC_FRONTHAUL_METER_H

#include <cfisac/fronthaul/codeword_counts.h>
#include <cfisac/fronthaul/packet.h>
#include <cstdint>
#include <deque>
#include <gnuradio/isac/map_packets.h>
#include <vector>

namespace gr {
namespace isac {

/*! What the packets of the access points tell of the fronthaul: bits per update and per
 * second, and how much of the codebook is in use, over the last packets. Not for several
 * threads.
 */
class fronthaul_meter
{
public:
    //! Packets that the bits run over.
    static constexpr std::size_t rate_packets = 64;
    //! The codebook's use runs over this many packets to twice as many.
    static constexpr std::size_t use_packets = 256;

    struct state {
        std::uint64_t packets = 0;
        double bits_per_update = 0.0; //!< of the payload; not a number without packets
        //! By the capture times of the packets, bit/s; not a number where they do not rise.
        double bits_per_second = 0.0;
        std::vector<std::uint64_t> counts; //!< of each codeword; empty without a codebook
        std::size_t distinct = 0;          //!< codewords in use
        double perplexity = 0.0;           //!< not a number without packets
    };

    //! \param access_points that send packets
    fronthaul_meter(const map_packets& packets, std::size_t access_points);

    /*! Read a packet.
     * \param data `format.size()` bytes
     * \return null, or what is wrong with it
     */
    const char* add(std::size_t access_point, const std::uint8_t* data);
    state of(std::size_t access_point) const;
    void clear();

private:
    struct sent {
        std::int64_t capture_time_ns;
        std::uint64_t bits;
    };
    struct source {
        std::uint64_t packets = 0;
        std::deque<sent> last;
        cfisac::fronthaul::CodewordCounts counts, before; //!< this window, the one before
        std::size_t counted = 0;                          //!< packets in `counts`
    };

    const map_packets d_format;
    std::vector<source> d_sources;
    cfisac::fronthaul::Packet d_packet; //!< its memory is reused
};

} // namespace isac
} // namespace gr

#endif
