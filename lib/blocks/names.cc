/* -*- c++ -*- */
// SPDX-License-Identifier: GPL-3.0-or-later

#include <gnuradio/isac/names.h>

namespace gr {
namespace isac {
namespace names {

#define ISAC_NAME(function, text)                         \
    const pmt::pmt_t& function()                          \
    {                                                     \
        static const pmt::pmt_t name = pmt::intern(text); \
        return name;                                      \
    }

ISAC_NAME(frame, "frame")
ISAC_NAME(csi, "csi")
ISAC_NAME(power_dbm, "power_dbm")
ISAC_NAME(seed, "seed")
ISAC_NAME(rx_time, "rx_time")
ISAC_NAME(tx_time, "tx_time")
ISAC_NAME(timing_offset_s, "timing_offset_s")
ISAC_NAME(frequency_offset_hz, "frequency_offset_hz")
ISAC_NAME(device_frame, "device_frame")
ISAC_NAME(command_port, "command")
ISAC_NAME(csi_port, "csi")
ISAC_NAME(estimates_port, "estimates")
ISAC_NAME(offsets_port, "offsets")
ISAC_NAME(scores_port, "scores")

} // namespace names
} // namespace isac
} // namespace gr
