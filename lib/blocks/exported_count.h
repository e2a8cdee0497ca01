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
