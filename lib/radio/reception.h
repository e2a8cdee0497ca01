// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_RADIO_RECEPTION_H
#define INCLUDED_RADIO_RECEPTION_H

#include "interpolator.h"
#include "radio.h"
#include "scenes.h"
#include <cfisac/signal/preamble.h>
#include <complex>
#include <cstdint>
#include <vector>

namespace cfisac::radio {

using signal::Samples;

/*! What the antennas of a receive access point receive from the transmitters' rings.
 *
 * Each path, direct or over a reflector q, brings
 *   a_r(θ) g a_t^H(φ) x_n(t - τ(t)) exp(j2π f_0 (ε_n (t - τ(t)) - ε_m t - τ(t)))
 * with its length d(t), τ = d/c and g = sqrt(PL(d)), over a reflector times β exp(j2π f_c τ)
 * with τ at the scene's reference time, so that demodulating gives (6) again up to a phase;
 * f_0 is where the radios are tuned to and ε how much faster than the others the clocks of
 * transmitter and receiver run. Delay and phase follow the reflector, so that Doppler is what
 * moves them; steering vectors are those of (1), (2), with unit norm.
 *
 * To this comes white noise of `fft_size` ξ² per sample, and everything goes through the
 * receive channels as the scenario's calibration has them. The samples depend on nothing but
 * their number and what was sent: not on how many are asked for at a time.
 */
class Reception
{
public:
    explicit Reception(Radio& radio);

    /*! \param start first sample by the radio's clock
     * \param antennas [antenna][at least count], sqrt(W)
     */
    void receive(std::int64_t start, std::int64_t count, std::vector<Samples>& antennas);

private:
    // Samples for which a path's geometry is taken to be one and the same.
    static constexpr std::int64_t block = 128;

    // The clock of a radio: its count at environment time t is offset_s + t · speed.
    struct Clock {
        double offset_s = 0.0;
        double fast = 0.0; //!< ε
        double count_s(double time_s) const { return offset_s + time_s + time_s * fast; }
        double time_s(double count) const { return (count - offset_s) / (1.0 + fast); }
    };

    struct Path {
        std::size_t transmitter = 0;
        double length_m = 0.0;
        double rate_mps = 0.0;     //!< at which it lengthens
        std::complex<double> gain; //!< without the carrier's phase
        double departing = 0.0;    //!< cosine of the angle to the transmit array's axis
        double arriving = 0.0;
    };

    void read_clocks();
    std::vector<Path> paths_at(double time_s);
    void add_direct(std::vector<Path>& paths) const;
    void add_reflected(double time_s, std::vector<Path>& paths);
    //! Samples from `from` on of block number `index`.
    void receive_block(std::int64_t index,
                       std::int64_t from,
                       std::int64_t count,
                       std::size_t place,
                       std::vector<Samples>& antennas);
    void add_path(const Path& path,
                  double time_s,
                  std::int64_t center,
                  std::int64_t from,
                  std::int64_t count,
                  std::size_t place,
                  std::vector<Samples>& antennas);
    void add_noise(std::int64_t start,
                   std::int64_t count,
                   std::vector<Samples>& antennas);

    Radio& d_radio;
    const AccessPoint& d_receiver;
    Scenes d_scenes;
    Interpolator d_interpolator;
    double d_rate_hz;
    double d_center_hz;
    Clock d_clock;
    std::vector<Clock> d_clocks;                 //!< [transmitter]
    std::vector<std::complex<float>> d_response; //!< [antenna], of the receive channel
    Samples d_sent;                              //!< of one antenna
    Samples d_combined;                          //!< of an array in a path's direction
    Samples d_arrived;                           //!< after the delay
    Samples d_noise;
};

} // namespace cfisac::radio

#endif
