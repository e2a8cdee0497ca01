// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_SCENARIO_FRAME_TIMING_H
#define INCLUDED_CFISAC_SCENARIO_FRAME_TIMING_H

#include <cfisac/scenario/scenario.h>

namespace cfisac {

/*! A frame over the air, in samples.
 *
 * Frame k starts k `period` samples after frame 0 and holds, one after the other:
 * - the preambles: transmit access point n sends `preamble_repetitions` times its sequence
 *   of `preamble_length` samples from its first antenna, the others are silent;
 * - the header with the frame's number, sent by the first antenna of access point 0 in
 *   `header_symbols` symbols of `header_symbol` samples, where there is one;
 * - the payload: `symbols` OFDM symbols of all antennas, each a cyclic prefix of `prefix`
 *   samples and `fft_size` samples;
 * - silence up to the next frame.
 *
 * Subcarrier i of the full grid lies (i - N_s/2) Δf from the radio's centre frequency, so
 * that i Δf is counted from the scenario's carrier f_c as everywhere else. Symbols and
 * subcarriers that are not sensed (see Waveform) are silent. Samples have units of
 * sqrt(W): x[k] = Σ_i X_i exp(j2π (i - N_s/2) k / fft_size), so that their mean power is
 * that of the frame.
 */
struct FrameTiming {
    /*! \throws ScenarioError for a scenario without `radio`, and naming the key where the
     * times are not whole numbers of samples or a frame is longer than its period */
    explicit FrameTiming(const Scenario& scenario);

    double sample_rate_hz;    //!< fft_size Δf
    double center_hz;         //!< where radios are tuned to, f_c + N_s/2 Δf
    int fft_size;             //!< samples of a symbol without its prefix
    int prefix;               //!< samples of the cyclic prefix
    int subcarriers;          //!< N_s of the full grid
    int symbols;              //!< T_s of the full grid
    int preamble_length;      //!< of one repetition
    int preamble_repetitions; //!< of one transmit access point
    int transmitters;         //!< N, and as many preambles
    int header_symbols;       //!< 0 without a header
    int header_symbol;        //!< samples of one symbol of the header
    std::int64_t period;      //!< from frame to frame

    //! Samples of a symbol with its prefix.
    int symbol_samples() const { return prefix + fft_size; }
    //! Of one transmit access point.
    int preamble_samples() const { return preamble_length * preamble_repetitions; }
    //! Where the preamble of access point n starts, from the start of the frame.
    std::int64_t preamble_start(int n) const
    {
        return std::int64_t{n} * preamble_samples();
    }
    //! From the start of the frame.
    std::int64_t header_start() const { return preamble_start(transmitters); }
    //! Of all its symbols.
    std::int64_t header_samples() const
    {
        return std::int64_t{header_symbols} * header_symbol;
    }
    //! From the start of the frame.
    std::int64_t payload_start() const { return header_start() + header_samples(); }
    //! Of all its symbols.
    std::int64_t payload_samples() const
    {
        return std::int64_t{symbols} * symbol_samples();
    }
    //! All of the frame but the silence.
    std::int64_t frame_samples() const { return payload_start() + payload_samples(); }
    //! From frame to frame, s.
    double period_s() const { return static_cast<double>(period) / sample_rate_hz; }
    /*! Bin of subcarrier i of the full grid in a transform of `fft_size` samples, in the
     * order of an FFT: 0 is the centre, negative frequencies follow the positive ones. */
    int bin(int subcarrier) const
    {
        return (subcarrier - subcarriers / 2 + fft_size) % fft_size;
    }
};

} // namespace cfisac

#endif
