// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RECEPTION_H
#define INCLUDED_RADIO_RECEPTION_H

#include "radio.h"
#include <cfisac/signal/preamble.h>
#include <complex>
#include <cstdint>
#include <vector>

namespace cfisac::radio {

using signal::Samples;

//! What the antennas of a receive access point receive: the direct paths to the nearest
//! sample.
class Reception
{
public:
    explicit Reception(Radio& radio) : d_radio(radio) {}
    //! To be called when a stream begins: clocks may have changed.
    void start() {}
    //! \param antennas [antenna][at least count], sqrt(W)
    void receive(std::int64_t start,
                 std::int64_t count,
                 std::vector<std::vector<std::complex<float>>>& antennas);

private:
    Radio& d_radio;
};

} // namespace cfisac::radio

#endif
