/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef INCLUDED_ISAC_EXPORTED_COUNT_H
#define INCLUDED_ISAC_EXPORTED_COUNT_H

#ifdef GR_CTRLPORT
#include <cstdint>
#include <gnuradio/rpcregisterhelpers.h>
#include <limits>
#include <string>
#include <vector>

namespace gr {
namespace isac {

/*! A counter of a block as ControlPort shows it; hand it to add_rpc_variable() in
 * setup_rpc().
 * \param alias of the block, \param count accessor of its public class
 */
template <typename Block>
rpcbasic_sptr exported_count(const std::string& alias,
                             const char* name,
                             std::uint64_t (Block::*count)() const,
                             const char* unit,
                             const char* text)
{
    return rpcbasic_sptr(new rpcbasic_register_get<Block, std::uint64_t>(
        alias,
        name,
        count,
        pmt::from_uint64(0),
        pmt::from_uint64(std::numeric_limits<std::uint64_t>::max()),
        pmt::from_uint64(0),
        unit,
        text,
        RPC_PRIVLVL_MIN,
        DISPTIME | DISPOPTSTRIP));
}

//! What all central units show of their packets and frames.
template <typename Block>
std::vector<rpcbasic_sptr> exported_packet_counts(const std::string& alias)
{
    const auto frames = [&](const char* name, auto count, const char* text) {
        return exported_count<Block>(alias, name, count, "frames", text);
    };
    const auto packets = [&](const char* name, auto count, const char* text) {
        return exported_count<Block>(alias, name, count, "packets", text);
    };
    return {frames("frames", &Block::frames, "frames estimated"),
            frames("frames_lost", &Block::frames_lost, "frames without an estimate"),
            frames("frames_skipped", &Block::frames_skipped, "frames skipped to keep up"),
            frames("frames_incomplete",
                   &Block::frames_incomplete,
                   "frames estimated without some access point"),
            packets("packets_refused", &Block::packets_refused, "packets refused"),
            packets("packets_late",
                    &Block::packets_late,
                    "packets that came after their frame"),
            packets("duplicates", &Block::duplicates, "packets that came twice")};
}

//! What all blocks that carry frames show of their host copies.
template <typename Block>
std::vector<rpcbasic_sptr> exported_host_copies(const std::string& alias)
{
    return {exported_count(alias,
                           "host_copies",
                           &Block::host_copies,
                           "frames",
                           "frames copied to or from items"),
            exported_count(alias,
                           "host_copied_bytes",
                           &Block::host_copied_bytes,
                           "bytes",
                           "bytes of the frames copied")};
}

} // namespace isac
} // namespace gr
#endif

#endif
