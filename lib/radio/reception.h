// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RECEPTION_H
#define INCLUDED_RADIO_RECEPTION_H

#include "radio.h"
#include <cfisac/signal/preamble.h>
#include <cfisac/signal/sample_channel.h>
#include <complex>
#include <cstdint>
#include <vector>

namespace cfisac::radio {

/*! What the antennas of a receive access point receive: the transmitters' rings through the
 * sample channel, then through the receive channels as the scenario's calibration has them.
 */
class Reception : private signal::SampleSource
{
public:
    explicit Reception(Radio& radio);

    /*! \param start first sample by the radio's clock
     * \param antennas [antenna][at least count], sqrt(W)
     */
    void receive(std::int64_t start,
                 std::int64_t count,
                 std::vector<signal::Samples>& antennas);

private:
    void read(int n,
              std::int64_t first,
              std::int64_t count,
              std::complex<float>* const* antennas) override;
    //! Take over the clocks of all radios where they have changed.
    void look_at_clocks();

    Radio& d_radio;
    signal::SampleChannel d_channel;
    std::vector<signal::RadioClock> d_transmit_clocks;
    std::vector<signal::RadioClock> d_receive_clocks;
    std::vector<std::complex<float>> d_response; //!< [antenna] of the receive channels
};

} // namespace cfisac::radio

#endif
