// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_METER_H
#define CFISAC_SIGNAL_SYNCHRONISATION_METER_H

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/preamble.h>
#include <complex>
#include <cstdint>
#include <vector>

namespace cfisac::signal {

//! Where the preamble of an access point is looked for.
struct PreambleGuess {
    std::int64_t place = 0; //!< its first sample
    int guard = 0;          //!< which it may be off by, samples
    double frequency = 0.0; //!< its frequency offset, cycles per sample
    //! Whether the frequency offset is known to a small part of a turn over some
    //! repetitions; otherwise it is taken from the autocorrelation where that shows it
    bool frequency_known = false;
    //! What repeats besides it, conj(y[k]) y[k + preamble_length] of a sample: of no account
    //! for the frequency offset; see PreambleSearch
    std::complex<double> steady = 0.0;
};

//! The strongest path of a preamble, to the sample.
struct PreamblePeak {
    bool seen = false;
    std::int64_t place = 0; //!< first sample of the preamble
    double frequency = 0.0; //!< that it was looked for with, cycles per sample
    double excess = 0.0;    //!< metric over that of most places, in deviations of noise
};

//! The direct path of a preamble.
struct PreambleMeasurement {
    bool seen = false;
    double place = 0.0;               //!< its first sample
    std::int64_t strongest = 0;       //!< likewise on its strongest path, to the sample
    double frequency = 0.0;           //!< cycles per sample
    double snr = 0.0;                 //!< per sample, mean of the antennas
    double place_deviation = 0.0;     //!< square root of the Cramér-Rao bound, samples
    double frequency_deviation = 0.0; //!< likewise, cycles per sample
};

/*! Finds and measures the preambles of the access points; see Synchroniser. Samples must
 * reach from `guard` before the guessed place to margin() + `guard` after the preamble.
 */
class PreambleMeter
{
public:
    PreambleMeter(const FrameTiming& timing, int antennas, double false_alarm);

    //! Samples that are needed before and behind a preamble besides the guard.
    int margin() const { return d_length / 2; }

    PreamblePeak find(const std::vector<Samples>& antennas,
                      int n,
                      const PreambleGuess& guess) const;
    //! find() and, where it was seen, its direct path.
    PreambleMeasurement measure(const std::vector<Samples>& antennas,
                                int n,
                                const PreambleGuess& guess) const;

private:
    using Spectrum = std::vector<std::complex<double>>;

    //! The direct path around a peak.
    PreambleMeasurement refine(const std::vector<Samples>& antennas,
                               int n,
                               const PreamblePeak& peak,
                               const PreambleGuess& guess) const;
    /*! The place, whole repetitions from `place` within the guard, that has most of the
     * preamble, all repetitions added coherently: below the noise, a place beside it that
     * has one repetition less is not told from it without knowing the frequency. */
    std::int64_t told_apart(const std::vector<Samples>& antennas,
                            int n,
                            std::int64_t place,
                            double frequency,
                            const PreambleGuess& guess) const;
    Spectrum channel_of_repetitions(const std::vector<Samples>& antennas,
                                    int n,
                                    std::int64_t place,
                                    double frequency) const;
    double residual_frequency(const Spectrum& channel, double delay) const;

    const int d_length;
    const int d_repetitions;
    const int d_antennas;
    const int d_reach; //!< delays that belong together, samples
    const double d_false_alarm;
    std::vector<Samples> d_sequences; //!< [N]
    std::vector<int> d_bins;          //!< occupied ones, in cycles over a repetition
    double d_bin_energy = 0.0;        //!< |spectrum|² of a sequence in each of them
    std::vector<Spectrum> d_spectra;  //!< [N][bin] of the sequences from their middle on
};

} // namespace cfisac::signal

#endif
