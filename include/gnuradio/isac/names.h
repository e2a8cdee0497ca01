/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_ISAC_NAMES_H
#define INCLUDED_ISAC_NAMES_H

#include <gnuradio/isac/api.h>
#include <pmt/pmt.h>

namespace gr {
namespace isac {

//! Names of the tags and message ports that blocks and applications share.
namespace names {

//! Tag "frame": number of the frame in this item (uint64). Items without it are counted.
ISAC_API const pmt::pmt_t& frame();
//! Tag "csi": where the precoder's channel state came from, "seed" or "message".
ISAC_API const pmt::pmt_t& csi();
//! Tag "power_dbm": transmit power of one access point in this frame (double, dBm).
ISAC_API const pmt::pmt_t& power_dbm();
//! Tag "seed": seed that payload and channel state of this frame follow from (uint64).
ISAC_API const pmt::pmt_t& seed();
//! Tag "rx_time" of GNU Radio's radio sources: (seconds uint64, fraction double).
ISAC_API const pmt::pmt_t& rx_time();
//! Tag "tx_time" of GNU Radio's radio sinks: (seconds uint64, fraction double).
ISAC_API const pmt::pmt_t& tx_time();
//! Tag "timing_offset_s": what remains of the timing offset of every transmit access point
//! in this frame, after correction (f64vector [N], s; not a number where none was seen).
ISAC_API const pmt::pmt_t& timing_offset_s();
//! Tag "frequency_offset_hz": the same of the frequency offset (f64vector [N], Hz).
ISAC_API const pmt::pmt_t& frequency_offset_hz();
//! Tag "device_frame": the frame itself, between two blocks of ours on one device, whose
//! item is empty then. For nobody else.
ISAC_API const pmt::pmt_t& device_frame();

//! Message port "command": a dictionary of settings.
ISAC_API const pmt::pmt_t& command_port();
//! Message port "csi": a dictionary with the channel state.
ISAC_API const pmt::pmt_t& csi_port();
//! Message port "estimates": one PDU per frame.
ISAC_API const pmt::pmt_t& estimates_port();
//! Message port "offsets": a dictionary of the clocks' offsets per frame.
ISAC_API const pmt::pmt_t& offsets_port();
//! Message port "scores": a dictionary of scores.
ISAC_API const pmt::pmt_t& scores_port();

} // namespace names
} // namespace isac
} // namespace gr

#endif
