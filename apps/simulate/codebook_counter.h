// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_APPS_CODEBOOK_COUNTER_H
#define INCLUDED_APPS_CODEBOOK_COUNTER_H

#include <cfisac/fronthaul/codeword_counts.h>
#include <cfisac/fronthaul/packet.h>
#include <cstddef>
#include <cstdint>
#include <gnuradio/io_signature.h>
#include <gnuradio/sync_block.h>
#include <memory>
#include <vector>

namespace isac::apps {

/*! Sink of fronthaul packets that counts how often each codeword occurs and how many bits
 * the packets take when they are entropy coded, whether they are or not.
 *
 * Input: packets, one per item, `format.size()` bytes, of access points that send
 * `positions` positions ahead of the indices of `codewords` codewords. A packet that is
 * not of the format is passed over. The figures are read after the flowgraph has ended.
 */
class CodebookCounter : public gr::sync_block
{
public:
    static std::shared_ptr<CodebookCounter> make(
        const cfisac::fronthaul::PacketFormat& format,
        std::size_t codewords,
        std::size_t positions)
    {
        return gnuradio::make_block_sptr<CodebookCounter>(format, codewords, positions);
    }

    CodebookCounter(const cfisac::fronthaul::PacketFormat& format,
                    std::size_t codewords,
                    std::size_t positions)
        : gr::sync_block("codebook_counter",
                         gr::io_signature::make(1, 1, static_cast<int>(format.size())),
                         gr::io_signature::make(0, 0, 0)),
          d_format(format),
          d_scratch(format.size()),
          d_counts(codewords, positions)
    {
    }

    int work(int items,
             gr_vector_const_void_star& inputs,
             gr_vector_void_star& /*outputs*/) override
    {
        const auto* packets = static_cast<const std::uint8_t*>(inputs[0]);
        const auto size = d_format.size();
        for (int i = 0; i < items; ++i) {
            const auto status = cfisac::fronthaul::decode(
                packets + static_cast<std::size_t>(i) * size, size, d_format, d_packet);
            if (status == cfisac::fronthaul::PacketStatus::ok && d_counts.add(d_packet)) {
                d_packets++;
                d_coded_bits +=
                    cfisac::fronthaul::encode(d_packet,
                                              d_scratch.data(),
                                              d_scratch.size(),
                                              d_format.prior(d_packet.access_point));
            }
        }
        return items;
    }

    //! Number of packets.
    std::uint64_t packets() const { return d_packets; }
    //! Bits of payload of all packets with entropy coding, see
    //! cfisac::fronthaul::encode().
    std::uint64_t coded_bits() const { return d_coded_bits; }

    //! Number of codewords that occurred.
    std::int64_t distinct() const
    {
        return static_cast<std::int64_t>(d_counts.distinct());
    }

    //! See cfisac::fronthaul::CodewordCounts; NaN without packets.
    double perplexity() const { return d_counts.perplexity(); }

private:
    cfisac::fronthaul::PacketFormat d_format;
    cfisac::fronthaul::Packet d_packet;  //!< its memory is reused
    std::vector<std::uint8_t> d_scratch; //!< a packet, entropy coded
    std::uint64_t d_packets = 0;
    std::uint64_t d_coded_bits = 0;
    cfisac::fronthaul::CodewordCounts d_counts;
};

} // namespace isac::apps

#endif
