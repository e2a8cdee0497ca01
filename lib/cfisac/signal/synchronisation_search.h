// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef CFISAC_SIGNAL_SYNCHRONISATION_SEARCH_H
#define CFISAC_SIGNAL_SYNCHRONISATION_SEARCH_H

#include <cfisac/scenario/frame_timing.h>
#include <cfisac/signal/preamble.h>
#include <cstdint>
#include <optional>
#include <vector>

namespace cfisac::signal {

/*! Autocorrelation C of samples at a lag: Σ conj(y[k]) y[k + lag] over `count` samples from
 * `place` and all antennas. */
struct Autocorrelation {
    std::complex<double> sum; //!< C
    double energy;            //!< E, mean of both factors' energies
    double terms;             //!< samples times antennas

    //! |C|² terms / E²: exponential with mean 1 for white noise; 0 without any energy.
    double metric() const
    {
        return energy > 0.0 ? std::norm(sum) * terms / (energy * energy) : 0.0;
    }
    //! Frequency that turns samples by the phase of C over the lag, cycles per sample.
    double frequency(int lag) const { return std::arg(sum) / (2.0 * M_PI * lag); }
};

Autocorrelation autocorrelation(const std::vector<Samples>& antennas,
                                std::int64_t place,
                                std::int64_t count,
                                int lag);

/*! Looks for places where samples repeat as the preambles do.
 *
 * The metric of a place is the sum of Autocorrelation::metric() over the access points'
 * preambles. Of white noise it is a Gamma variable with N degrees of freedom, to which the
 * threshold belongs. Sums run over blocks of at most 16 samples and start anew with every
 * call.
 *
 * A tone repeats, too, and at fractions of the lag as well, which preambles do not. Where
 * most of the samples repeat alike and so, a place must exceed the threshold both as it is
 * and after the median of what places bring was taken from C: the tone's energy counts as
 * noise. Elsewhere places where nearly all of what repeats is a tone are passed over.
 */
class PreambleSearch
{
public:
    //! \param false_alarm probability that noise exceeds the threshold at any of the places
    //! of a period (bound of the union)
    PreambleSearch(const FrameTiming& timing, int antennas, double false_alarm);

    //! Samples that the metric of a place depends on.
    std::int64_t span() const { return d_span; }
    double threshold() const { return d_threshold; }
    //! Distance of the places that are looked at, samples.
    int step() const { return d_step; }

    struct Result {
        std::int64_t done = 0; //!< places before it need not be looked at again
        std::optional<std::int64_t> peak; //!< place of the strongest repetition
        //! What a tone brings to the autocorrelation everywhere, per term; see above
        std::complex<double> steady = 0.0;
    };
    /*! \param antennas [antennas], samples
     * \param from place to start at
     * \param behind samples that must be there from a peak on
     */
    Result run(const std::vector<Samples>& antennas,
               std::int64_t from,
               std::int64_t behind);

    //! Metric of the places 0, step(), …; for the curious.
    std::vector<double> metrics(const std::vector<Samples>& antennas);

private:
    void sum_blocks(const std::vector<Samples>& antennas);
    //! Largest autocorrelation at some fractions of the lag over that at the lag.
    double tonality(const std::vector<Samples>& antennas,
                    std::int64_t place,
                    std::int64_t count) const;
    //! What a tone brings to the autocorrelation everywhere, per term; 0 without one.
    std::complex<double> steady_part(const std::vector<Samples>& antennas) const;
    //! Whether a tone repeats at a block, and nothing else that matters.
    bool is_tone(const std::vector<Samples>& antennas, std::int64_t block) const;
    Result next_peak(const std::vector<Samples>& antennas,
                     std::int64_t from,
                     std::int64_t behind,
                     std::complex<double> steady) const;
    Autocorrelation slot(std::int64_t block, int n) const;

    const int d_lag;
    const int d_repetitions;
    const int d_slots;
    const int d_antennas;
    const int d_step;
    const std::int64_t d_span;
    const double d_threshold;
    std::vector<std::complex<double>> d_products; //!< sums from the first block on
    std::vector<double> d_energies;               //!< likewise
};

//! What a Gamma variable of `degrees` and scale 1 exceeds with this probability.
double gamma_threshold(double degrees, double probability);

} // namespace cfisac::signal

#endif
